"""Elements and roads from an Overpass server, tile by tile, through OSMnx.

OSMnx sends one request at a time, asks the server for a free slot first and keeps every answer in
its cache. What it leaves open is settled here: how often a busy server is asked again, that a
server's remark ("out of time") is no answer, and that a tile is in the cache whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, TypeAlias

import geopandas as gpd
import pandas as pd
import shapely

from clustermap.errors import TableFault, one_line, shorten
from clustermap.layers.projection import LONLAT
from clustermap.messages import Message
from clustermap.sources.osm.area import Area
from clustermap.sources.osm.elements import ID
from clustermap.sources.osm.roads import Ways
from clustermap.sources.osm.tags import RoadRules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from requests import Response
    from shapely.geometry.base import BaseGeometry

    from clustermap.sources.osm.asked import Server

    Listen = Callable[[Message, int, int], None]

Question: TypeAlias = "Mapping[str, Sequence[str]] | RoadRules"
"""What a tile is asked for: tags, or roads."""

BUSY = (429, 504)
MOST_REFUSALS = 5
"""How often a busy server is asked again, 55 seconds after each refusal."""

_KNOCK_S = 20.0  # how long a server may take to show that it is there
_ONE_REQUEST_M2 = 1e15  # tiles are cut here, not by OSMnx
_QUERY = "[out:json][timeout:180]{maxsize}"  # not with the user's timeout, which is no part of it
_TAIL = 400  # bytes at an answer's end in which a remark stands
_BAD_ANSWER = (KeyError, TypeError, ValueError, AttributeError, IndexError)


@dataclass
class _Ear:
    """Hears every answer before OSMnx does.

    Parameters
    ----------
    address
        Server asked.
    waits
        Is called when a busy server has to be waited for.
    """

    address: str
    waits: Callable[[int], None]
    refused: int = 0

    def __call__(self, answer: Response, *_: object, **__: object) -> None:
        """Stop at an answer that is none; count those of a busy server."""
        try:
            self._judge(answer)
        except TableFault:
            answer.close()  # nobody else will read it to its end
            raise

    def _judge(self, answer: Response) -> None:
        if answer.status_code in BUSY:
            self.refused += 1
            if self.refused > MOST_REFUSALS:
                raise TableFault("osm_busy", table="osm", value=self.address, times=MOST_REFUSALS)
            self.waits(self.refused)
        elif answer.status_code >= 400 and not answer.url.endswith("/status"):
            said = f"{answer.status_code} {answer.reason}"
            raise TableFault("osm_refused", table="osm", value=self.address, said=said)
        elif said := _find_remark(answer.content):
            raise TableFault("osm_remark", table="osm", value=self.address, said=said)


def _find_remark(content: bytes) -> str:
    """Return what a server remarks on its answer, "" for nothing; elements have such tags, too."""
    if b'"remark"' not in content[-_TAIL:]:
        return ""
    try:
        answer = json.loads(content)
    except ValueError:
        return ""  # OSMnx will find out
    return shorten(answer.get("remark", ""), 200) if isinstance(answer, dict) else ""


def _name_us(server: Server) -> str:
    """Return how a server is told who asks; it goes into a header, so it is one line of ASCII."""
    try:
        ours = version("clustermap")
    except PackageNotFoundError:  # a checkout that is not installed
        ours = "0"
    contact = one_line(server.contact).encode("ascii", "replace").decode().strip()
    named = f"clustermap/{ours} OSMnx/{version('osmnx')}"
    return f"{named} ({contact})" if contact else named


@contextmanager
def _settled(server: Server, cache: Path, ear: _Ear | None = None) -> Iterator[Any]:
    """Lend OSMnx's settings, which are global, and put them back."""
    import osmnx  # noqa: PLC0415 -- 2 seconds

    wanted = {
        "cache_folder": cache,
        "use_cache": True,
        "doh_url_template": None,  # no third party hears which names are looked up
        "http_referer": "clustermap",
        "http_user_agent": _name_us(server),
        "log_console": False,
        "log_file": False,
        "max_query_area_size": _ONE_REQUEST_M2,
        "nominatim_url": server.nominatim,
        "overpass_rate_limit": not server.own,
        "overpass_settings": _QUERY,
        "overpass_url": server.overpass,
        "requests_kwargs": {"hooks": {"response": ear}} if ear else {},
        "requests_timeout": server.timeout_s,
    }
    kept = {name: getattr(osmnx.settings, name) for name in wanted}
    # OSMnx ties a host's name to one address for as long as the program runs.
    look_up = socket.getaddrinfo
    try:
        for name, value in wanted.items():
            setattr(osmnx.settings, name, value)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield osmnx
    finally:
        socket.getaddrinfo = look_up
        for name, value in kept.items():
            setattr(osmnx.settings, name, value)


@contextmanager
def _told(address: str) -> Iterator[None]:
    """Turn what may go wrong on the way into one line with its cure."""
    import requests  # noqa: PLC0415

    try:
        yield
    except requests.exceptions.ConnectTimeout as error:
        raise TableFault("osm_unreachable", table="osm", value=address, why="(timeout)") from error
    except requests.exceptions.Timeout as error:
        raise TableFault("osm_timeout", table="osm", value=address) from error
    except requests.exceptions.RequestException as error:
        raise TableFault(
            "osm_unreachable", table="osm", value=address, why=_find_cause(error)
        ) from error


@contextmanager
def _told_of_places(address: str) -> Iterator[None]:
    """Do the same for the server that knows places, of which no tile is asked."""
    try:
        with _told(address):
            yield
    except TableFault as fault:
        if fault.reason not in {"osm_unreachable", "osm_timeout"}:
            raise
        why = fault.values.get("why", "(timeout)")
        raise TableFault("osm_places_unreachable", table="osm", value=address, why=why) from fault


def _find_cause(error: BaseException) -> str:
    """Return what the system said below all that was wrapped around it."""
    said, inner = type(error).__name__, error.__cause__ or error.__context__
    while inner is not None:
        said = getattr(inner, "strerror", None) or said
        inner = inner.__cause__ or inner.__context__
    return f"({shorten(said, 100)})"


def find_place(place: str, server: Server, cache: Path) -> Area:
    """Look up the boundary of a place.

    Parameters
    ----------
    place
        Its name, e.g. "Helsinki, Finland".
    server
        Whose Nominatim is asked.
    cache
        Folder of answers.

    Returns
    -------
    Area
        The boundary.

    Raises
    ------
    TableFault
        If there is no such place, it has no boundary, or the server cannot be asked.
    """
    ear = _Ear(server.nominatim, lambda _: None)
    with _settled(server, cache, ear) as osmnx, _told_of_places(server.nominatim):
        try:
            found = osmnx.geocode_to_gdf(place)
        except osmnx._errors.ResponseStatusCodeError as error:
            raise _garbage(server.nominatim) from error
        except (osmnx._errors.InsufficientResponseError, TypeError) as error:
            if "JSON" in str(error) or "responded" in str(error):
                raise _garbage(server.nominatim) from error
            raise TableFault("osm_no_place", table="osm", value=place) from error
        except _BAD_ANSWER as error:
            shutil.rmtree(cache, ignore_errors=True)  # half a file would stay so for ever
            raise _garbage(server.nominatim) from error
    shape = shapely.make_valid(found.union_all(), method="structure")
    return Area(shape, place)


def _tell_wait(listen: Listen, done: int, total: int, refused: int) -> None:
    listen(Message("osm.step.busy", {"times": refused, "most": MOST_REFUSALS}), done, total)


def _garbage(address: str) -> TableFault:
    return TableFault("osm_garbage", table="osm", value=address)


@dataclass(frozen=True)
class Tiles:
    """The tiles of an area, to be had from a server or from the cache.

    Parameters
    ----------
    boxes
        Their boxes.
    server
        Who is asked.
    cache
        Folder of answers, one folder a tile and question.
    """

    boxes: Sequence[BaseGeometry]
    server: Server
    cache: Path

    def download(
        self, tags: Mapping[str, Sequence[str]], rules: RoadRules | None, listen: Listen
    ) -> int:
        """Ask for every tile that is not there yet.

        Parameters
        ----------
        tags
            Tags asked for.
        rules
            Roads asked for; None for none.
        listen
            Hears how far it is.

        Returns
        -------
        int
            How many answers had to be asked for.

        Raises
        ------
        TableFault
            If the server does not answer, or answers something else; tiles that came stay.
        """
        questions: list[Question] = [tags] if rules is None else [tags, rules]
        wanted = [(box, what) for what in questions for box in self.boxes]
        asked = 0
        for done, (box, what) in enumerate(wanted):
            folder = self._folder(box, what)
            listen(Message("osm.step.tiles"), done, len(wanted))
            if folder.is_dir():
                continue
            if not asked:
                self._knock()
            self._ask(box, what, folder, partial(_tell_wait, listen, done, len(wanted)))
            asked += 1
        listen(Message("osm.step.tiles"), len(wanted), len(wanted))
        return asked

    def read_elements(
        self, tags: Mapping[str, Sequence[str]], keys: Sequence[str], listen: Listen
    ) -> gpd.GeoDataFrame:
        """Read the elements of all tiles from the cache.

        Parameters
        ----------
        tags
            Tags asked for.
        keys
            Keys that become columns.
        listen
            Hears how far it is.

        Returns
        -------
        gpd.GeoDataFrame
            As ``make_layers`` takes them.

        Raises
        ------
        TableFault
            If an answer is not what a server of the map gives.
        """
        none = pd.DataFrame(columns=[ID, *keys])
        parts = [gpd.GeoDataFrame(none, geometry=gpd.GeoSeries([], crs=LONLAT))]
        for done, box in enumerate(self.boxes):
            listen(Message("osm.step.elements"), done, len(self.boxes))
            part = self._read_features(box, tags)
            if part is not None:
                part = part.reset_index()
                part[ID] = part["element"] + "/" + part["id"].astype(str)
                _restore_outlines(part, self._folder(box, tags))
                parts.append(part.reindex(columns=[ID, *keys, "geometry"]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pandas: columns that are empty in a tile
            return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=LONLAT)

    def _read_features(
        self, box: BaseGeometry, tags: Mapping[str, Sequence[str]]
    ) -> gpd.GeoDataFrame | None:
        with _settled(self.server, self._folder(box, tags)) as osmnx:
            try:
                return osmnx.features_from_polygon(box, {**tags})
            except osmnx._errors.InsufficientResponseError:
                return None  # nothing of the kind in this tile
            except _BAD_ANSWER as error:
                shutil.rmtree(self._folder(box, tags))
                raise _garbage(self.server.overpass) from error

    def read_ways(self, rules: RoadRules) -> Iterator[Ways]:
        """Read the roads of all tiles from the cache.

        Parameters
        ----------
        rules
            Roads asked for.

        Yields
        ------
        Ways
            Roads of one tile.

        Raises
        ------
        TableFault
            If an answer is not what a server of the map gives.
        """
        for box in self.boxes:
            folder = self._folder(box, rules)
            try:
                elements = [part for answer in _answers(folder) for part in answer["elements"]]
                nodes = {e["id"]: (e["lon"], e["lat"]) for e in elements if e["type"] == "node"}
                ways = {
                    e["id"]: (e["nodes"], e.get("tags", {}))
                    for e in elements
                    if e["type"] == "way" and rules.takes(e.get("tags", {}))
                }
            except _BAD_ANSWER as error:
                shutil.rmtree(folder)
                raise _garbage(self.server.overpass) from error
            used = {node for way, _ in ways.values() for node in way}
            yield Ways({node: spot for node, spot in nodes.items() if node in used}, ways)

    def read_dates(self, questions: Sequence[Question]) -> tuple[str, str]:
        """Return from when the data are.

        Parameters
        ----------
        questions
            What was asked: tags, and rules of roads.

        Returns
        -------
        tuple
            The earliest and the latest date that the server gave, "" where it gave none.
        """
        folders = [self._folder(box, what) for box in self.boxes for what in questions]
        found = sorted(
            str(answer.get("osm3s", {}).get("timestamp_osm_base", ""))
            for folder in folders
            for answer in _answers(folder)
        )
        dates = [date for date in found if date]
        return (dates[0], dates[-1]) if dates else ("", "")

    def _folder(self, box: BaseGeometry, what: Question) -> Path:
        """Return where the answer to a question is kept: named by the whole question."""
        kind = "roads" if isinstance(what, RoadRules) else "features"
        asked = [self.server.overpass, box.wkt, kind, repr(what), _QUERY]
        name = hashlib.sha256("\n".join(asked).encode()).hexdigest()[:20]
        return self.cache / f"{kind}-{name}"

    def _knock(self) -> None:
        """Find out in seconds that no server is there, where OSMnx would wait for a minute."""
        import requests  # noqa: PLC0415

        address = self.server.overpass
        with _told(address):
            named = {"User-Agent": _name_us(self.server)}
            requests.get(f"{address.rstrip('/')}/status", headers=named, timeout=_KNOCK_S)

    def _ask(
        self, box: BaseGeometry, what: Question, folder: Path, waits: Callable[[int], None]
    ) -> None:
        unfinished = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        address = self.server.overpass
        ear = _Ear(address, waits)
        with _settled(self.server, unfinished, ear) as osmnx, _told(address):
            osmnx.settings.cache_only_mode = True  # nothing is built before all is there
            try:
                if isinstance(what, RoadRules):
                    osmnx.graph_from_polygon(
                        box, custom_filter=what.overpass_filter(), simplify=False
                    )
                else:
                    osmnx.features_from_polygon(box, {**what})
            except osmnx._errors.CacheOnlyInterruptError:
                pass
            except (
                osmnx._errors.InsufficientResponseError,
                osmnx._errors.ResponseStatusCodeError,
            ) as error:
                raise _garbage(address) from error
            finally:
                osmnx.settings.cache_only_mode = False
        try:
            good = all(isinstance(answer["elements"], list) for answer in _answers(unfinished))
        except _BAD_ANSWER:
            good = False
        if not good or not any(unfinished.iterdir()):
            raise _garbage(address)
        unfinished.replace(folder)


def _restore_outlines(part: gpd.GeoDataFrame, folder: Path) -> None:
    """Put outlines back as they were drawn where OSMnx has mended them: mending is to be told."""
    at = {name: row for row, name in enumerate(part[ID])}
    shapes = part.geometry.to_numpy().copy()
    for answer in _answers(folder):
        spots = {e["id"]: (e["lon"], e["lat"]) for e in answer["elements"] if e["type"] == "node"}
        for element in answer["elements"]:
            row = at.get(f"way/{element['id']}") if element["type"] == "way" else None
            if row is None or shapely.get_dimensions(shapes[row]) < 2 or len(element["nodes"]) < 4:
                continue
            drawn = shapely.Polygon([spots[node] for node in element["nodes"] if node in spots])
            if not drawn.is_valid:
                shapes[row] = drawn
    part.geometry = gpd.GeoSeries(shapes, index=part.index, crs=part.crs)


def _answers(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.glob("*.json")):
        yield json.loads(file.read_text(encoding="utf-8"))
