"""What exports tell of a decision: the small world with a budget of the page tests."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from clustermap.formats import write_exports
from clustermap.formats.content import build_layers
from clustermap.formats.decided import choose_columns
from clustermap.publish.decision import Advice
from tests.render.decided import SECOND, decided_release, hostile_decided

if TYPE_CHECKING:
    from pathlib import Path

    from clustermap.publish.release import Release


@pytest.fixture(scope="module")
def release() -> Release:
    return decided_release()


def test_clusters_say_whether_they_are_chosen_and_how_surely(release: Release) -> None:
    ids = pd.Index(list("ABCDEF"), name="cluster")
    told = choose_columns(release, ids)
    assert told["selected"].tolist() == [1, 1, 0, 0, 0, 0]
    own = release.decision.selection.query("scenario == 'default'").set_index("cluster")
    assert told["inclusion"].tolist() == own["inclusion"].reindex(ids).tolist()
    words = {"core": "확실", "borderline": "경계", "exterior": "제외"}
    standing = own["standing"].reindex(ids)
    assert told["standing_ko"].tolist() == standing.map(words).tolist()
    assert set(standing) == set(words)


def test_a_release_without_a_decision_has_no_such_column(release: Release) -> None:
    bare = replace(release, decision=None, advice=None)
    names = [layer.name for layer in build_layers(bare)[0]]
    assert {"portfolios", "selection", "why_not", "missing_links"} & set(names) == set()
    clusters = build_layers(bare)[0][0]
    assert {"selected", "standing"} & set(clusters.rows.column_names) == set()


def test_missing_links_are_lines_between_those_that_lack_them(release: Release) -> None:
    missing = pd.DataFrame(
        {
            "cluster": ["A", "A", "B"],
            "counterpart": ["B", "i-known", "i-lost"],
            "counterpart_type": ["cluster", "institute", "institute"],
            "observed": [1, 0, 0],
            "common": [["배터리", "소재"], [], ""],
        }
    )
    institutes = pd.DataFrame(
        {"institute": ["i-known", "i-lost"], "name": ["가", "나"], "kind": "university",
         "x": [5.0, np.nan], "y": [7.0, np.nan], "cluster": ""}
    )  # fmt: skip
    world = replace(release, institutes=institutes, advice=Advice(missing_links=missing))
    layers = {layer.name: layer for layer in build_layers(world)[0]}
    lines = layers["missing_links"].geometry
    assert layers["missing_links"].rows["common"].to_pylist() == ["배터리;소재", "", ""]
    centres = shapely.centroid(release.clusters.geometry.loc[["A", "B"]].to_numpy())
    assert shapely.equals(lines[0], shapely.linestrings([(c.x, c.y) for c in centres]))
    assert shapely.equals(lines[1], shapely.linestrings([(centres[0].x, centres[0].y), (5, 7)]))
    assert lines[2] is None


def test_files_hold_all_scenarios_and_say_what_is_chosen(release: Release, tmp_path: Path) -> None:
    written = write_exports(release, tmp_path / "export", formats=["gpkg", "shp"])
    (package,) = [file for file in written.files if file.endswith(".gpkg")]
    layers = {str(name) for name, _ in pyogrio.list_layers(written.folder / package)}
    assert layers > {"portfolios", "selection", "why_not"}
    back = gpd.read_file(written.folder / package, layer="clusters").set_index("cluster")
    assert back["selected"].tolist() == [1, 1, 0, 0, 0, 0]
    (table,) = [file for file in written.files if file.startswith("selection") and "csv" in file]
    with (written.folder / table).open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["scenario"] for row in rows} == {"default", SECOND}
    chosen = [row["cluster"] for row in rows if row["selected"] == "1"]
    assert chosen == ["A", "B", "B", "C"]
    (readme,) = [file for file in written.files if file.startswith("README")]
    text = (written.folder / readme).read_text(encoding="utf-8-sig")
    assert "예산과 규칙 아래에서 고른 곳" in text
    assert "The effect of support is not estimated" in text


def test_hostile_scenarios_stay_text(tmp_path: Path) -> None:
    world = hostile_decided()
    # Indicators are our own: their names are no text of users.
    world = replace(world, indicators=world.indicators.iloc[:0])
    written = write_exports(world, tmp_path / "export", formats=["gpkg"])
    (package,) = [file for file in written.files if file.endswith(".gpkg")]
    back = pyogrio.read_dataframe(written.folder / package, layer="selection")
    given = world.decision.selection["scenario"]
    assert back["scenario"].nunique() == given.nunique() > 3
