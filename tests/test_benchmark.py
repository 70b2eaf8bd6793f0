"""The benchmark of the page: goals and ratios by hand, its nation, and what folium asks for."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import folium
import numpy as np
import pytest
import shapely
from folium.plugins import FastMarkerCluster

from scripts.benchmark import nation, report, stock, words
from tests.javascript_tools import FOLDER
from tests.render.worlds import KOREA

if TYPE_CHECKING:
    from pathlib import Path

    from scripts.benchmark.nation import Nation

FIGURES = {
    "size_mb": 2.5, "requests": 0, "build_s": 2.0, "ready_s": 0.5, "shown_s": 0.6,
    "far_ms": 17.0, "far_95_ms": 34.0, "near_ms": 18.0, "near_95_ms": 35.0, "heap_mb": 25.0,
    "step_ms": 30.0, "step_95_ms": 36.0, "step_script_ms": 15.0, "first_step_ms": 31.0,
}  # fmt: skip
RUN = report.Run(
    {"planner": FIGURES, "layers": {**FIGURES, "requests": 40},
     "points": {**FIGURES, "shown_s": 30.0, "size_mb": 25.0}},
    firms=1_000_000, opened=5, version="156.0.1", cores=2, load=0.1,
)  # fmt: skip


@pytest.fixture(scope="module")
def drawn() -> Nation:
    return nation.draw_nation(5_000)


def test_goals_by_hand() -> None:
    assert RUN.reached["sooner"] == pytest.approx(50)
    assert {goal.figure for goal in report.GOALS if not goal.met(RUN.reached[goal.figure])} == set()
    most = report.Goal("size_mb", "one file", 5, "MB")
    least = replace(most, least=True)
    assert [most.met(size) for size in (4, 5, 5.1)] == [True, True, False]
    assert [least.met(size) for size in (4, 5, 5.1)] == [False, True, True]


def test_figures_have_the_digits_they_deserve() -> None:
    told = [words.spell(value) for value in (0, 40, 0.0456, 1.234, 16.72, 1523.4)]
    assert told == ["0", "40", "0.046", "1.23", "16.7", "1,523"]


def test_the_page_tells_ratios_and_what_is_missed() -> None:
    page = report.draw_page(RUN)
    assert "| file, MB | 2.50 | 2.50 (1 ×) | 25 (10 ×) |" in page
    assert "| requests to other hosts | 0 | 40 | 0 |" in page
    assert "All that was asked is reached." in page
    slow = {**RUN.figures, "planner": {**FIGURES, "step_ms": 41.0}}
    page = report.draw_page(replace(RUN, figures=slow))
    assert "at most 40 ms | 41 ms | **no** |" in page
    assert "Not reached: a step of a weight slider" in page


def test_the_page_says_whether_the_machine_was_idle() -> None:
    assert "2 cores, no GPU, in Chromium 156, on an otherwise idle" in report.draw_page(RUN)
    assert "(load 3.2 on 2 cores before" in report.draw_page(replace(RUN, load=3.2))


def test_the_page_in_docs_tells_all_goals(root: Path) -> None:
    page = (root / "docs" / "benchmarks_page.md").read_text(encoding="utf-8")
    assert report.NOTE in page
    for text in [goal.text for goal in report.GOALS] + [text for _, text in report.BESIDE]:
        assert f"\n| {text} |" in page


def test_the_nation_is_as_told(drawn: Nation) -> None:
    release = drawn.release
    assert (len(release.clusters), len(release.institutes)) == (1_900, 5_000)
    assert (shapely.get_num_coordinates(release.clusters.geometry) == 91).all()
    assert shapely.is_valid(release.clusters.geometry).all()
    inside = release.flows["target"].isin(release.clusters.index)
    assert 4_500 < inside.sum() <= 5_000
    assert len(drawn.lon) == len(drawn.lat) == len(drawn.industries.group) == 5_000
    land = shapely.Polygon(KOREA).buffer(0.5)
    assert shapely.contains_xy(land, drawn.lon, drawn.lat).mean() > 0.99
    assert (drawn.industries.group > 0).mean() == pytest.approx(0.3, abs=0.03)
    assert np.unique(drawn.industries.group).tolist() == list(range(13))


@pytest.mark.slow
def test_the_same_nation_every_time(drawn: Nation) -> None:
    again = nation.draw_nation(5_000)
    assert (again.lon == drawn.lon).all()
    assert again.release.clusters.geometry.geom_equals(drawn.release.clusters.geometry).all()
    assert nation.draw_page(again) == nation.draw_page(drawn)


def test_folium_s_page_holds_the_same(drawn: Nation) -> None:
    page = stock.draw_layers(drawn).decode()
    assert page.count('"type": "Polygon"') == 1_900
    assert page.count('"type": "Point"') == 5_000
    assert page.count('"type": "LineString"') > 4_500
    (points,) = re.findall(r"var data = (\[\[.*?\]\]);", page)
    assert len(json.loads(points)) == 5_000
    assert f"var data = {points};" in stock.draw_points(drawn).decode()


def test_folium_is_served_what_it_asks_for() -> None:
    """The versions that folium names, but for the icons, of which npm has none as old."""
    wanted = [*folium.Map.default_js, *FastMarkerCluster.default_js, *FastMarkerCluster.default_css]
    asked = {address.rpartition("/")[2]: address for _, address in wanted}
    assert set(stock.FILES) - {"leaflet.css", "leaflet.awesome-markers.css"} <= set(asked)
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    versions = package["devDependencies"]
    assert f"leaflet@{versions['leaflet']}/" in asked["leaflet.js"]
    version = versions["leaflet.markercluster"]
    assert f"/leaflet.markercluster/{version}/" in asked["leaflet.markercluster.js"]
