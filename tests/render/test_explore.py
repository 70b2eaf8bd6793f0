"""The map for analysts: as a file, in a browser, in a notebook, and with more added to it."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

import folium
import geopandas as gpd
import pandas as pd
import pytest
import shapely

import clustermap
from clustermap.render.classes import RAMP, shade_of
from clustermap.render.explore import build_explore, draw_explore
from clustermap.render.features import bounds_of, cluster_features, coast_features, flow_features
from clustermap.render.notebook import frame_page
from clustermap.render.safe import clean_text
from clustermap.render.seam import find_seam
from tests.chromium import wait_until
from tests.render import worlds
from tests.small_world import build_small_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clustermap.pipeline import Run
    from clustermap.publish.release import Release
    from tests.chromium import Visit

    Go = Callable[..., Visit]

READY = "performance.getEntriesByName('ready').length === 1"
SHOWN = [text for text in worlds.HOSTILE if len(text) < 100]


@pytest.fixture(scope="module")
def page() -> bytes:
    return draw_explore(worlds.small_release())


@pytest.fixture(scope="module")
def nation() -> bytes:
    return draw_explore(worlds.large_release())


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Run:
    project = build_small_world().write(tmp_path_factory.mktemp("world"))
    return clustermap.draw_map(clustermap.open_project(project))


def data_of(page: bytes, layer: str) -> Any:
    found = re.search(rf'<script type="application/json" id="geo_json_{layer}-data">(.*?)</script>',
                      page.decode(), re.DOTALL)  # fmt: skip
    assert found
    return json.loads(found[1])


def rows_of(page: bytes, layer: str) -> list[dict[str, Any]]:
    return [one["properties"] for one in data_of(page, layer)["features"]["features"]]


# --- the file


def test_no_address_outside_the_file(page: bytes) -> None:
    text = page.decode()
    markup = re.sub(r"<script[ >].*?</script>", "", text, flags=re.DOTALL)
    assert re.findall(r"""(?:src|href)\s*=\s*["']?([^"'>]*)""", markup) == []
    assert not re.search(r"url\((?!data:)", markup)
    for word in ("sourceMappingURL", "cdn.", "jquery.com", "bootstrap", "<script src"):
        assert word not in text


@pytest.mark.parametrize("world", [worlds.small_release, worlds.hostile_release])
def test_policy_allows_exactly_the_scripts(world: Callable[[], Release]) -> None:
    text = draw_explore(world()).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digests = [b64encode(sha256(script.encode()).digest()).decode() for script in scripts]
    assert re.findall(r"'sha256-([^']*)'", policy[1]) == digests
    assert len(scripts) == 3  # Leaflet, ours, and folium's
    assert "unsafe-inline" not in policy[1].split("style-src")[0]
    assert text.index("Content-Security-Policy") < text.index("<script>")
    # Data stand beside the scripts: not one text of a table is in them.
    assert not re.search("Suwon|수원|onerror|7\\*7|=cmd", "".join(scripts[1:]))


def test_same_release_same_bytes(page: bytes) -> None:
    assert draw_explore(worlds.small_release()) == page
    explore = build_explore(worlds.small_release())
    explore._repr_html_()
    assert explore.draw() == page


def test_size_of_a_nation(nation: bytes) -> None:
    assert len(nation) < 5_000_000
    assert len(rows_of(nation, "clusters")) == 1900
    assert len(rows_of(nation, "flows")) == 300


def test_page_has_a_language_a_title_and_may_be_zoomed(page: bytes) -> None:
    text = page.decode()
    assert text.startswith('<!DOCTYPE html>\n<html lang="ko">')
    assert "<title>[합성 데이터] 시험 지도</title>" in text
    assert 'class="mark">합성 데이터' in text
    assert "width=device-width, initial-scale=1" in text
    assert "user-scalable" not in text
    assert "maximum-scale" not in text
    assert "Natural Earth, public domain" in text
    real = draw_explore(replace(worlds.small_release(), synthetic=False, internal=True)).decode()
    assert 'class="mark">내부용' in real
    assert "합성 데이터" not in real


def test_layers_hold_the_release(page: bytes) -> None:
    clusters = {row["cluster"]: row for row in rows_of(page, "clusters")}
    assert list(clusters) == ["E", "F", "D", "C", "B", "A"]  # the best lies on top
    best = clusters["A"]
    assert (best["rank"], best["rank_low"], best["rank_high"]) == (1, 1, 2)
    assert (best["score"], best["low"], best["high"]) == (71.5, 62.5, 79.5)
    assert best["style"]["fillColor"] == RAMP[0]
    assert (clusters["E"]["rank"], clusters["E"]["firms"]) == (None, None)
    assert clusters["E"]["style"]["fillOpacity"] == 0
    assert clusters["E"]["note"] == "평가하지 않음"
    flows = rows_of(page, "flows")
    assert [row["links"] for row in flows] == [9, 25, 52]  # the strongest on top; 40 + 12
    assert (flows[-1]["research"], flows[-1]["firm_firm"], flows[-1]["transfer"]) == (40, 12, 0)
    assert len(rows_of(page, "institutes")) == 5  # one has no location
    assert "geo_json_regions" not in page.decode()


def test_names_follow_the_language() -> None:
    english = draw_explore(replace(worlds.small_release(), language="en"))
    names = {row["cluster"]: row["name"] for row in rows_of(english, "clusters")}
    assert names["A"] == "Suwon Nano Park (fictional)"
    assert names["D"] == "부산 해양단지 (가상)"  # it has no English name
    assert "Map for analysts" in english.decode()


def test_every_text_is_escaped() -> None:
    explore = build_explore(worlds.hostile_release())
    assert list(explore.layers) == ["coast", "regions", "flows", "clusters", "institutes"]
    for layer in explore.layers.values():
        for feature in layer.data["features"]:
            for value in feature["properties"].values():
                if isinstance(value, str):
                    assert not re.search(r"""[<>"'{}$`\\]""", value)


# --- geography


@pytest.mark.parametrize(
    ("lon", "seam"),
    [
        ([126.0, 129.5], -180.0),
        ([], -180.0),
        ([float("nan"), 12.0], -180.0),
        ([177.0, 179.9, -179.0], -1.0),  # the middle between -179 and 177
        ([-122.0, 10.0, 127.0], -180.0),  # all around the world: as maps are wont to be cut
        ([144.8, -157.9, -75.0], 34.9),  # Guam, Hawaii and the coast of the Atlantic
    ],
)
def test_seam(lon: list[float], seam: float) -> None:
    assert find_seam(lon) == pytest.approx(seam)


def across_the_line() -> Release:
    """Return six clusters around the 180th meridian, one of them lying across it."""
    world = worlds.small_release()
    crs = "EPSG:3832"  # metric, centred on the Pacific
    lon = [177.0, 178.5, 180.0, -179.0, -178.0, -176.5]
    points = gpd.GeoSeries(gpd.points_from_xy(lon, [-17.0] * 6), crs="EPSG:4326").to_crs(crs)
    clusters = world.clusters.set_geometry(list(points.buffer(5000)), crs=crs)
    land = [shapely.box(-180, -19, -175, -16), shapely.box(-30, -5, 30, 5),
            shapely.box(176, -19, 180, -16)]  # fmt: skip
    institutes = world.institutes.assign(x=points.x.to_numpy(), y=points.y.to_numpy())
    coast = gpd.GeoDataFrame(geometry=land, crs="EPSG:4326")
    return replace(world, clusters=clusters, institutes=institutes, coast=coast)


def test_clusters_on_both_sides_of_the_line_stay_together(visit: Go) -> None:
    world = across_the_line()
    bounds = bounds_of(cluster_features(world))
    assert bounds == pytest.approx((176.96, -17.05, 183.54, -16.95), abs=0.01)
    for flow in flow_features(world)["features"]:
        first, last = shapely.get_x(shapely.points(flow["geometry"]["coordinates"]))
        assert abs(first - last) < 7
    spans = [
        (round(west), round(east))
        for west, _, east, _ in (
            shapely.geometry.shape(one["geometry"]).bounds
            for one in coast_features(world)["features"]
        )
    ]
    # The seam is at 0.25 degrees: land there is cut in two.
    assert sorted(spans) == [(0, 30), (176, 180), (180, 185), (330, 360)]
    seen = visit(draw_explore(world), ready=READY)
    west, east = seen.page.evaluate("[map_explore.getBounds().getWest(), "
                                    "map_explore.getBounds().getEast()]")  # fmt: skip
    assert 170 < west < 177
    assert 183 < east < 190
    seen.assert_quiet()


# --- in a browser


def hover(seen: Visit, layer: str, number: int) -> str:
    """Return what the page says of a feature when the pointer is on it."""
    seen.page.mouse.move(2, 2)
    seen.page.wait_for_selector(".explore-tip", state="detached")
    found = seen.page.evaluate(
        """([layer, number]) => {
          const part = window[`geo_json_${layer}`].getLayers()[number];
          const place = part.getLatLng ? part.getLatLng() : part.getCenter();
          map_explore.setView(place, 13, {animate: false});
          const at = map_explore.latLngToContainerPoint(place);
          const corner = map_explore.getContainer().getBoundingClientRect();
          return [at.x + corner.left, at.y + corner.top];
        }""",
        [layer, number],
    )
    return point_at(seen, *found)


def point_at(seen: Visit, x: float, y: float) -> str:
    """Return what the page says of a point of the window; Leaflet overlooks quick moves."""
    for move in range(50):
        seen.page.mouse.move(x + move % 2, y)
        seen.page.wait_for_timeout(40)
        if seen.page.locator(".explore-tip").count():
            break
    return str(seen.page.inner_text(".explore-tip", timeout=1000))


def count_drawn(seen: Visit, layer: str) -> int:
    return int(seen.page.evaluate(f"geo_json_{layer}.getLayers().length"))


def test_opens_without_a_word(visit: Go, page: bytes) -> None:
    seen = visit(page, ready=READY)
    assert seen.page.title() == "[합성 데이터] 시험 지도"
    assert [count_drawn(seen, name) for name in ("clusters", "flows", "institutes")] == [6, 3, 5]
    labels = seen.page.locator(".leaflet-control-layers-overlays label").all_inner_texts()
    assert [label.strip() for label in labels] == [
        "육지", "가장 강한 클러스터 간 연계 3개", "클러스터 6개", "기관 5개",
    ]  # fmt: skip
    assert "상위 25\u202f%" in seen.page.inner_text("#legend")
    assert seen.page.get_attribute(".leaflet-control-zoom-in", "title") == "확대"
    assert seen.page.locator("canvas").count() > 0
    assert seen.page.locator("#map_explore svg path").count() == 0
    seen.assert_quiet()


def test_tooltips(visit: Go, page: bytes) -> None:
    seen = visit(page, ready=READY)
    assert hover(seen, "clusters", 5).splitlines() == [
        "수원 나노단지 (가상)", "순위: 1 (1–2)", "점수: 71.5 (62.5–79.5)", "국가산단", "경기도",
    ]  # fmt: skip
    assert hover(seen, "clusters", 0).splitlines() == [
        "제주 첨단단지 (가상)", "평가하지 않음", "도시첨단", "제주도",
    ]  # fmt: skip
    assert hover(seen, "flows", 0).splitlines() == [
        "구미 전자단지 (가상) – 부산 해양단지 (가상)", "연계 수: 9", "기술이전: 9",
    ]  # fmt: skip
    assert hover(seen, "institutes", 2).splitlines() == [
        "마바연구원", "공공연구기관", "클러스터: 대전 연구특구 (가상)",
    ]  # fmt: skip
    seen.assert_quiet()


def test_tooltips_in_english(visit: Go) -> None:
    seen = visit(draw_explore(replace(worlds.small_release(), language="en")), ready=READY)
    told = hover(seen, "clusters", 4)
    assert told.startswith("Daejeon Research Zone (fictional)\nRank: 2 (1–3)\nScore: 68.2 (")
    assert "Support" not in told
    seen.assert_quiet()


def test_a_cluster_is_seen_and_found_from_afar(visit: Go, page: bytes) -> None:
    seen = visit(page, ready=READY)
    width, point = seen.page.evaluate(
        """(() => {
          const part = geo_json_clusters.getLayers()[2];
          const at = map_explore.latLngToContainerPoint(part.getBounds().getCenter());
          const corner = map_explore.getContainer().getBoundingClientRect();
          const [a, b] = [part.getBounds().getNorthWest(), part.getBounds().getSouthEast()];
          const size = map_explore.latLngToContainerPoint(b)
            .subtract(map_explore.latLngToContainerPoint(a));
          return [size.x, [at.x + corner.left, at.y + corner.top]];
        })()"""
    )
    assert width < 6
    assert "부산 해양단지" in point_at(seen, point[0] + 2, point[1] + 1)
    seen.assert_quiet()


def test_layers_keep_their_order_when_switched(visit: Go, page: bytes) -> None:
    seen = visit(page, ready=READY)
    flows = seen.page.locator(".leaflet-control-layers-overlays label").nth(1)
    flows.click()
    assert seen.page.evaluate("map_explore.hasLayer(geo_json_flows)") is False
    flows.click()
    assert seen.page.evaluate("map_explore.hasLayer(geo_json_flows)") is True
    # The pointer finds the cluster, above the line that runs into it.
    assert hover(seen, "clusters", 5).startswith("수원 나노단지 (가상)\n순위")
    order = seen.page.evaluate(
        "(() => { const found = []; let at = geo_json_clusters.getLayers()[0]._renderer._drawFirst;"
        " for (; at; at = at.next) found.push(at.layer.feature);"
        " return found.map(({geometry, properties}) => ({LineString: '-', Point: '.'}"
        "[geometry.type] || properties.cluster)).join(''); })()"
    )
    assert order == "---EFDCBA....."
    seen.assert_quiet()


def test_phone(visit: Go, page: bytes) -> None:
    seen = visit(page, 390, 844, ready=READY)
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not seen.page.evaluate("document.getElementById('legend').open")
    assert not seen.page.is_visible(".leaflet-control-layers-list")
    toggle = seen.page.locator(".leaflet-control-layers-toggle").bounding_box()
    seen.page.mouse.move(toggle["x"] + 9, toggle["y"] + 9)
    assert seen.page.is_visible(".leaflet-control-layers-list")
    assert seen.page.get_attribute(".leaflet-control-layers-toggle", "title") == "레이어"
    seen.assert_quiet()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_hostile_names_are_shown_and_nothing_else(visit: Go, language: Any) -> None:
    seen = visit(draw_explore(replace(worlds.hostile_release(), language=language)), ready=READY)
    assert seen.page.inner_text("h1").startswith("<img src=x onerror=alert(1)> </script>")
    assert "{{ 7*7 }}" in seen.page.inner_text(".credit")
    assert hover(seen, "clusters", 5)
    seen.page.evaluate(
        "for (const layer of [geo_json_clusters, geo_json_flows, geo_json_institutes])"
        "  for (const part of layer.getLayers())"
        "    document.body.append(layer.getTooltip()._content(part))"
    )
    shown = seen.page.inner_text("body")
    assert count_drawn(seen, "clusters") == len(worlds.HOSTILE)
    for text in SHOWN:
        assert clean_text(text).replace("\u2028", "") in shown.replace("\u2028", "")
    assert "49" not in shown
    assert seen.page.locator("img").count() == 0
    seen.assert_quiet()


def test_nothing_at_all(visit: Go) -> None:
    """A release without clusters still opens."""
    world = worlds.small_release()
    empty = replace(
        world, clusters=world.clusters.iloc[:0], scores=world.scores.iloc[:0],
        flows=world.flows.iloc[:0], institutes=world.institutes.iloc[:0], attribution=(),
    )  # fmt: skip
    seen = visit(draw_explore(empty), ready=READY)
    assert [count_drawn(seen, name) for name in ("clusters", "flows", "institutes")] == [0, 0, 0]
    seen.assert_quiet()


def test_a_nation_is_ready_soon(visit: Go, nation: bytes) -> None:
    seen = visit(nation, ready=READY)
    assert seen.page.evaluate("performance.getEntriesByName('ready')[0].startTime") < 3000
    assert count_drawn(seen, "clusters") == 1900
    seen.assert_quiet()


def test_shades_are_those_of_the_planner(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    for rated in (1, 3, 8, 99, 100, 1234):
        found = seen.page.evaluate(
            f"Array.from({{length: {rated}}}, (_, at) =>"
            f" cm.classesOf({rated}).shades[cm.classOf(at + 1, {rated})])"
        )
        assert found == [shade_of(rank, rated) for rank in range(1, rated + 1)]
    assert seen.page.evaluate("cm.RAMP") == list(RAMP)


# --- going on in Python


def test_stock_objects_are_drawn(visit: Go) -> None:
    explore = build_explore(worlds.small_release())
    explore._repr_html_()  # shown once before more is added
    place = (36.37, 127.36)
    folium.Marker(place, popup="<b>our site</b>", tooltip="here").add_to(explore)
    folium.Marker((35.9, 127.2), icon=folium.Icon(color="red")).add_to(explore)
    sites = folium.FeatureGroup(name="Our sites").add_to(explore)
    folium.CircleMarker(place, radius=9).add_to(sites)
    folium.PolyLine([place, (35.1, 129.0)]).add_to(sites)
    seen = visit(explore.get_root().render().encode(), ready=READY)
    labels = seen.page.locator(".leaflet-control-layers-overlays label").all_inner_texts()
    assert labels[-1].strip() == "Our sites"
    pins = seen.page.locator(".explore-pin")
    assert pins.count() == 2
    assert (
        pins.nth(1).evaluate("pin => getComputedStyle(pin.firstChild).backgroundColor")
        == "rgb(255, 0, 0)"
    )
    pins.nth(0).click()
    assert seen.page.inner_text(".leaflet-popup-content b") == "our site"
    seen.assert_quiet()
    closed = visit(explore.draw(), ready=READY)
    assert closed.page.locator(".explore-pin").count() == 2
    closed.assert_quiet()


def test_our_data_in_stock_objects_stay_text(visit: Go) -> None:
    explore = build_explore(worlds.hostile_release())
    own = folium.GeoJson(
        explore.layers["clusters"].data,
        style_function=lambda feature: {"fillColor": feature["properties"]["style"]["color"]},
        tooltip=folium.GeoJsonTooltip(["name", "kind", "region"]),
        name="Mine",
    )
    own.add_to(explore)
    page = explore.get_root().render()
    assert ">49<" not in page
    seen = visit(page.encode(), ready=READY)
    texts = seen.page.evaluate(
        f"{own.get_name()}.getLayers().map(part => {{"
        "part.openTooltip(part.getBounds().getCenter());"
        "map_explore.setView(part.getBounds().getCenter(), 12, {animate: false});"
        f"return {own.get_name()}.getTooltip()._content(part).textContent;}})"
    )
    told = "".join(texts)
    for text in ("<img src=x onerror=alert(1)>", "{{ 7*7 }}", "${1}", "`", "=cmd()"):
        assert text in told
    assert seen.page.locator("img").count() == 0
    seen.assert_quiet()


def test_the_layers_are_plain_geojson() -> None:
    layer = build_explore(worlds.small_release()).layers["clusters"]
    assert isinstance(layer, folium.GeoJson)
    frame = gpd.GeoDataFrame.from_features(layer.data, crs="EPSG:4326").set_index("cluster")
    own = worlds.small_release().clusters
    apart = frame.to_crs(own.crs).geometry.centroid.distance(
        own.geometry.centroid.reindex(frame.index)
    )
    assert float(apart.max()) < 5  # metres
    assert pd.to_numeric(frame["rank"]).sum() == 10


# --- in a notebook


def notebook(*shown: str) -> bytes:
    head = '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>notebook</title>'
    return f"{head}<p>In [1]:</p>{''.join(shown)}</html>".encode()


def frame_of(seen: Visit, ready: str) -> Any:
    (frame,) = [one for one in seen.page.frames if one.parent_frame]
    wait_until(frame, ready)
    return frame


def test_notebook_shows_the_planner(visit: Go, drawn: Run) -> None:
    shown = replace(drawn, shown="planner")._repr_html_()
    seen = visit(notebook(shown), ready="document.readyState == 'complete'")
    frame = frame_of(seen, "window.cm && cm.state && cm.state.ready")
    assert frame.evaluate("cm.state.counts.clusters") == 6
    frame.click("[data-language=en]")
    assert frame.evaluate("document.documentElement.lang") == "en"
    assert frame.evaluate("window.cm && cm.state.ready")  # the frame still shows the page
    frame.focus(".skip")
    seen.page.keyboard.press("Enter")
    frame.evaluate("cm.select('C1')")
    assert frame.evaluate("cm.state.selected") == "C1"
    assert frame.evaluate("window.origin") == "null"  # apart from the notebook
    assert seen.page.locator("iframe").bounding_box()["height"] == 720
    assert [one for one in seen.requests if one != "about:srcdoc"] == []
    assert seen.complaints == []


def test_notebook_shows_what_draw_map_drew(visit: Go, drawn: Run) -> None:
    explore = drawn.explore
    assert explore is drawn.explore
    folium.CircleMarker((36.0, 127.0), tooltip="added").add_to(cast("folium.Map", explore))
    seen = visit(notebook(drawn._repr_html_()), ready="document.readyState == 'complete'")
    frame = frame_of(seen, READY)
    assert frame.evaluate("geo_json_clusters.getLayers().length") == 6
    assert "작은 세계" in frame.inner_text("h1")
    assert "added" in frame.evaluate("document.documentElement.outerHTML")
    assert [one for one in seen.requests if one != "about:srcdoc"] == []
    assert seen.complaints == []


def test_a_run_writes_the_page(drawn: Run) -> None:
    path = cast("Path", drawn.explore_page)
    assert path.name == "explore.html"
    assert path.parent == cast("Path", drawn.page).parent
    release = cast("Release", drawn.release)
    assert path.read_bytes() == draw_explore(release)
    assert path in drawn.outputs


def test_only_checked_there_is_nothing_to_show(tmp_path: Path) -> None:
    project = clustermap.open_project(build_small_world().write(tmp_path))
    checked = clustermap.check_project(project)
    assert checked.explore is None
    assert checked._repr_html_().startswith("<pre>")


def test_a_frame_cannot_be_left() -> None:
    framed = frame_page('</iframe><p title="a">&amp;', '"><b>')
    assert framed.count("<") == 2
    assert 'srcdoc="&lt;/iframe&gt;&lt;p title=&quot;a&quot;&gt;&amp;amp;"' in framed
    assert "allow-same-origin" not in framed
