"""A small world on files, complete and correct, that tests then break in one place.

Six square clusters of 2 x 2 km on the Korean grid, ten firms and one institute each:

    y  +------+------+------+
       |  C4  |  C5  |  C6  |     C4 .. C6 are 20 km north of C1 .. C3
       +------+------+------+
       |  C1  |  C2  |  C3  |     neighbours are 10 km apart
       +------+------+------+  x
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import shapely

if TYPE_CHECKING:
    from pathlib import Path

WEST, SOUTH = 950_000, 1_950_000
CLUSTERS = 6
FIRMS_A_CLUSTER = 10

PROJECT = """
schema = 1
[project]
name = "작은 세계"
crs = "EPSG:5179"
language = "ko"
[layers.clusters]
path = "clusters.geojson"
crs = "EPSG:5179"
[layers.institutes]
path = "institutes.csv"
crs = "EPSG:5179"
[layers.firms]
path = "firms.csv"
crs = "EPSG:5179"
[layers.partners]
path = "partners.csv"
[[linkages]]
path = "pairs.csv"
form = "pairs"
[quality]
max_refused = 0.2
[score]
draws = 50
"""


@dataclass
class SmallWorld:
    """Tables as lists of rows, written to a folder on demand."""

    clusters: list[dict[str, Any]] = field(default_factory=list)
    institutes: list[dict[str, Any]] = field(default_factory=list)
    firms: list[dict[str, Any]] = field(default_factory=list)
    partners: list[dict[str, Any]] = field(default_factory=list)
    pairs: list[dict[str, Any]] = field(default_factory=list)
    project: str = PROJECT

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        frame = gpd.GeoDataFrame(self.clusters, geometry="geometry", crs="EPSG:5179")
        (folder / "clusters.geojson").write_text(frame.to_json(drop_id=True), encoding="utf-8")
        for name in ("institutes", "firms", "partners", "pairs"):
            (folder / f"{name}.csv").write_text(write_csv(getattr(self, name)), encoding="utf-8")
        file = folder / "project.toml"
        file.write_text(self.project, encoding="utf-8")
        return file


def write_csv(rows: list[dict[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def build_small_world() -> SmallWorld:
    world = SmallWorld()
    for number in range(CLUSTERS):
        x = WEST + 10_000 * (number % 3)
        y = SOUTH + 20_000 * (number // 3)
        key = f"C{number + 1}"
        world.clusters.append(
            {
                "cluster": key,
                "name": f"단지 {number + 1}",
                "geometry": shapely.box(x, y, x + 2000, y + 2000),
            }
        )
        kind = ("university", "support")[number % 2]
        world.institutes.append(
            {
                "institute": f"I{number + 1}",
                "name": f"기관 {number + 1}",
                "kind": kind,
                "x": x + 50,
                "y": y + 50,
            }
        )
        for firm in range(FIRMS_A_CLUSTER):
            world.firms.append(
                {
                    "firm": f"{number + 1:03d}{firm:02d}",
                    "name": f"(주)기업{number + 1}{firm}",
                    "industry": ("26110", "21210", "29271")[firm % 3],
                    "employees": 10 + firm,
                    "x": x + 100 + 150 * firm,
                    "y": y + 1000,
                }
            )
    world.partners.append({"partner": "P1", "name": "Partner AG", "country": "독일"})
    _link(world)
    return world


def _link(world: SmallWorld) -> None:
    """Link every firm to the next of its cluster, to its institute, and to the next cluster."""
    firms = [row["firm"] for row in world.firms]
    for position, firm in enumerate(firms):
        cluster = position // FIRMS_A_CLUSTER
        following = firms[cluster * FIRMS_A_CLUSTER + (position + 1) % FIRMS_A_CLUSTER]
        farther = firms[(position + FIRMS_A_CLUSTER) % len(firms)]
        kind = ("research", "support")[cluster % 2]
        for target, of_kind in (
            (following, "firm_firm"),
            (f"I{cluster + 1}", kind),
            (farther, "firm_firm"),
        ):
            world.pairs.append(
                {"source": firm, "target": target, "kind": of_kind, "weight": "1", "year": 2020}
            )
        if position % 5 == 0:
            world.pairs.append(
                {"source": firm, "target": "P1", "kind": "transfer", "weight": "0.5", "year": 2021}
            )
