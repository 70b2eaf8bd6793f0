"""What an export holds, whatever the format."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely

from clustermap.errors import TableFault
from clustermap.formats.content import build_layer, build_layers

if TYPE_CHECKING:
    from clustermap.publish.release import Release


def test_layers_of_a_release(release: Release) -> None:
    layers, changes = build_layers(release)
    assert [layer.name for layer in layers] == [
        "clusters",
        "institutes",
        "flows",
        "cell_flows",
        "indicators",
        "scores",
        "subscores",
        "industries",
    ]
    assert changes == []
    clusters = layers[0]
    assert clusters.rows["density"].to_pylist() == [-0.1, 1e-300, None, None]
    assert clusters.rows["openness_research"].to_pylist() == [0.25, None, None, None]
    assert clusters.rows["openness_firm_firm"].to_pylist()[0] == 2 / 3
    assert "lq" not in clusters.rows.column_names
    assert clusters.rows["score"].to_pylist() == [81.2, 33.3, None, None]
    assert [field.name for field in clusters.fields] == clusters.rows.column_names


def test_firms_leave_only_where_the_release_has_them(release: Release) -> None:
    firms = pd.DataFrame({"firm": ["f"], "name": ["ㄱ"], "x": [1.0], "y": [2.0], "cluster": ["A"]})
    layers, _ = build_layers(replace(release, firms=firms))
    assert [layer.name for layer in layers][2] == "firms"


def test_flows_are_lines_between_two_clusters(release: Release) -> None:
    flows = build_layers(release)[0][2]
    assert flows.rows["target"].to_pylist() == ["B", "A", "D"]
    assert flows.geometry is not None
    assert shapely.get_coordinates(flows.geometry[0])[0].tolist() == [1_000_500.1, 1_900_500]
    assert flows.geometry[2] is None  # D has no shape


def test_no_scores_at_all(release: Release) -> None:
    layers, _ = build_layers(replace(release, scores=release.scores.iloc[:0]))
    assert layers[0].rows["score"].to_pylist() == [None] * 4


def test_row_order_of_indicators_changes_nothing(release: Release) -> None:
    turned = replace(release, indicators=release.indicators.iloc[::-1])
    assert build_layers(turned)[0][0].rows.equals(build_layers(release)[0][0].rows)


def test_control_characters_and_surrogates_are_replaced() -> None:
    frame = pd.DataFrame(
        {"id": ["a", "b", "c"], "t": ["\x00x\ny", "\ud800z", "가\u200d나"]}, dtype=object
    )
    layer, changes = build_layer("t", frame, key=("id",))
    assert layer.rows["t"].to_pylist() == ["\ufffdx\ufffdy", "\ufffdz", "가\u200d나"]
    assert [(c.row, c.column, c.happened) for c in changes] == [
        ("a", "t", "control"),
        ("b", "t", "control"),
    ]


def test_types_become_those_that_every_format_holds() -> None:
    frame = pd.DataFrame(
        {
            "small": np.array([1, 2], dtype="int8"),
            "huge": np.array([2**64 - 1, 0], dtype="uint64"),
            "unsigned": np.array([2**63 - 1, 0], dtype="uint64"),
            "nullable": pd.array([None, 2**62], dtype="Int64"),
            "flag": pd.array([True, None], dtype="boolean"),
            "group": pd.Categorical(["가", None]),
            "number": [np.inf, np.nan],
            "time": pd.to_datetime(["2026-01-02T03:04:05.1234567Z", None]),
            "naive": pd.to_datetime(["2026-01-02", None]),
            "empty": [None, None],
        }
    )
    layer, changes = build_layer("t", frame)
    assert layer.rows.to_pydict() | {"time": None} == {
        "small": [1, 2],
        "huge": ["18446744073709551615", "0"],
        "unsigned": [2**63 - 1, 0],
        "nullable": [None, 2**62],
        "flag": [True, None],
        "group": ["가", None],
        "number": [None, None],
        "time": None,
        "naive": [layer.rows["naive"][0].as_py(), None],
        "empty": [None, None],
    }
    assert layer.rows["naive"][0].as_py().startswith("2026-01-02")
    assert layer.rows["time"].type == pa.timestamp("ms", tz="UTC")
    assert [(c.column, c.row, c.happened) for c in changes] == [
        ("number", "1", "infinite"),
        ("time", "1", "precision"),
    ]


@pytest.mark.parametrize(
    ("frame", "reason", "column"),
    [
        (pd.DataFrame({"a": [1, "b"]}, dtype=object), "export_type", "a"),
        (pd.DataFrame({"a": [[1], {"b": 1}]}, dtype=object), "export_type", "a"),
        (pd.DataFrame({"a": [1], "A": [2]}), "export_column_twice", "A"),
        (pd.DataFrame({"": [1]}), "export_column_name", ""),
        (pd.DataFrame({"a\n": [1]}), "export_column_name", "a\n"),
        (gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(0, 0)]), "export_no_crs", ""),
    ],
)
def test_what_cannot_be_exported_is_a_table_fault(
    frame: pd.DataFrame, reason: str, column: str
) -> None:
    with pytest.raises(TableFault) as caught:
        build_layer("mine", frame)
    assert (caught.value.reason, caught.value.table, caught.value.column) == (
        reason,
        "mine",
        column,
    )
    assert "mine" in caught.value.line("ko")
    assert "mine" in caught.value.line("en")
