"""What is measured of projects in which everybody is as likely to take part as everybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from clustermap.pipeline import find
from clustermap.project import open_project
from clustermap.stages.ledger import no_progress
from tests.small_world import build_small_world

if TYPE_CHECKING:
    from pathlib import Path

SIDE, FIRMS, INSTITUTES, PROJECTS = 3, 480, 40, 500

PROJECT = """schema = 1
[project]
name = "chance"
crs = "EPSG:5179"
synthetic = true
checkpoints = false
[layers.clusters]
path = "clusters.geojson"
crs = "EPSG:5179"
[layers.firms]
path = "firms.csv"
crs = "EPSG:5179"
[layers.institutes]
path = "institutes.csv"
crs = "EPSG:5179"
[score]
draws = 20
[[linkages]]
path = "links.csv"
"""


def _write_actors(folder: Path, rng: np.random.Generator) -> np.ndarray:
    squares = [
        f'{{"type": "Feature", "properties": {{"cluster": "C{row}{column}", '
        f'"name": "C{row}{column}"}}, "geometry": '
        f'{{"type": "Polygon", "coordinates": [[[{x}, {y}], [{x + 5000}, {y}], '
        f"[{x + 5000}, {y + 5000}], [{x}, {y + 5000}], [{x}, {y}]]]}}}}"
        for row in range(SIDE)
        for column in range(SIDE)
        for x, y in [(950_000 + 20_000 * column, 1_900_000 + 20_000 * row)]
    ]
    (folder / "clusters.geojson").write_text(
        f'{{"type": "FeatureCollection", "features": [{", ".join(squares)}]}}', encoding="utf-8"
    )
    for name, key, many in (("firms", "firm", FIRMS), ("institutes", "institute", INSTITUTES)):
        square = rng.integers(0, SIDE, (many, 2))
        x, y = (square * 20_000 + rng.uniform(0, 6_000, (many, 2)) + [950_000, 1_900_000]).T
        ids = [f"{key}{at}" for at in range(many)]
        table = pd.DataFrame({key: ids, "name": ids, "x": x, "y": y})
        if key == "institute":
            table["kind"] = "university"
        table.to_csv(folder / f"{name}.csv", index=False)
    actors = [*(f"firm{at}" for at in range(FIRMS))]
    return np.array([*actors, *(f"institute{at}" for at in range(INSTITUTES))])


@pytest.mark.parametrize("form", ["projects", "pairs"])
def test_where_all_take_part_by_chance_participation_is_typical(tmp_path: Path, form: str) -> None:
    rng = np.random.default_rng(5)
    actors = _write_actors(tmp_path, rng)
    # An institute leads and up to four others join in: to each of them its share of links between
    # firms, and of those with institutes, is less than one.
    members = [
        [FIRMS + rng.integers(INSTITUTES), *rng.choice(FIRMS, rng.integers(2, 5), replace=False)]
        for _ in range(PROJECTS)
    ]
    if form == "projects":
        rows = [(f"P{at}", actors[one]) for at, own in enumerate(members) for one in own]
        table = pd.DataFrame(rows, columns=["project", "participant"])
    else:
        rows = [(actors[own[0]], actors[one]) for own in members for one in own[1:]]
        table = pd.DataFrame(rows, columns=["source", "target"]).assign(kind="research")
    table.to_csv(tmp_path / "links.csv", index=False)
    (tmp_path / "project.toml").write_text(f'{PROJECT}form = "{form}"\n', encoding="utf-8")
    found = find(open_project(tmp_path / "project.toml"), strict=False, progress=no_progress)
    parts = found.scored.subscores
    taking_part = parts.loc[parts["subscore"] == "participation", "value"]
    assert len(taking_part) >= 5
    assert taking_part.mean() == pytest.approx(50.5, abs=2.0)  # 60 and more by credit alone


def test_without_advice_scores_are_the_same_and_nothing_is_said_beyond(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("with", "without")]
    found = []
    for folder, said in zip(folders, ("", "advice = false\n"), strict=True):
        folder.mkdir()
        world = build_small_world()
        world.project = world.project.replace("[score]\n", f"[score]\n{said}")
        found.append(find(open_project(world.write(folder)), strict=False, progress=no_progress))
    one, other = found
    pd.testing.assert_frame_equal(one.scored.scores, other.scored.scores)
    assert {"diagnosis", "intermediaries"} <= set(one.advised.tables)
    assert other.advised.tables == {}
