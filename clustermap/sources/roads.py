"""Roads from GraphML as OSMnx writes it: nodes and times, taken from the file as it streams by."""

from __future__ import annotations

import math
import re
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

import numpy as np
import pyarrow as pa

from clustermap.checks import FAULTS, build_faults
from clustermap.errors import TableFault, shorten, shorten_path
from clustermap.layers import projection
from clustermap.network.roads import Roads, convert_graph, join_roads
from clustermap.sources.osm import extract
from clustermap.sources.osm.roads import FALLBACK_KPH, build_graph
from clustermap.sources.osm.tags import read_roads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]
    Positions = npt.NDArray[np.int64]
    Marks = npt.NDArray[np.bool_]

TABLE = "roads"
ENDINGS = (".graphml", *extract.ENDINGS)
_NUMBERS = ("travel_time", "length", "speed_kph")
_TEXTS = ("maxspeed", "highway")
_LISTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")


@dataclass(frozen=True)
class RoadsRead:
    """Roads as read.

    Parameters
    ----------
    roads
        The graph.
    read
        Nodes and edges of the file.
    faults
        FAULTS: nodes and edges that were set aside.
    facts
        Number of nodes and edges that are kept (of several edges between the same nodes the
        fastest), and of edges whose time follows from their length and class.
    """

    roads: Roads
    read: int
    faults: pa.Table
    facts: Mapping[str, int]


def read_road_graph(path: Path, crs: str = "") -> RoadsRead:
    """Read roads from a file.

    Parameters
    ----------
    path
        GraphML as OSMnx writes it, or an extract of OpenStreetMap.
    crs
        Coordinate system of the nodes, "" for the one that the file states (else degrees).

    Returns
    -------
    RoadsRead
        The graph, and what was set aside.

    Raises
    ------
    TableFault
        If the file is missing, or none of that kind.
    """
    if not path.is_file():
        raise TableFault("missing_file", table=TABLE, value=shorten_path(path))
    if extract.is_extract(path):
        return _read_extract(path)
    if not path.name.lower().endswith(ENDINGS[0]):
        known = ", ".join(ENDINGS)
        raise TableFault("unknown_format", table=TABLE, value=path.name, known=known)
    return _settle(_listen(path), path.name, crs)


def _read_extract(path: Path) -> RoadsRead:
    rules = read_roads("drive")
    graph = build_graph(extract.read_ways(path, rules, None), rules, "")
    if graph is None:
        raise TableFault("empty_layer", table=TABLE)
    roads = convert_graph(graph)
    read = len(graph) + graph.number_of_edges()
    return RoadsRead(roads, read, FAULTS.empty_table(), _count(roads))


def _count(roads: Roads) -> dict[str, int]:
    return {"road_nodes": len(roads.lon), "road_edges": int(roads.times.nnz)}


@dataclass
class _Rows:
    """Nodes and edges as they come, and what could not be read of them."""

    index: dict[str, int] = field(default_factory=dict)
    spots: tuple[array[float], array[float]] = field(
        default_factory=lambda: (array("d"), array("d"))
    )
    declared: array[int] = field(default_factory=lambda: array("q"))  # line; 0: nowhere
    repeated: list[tuple[int, str]] = field(default_factory=list)
    ends: tuple[array[int], array[int]] = field(default_factory=lambda: (array("q"), array("q")))
    lines: array[int] = field(default_factory=lambda: array("q"))
    numbers: dict[str, array[float]] = field(
        default_factory=lambda: {name: array("d") for name in _NUMBERS}
    )
    texts: dict[str, array[int]] = field(
        default_factory=lambda: {name: array("q") for name in _TEXTS}
    )
    codes: dict[str, dict[str, int]] = field(default_factory=lambda: {name: {} for name in _TEXTS})
    bad: dict[tuple[str, int], str] = field(default_factory=dict)
    crs: str = ""
    both_ways: bool = False
    graphs: int = 0

    def find(self, name: str) -> int:
        """Return the position of a node, which may be declared later."""
        at = self.index.setdefault(name, len(self.index))
        if at == len(self.declared):
            self.declared.append(0)
            for values in self.spots:
                values.append(math.nan)
        return at


class _Parser:
    """Takes the few attributes that are wanted; whatever else stands in the file is passed over.

    There is no handler for ends of elements: text is whole when the next element begins, and half
    of the calls are saved. What times may follow from is taken where ``whole``, or where the file
    declares no times.
    """

    def __init__(self, *, whole: bool) -> None:
        self.rows = _Rows()
        self.whole = whole
        self._expat = expat.ParserCreate()
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._start
        self._expat.StartDoctypeDeclHandler = _refuse
        self._keys: dict[str, dict[str, str]] = {"node": {}, "edge": {}, "graph": {}}
        self._wanted: dict[str, str] = self._keys["graph"]
        self._role = ""
        self._at = 0
        self._text: list[str] = []

    def read(self, path: Path) -> None:
        with path.open("rb") as file:
            self._expat.ParseFile(file)
        self._take()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._role:
            self._take()
        if name == "data":
            self._role = self._wanted.get(attributes.get("key", ""), "")
            if self._role:
                self._text = []
                self._expat.CharacterDataHandler = self._text.append
        elif name == "edge":
            self._add_edge(attributes)
        elif name == "node":
            self._add_node(attributes)
        elif name == "key":
            for of, keys in self._keys.items():
                if attributes.get("for") in {of, "all"}:
                    keys[attributes.get("id", "")] = attributes.get("attr.name", "")
        elif name == "graph":
            self._settle_keys()
            self.rows.graphs += 1
            self.rows.both_ways = attributes.get("edgedefault") == "undirected"

    def _settle_keys(self) -> None:
        edge = self._keys["edge"]
        stated = {key: name for key, name in edge.items() if name == _NUMBERS[0]}
        if stated and not self.whole:
            self._keys["edge"] = stated
        else:
            self.whole = True

    def _add_edge(self, attributes: dict[str, str]) -> None:
        rows = self.rows
        self._wanted = self._keys["edge"]
        self._at = len(rows.lines)
        for values, end in zip(rows.ends, ("source", "target"), strict=True):
            values.append(rows.find(attributes.get(end, "")))
        rows.lines.append(self._expat.CurrentLineNumber)
        for numbers in rows.numbers.values():
            numbers.append(math.nan)
        for codes in rows.texts.values():
            codes.append(-1)

    def _add_node(self, attributes: dict[str, str]) -> None:
        rows, name, line = self.rows, attributes.get("id", ""), self._expat.CurrentLineNumber
        self._at = rows.find(name)
        if rows.declared[self._at]:
            rows.repeated.append((line, name))
            self._wanted = {}
        else:
            rows.declared[self._at] = line
            self._wanted = self._keys["node"]

    def _take(self) -> None:
        """Take the text of the element before this one."""
        self._expat.CharacterDataHandler = None
        role, self._role = self._role, ""
        rows, at = self.rows, self._at
        text = "".join(self._text).strip()
        if not text:
            return
        if role in _TEXTS:
            codes = rows.codes[role]
            rows.texts[role][at] = codes.setdefault(text, len(codes))
        elif role in _NUMBERS:
            rows.numbers[role][at] = self._read_number(role, text)
        elif role in {"x", "y"}:
            rows.spots[role == "y"][at] = self._read_number(role, text)
        elif role == "crs":
            rows.crs = text

    def _read_number(self, role: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self.rows.bad[role, self._at] = text
            return math.nan
        return value


def _refuse(*_: object) -> None:
    raise ValueError("<!DOCTYPE>")


def _listen(path: Path) -> _Rows:
    parser = _parse(path, whole=False)
    if not parser.whole and np.isnan(np.array(parser.rows.numbers["travel_time"])).any():
        parser = _parse(path, whole=True)  # some edges state no time: once more, with the rest
    if not parser.rows.graphs:
        raise _unreadable(path.name, "<graph>?")
    return parser.rows


def _parse(path: Path, *, whole: bool) -> _Parser:
    parser = _Parser(whole=whole)
    try:
        parser.read(path)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise _unreadable(path.name, str(error)) from error
    return parser


def _unreadable(file: str, why: str) -> TableFault:
    why = shorten(f"GraphML: {' '.join(why.split())}", 120)
    return TableFault("unreadable_file", table=TABLE, value=file, why=why)


class _Faults:
    """Rows that are set aside, each once and for its first fault."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._parts = [FAULTS.empty_table()]

    def add(self, lines: Iterable[int], column: str, values: Iterable[object], reason: str) -> None:
        line = pa.array(list(lines), pa.int64())
        shown = pa.array([str(value) for value in values], pa.string())
        files, columns, reasons = (
            pa.array([text] * len(line), pa.string()) for text in (self._file, column, reason)
        )
        self._parts.append(build_faults(TABLE, files, line, columns, shown, reasons))

    def table(self) -> pa.Table:
        return pa.concat_tables(self._parts)


def _settle(rows: _Rows, file: str, crs: str) -> RoadsRead:
    faults = _Faults(file)
    lon, lat, there = _place_nodes(rows, faults, crs)
    source, target = (np.array(values, dtype=np.int64) for values in rows.ends)
    seconds, derived = _find_times(rows)
    kept = _check_edges(rows, there, (source, target), seconds, faults)
    source, target, seconds = source[kept], target[kept], seconds[kept]
    if rows.both_ways:
        source, target = np.append(source, target), np.append(target, source)
        seconds = np.append(seconds, seconds)
    rank = np.cumsum(there) - 1
    roads = join_roads(lon[there], lat[there], rank[source], rank[target], seconds)
    read = int(np.count_nonzero(rows.declared)) + len(rows.repeated) + len(rows.lines)
    facts = {**_count(roads), "road_times_derived": int(derived[kept].sum())}
    return RoadsRead(roads, read, faults.table(), facts)


def _place_nodes(rows: _Rows, faults: _Faults, crs: str) -> tuple[Numbers, Numbers, Marks]:
    """Return the nodes in degrees, and which of them there are."""
    names = list(rows.index)
    declared = np.array(rows.declared, dtype=np.int64)
    x, y = (np.array(values, dtype=float) for values in rows.spots)
    system = projection.check_crs(crs or rows.crs or projection.LONLAT, TABLE)
    degrees = projection.check_crs(projection.LONLAT, TABLE)
    lon, lat = projection.transform(x, y, system, degrees)
    on_earth = np.isfinite(lon) & (np.abs(lat) <= 90) & (np.abs(lon) <= 180)
    bad = np.zeros(len(names), dtype=bool)
    for column, values in (("x", x), ("y", y)):
        here = (declared > 0) & ~np.isfinite(values) & ~bad
        told = [rows.bad.get((column, at), "") for at in np.flatnonzero(here).tolist()]
        for reason, some in (("empty", False), ("not_a_number", True)):
            own = np.flatnonzero(here)[np.array([bool(t) == some for t in told], dtype=bool)]
            quoted = [text for text in told if bool(text) == some]
            faults.add(declared[own].tolist(), column, quoted, reason)
        bad |= here
    lost = np.flatnonzero((declared > 0) & ~bad & ~on_earth)
    spots = [f"{x[at]}, {y[at]}" for at in lost.tolist()]
    faults.add(declared[lost].tolist(), "x, y", spots, "impossible_coordinate")
    for line, name in rows.repeated:
        faults.add([line], "id", [name], "duplicate_id")
    return lon, lat, (declared > 0) & ~bad & on_earth


def _check_edges(
    rows: _Rows,
    there: Marks,
    ends: tuple[Positions, Positions],
    seconds: Numbers,
    faults: _Faults,
) -> Marks:
    names, lines = list(rows.index), np.array(rows.lines, dtype=np.int64)
    bad = np.zeros(len(lines), dtype=bool)
    for column, at in zip(("source", "target"), ends, strict=True):
        here = np.flatnonzero(~there[at] & ~bad)
        faults.add(lines[here].tolist(), column, [names[n] for n in at[here]], "unknown_node")
        bad[here] = True
    # A length or speed matters only where no time is stated.
    used = np.isnan(np.array(rows.numbers[_NUMBERS[0]], dtype=float))
    broken = {at: (role, text) for (role, at), text in rows.bad.items() if role in _NUMBERS}
    for edge, (role, text) in sorted(broken.items()):
        if used[edge] and not bad[edge]:
            faults.add([int(lines[edge])], role, [text], "not_a_number")
            bad[edge] = True
    for role in _NUMBERS:
        values = np.array(rows.numbers[role], dtype=float)
        here = np.flatnonzero((values < 0) & ~bad & (used | (role == _NUMBERS[0])))
        faults.add(lines[here].tolist(), role, values[here], "negative")
        bad[here] = True
    here = np.flatnonzero(np.isnan(seconds) & ~bad)
    faults.add(lines[here].tolist(), "travel_time", [""] * len(here), "empty")
    bad[here] = True
    return ~bad


def _find_times(rows: _Rows) -> tuple[Numbers, Marks]:
    """Return the time of every edge: as stated, else its length by its speed."""
    stated, length, speed = (np.array(rows.numbers[name], dtype=float) for name in _NUMBERS)
    missing = np.isnan(stated)
    slow = missing & ~(speed > 0)
    if slow.any():
        classes = np.stack([np.array(rows.texts[name], dtype=np.int64)[slow] for name in _TEXTS])
        distinct, at = np.unique(classes, axis=1, return_inverse=True)
        words = [[*rows.codes[name], ""] for name in _TEXTS]  # the last is that of no code
        pairs = [(words[0][a], words[1][b]) for a, b in distinct.T.tolist()]
        speed[slow] = find_speeds(pairs)[at.ravel()]
    return np.where(missing, length / (speed / 3.6), stated), missing


def find_speeds(roads: Sequence[tuple[str, str]]) -> Numbers:
    """Return how fast one drives on roads, as OSMnx reads their tags.

    Parameters
    ----------
    roads
        ``maxspeed`` and ``highway`` of each, as GraphML spells them: a text, a list of texts in
        brackets, or "" where nothing is known.

    Returns
    -------
    np.ndarray
        km/h: the mean of what is stated, else what is usual on roads of that class (the first one
        stated), else 30 km/h; as ``clustermap fetch osm`` does.

    Examples
    --------
    >>> find_speeds([("50", "primary"), ("['30', '50']", "primary"), ("30 mph", ""), ("", "way")])
    array([50.    , 40.    , 48.2802, 30.    ])
    """
    import networkx as nx  # noqa: PLC0415
    import osmnx  # noqa: PLC0415 -- 2 seconds, and only where times are not stated

    graph = nx.MultiDiGraph(crs=projection.LONLAT)
    graph.add_nodes_from([(0, {"x": 0.0, "y": 0.0}), (1, {"x": 0.0, "y": 0.0})])
    usual = {**read_roads("drive").speeds_kph}
    for at, (maxspeed, highway) in enumerate(roads):
        stated, classes = _split(maxspeed), _split(highway)
        name = classes[0] if classes else ""
        usual.setdefault(name, FALLBACK_KPH)
        limit = stated if len(stated) > 1 else "".join(stated)
        graph.add_edge(0, 1, at, highway=name, maxspeed=limit)
    graph = osmnx.routing.add_edge_speeds(graph, hwy_speeds=usual, fallback=FALLBACK_KPH)
    found = np.array([graph.edges[0, 1, at]["speed_kph"] for at in range(len(roads))], dtype=float)
    return np.where(found > 0, found, FALLBACK_KPH)


def _split(text: str) -> list[str]:
    """Return the texts of a list as Python spells it, or the text alone."""
    if text.startswith("["):
        return [one or other for one, other in _LISTED.findall(text)]
    return [text] if text else []
