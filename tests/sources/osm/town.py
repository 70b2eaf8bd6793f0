"""A small invented town as OpenStreetMap holds one, and a server on this machine that tells of it.

north  +-------------+-------------+
       | C commercial| science park|        corners of the town: 10.00..10.04 E,
       |             | R research  |        50.00..50.02 N; a street runs east
       +------A------+------B------+        through the middle, A to B
       | industrial  | bow tie     |
       | W works, F  | H hospital  |
south  +-------------+-------------+
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlparse
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterator

DATE = "2026-11-01T20:21:22Z"
BBOX = (10.0, 50.0, 10.04, 50.02)
Element = dict[str, Any]


def _node(number: int, lon: float, lat: float, **tags: str) -> Element:
    return {"type": "node", "id": number, "lat": lat, "lon": lon, **_tagged(tags)}


def _way(number: int, nodes: list[int], **tags: str) -> Element:
    return {"type": "way", "id": number, "nodes": nodes, **_tagged(tags)}


def _tagged(tags: dict[str, str]) -> Element:
    named = {key.replace("__", ":"): value for key, value in tags.items()}
    return {"tags": named} if named else {}


def _square(
    way: int, west: float, south: float, size: float, order: str = "abcd", **tags: str
) -> list[Element]:
    """Return a closed way; another order of its corners makes a bow tie."""
    spots = {"a": (0, 0), "b": (1, 0), "c": (1, 1), "d": (0, 1)}
    nodes = [
        _node(1000 * way + at, round(west + size * spots[corner][0], 7),
              round(south + size * spots[corner][1], 7))
        for at, corner in enumerate(order)
    ]  # fmt: skip
    ring = [node["id"] for node in nodes]
    return [*nodes, _way(way, [*ring, ring[0]], **tags)]


def build_town() -> list[Element]:
    """Return every element of the town: nodes, then ways, then relations."""
    member = (
        {"type": "way", "ref": 30, "role": "outer"},
        {"type": "way", "ref": 31, "role": "inner"},
    )
    found = [
        *_square(1, 10.001, 50.001, 0.008, landuse="industrial", name="북들 산업단지",
                 name__en="Northfield Estate"),
        *_square(2, 10.022, 50.001, 0.004, "acbd", landuse="industrial"),
        *_square(30, 10.030, 50.001, 0.008),
        *_square(31, 10.032, 50.003, 0.002),
        {"type": "relation", "id": 3, "members": [*member],
         **_tagged({"type": "multipolygon", "landuse": "industrial", "name": "Ring",
                    "industrial": "port"})},
        *_square(4, 10.022, 50.011, 0.006, landuse="commercial", name="Hill Science Park"),
        *_square(5, 10.002, 50.011, 0.004, landuse="commercial"),
        *_square(6, 10.010, 50.011, 0.006, amenity="university", name="Town University"),
        *_square(7, 10.002, 50.002, 0.004, man_made="works", name="Alpha Works"),
        *_square(8, 10.003, 50.003, 0.001, building="industrial", name="ALPHA WORKS"),
        *_square(9, 10.007, 50.003, 0.001, building="industrial"),
        _node(100, 10.012, 50.013, amenity="university", name="Faculty of Letters"),
        _node(101, 10.0045, 50.0045, office="company", name="Beta <b>& Sons</b>"),
        _node(102, 10.035, 50.012, amenity="hospital", name="Town Hospital"),
        _node(103, 10.024, 50.013, office="research", name="Institute of Things"),
        _node(104, 10.015, 50.005, landuse="industrial", name="a spot"),
        _node(105, 10.036, 50.013, office="company"),
        _node(201, 10.000, 50.010), _node(202, 10.010, 50.010), _node(203, 10.020, 50.010),
        _node(204, 10.020, 50.002), _node(205, 10.040, 50.010), _node(206, 10.020, 50.018),
        _way(20, [201, 202, 203], highway="primary", maxspeed="70", name='Main "Street"'),
        _way(21, [203, 205], highway="primary"),
        _way(22, [203, 204], highway="residential", oneway="yes"),
        _way(23, [203, 206], highway="residential", access="private"),
        _way(24, [206, 205], highway="footway"),
    ]  # fmt: skip
    order = ("node", "way", "relation")
    return sorted(found, key=lambda element: (order.index(element["type"]), element["id"]))


def spell_osm(elements: list[Element]) -> str:
    """Return elements as an .osm file."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">']
    for element in elements:
        place = f' lat="{element["lat"]}" lon="{element["lon"]}"' if "lat" in element else ""
        lines.append(f'<{element["type"]} id="{element["id"]}" version="1"{place}>')
        lines += [f'<nd ref="{node}"/>' for node in element.get("nodes", [])]
        lines += [
            f'<member type="{part["type"]}" ref="{part["ref"]}" role="{part["role"]}"/>'
            for part in element.get("members", [])
        ]
        lines += [
            f"<tag k={quoteattr(key)} v={quoteattr(value)}/>"
            for key, value in element.get("tags", {}).items()
        ]
        lines.append(f"</{element['type']}>")
    return "\n".join([*lines, "</osm>", ""])


def ask(elements: list[Element], query: str) -> list[Element]:
    """Return what a query gets: elements with a corner in its polygon, and all they consist of."""
    spots = [float(number) for number in re.findall(r"poly:'([^']*)'", query)[0].split()]
    south, north = min(spots[::2]), max(spots[::2])
    west, east = min(spots[1::2]), max(spots[1::2])
    inside = {
        e["id"]
        for e in elements
        if e["type"] == "node" and south <= e["lat"] <= north and west <= e["lon"] <= east
    }
    roads = 'way["highway"' in query
    tagged = [e for e in elements if e.get("tags") and ("highway" in e["tags"]) == roads]
    ways = {e["id"]: e for e in elements if e["type"] == "way"}
    found: dict[tuple[str, int], Element] = {}
    for element in tagged:
        parts = [ways[part["ref"]] for part in element.get("members", [])]
        nodes = {node for part in (*parts, element) for node in part.get("nodes", [])}
        if inside & (nodes or {element["id"]}):
            for part in (element, *parts):
                found[part["type"], part["id"]] = part
            found |= {("node", node): e for node, e in _by_id(elements, nodes)}
    return list(found.values())


def _by_id(elements: list[Element], wanted: set[int]) -> Iterator[tuple[int, Element]]:
    return ((e["id"], e) for e in elements if e["type"] == "node" and e["id"] in wanted)


@dataclass
class Stub:
    """A server of the town: Overpass below /api, Nominatim below /nominatim.

    ``script`` holds what it does with the next questions: a status, "html", "list", "remark",
    "short" (the connection ends early), "hang" (it never answers), "" (it answers).
    """

    address: str = ""
    script: list[Any] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    places: list[Any] | None = None
    hung: threading.Event = field(default_factory=threading.Event)
    gone: threading.Event = field(default_factory=threading.Event)

    @property
    def overpass(self) -> str:
        return f"{self.address}/api"

    @property
    def nominatim(self) -> str:
        return f"{self.address}/nominatim"


FREE = "Connected as: 1\nCurrent time: x\nAnnounced: x\nRate limit: 2\n2 slots available now."
"""What Overpass says at /status to whoever may ask at once."""

WRONG = {
    "html": b"<html>log in</html>",
    "list": b"[]",
    "empty": b"{}",
    "bent": b'{"elements": [{"type": "node", "id": 1}]}',
    "remark": b'{"elements": [], "remark": "runtime error: Query timed out"}',
}


class _Handler(BaseHTTPRequestHandler):
    """Answers of the stub that its server carries."""

    server: _Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _send(self, body: bytes, status: int = 200, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        stub = self.server.stub
        if urlparse(self.path).path.startswith("/nominatim"):
            stub.queries.append(self.path)
            self._send(json.dumps(stub.places or []).encode())
        else:
            self._send(FREE.encode())

    def do_POST(self) -> None:
        stub = self.server.stub
        size = int(self.headers["Content-Length"])
        query = parse_qs(self.rfile.read(size).decode())["data"][0]
        stub.queries.append(query)
        stub.agents.append(self.headers["User-Agent"])
        todo = stub.script.pop(0) if stub.script else ""
        if isinstance(todo, int):
            self._send(b"busy", todo)
        elif todo == "short":
            self._send(b"{", length=1000)
        elif todo == "hang":
            stub.hung.set()
            stub.gone.wait(60)
        else:
            self._send(WRONG.get(todo) or answer(query))


def answer(query: str) -> bytes:
    """Return the town's answer to a query."""
    dated = {"timestamp_osm_base": DATE, "copyright": "ODbL"}
    found = {"version": 0.6, "generator": "a test", "osm3s": dated}
    return json.dumps({**found, "elements": ask(build_town(), query)}).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, stub: Stub) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.stub = stub


@contextmanager
def serve_town() -> Iterator[Stub]:
    """Run a server of the town on a free port of this machine."""
    stub = Stub()
    with _Server(stub) as server:
        stub.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield stub
        finally:
            stub.gone.set()
            server.shutdown()
            thread.join()
