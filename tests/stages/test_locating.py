"""Locating: from names of places to cells and points, end to end, and as the docs show it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from clustermap.errors import TableFault
from clustermap.messages import say
from clustermap.network.space import build_edges
from clustermap.pipeline import run
from clustermap.project import open_project
from clustermap.stages.counting import count_network
from clustermap.stages.ledger import Ledger, no_progress, say_facts
from clustermap.stages.observing import survey_layers
from clustermap.stages.reading import Layers, read_layers
from tests.certain import certain
from tests.small_world import SOUTH, WEST, SmallWorld, build_small_world, write_csv

if TYPE_CHECKING:
    from pathlib import Path


def read(project: Path) -> tuple[Layers, Ledger]:
    opened = open_project(project)
    ledger = Ledger(opened.quality.max_refused, strict=False)
    return read_layers(opened, ledger, no_progress), ledger


def firms_of(layers: Layers) -> pd.DataFrame:
    frame: pd.DataFrame = layers.actors["firms"].to_pandas()
    return frame.set_index("firm")


def told(ledger: Ledger) -> list[str]:
    return [say(message, "en") for message in say_facts(ledger.summary())]


# The page of the docs


@pytest.fixture
def page(root: Path) -> str:
    return (root / "docs" / "sources" / "places.md").read_text(encoding="utf-8")


@pytest.fixture
def example(page: str, tmp_path: Path) -> Path:
    for name, text in re.findall(r"```\w+ (\S+)\n(.*?)```", page, re.DOTALL):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / "project.toml"


def grid_after(page: str, words: str) -> list[list[str]]:
    rows = page[page.index(words) :].partition("\n|")[2].partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_firms_are_found_as_the_page_says(page: str, example: Path) -> None:
    layers, ledger = read(example)
    firms = firms_of(layers)
    frame = firms.reset_index()[["firm", "cell", "how", "region", "district"]].astype(object)
    frame["km"] = (firms["precision_m"] / 1000).map("{:.1f}".format, na_action="ignore").tolist()
    assert frame.fillna("").to_numpy().tolist() == grid_after(page, "What firms are found to be")
    matches = layers.matches["complex_matches"]
    shown = [["" if pd.isna(cell) else str(cell) for cell in row] for row in matches.to_numpy()]
    assert shown == grid_after(page, "complex_matches:\n")
    assert ledger.summary()["firms"]["coarse_points"] == 2
    line = told(ledger)[0]
    assert line == (
        "firms: complex names, 4 texts - 0 by identifier, 0 by name, 1 by normal form, 1 by another"
        " name, 1 in no complex, 1 not matched, of 1 actors (table complex_matches)."
    )
    assert [said.partition(": ")[2].split()[:3] for said in told(ledger)[1:]] == [
        ["2", "have", "no"],
        ["2", "are", "located"],
        ["region,", "district", "and"],
    ]


def test_linkages_of_names_are_counted_as_the_page_says(example: Path) -> None:
    done = run(open_project(example))
    entry = done.summary["tables"]["linkages_1"]
    assert (entry["read"], entry["kept"]) == (4, 2)
    assert entry["reasons"] == {"ambiguous_name": 1, "unknown_name": 1}
    assert (entry["names_exact"], entry["names_form"], entry["names_branch"]) == (2, 4, 0)
    flows = done.tables["flows"]
    assert {(row["source"], row["target"]) for _, row in flows.iterrows()} == {
        ("K1", "K3"),
        ("K1", "K2"),
    }
    out = example.parent / "out" / "tables"
    assert len(pd.read_parquet(out / "complex_matches.parquet")) == 6
    places = pd.read_parquet(out / "district_matches.parquet")
    assert places.loc[places["how"] == "unmatched", ["text", "note"]].to_numpy().tolist() == [
        ["가람로", "unknown"]
    ]
    assert {row["file"] for row in done.record["inputs"]} >= {"aliases.csv"}
    release = certain(done.release)
    assert "note.coarse_points" in {note.key for note in release.notes}
    # Firms that stand for their district make no hill of firms there.
    assert certain(release.density).unplaced == 4


# The small world


def test_regions_keep_the_spelling_of_the_clusters(tmp_path: Path) -> None:
    world = build_small_world()
    for n, row in enumerate(world.clusters):
        row["region"] = ("강원도", "전라북도", "전북특별자치도")[n % 3]
    for n, row in enumerate(world.firms):
        row["region"] = ("강원", "전북", "경기", "저쪽")[n % 4]
    layers, ledger = read(world.write(tmp_path))
    expected = ["강원도", "전북특별자치도", "경기도", "저쪽"] * 15
    assert firms_of(layers)["region"].tolist() == expected
    assert layers.clusters["region"].tolist() == ["강원도", *["전북특별자치도"] * 2] * 2
    assert ledger.summary()["firms"]["places_unmatched"] == 15


def test_codes_that_two_offices_use_stop_the_run(tmp_path: Path) -> None:
    world = build_small_world()
    for n, row in enumerate(world.firms):
        row["region"] = ("26", "29", "36")[n % 3]
    with pytest.raises(TableFault) as caught:
        read(world.write(tmp_path / "both"))
    fault = caught.value
    assert (fault.reason, fault.table, fault.key, fault.value) == (
        *("ambiguous_codes", "firms", "codes"),
        "26",
    )
    assert "codes" in fault.line("ko")
    firms = 'path = "firms.csv"\n'
    world.project = world.project.replace(firms, f'{firms}codes = "MOIS"\n')
    layers, _ = read(world.write(tmp_path / "stated"))
    assert set(firms_of(layers)["region"]) == {"부산광역시", "광주광역시", "세종특별자치시"}
    for row in world.firms:
        row["region"] = "97"
    world.project = world.project.replace('codes = "MOIS"\n', "")
    layers, ledger = read(world.write(tmp_path / "neither"))
    assert set(firms_of(layers)["region"]) == {"97"}
    assert ledger.summary()["firms"]["codes_undecided"] == 1
    assert any("KOSTAT" in line for line in told(ledger))


def test_nobody_looks_for_korean_districts_elsewhere(tmp_path: Path) -> None:
    world = build_small_world()
    for row in world.clusters:
        row["geometry"] = shapely.affinity.translate(row["geometry"], 600_000, 0)  # Japan
    for row in (*world.firms, *world.institutes):
        row["x"] += 600_000
    for row in world.firms[:3]:
        row |= {"x": "", "y": "", "region": "Seoul", "district": "중구"}
    layers, ledger = read(world.write(tmp_path))
    firms = firms_of(layers)
    assert firms["cell"].tolist()[:3] == ["outside:Seoul 중구"] * 3
    assert firms["how"].tolist()[:3] == ["district"] * 3
    assert firms["x"].isna().sum() == 3
    assert len(layers.matches["district_matches"]) == 0
    assert "places_unmatched" not in ledger.summary()["firms"]


def stack(world: SmallWorld, side: float = 2000) -> SmallWorld:
    """Leave the firms of C1 and C2 without coordinates: their complex alone is known."""
    for number, row in enumerate(world.firms[:20]):
        row |= {"x": "", "y": "", "complex": f"단지 {1 + number // 10}"}
    for row in world.firms[20:]:
        row["complex"] = ""
    for row in world.clusters[:2]:
        west, south, *_ = row["geometry"].bounds
        row["geometry"] = shapely.box(west, south, west + side, south + side)
    return world


def test_a_complex_tells_how_far_it_is_to_others_but_nothing_of_itself(tmp_path: Path) -> None:
    project = open_project(stack(build_small_world()).write(tmp_path / "small"))
    ledger = Ledger(project.quality.max_refused, strict=False)
    layers = read_layers(project, ledger, no_progress)
    firms = firms_of(layers)
    middle = (WEST + 1000, SOUTH + 1000)
    assert firms[["x", "y"]].iloc[0].tolist() == pytest.approx(middle)
    assert firms["precision_m"].iloc[0] == pytest.approx(1000 * np.sqrt(2))
    register = layers.register
    assert register.precise.sum() == 66
    assert register.placed.tolist() == [True] * 20 + [False] * 47
    space = survey_layers(project, layers).space
    edges = build_edges((0, 10_000, 30_000))
    rows = {tuple(pair): n for n, pair in enumerate(space.near.tolist())}
    # C1 and C2 are 10 km apart: the firms' points say 10 km, exactly.
    between = space.shares[rows[0, 1]]
    assert between[edges.tolist().index(10_000)] > 0.8
    # Two random points of 4 km² are 1.02 km apart where it is a disc: not 0.
    within = space.shares[rows[0, 0]]
    assert within[edges.tolist().index(2000)] == 1
    band = space.find_bands(np.array([0, 0]), np.array([1, 10]), register)
    assert edges[band].tolist() == [2000, 10_000]


def test_the_point_of_a_large_complex_is_not_measured_from(tmp_path: Path) -> None:
    layers, ledger = read(stack(build_small_world(), 5000).write(tmp_path))
    assert ledger.summary()["firms"]["coarse_points"] == 20
    assert layers.register.precise[:20].tolist() == [False] * 20


def test_who_stands_in_no_complex_goes_to_no_nearest_one(tmp_path: Path) -> None:
    world = build_small_world()
    for row in world.firms:
        row["complex"] = ""
    for row, text in zip(world.firms[:3], ("개별입지", "", "단지 2"), strict=True):
        row |= {"x": WEST - 100, "y": SOUTH + 1000, "complex": text}
    world.firms[3]["complex"] = "개별입지"  # but it lies inside
    world.project += "[assign]\nnearest_m = 500\n"
    firms = firms_of(read(world.write(tmp_path))[0])
    assert firms["how"].tolist()[:4] == ["grid", "nearest", "complex", "inside"]
    assert firms["cell"].tolist()[:4] == ["outside:94_195", "C1", "C2", "C1"]


def test_a_bad_table_of_other_names_is_one_line(tmp_path: Path) -> None:
    world = build_small_world()
    world.firms[0]["complex"] = "단지 1"
    for row in world.firms[1:]:
        row["complex"] = ""
    clusters = 'path = "clusters.geojson"\n'
    world.project = world.project.replace(clusters, f'{clusters}aliases = "aliases.csv"\n')
    project = tmp_path / "project.toml"
    (tmp_path / "aliases.csv").write_text("cluster,alias\nC1,\n", encoding="utf-8")
    world.write(tmp_path)
    with pytest.raises(TableFault) as caught:
        read(project)
    assert (caught.value.reason, caught.value.row) == ("bad_aliases", 2)
    assert "\n" not in str(caught.value)


def test_a_project_of_names_is_one_of_identifiers(tmp_path: Path) -> None:
    def participations(world: SmallWorld, column: str) -> list[dict[str, object]]:
        names = [row[column] for row in world.firms]
        return [
            {"project": f"P{n % 9}", "participant": name, "year": 2020}
            for n, name in enumerate(names)
        ]

    done = []
    for folder, column, match in (("a", "firm", "id"), ("b", "name", "name")):
        world = build_small_world()
        world.project = world.project.replace(
            'path = "pairs.csv"\nform = "pairs"',
            f'path = "parts.csv"\nform = "projects"\nmatch = "{match}"',
        )
        rows = participations(world, column)
        # The same firm once more: as it is, and spelt in another way.
        again = rows[0] if match == "id" else rows[0] | {"participant": "㈜ 기업10"}
        project = world.write(tmp_path / folder)
        text = write_csv([*rows, again, {"project": "P1", "participant": "없음", "year": 2020}])
        (project.parent / "parts.csv").write_text(text, encoding="utf-8")
        layers, ledger = read(project)
        scratch = project.parent / "scratch"
        scratch.mkdir()
        network = count_network(open_project(project), layers, ledger, no_progress, scratch)
        done.append((network.flows, ledger.summary()["linkages_1"]))
    pd.testing.assert_frame_equal(done[0][0], done[1][0])
    assert [entry["reasons"] for _, entry in done] == [
        {"repeated_participant": 1, "unknown_actor": 1},
        {"repeated_participant": 1, "unknown_name": 1},
    ]
    assert done[1][1]["names_exact"] == 60


def test_points_and_radii_of_clusters() -> None:
    from clustermap.layers.points import find_middles

    ring = shapely.box(0, 0, 6000, 6000) - shapely.box(1000, 1000, 5000, 5000)
    shapes = gpd.GeoSeries([shapely.box(0, 0, 600, 800), ring], crs="EPSG:5179")
    x, y, precision_m = find_middles(shapes)
    assert (x[0], y[0], precision_m[0]) == pytest.approx((300, 400, 500))
    assert shapely.intersects_xy(ring, x[1], y[1])
    assert precision_m[1] > 3000 * np.sqrt(2)


def test_institutes_stand_in_the_complex_that_they_state(tmp_path: Path) -> None:
    world = build_small_world()
    for row in world.institutes:
        row["complex"] = ""
    stated = ("단지2", "개별입지", "없는공단", "단지 3")
    for row, text in zip(world.institutes, stated, strict=False):
        row |= {"x": "", "y": "", "complex": text}
    # Its town alone is known, which lies in a cluster smaller than the town.
    world.institutes[3] |= {"x": WEST + 100, "y": SOUTH + 100, "precision_m": 10_000}
    for row in world.institutes[:3] + world.institutes[4:]:
        row["precision_m"] = ""
    layers, ledger = read(world.write(tmp_path))
    found = layers.actors["institutes"].to_pandas()
    assert found["how"].tolist()[:4] == ["complex", "unknown", "unknown", "complex"]
    assert found["cell"].tolist()[:4] == ["C2", "outside:unknown", "outside:unknown", "C3"]
    matches = layers.matches["complex_matches"]
    assert matches[["layer", "text", "how", "actors"]].to_numpy().tolist() == [
        ["institutes", "개별입지", "individual", 1],
        ["institutes", "단지 3", "name", 1],
        ["institutes", "단지2", "normal", 1],
        ["institutes", "없는공단", "unmatched", 1],
    ]
    entry = ledger.summary()["institutes"]
    assert (entry["complex_unmatched"], entry["too_rough_for_cluster"]) == (1, 1)
    assert any("not put into it" in line for line in told(ledger))
