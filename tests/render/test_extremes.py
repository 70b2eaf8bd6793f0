"""The planner's page of nations large and small, of nobody rated, and on both sides of 180."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from clustermap.render.planner import draw_planner
from tests.render import worlds

if TYPE_CHECKING:
    from collections.abc import Callable

    from clustermap.publish.release import Release
    from tests.render.conftest import Visit

    Go = Callable[..., Visit]


def rate_first(world: Release, count: int) -> Release:
    """Return a world in which only so many clusters are rated."""
    scores = world.scores[world.scores["scenario"] == "default"].reset_index(drop=True)
    order = np.arange(len(scores))
    rated = order < count
    numbers = ["score", "low", "high", "rank", "rank_low", "rank_high"]
    scores["score"] = 90.0 - order
    scores["low"], scores["high"] = scores["score"] - 5, scores["score"] + 5
    for name in ("rank", "rank_low", "rank_high"):
        scores[name] = pd.array(order + 1, dtype="Int64")
    scores[numbers] = scores[numbers].astype("Float64").where(pd.Series(rated))
    scores["rated"] = rated.astype(int)
    scores["reason"] = np.where(rated, "", "reason.local_undecided")
    return replace(world, scores=scores)


@pytest.mark.parametrize("rated", [8, 0])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_few_or_none_rated(visit: Go, rated: int, language: str) -> None:
    world = rate_first(worlds.large_release(clusters=60, institutes=20, flows=200), rated)
    seen = visit(draw_planner(world))
    page = seen.page
    page.evaluate(f"cm.setLanguage('{language}')")
    assert seen.state(".counts.rated") == rated
    assert seen.state(".drawn.hollow") == 60 - rated
    assert page.locator("#rows tr[data-place]").count() == rated
    assert page.is_visible("#none-rated") is (rated == 0)
    for view in page.evaluate("[...cm.views.keys()]"):
        page.click(f"#tab-{view}")
        assert "NaN" not in page.inner_text(".side")
        assert "undefined" not in page.inner_text(".side")
    page.evaluate("cm.select(cm.model.clusters[59].id)")
    assert page.is_visible("#card .reason")
    if rated:
        page.evaluate("cm.useWeights([3, 1, 1, 1, 1, 1])")
        page.evaluate("cm.select(cm.model.rated[0].id)")
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    seen.assert_quiet()


def test_a_nation_of_1900_can_be_walked_through(visit: Go, large_page: bytes) -> None:
    seen = visit(large_page)
    page = seen.page
    assert seen.state(".counts.clusters") == 1900
    for view in page.evaluate("[...cm.views.keys()]"):
        page.click(f"#tab-{view}")
    page.click("#tab-ranking")
    page.evaluate("cm.useWeights([3, 1, 1, 1, 1, 1])")
    page.fill("#search", "ㅎㅂ")
    assert 0 < seen.state(".drawn.rows") < 1900
    page.evaluate("cm.map.setView([37.3, 127.0], 11, {animate: false})")
    assert seen.state(".drawn.polygons") > 0
    seen.assert_quiet()


def across_180() -> Release:
    """Return the small world moved to Fiji: three clusters on each side of the 180th meridian."""
    world = worlds.small_release()
    lon = [178.0, 178.9, 179.7, -179.8, -179.2, -178.4]
    lat = [-18.0, -17.2, -16.6, -16.9, -17.8, -18.9]
    points = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs="EPSG:4326").to_crs("EPSG:3460")
    clusters = world.clusters.set_geometry(
        points.buffer(4000, cap_style="square").to_numpy(), crs="EPSG:3460"
    )
    land = [
        shapely.box(177.2, -19, 180, -16), shapely.box(-180, -19, -178, -16),
        shapely.box(-30, -35, 60, 70),
    ]  # fmt: skip
    institutes = world.institutes.assign(x=[*points.x[:5], np.nan], y=[*points.y[:5], np.nan])
    return replace(
        world, clusters=clusters, institutes=institutes,
        coast=gpd.GeoDataFrame(geometry=land, crs="EPSG:4326"),
    )  # fmt: skip


def test_clusters_on_both_sides_of_the_180th_meridian(visit: Go) -> None:
    """They lie beside each other, and not at the two ends of the world."""
    seen = visit(draw_planner(across_180()))
    page = seen.page
    where = [page.evaluate(f"cm.windowPoint('{one}')") for one in "ABCDEF"]
    x = [point["x"] for point in where]
    assert x == sorted(x)
    assert 432 < x[0] < x[-1] < 1440
    assert x[-1] - x[0] > 300
    west, _, east, _ = page.evaluate("cm.payload.frame")
    assert east - west < 20
    drawn = seen.state(".drawn")
    assert drawn["circles"] + drawn["polygons"] == 6
    page.evaluate("cm.select('D')")
    assert seen.state(".drawn.flows") == 1
    page.evaluate("cm.map.setView([-16.9, 180.2], 12, {animate: false})")
    assert seen.state(".drawn.polygons") == 1
    point = page.evaluate("cm.windowPoint('D')")
    page.mouse.click(point["x"] + 5, point["y"] + 5)
    assert seen.state(".selected") == "D"
    seen.assert_quiet()


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_damaged_data_are_said_to_be_so(visit: Go, small_page: bytes, kept: float) -> None:
    """Data of which a part is gone: one clear line, and nothing in the console."""
    start = small_page.index(b'id="cm-data">') + len(b'id="cm-data">')
    end = small_page.index(b"</script>", start)
    cut = start + int(kept * (end - start))
    seen = visit(
        small_page[:cut] + small_page[end:], ready="!document.getElementById('damaged').hidden"
    )
    assert "파일이 손상되었거나" in seen.page.inner_text("#damaged")
    assert "damaged or was cut off" in seen.page.inner_text("#damaged")
    seen.assert_quiet()


def test_names_of_the_language_itself_are_names(visit: Go) -> None:
    """Identifiers, kinds and industries called as JavaScript calls its own things."""
    world = worlds.small_release()
    names = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "prototype"]
    new = dict(zip("ABCDEF", names, strict=True))
    clusters = world.clusters.rename(index=new).assign(
        name=names, kind=names, region=names, industries="__proto__"
    )

    def rename(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(cluster=table["cluster"].map(lambda one: new.get(one, one)))

    seen = visit(draw_planner(replace(
        world, clusters=clusters, scores=rename(world.scores), subscores=rename(world.subscores),
        ratios=rename(world.ratios), indicators=rename(world.indicators),
        industries={"__proto__": {"ko": "원형", "en": "prototype"}},
        explanations={new[key]: told for key, told in world.explanations.items()},
    )))  # fmt: skip
    page = seen.page
    for name in names:
        page.evaluate("name => cm.select(name)", name)
        assert seen.state(".selected") == name
        assert page.inner_text("#card-name") == name
        page.evaluate("name => cm.filter('kind', name)", name)
        assert name in page.evaluate("cm.findClusters(cm.model.clusters).map(one => one.id)")
    page.evaluate("cm.filter('kind', '')")
    page.evaluate("cm.filter('industry', '__proto__')")
    assert page.evaluate("cm.findClusters(cm.model.clusters).length") == 6
    seen.assert_quiet()
