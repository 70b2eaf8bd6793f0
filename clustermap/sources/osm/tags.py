"""Which tags count: one table in data/osm, from which queries, layers and docs follow."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clustermap.errors import TableFault, shorten_path
from clustermap.sources.reference import data_root
from clustermap.tables import ACTOR_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from clustermap.sources.osm.asked import Roads

ATTRIBUTION = "© OpenStreetMap contributors"
LICENCE = "ODbL 1.0 (https://opendatacommons.org/licenses/odbl/1-0/)"
LAYERS = ("clusters", "institutes", "firms")
NAMES = ("name", "name:ko", "name:en", "int_name", "official_name")
TOLD = ("industrial", "product")
"""Tags that decide nothing and still stand in the layers, for whoever wants to sort by them."""

COMMERCIAL = "commercial"
_COLUMNS = ("key", "value", "named_like", "layer", "kind", "inside", "asked", "meaning")
_INSIDE = ("", "part", "name")
_KEY = re.compile(r"^[\w:.-]+$")
_VALUE = re.compile(r"^[^\"'\\\x00-\x1f]+$")  # it becomes part of a query
_USES = {"main": ("main",), "drive": ("main", "drive"), "none": ()}


@dataclass(frozen=True)
class Tag:
    """One row of the table of tags.

    Parameters
    ----------
    key, value
        The tag, e.g. landuse=industrial.
    layer
        "clusters", "institutes" or "firms".
    kind
        Kind of cluster, or actor type.
    named_like
        Pattern that the name must match, "" for any and none.
    inside
        What an element inside another of its layer is: "part" of one of the same kind, part of it
        where both have one "name", or "" for one of its own.
    asked
        Word with which it must be asked for; "" where it always counts.
    meaning
        What it stands for.
    """

    key: str
    value: str
    layer: str
    kind: str
    named_like: str = ""
    inside: str = ""
    asked: str = ""
    meaning: str = ""

    @property
    def written(self) -> str:
        """The tag as it is written."""
        return f"{self.key}={self.value}"


@dataclass(frozen=True)
class RoadRules:
    """Which roads are taken and how fast they are.

    Parameters
    ----------
    speeds_kph
        Class of road to speed, where the map states none.
    never
        Key to the values that close a road.
    """

    speeds_kph: Mapping[str, float]
    never: Mapping[str, tuple[str, ...]]

    def overpass_filter(self) -> str:
        """Return the condition of an Overpass query.

        Returns
        -------
        str
            One bracket for the classes, one for every key that closes a road.
        """
        shut = "".join(f'["{key}"!~"^({"|".join(values)})$"]' for key, values in self.never.items())
        return f'["highway"~"^({"|".join(self.speeds_kph)})$"]{shut}'

    def takes(self, tags: Mapping[str, str]) -> bool:
        """Return whether a way is one of the roads.

        Parameters
        ----------
        tags
            Its tags.

        Returns
        -------
        bool
            As the query says.
        """
        shut = any(tags.get(key) in values for key, values in self.never.items())
        return tags.get("highway") in self.speeds_kph and not shut


def tags_file() -> Path:
    """Return the table of tags that the product ships.

    Returns
    -------
    Path
        A CSV file.
    """
    return data_root() / "osm" / "tags.csv"


def read_tags(path: Path | None = None, *, commercial: bool = False) -> tuple[Tag, ...]:
    """Read the table of tags.

    Parameters
    ----------
    path
        Table of one's own; None for the one shipped.
    commercial
        Whether rows are kept that must be asked for with this word.

    Returns
    -------
    tuple of Tag
        In the order of the table: the first that fits an element decides.

    Raises
    ------
    TableFault
        If the table cannot be read, or a row says something that is not understood.
    """
    path = path or tags_file()
    found = tuple(_read_rows(path))
    if not found:
        raise TableFault("empty_layer", table=path.name)
    return tuple(tag for tag in found if not tag.asked or (commercial and tag.asked == COMMERCIAL))


def _read_rows(path: Path) -> Iterator[Tag]:
    if not path.is_file():
        raise TableFault("missing_file", table="osm", value=shorten_path(path))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in _COLUMNS[:5] if name not in (reader.fieldnames or ())]
            if missing:
                raise TableFault("osm_tags_column", table=path.name, column=missing[0])
            for row in reader:
                yield _build_tag(row, path.name, reader.line_num)
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableFault("unreadable_file", table=path.name, value="", why=str(error)) from error


def _build_tag(row: Mapping[str, str | None], table: str, line: int) -> Tag:
    said = {name: (row.get(name) or "").strip() for name in _COLUMNS}
    layer = said["layer"]
    good = {
        "key": bool(_KEY.match(said["key"])),
        "value": bool(_VALUE.match(said["value"])),
        "layer": layer in LAYERS,
        "kind": bool(said["kind"]) and (layer != "institutes" or said["kind"] in ACTOR_TYPES),
        "named_like": _compiles(said["named_like"]),
        "inside": said["inside"] in _INSIDE,
        "asked": said["asked"] in {"", COMMERCIAL},
    }
    for column, holds in good.items():
        if not holds:
            value = said[column]
            raise TableFault("osm_tags_value", table=table, column=column, row=line, value=value)
    return Tag(**said)


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def query_tags(tags: Iterable[Tag]) -> dict[str, list[str]]:
    """Return the tags as OSMnx asks for them.

    Parameters
    ----------
    tags
        Rows of the table.

    Returns
    -------
    dict
        Key to its values, both in order.
    """
    found: dict[str, set[str]] = {}
    for tag in tags:
        found.setdefault(tag.key, set()).add(tag.value)
    return {key: sorted(found[key]) for key in sorted(found)}


def wanted_keys(tags: Sequence[Tag]) -> tuple[str, ...]:
    """Return the keys that the layers are made from.

    Parameters
    ----------
    tags
        Rows of the table.

    Returns
    -------
    tuple of str
        Those of the table, names, and what is told beside.
    """
    return tuple(dict.fromkeys([*(tag.key for tag in tags), *NAMES, *TOLD]))


def read_roads(roads: Roads) -> RoadRules:
    """Read which roads are taken.

    Parameters
    ----------
    roads
        "drive", "main" or "none".

    Returns
    -------
    RoadRules
        From the table that the product ships.
    """
    speeds: dict[str, float] = {}
    never: dict[str, tuple[str, ...]] = {}
    with (data_root() / "osm" / "roads.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["use"] == "never":
                never[row["key"]] = (*never.get(row["key"], ()), row["value"])
            elif row["use"] in _USES[roads]:
                speeds[row["value"]] = float(row["speed_kph"])
    return RoadRules(speeds, never)
