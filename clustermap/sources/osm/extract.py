"""Elements and roads of an extract on disk: .osm.pbf and .osm, by GDAL's driver for them."""

from __future__ import annotations

import struct
import tempfile
import warnings
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustermap.errors import TableFault, shorten_path
from clustermap.layers.projection import LONLAT
from clustermap.sources.osm.elements import ID
from clustermap.sources.osm.roads import Ways

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from clustermap.layers.projection import Bounds
    from clustermap.sources.osm.tags import RoadRules

ENDINGS = (".osm.pbf", ".pbf", ".osm")
WAY_TAGS = (
    *("name", "ref", "oneway", "lanes", "maxspeed", "junction", "bridge", "tunnel", "width"),
)
"""Tags of roads that OSMnx keeps, beside those that decide whether a way is one."""

_DECIMALS = 7  # of a degree: the map counts in units of 1e-7
_SCALE = 10**_DECIMALS
_WIDE = np.int64(1) << np.int64(32)
_BATCH = 500_000
_FACT = 1 << 20  # no header is longer


def is_extract(path: Path) -> bool:
    """Return whether a file is named as an extract of the map.

    Parameters
    ----------
    path
        File.

    Returns
    -------
    bool
        By its ending alone.
    """
    return path.name.lower().endswith(ENDINGS)


@dataclass(frozen=True)
class _Config:
    """What GDAL is told to report.

    Parameters
    ----------
    areas
        Keys whose closed ways are areas.
    keys
        By layer of the driver: the keys that become columns.
    all_nodes
        Whether nodes without tags are reported.
    """

    areas: Sequence[str]
    keys: Mapping[str, Sequence[str]]
    all_nodes: bool = False

    def text(self) -> str:
        """Return the file that the driver reads."""
        lines = [
            f"closed_ways_are_polygons={','.join(self.areas)}",
            "attribute_name_laundering=no",
            f"report_all_nodes={'yes' if self.all_nodes else 'no'}",
        ]
        names = ("points", "lines", "multipolygons", "multilinestrings", "other_relations")
        for name in names:
            keys = ",".join(self.keys.get(name, ()))
            lines += [f"[{name}]", "osm_id=yes", f"attributes={keys}", "other_tags=no"]
        return "\n".join(lines) + "\n"


@contextmanager
def _configured(config: _Config) -> Iterator[dict[str, Any]]:
    """Give the options that make GDAL report what is wanted, and keep its warnings away."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # A clipped extract has rings that do not close; such elements are counted, not told.
        warnings.simplefilter("ignore")
        file = Path(folder) / "osmconf.ini"
        file.write_text(config.text(), encoding="utf-8")
        yield {"CONFIG_FILE": str(file)}


@contextmanager
def _told(path: Path) -> Iterator[None]:
    from pyogrio.errors import DataLayerError, DataSourceError  # noqa: PLC0415

    try:
        yield
    except (DataSourceError, DataLayerError, RuntimeError, UnicodeDecodeError) as error:
        why = str(error).split("\n")[0].replace(str(path), path.name)
        raise TableFault("unreadable_file", table="osm", value=path.name, why=why) from error


def check_start(path: Path) -> None:
    """Refuse a file that is no extract of the map, however it is named.

    Parameters
    ----------
    path
        File.

    Raises
    ------
    TableFault
        If it is missing, empty or begins otherwise.
    """
    if not path.is_file():
        raise TableFault("missing_file", table="osm", value=shorten_path(path))
    with path.open("rb") as file:
        head = file.read(64)
    good = b"OSMHeader" in head[:32] if path.suffix.lower() == ".pbf" else head.lstrip()[:1] == b"<"
    if not good:
        raise TableFault("unreadable_file", table="osm", value=path.name, why="")


def read_elements(
    path: Path, query: Mapping[str, Sequence[str]], keys: Sequence[str], bounds: Bounds | None
) -> tuple[gpd.GeoDataFrame, int]:
    """Read the elements of an extract that have one of the tags.

    Parameters
    ----------
    path
        The extract.
    query
        Key to the values that are looked for.
    keys
        Keys that become columns.
    bounds
        West, south, east, north; None for all of it.

    Returns
    -------
    tuple
        Elements as ``make_layers`` takes them, and how many could not be put together: parts of
        them lie outside of the extract.

    Raises
    ------
    TableFault
        If the file is none.
    """
    import pyogrio  # noqa: PLC0415

    check_start(path)
    config = _Config([*query], {"points": keys, "multipolygons": keys})
    where = _spell_where(query)
    parts = []
    with _configured(config) as options, _told(path):
        for layer in ("points", "multipolygons"):
            rows = pyogrio.read_dataframe(
                path, layer=layer, where=where, bbox=bounds, on_invalid="ignore", **options
            )
            rows.insert(0, ID, _name_elements(rows, layer))
            parts.append(rows[[ID, *keys, "geometry"]])
    found = pd.concat(parts, ignore_index=True)
    lost = found.geometry.isna() | found.geometry.is_empty
    kept = gpd.GeoDataFrame(found[~lost], crs=LONLAT)
    # GDAL gives 24.935176299000002 for 24.9351763.
    shapes = shapely.transform(kept.geometry.to_numpy(), lambda spots: np.round(spots, _DECIMALS))
    return kept.set_geometry(shapes, crs=LONLAT), int(lost.sum())


def _name_elements(rows: gpd.GeoDataFrame, layer: str) -> pd.Series[str]:
    if layer == "points":
        nodes: pd.Series[str] = "node/" + rows["osm_id"].astype(str)
        return nodes
    ways, relations = rows["osm_way_id"], rows["osm_id"]
    named = "way/" + ways.fillna("").astype(str)
    found: pd.Series[str] = named.where(
        ways.notna(), "relation/" + relations.fillna("").astype(str)
    )
    return found


def _spell_where(query: Mapping[str, Sequence[str]]) -> str:
    parts = [f"\"{key}\" = '{value}'" for key, values in query.items() for value in values]
    return " OR ".join(parts)


def read_ways(path: Path, rules: RoadRules, bounds: Bounds | None) -> Ways:
    """Read the roads of an extract with the nodes that they share.

    GDAL gives a road as a line and not as a list of nodes. Nodes have exact coordinates, so the
    node at each corner is found by them; of two nodes at one spot the smaller number is taken.

    Parameters
    ----------
    path
        The extract.
    rules
        Which roads are taken.
    bounds
        West, south, east, north; None for all of it.

    Returns
    -------
    Ways
        Nodes and roads.

    Raises
    ------
    TableFault
        If the file is none.
    """
    import pyogrio  # noqa: PLC0415

    check_start(path)
    keys = tuple(dict.fromkeys(["highway", *rules.never, *WAY_TAGS]))
    classes = ", ".join(f"'{name}'" for name in rules.speeds_kph)
    with _configured(_Config(["area"], {"lines": keys})) as options, _told(path):
        rows = pyogrio.read_dataframe(
            path,
            layer="lines",
            where=f'"highway" IN ({classes})',
            bbox=bounds,
            on_invalid="ignore",
            **options,
        )
    rows = rows[~(rows.geometry.isna() | rows.geometry.is_empty)]
    if rows.empty:
        return Ways({}, {})
    said = [
        {k: v for k, v in row.items() if isinstance(v, str)}
        for row in rows[[*keys]].to_dict("records")
    ]
    taken = np.array([rules.takes(tags) for tags in said], dtype=bool)
    corners, of_way = shapely.get_coordinates(rows.geometry.to_numpy()[taken], return_index=True)
    spots, corner_at = np.unique(_pack(corners), return_inverse=True)
    nodes = _find_nodes(path, spots)
    ids = nodes[corner_at]
    starts = np.searchsorted(of_way, np.arange(int(taken.sum()) + 1))
    numbers = rows["osm_id"].to_numpy()[taken]
    kept_tags = [tags for tags, kept in zip(said, taken, strict=True) if kept]
    ways = {
        int(number): (ids[start:stop].tolist(), tags)
        for number, start, stop, tags in zip(
            numbers, starts[:-1], starts[1:], kept_tags, strict=True
        )
    }
    lon, lat = np.divmod(spots, _WIDE)
    places = zip((lon / _SCALE).tolist(), ((lat - _WIDE // 2) / _SCALE).tolist(), strict=True)
    return Ways(dict(zip(nodes.tolist(), places, strict=True)), ways)


def _pack(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return coordinates as one whole number each, exact as the map's own."""
    lon, lat = np.round(corners * _SCALE).astype(np.int64).reshape(-1, 2).T
    packed: npt.NDArray[np.int64] = lon * _WIDE + (lat + _WIDE // 2)
    return packed


def _find_nodes(path: Path, spots: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the number of the node at each spot; negative where the extract has none there."""
    import pyogrio  # noqa: PLC0415

    missing = np.iinfo(np.int64).max
    found = np.full(len(spots), missing)
    config = _Config([], {}, all_nodes=True)
    with (
        _configured(config) as options,
        _told(path),
        pyogrio.open_arrow(
            path, layer="points", columns=["osm_id"], batch_size=_BATCH, use_pyarrow=True, **options
        ) as (meta, reader),
    ):
        name = meta["geometry_name"] or "wkb_geometry"
        for batch in reader:
            wkb = batch.column(batch.schema.get_field_index(name))
            points = shapely.from_wkb(wkb.to_numpy(zero_copy_only=False))
            here = _pack(shapely.get_coordinates(points))
            numbers = batch.column(batch.schema.get_field_index("osm_id")).to_numpy(
                zero_copy_only=False
            )
            at = np.searchsorted(spots, here)
            hit = (at < len(spots)) & (spots[np.minimum(at, len(spots) - 1)] == here)
            np.minimum.at(found, at[hit], numbers[hit].astype(np.int64))
    lost = found == missing
    found[lost] = -1 - np.arange(int(lost.sum()))
    return found


# The date of an extract stands in its header, which GDAL does not tell


def read_date(path: Path) -> str:
    """Return the date of the map that an extract was cut from.

    Parameters
    ----------
    path
        The extract.

    Returns
    -------
    str
        E.g. "2026-11-01T20:21:22Z", "" where the extract does not say.
    """
    if path.suffix.lower() != ".pbf":
        return ""
    try:
        seconds = dict(_fields(_read_header(path))).get(32)
    except (ValueError, IndexError, KeyError, struct.error, zlib.error):
        return ""
    if not isinstance(seconds, int) or not 0 < seconds < 1 << 33:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_header(path: Path) -> bytes:
    with path.open("rb") as file:
        (length,) = struct.unpack(">I", file.read(4))
        size = dict(_fields(file.read(min(length, _FACT))))[3]
        if not isinstance(size, int) or size > _FACT:
            raise ValueError(size)
        blob = dict(_fields(file.read(size)))
    raw, packed = blob.get(1), blob.get(3)
    if isinstance(raw, bytes):
        return raw
    if not isinstance(packed, bytes):
        raise TypeError(packed)
    return zlib.decompressobj().decompress(packed, _FACT)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a protocol-buffer message: number and value."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        if tag & 7 == 0:
            number, at = _varint(message, at)
            yield tag >> 3, number
        elif tag & 7 == 2:
            length, at = _varint(message, at)
            yield tag >> 3, message[at : at + length]
            at += length
        else:
            raise ValueError(tag)


def _varint(message: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = message[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at
