"""The fictional nation that pages are measured with: its release, and its firms one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from clustermap.layers.industries import CodedIndustries
from clustermap.publish.density import count_density
from clustermap.publish.suppression import DEFAULT_RULES
from clustermap.render.planner import draw_planner
from clustermap.sources.reference import read_coast
from tests.render.advised import large_advised
from tests.render.decided import large_decided
from tests.render.worlds import KOREA, large_release

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    from clustermap.publish.release import Release

    Degrees = npt.NDArray[np.float64]

CLUSTERS, INSTITUTES, LINKS = 1_900, 5_000, 5_000
SCENARIOS = 5
CORNERS = 90
"""Corners of an outline: as many as those of real complexes have in the mean."""
INDUSTRIES = 12
NEAR, CODED = 0.6, 0.3
"""Shares of firms that lie in or around a cluster, and that have a strategic industry."""
SPREAD_M = 2_000
_METRES = 111_320  # a degree of latitude


@dataclass(frozen=True)
class Nation:
    """A nation with all its firms, which no page may show one by one.

    Parameters
    ----------
    release
        What may leave, but for the density of firms.
    lon, lat
        Degrees, one a firm.
    industries
        Strategic industries of each firm.
    """

    release: Release
    lon: Degrees
    lat: Degrees
    industries: CodedIndustries


def draw_outlines(layer: gpd.GeoDataFrame, rng: np.random.Generator) -> npt.NDArray[np.object_]:
    """Draw an outline around each cluster's centre, as jagged as real ones."""
    centres, radius = layer.geometry.centroid, np.sqrt(layer.geometry.area.to_numpy() / np.pi)
    angles = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    across = radius[:, None] * rng.uniform(0.8, 1.2, (len(layer), CORNERS))
    x = centres.x.to_numpy()[:, None] + across * np.cos(angles)
    y = centres.y.to_numpy()[:, None] + across * np.sin(angles)
    return np.asarray(shapely.polygons(np.stack((x, y), axis=-1)))


def draw_firms(
    clusters: gpd.GeoDataFrame, firms: int, rng: np.random.Generator
) -> tuple[Degrees, Degrees]:
    """Draw where firms are: around clusters by their employees, and anywhere on land."""
    centres = clusters.geometry.centroid.to_crs("EPSG:4326")
    employees = clusters["employees"].to_numpy(dtype=np.float64)
    around = round(NEAR * firms)
    home = rng.choice(len(clusters), around, p=employees / employees.sum())
    lat = centres.y.to_numpy()[home]
    spread = rng.normal(0, SPREAD_M / _METRES, (2, around))
    near = (centres.x.to_numpy()[home] + spread[0] / np.cos(np.radians(lat)), lat + spread[1])
    land = shapely.Polygon(KOREA)
    shapely.prepare(land)
    west, south, east, north = land.bounds
    spots = rng.uniform((west, south), (east, north), (3 * (firms - around), 2))
    far = spots[shapely.contains_xy(land, spots)][: firms - around].T
    return np.concatenate((near[0], far[0])), np.concatenate((near[1], far[1]))


def draw_nation(firms: int) -> Nation:
    """Draw a nation with so many firms; the same every time."""
    decided, advised = large_decided(CLUSTERS, SCENARIOS), large_advised()
    release = replace(
        large_release(CLUSTERS, INSTITUTES, LINKS),
        decision=decided.decision,
        advice=advised.advice,
    )
    rng = np.random.default_rng(11)
    clusters = release.clusters.set_geometry(
        draw_outlines(release.clusters, rng), crs=release.clusters.crs
    )
    lon, lat = draw_firms(clusters, firms, rng)
    group = rng.integers(1, INDUSTRIES + 1, len(lon)) * (rng.random(len(lon)) < CODED)
    keys = ((), *((key,) for key in release.industries))
    coded = CodedIndustries(keys, group.astype(np.int16), ("",), np.zeros(len(lon), dtype=np.int16))
    west, south, east, north = clusters.to_crs("EPSG:4326").total_bounds
    coast = read_coast((float(west), float(south), float(east), float(north)))
    return Nation(replace(release, clusters=clusters, coast=coast), lon, lat, coded)


def draw_page(nation: Nation) -> bytes:
    """Count the firms of all squares, and draw the planner's page."""
    density = count_density(nation.lon, nation.lat, nation.industries, DEFAULT_RULES)
    return draw_planner(replace(nation.release, density=density))
