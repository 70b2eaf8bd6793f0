"""A server of an invented town on this machine, asked through OSMnx."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Any

import pytest

from clustermap.errors import TableFault
from clustermap.sources.osm.area import box_area
from clustermap.sources.osm.asked import Server
from clustermap.sources.osm.overpass import MOST_REFUSALS, Tiles, _find_remark, find_place
from clustermap.sources.osm.tags import query_tags, read_roads, read_tags, wanted_keys
from tests.sources.osm.town import BBOX, DATE, Stub, serve_town

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clustermap.messages import Message

TAGS = read_tags(commercial=True)
QUERY, KEYS, RULES = query_tags(TAGS), wanted_keys(TAGS), read_roads("drive")


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serve_town() as served:
        yield served


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let nobody sleep, and tell how long they would have."""
    found: list[float] = []
    monkeypatch.setattr("time.sleep", found.append)
    return found


def tiles(stub: Stub, folder: Path, side_km: float = 1.5, **settings: Any) -> Tiles:
    server = Server(stub.overpass, stub.nominatim, **{"own": True, "timeout_s": 5.0, **settings})
    return Tiles(box_area(BBOX).tiles(side_km), server, folder / "cache")


def silent(*_: object) -> None:
    """Listen to nothing."""


def fault(asked: Tiles) -> TableFault:
    with pytest.raises(TableFault) as caught:
        asked.download(QUERY, None, silent)
    return caught.value


def test_a_tile_is_one_question_and_is_asked_once(stub: Stub, tmp_path: Path) -> None:
    asked = tiles(stub, tmp_path)
    heard: list[tuple[int, int]] = []

    def listen(_: Message, done: int, total: int) -> None:
        heard.append((done, total))

    assert asked.download(QUERY, RULES, listen) == 8  # four tiles, tags and roads
    assert len(stub.queries) == 8
    assert heard == [(done, 8) for done in range(9)]
    assert asked.download(QUERY, RULES, silent) == 0
    assert tiles(stub, tmp_path, timeout_s=99).download(QUERY, RULES, silent) == 0
    assert len(stub.queries) == 8
    assert asked.read_dates([QUERY, RULES]) == (DATE, DATE)
    assert len(asked.read_elements(QUERY, KEYS, silent)["element"].unique()) == 15


def test_the_server_hears_who_asks(stub: Stub, tmp_path: Path) -> None:
    tiles(stub, tmp_path, contact="planning@example.org").download(QUERY, None, silent)
    assert all(re.match(r"clustermap/\S+ OSMnx/\S+ \(planning@", agent) for agent in stub.agents)


def test_settings_of_osmnx_are_lent_and_given_back(stub: Stub, tmp_path: Path) -> None:
    import osmnx

    names = [name for name in dir(osmnx.settings) if not name.startswith("_")]
    before = {name: getattr(osmnx.settings, name) for name in names}
    look_up = socket.getaddrinfo
    stub.script += ["", "html"]
    assert fault(tiles(stub, tmp_path)).reason == "osm_garbage"
    assert {name: getattr(osmnx.settings, name) for name in names} == before
    assert socket.getaddrinfo is look_up


def test_a_free_slot_is_asked_for_on_servers_of_others(
    stub: Stub, tmp_path: Path, slept: list[float]
) -> None:
    tiles(stub, tmp_path, own=False).download(QUERY, None, silent)
    assert slept == [0, 0, 0, 0]  # "2 slots available now"


def test_a_busy_server_is_asked_again(stub: Stub, tmp_path: Path, slept: list[float]) -> None:
    stub.script += [429, 504, 429]
    told: list[Message] = []

    def listen(step: Message, _: int, __: int) -> None:
        told.append(step)

    assert tiles(stub, tmp_path).download(QUERY, None, listen) == 4
    assert len(stub.queries) == 7
    assert slept.count(55) == 3  # OSMnx's pause
    waits = [step.values["times"] for step in told if step.key == "osm.step.busy"]
    assert waits == [1, 2, 3]


def test_a_server_that_stays_busy_is_left_alone(
    stub: Stub, tmp_path: Path, slept: list[float]
) -> None:
    stub.script += [""] + [429] * 20
    assert fault(tiles(stub, tmp_path)).reason == "osm_busy"
    assert len(stub.queries) == 1 + MOST_REFUSALS + 1
    assert slept.count(55) == MOST_REFUSALS
    # What came is kept.
    stub.script.clear()
    assert tiles(stub, tmp_path).download(QUERY, None, silent) == 3


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("html", "osm_garbage"), ("list", "osm_garbage"), ("empty", "osm_garbage"),
        ("remark", "osm_remark"), ("short", "osm_unreachable"),
        (400, "osm_refused"), (403, "osm_refused"), (500, "osm_refused"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_told_and_not_kept(
    stub: Stub, tmp_path: Path, script: object, reason: str
) -> None:
    stub.script += ["", script]
    told = fault(tiles(stub, tmp_path))
    assert told.reason == reason
    assert told.value == stub.overpass
    assert "\n" not in told.line("ko")
    assert tiles(stub, tmp_path).download(QUERY, None, silent) == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"elements": [], "remark": "out of time"}', "out of time"),
        (b'{"elements": [{"type": "node", "id": 1, "tags": {"remark": "a"}}]}', ""),
        (b'{"remark": ', ""),
        (b'["remark"]', ""),
        (b'{"elements": []}', ""),
    ],
)
def test_a_remark_is_the_servers_and_no_tag(content: bytes, said: str) -> None:
    assert _find_remark(content) == said


def test_elements_without_a_place_are_no_answer(stub: Stub, tmp_path: Path) -> None:
    stub.script += ["bent"]
    asked = tiles(stub, tmp_path)
    asked.download(QUERY, None, silent)
    with pytest.raises(TableFault) as caught:
        asked.read_elements(QUERY, KEYS, silent)
    assert caught.value.reason == "osm_garbage"
    assert asked.download(QUERY, None, silent) == 1  # the bad one is asked for again


def test_a_server_that_never_answers(stub: Stub, tmp_path: Path) -> None:
    stub.script += ["hang"]
    assert fault(tiles(stub, tmp_path, timeout_s=0.5)).reason == "osm_timeout"


def test_no_server_is_told_at_once(tmp_path: Path, slept: list[float]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    gone = Stub(f"http://127.0.0.1:{port}")
    told = fault(tiles(gone, tmp_path, own=False))
    assert told.reason == "osm_unreachable"
    assert "refused" in told.line("en")
    assert slept == []


def test_an_empty_tile_holds_nothing(stub: Stub, tmp_path: Path) -> None:
    server = Server(stub.overpass, stub.nominatim, own=True)
    asked = Tiles(box_area((20.0, 50.0, 20.01, 50.01)).tiles(5), server, tmp_path)
    asked.download(QUERY, RULES, silent)
    assert asked.read_elements(QUERY, KEYS, silent).empty
    assert [roads.ways for roads in asked.read_ways(RULES)] == [{}]


def place(**more: Any) -> dict[str, Any]:
    ring = [[10.0, 50.0], [10.04, 50.0], [10.04, 50.02], [10.0, 50.0]]
    return {
        "place_id": 1, "osm_type": "relation", "osm_id": 1, "lat": "50.01", "lon": "10.02",
        "class": "boundary", "type": "administrative", "place_rank": 16, "importance": 0.5,
        "addresstype": "town", "name": "Town", "display_name": "Town",
        "boundingbox": ["50.0", "50.02", "10.0", "10.04"],
        "geojson": {"type": "Polygon", "coordinates": [ring]}, **more,
    }  # fmt: skip


def test_a_place_is_looked_up(stub: Stub, tmp_path: Path, slept: list[float]) -> None:
    stub.places = [place()]
    server = Server(stub.overpass, stub.nominatim)
    found = find_place("Town", server, tmp_path)
    assert found.bounds == BBOX
    assert found.label == "Town"
    assert find_place("Town", server, tmp_path).bounds == BBOX
    assert len(stub.queries) == 1  # the second time, from the cache
    assert slept == [1]  # one question a second at most


@pytest.mark.parametrize(
    "places",
    [None, [place(geojson={"type": "Point", "coordinates": [10.0, 50.0]})]],
)
def test_a_place_that_is_none_or_has_no_boundary(
    stub: Stub, tmp_path: Path, slept: list[float], places: list[Any] | None
) -> None:
    stub.places = places
    with pytest.raises(TableFault) as caught:
        find_place("Nowhere", Server(stub.overpass, stub.nominatim), tmp_path)
    assert (caught.value.reason, caught.value.value) == ("osm_no_place", "Nowhere")
    assert slept == [1]


def test_no_nominatim_is_told(tmp_path: Path, slept: list[float]) -> None:
    server = Server(nominatim="http://127.0.0.1:9/")
    with pytest.raises(TableFault) as caught:
        find_place("Town", server, tmp_path)
    assert caught.value.reason == "osm_places_unreachable"
    line = caught.value.line("en")
    assert "--nominatim" in line
    assert "kept" not in line  # no tile was asked for
    assert slept == [1]
