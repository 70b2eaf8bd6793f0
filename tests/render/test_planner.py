"""The planner's page as a file: what it holds and what it can never do."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from clustermap.messages import catalogue
from clustermap.render import leaflet
from clustermap.render.offline import read_content
from clustermap.render.planner import SCRIPTS, draw_planner, page_title, read_parts
from clustermap.render.safe import clean_text
from clustermap.scores.profile import PARTS
from tests.render import worlds


def data_of(page: bytes) -> Any:
    return read_content(page)


def test_no_address_outside_the_file(small_page: bytes) -> None:
    text = small_page.decode()
    markup = re.sub(r"<script[ >].*?</script>", "", text, flags=re.DOTALL)
    assert re.findall(r"""(?:src|href)\s*=\s*["']?([^"'>]*)""", markup) == ["#ranking"]
    assert "sourceMappingURL" not in text
    assert not re.search(r"url\((?!data:)", markup)
    assert "cdn." not in text


def test_policy_allows_exactly_the_scripts(hostile_page: bytes) -> None:
    text = hostile_page.decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digests = [b64encode(sha256(s.encode()).digest()).decode() for s in scripts]
    assert re.findall(r"'sha256-([^']*)'", policy[1]) == digests
    assert len(scripts) == len(SCRIPTS) + 2
    assert "unsafe-inline" not in policy[1].split("style-src")[0]
    assert text.index("Content-Security-Policy") < text.index("<script>")


def test_same_release_same_bytes(small_page: bytes) -> None:
    assert draw_planner(worlds.small_release()) == small_page


def test_size_of_a_nation(large_page: bytes) -> None:
    assert len(large_page) < 4_000_000


def test_page_has_a_language_a_title_and_may_be_zoomed(small_page: bytes) -> None:
    text = small_page.decode()
    assert text.startswith('<!DOCTYPE html>\n<html lang="ko">')
    assert "<title>[합성 데이터] 시험 지도</title>" in text
    assert "user-scalable" not in text
    assert "maximum-scale" not in text


def test_real_data_carry_no_mark() -> None:
    real = replace(worlds.small_release(), synthetic=False, language="en")
    assert page_title(real) == "시험 지도"
    assert data_of(draw_planner(real))["about"]["synthetic"] is False


def test_payload_is_the_release(small_page: bytes) -> None:
    content = data_of(small_page)
    assert content["clusters"]["id"] == list("ABCDEF")
    assert content["scenarios"][0]["scores"]["rank"] == [1, 2, 3, 4, None, None]
    assert content["scenarios"][0]["scores"]["rank_high"] == [2, 3, 4, 4, None, None]
    assert content["clusters"]["employees"] == [15000, 6000, 9000, 2500, None, 300]
    assert content["firms"] is None
    assert content["institutes"]["unplaced"] == 1
    lon, lat = content["clusters"]["lon"], content["clusters"]["lat"]
    assert abs(lon[0] / 1e5 - 127.0) < 1e-3
    assert abs(lat[0] / 1e5 - 37.26) < 1e-3
    inside = content["indicators"][0]
    assert inside["value"] == [30, 60, 12, 4, None, 0]
    assert inside["notes"] == {"4": "suppressed"}
    assert inside["median"] == 21  # of the rated, whom the unrated never move
    flows = content["flows"]
    assert flows["beyond"] == ["outside:unknown", "outside:경기도 용인시"]
    assert max(flows["links"]) == 40  # the links inside A are no flow between cells
    assert content["abroad"] == {
        "cluster": [0], "country": {"texts": ["독일"], "codes": [0]}, "kind": [1], "links": [7],
    }  # fmt: skip


def test_payload_holds_what_stands_behind_the_score(small_page: bytes) -> None:
    content = data_of(small_page)
    scenario = content["scenarios"][0]
    scores = scenario["scores"]
    assert scores["capability"] == [81, 66, 70, None, None, None]
    quadrants = [scores["quadrant"]["texts"][code] for code in scores["quadrant"]["codes"]]
    assert quadrants == ["local_global", "global", *["undecided"] * 4]
    parts = {column["subscore"]: column for column in scenario["subscores"]}
    assert list(parts) == list(PARTS)
    assert parts["brokerage"]["decided"] == [1, 1, 1, 0, None, None]
    reasons = parts["brokerage"]["reason"]
    assert reasons["texts"][reasons["codes"][3]] == "reason.nobody_can_broker"
    ratios = content["ratios"][0]
    assert ratios["kind"] == ""
    # Of A's local reaches 10 km decides; 2 to the power of 1, and 1.25 is 2.38.
    assert ratios["local"]["observed"] == [60, 8, None, None, None, None]
    assert ratios["local"]["ratio"] == [2, 0.595, None, 0.707, None, None]
    assert ratios["beyond"]["ratio"] == [1.19, 2.38, None, None, None, None]
    assert content["brokers"]["cluster"] == [0, 0, 1]
    assert content["brokers"]["name"] == {"texts": ["○○○"], "codes": [0, 0, 0]}
    assert content["flags"] == {
        "cluster": [0], "flag": {"texts": ["headquarters"], "codes": [0]},
    }  # fmt: skip


def test_firms_only_where_the_output_is_internal(small_page: bytes) -> None:
    content = data_of(draw_planner(worlds.internal_release()))
    assert content["firms"]["name"] == ["하나전자", "두리소재"]
    assert content["firms"]["unplaced"] == 1
    assert "하나전자" not in small_page.decode()


def test_flows_are_kept_for_every_cluster_and_whole_for_every_pair() -> None:
    world = worlds.large_release(clusters=120, institutes=10, flows=6000)
    flows = data_of(draw_planner(world))["flows"]
    kept = set(flows["source"]) | set(flows["target"])
    assert kept.issuperset(range(120))
    names = [*world.clusters.index, *flows["beyond"]]
    shown: dict[frozenset[str], int] = {}
    for source, target, links in zip(flows["source"], flows["target"], flows["links"], strict=True):
        pair = frozenset((names[source], names[target]))
        shown[pair] = shown.get(pair, 0) + links
    true: dict[frozenset[str], int] = {}
    for row in world.flows.itertuples():
        pair = frozenset((str(row.source), str(row.target)))
        if len(pair) == 2 and not any(cell.startswith("abroad:") for cell in pair):
            true[pair] = true.get(pair, 0) + int(row.links)
    assert len(shown) < len(true)
    assert all(true[pair] == links for pair, links in shown.items())
    for cluster in world.clusters.index:
        own = sorted((n for pair, n in true.items() if cluster in pair), reverse=True)
        have = sorted((n for pair, n in shown.items() if cluster in pair), reverse=True)
        assert have[:25] == own[:25]


def test_hostile_text_stays_text(hostile_page: bytes) -> None:
    text = hostile_page.decode()
    content = data_of(hostile_page)
    shown = [clean_text(attack) for attack in worlds.HOSTILE]
    for column in ("name", "name_en"):
        assert content["clusters"][column] == shown
    assert content["institutes"]["name"] == shown
    assert content["firms"]["name"] == shown
    assert content["regions"]["name"] == shown
    assert content["about"]["attribution"][:6] == shown[:6]
    assert [told[1][0] for told in content["explanations"][0]] == shown
    # What the page carries is packed, so that no text of a user stands in it as it is.
    assert "{{ 7*7 }}" not in text
    assert ">49<" not in text
    assert "onerror=alert(1)>" not in text.split("<body>")[0]
    assert text.count("<script") == len(SCRIPTS) + 3


def test_words_of_the_scripts_stand_in_the_catalogue() -> None:
    parts = read_parts()
    known = {f"page.{key}" for key in catalogue("page")}
    used = set(re.findall(r'"(page\.[a-z_.]+)"', " ".join(parts.scripts) + parts.markup))
    assert used - known == set()
    assert len(used) > 80


def test_scripts_never_write_markup() -> None:
    for script in read_parts().scripts:
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script
        )


def test_another_leaflet_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(leaflet._SHA256, "leaflet.js", "0" * 64)
    with pytest.raises(ValueError, match="sha256"):
        leaflet.read_leaflet_script()
