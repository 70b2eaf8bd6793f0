"""What an export holds, whatever the format."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from clustermap.errors import TableFault
from clustermap.formats.content import _build_flows, build_layers
from clustermap.formats.layer import build_layer, describe_column
from clustermap.indicators import INDICATORS
from clustermap.tables import KINDS

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
        "ratios",
        "brokers",
        "abroad",
        "flags",
    ]
    assert [(c.file, c.row, c.happened) for c in changes] == [
        ("cell_flows", "A/A/research", "rounded")
    ]
    clusters = layers[0]
    assert clusters.rows["density"].to_pylist() == [-0.1, 1e-300, None, None]
    assert clusters.rows["openness_research"].to_pylist() == [0.25, None, None, None]
    assert clusters.rows["openness_firm_firm"].to_pylist()[0] == 2 / 3
    assert "lq" not in clusters.rows.column_names
    assert clusters.rows["score"].to_pylist() == [81.2, 33.3, None, None]
    assert clusters.rows["capability"].to_pylist() == [62.0, 18.0, None, 3.5]
    assert clusters.rows["part_openness"].to_pylist() == [55.5, None, None, None]
    assert [field.name for field in clusters.fields] == clusters.rows.column_names


def test_keys_have_their_words_beside_them(release: Release) -> None:
    layers = {layer.name: layer for layer in build_layers(release)[0]}
    for name in ("clusters", "scores"):
        rows = layers[name].rows
        at = rows.column_names.index("reason")
        assert rows.column_names[at : at + 3] == ["reason", "reason_ko", "reason_en"]
        assert rows["reason"].to_pylist()[:2] == rows["reason_ko"].to_pylist()[:2] == ["", ""]
        assert rows["reason"].to_pylist()[2] == "reason.too_few_links"
        assert rows["reason_ko"].to_pylist()[2].startswith("기록된 연계가")
        assert rows["reason_en"].to_pylist()[2].startswith("too few links")
        assert rows["reason_en"].to_pylist()[3] == "few_firms"  # not in the catalogue
    notes = layers["indicators"].rows.select(["note", "note_ko", "note_en"]).to_pylist()
    assert notes[3] == {"note": "suppressed", "note_ko": "비공개", "note_en": "withheld"}
    assert set(notes[0].values()) == {""}
    none = build_layers(replace(release, scores=release.scores.iloc[:0]))[0][0].rows
    assert none["reason_ko"].to_pylist() == [None] * 4
    assert none["reason_ko"].type == pa.large_string()


def test_quadrants_and_warnings_are_said_in_words(release: Release) -> None:
    layers = {layer.name: layer for layer in build_layers(release)[0]}
    for name in ("clusters", "scores"):
        rows = layers[name].rows
        assert rows["quadrant"].to_pylist()[:2] == ["local_global", "undecided"]
        assert rows["quadrant_ko"].to_pylist()[0].startswith("가까운 곳과도 먼 곳과도")
        assert rows["quadrant_en"].to_pylist()[1].startswith("The data do not tell")
    assert layers["flags"].rows["flag_en"].to_pylist()[1].endswith("one business group.")
    assert layers["abroad"].rows["weight"].to_pylist() == [2.5]
    assert layers["brokers"].rows["name"].to_pylist() == ["○○○", "○○○"]


def test_weights_are_decimal_numbers(release: Release) -> None:
    layers = {layer.name: layer for layer in build_layers(release)[0]}
    assert layers["flows"].rows["weight"].to_pylist() == [3.0, 1e-9, 7e-9]
    assert layers["flows"].rows["links"].to_pylist() == [3, 4, 7]
    assert layers["flows"].rows["links"].type == pa.int64()
    cells = layers["cell_flows"]
    assert cells.rows["weight"].to_pylist() == [3.0, 1e-9, 2**62 / 1e9, 6e-9, 7e-9]
    told = next(field for field in cells.fields if field.name == "weight")
    assert told.unit == ""
    none = build_layers(replace(release, flows=release.flows.iloc[:0]))[0]
    assert none[3].rows["weight"].type == pa.float64()


@given(st.integers(0, 2**23 * 10**9 - 1) | st.integers(0, 10**7))
def test_a_weight_is_exact_to_its_last_unit(units: int) -> None:
    frame = pd.DataFrame(
        {"source": ["A"], "target": ["B"], "kind": ["other"], "links": [1], "weight": [units]}
    )
    layer, changes = _build_flows("flows", frame)
    assert round(Fraction(layer.rows["weight"][0].as_py()) * 10**9) == units
    assert changes == []


def test_every_layer_of_made_up_data_says_so(synthetic: Release) -> None:
    for layer in build_layers(synthetic)[0]:
        assert layer.rows.column_names[-1] == "synthetic"
        assert set(layer.rows["synthetic"].to_pylist()) == {1}


def test_every_column_is_told_in_both_languages(synthetic: Release) -> None:
    every = [
        {"cluster": "A", "indicator": indicator.key, "kind": kind, "industry": "", "value": 1.0}
        for indicator in INDICATORS
        for kind in ("", *KINDS)
    ]
    indicators = pd.DataFrame(every).assign(low=np.nan, high=np.nan, basis=1.0, note="")
    firms = pd.DataFrame(
        {"firm": ["f"], "name": [""], "industry": [""], "employees": [1], "x": [1.0], "y": [2.0]}
    ).assign(cluster="A")
    full = replace(synthetic, indicators=indicators, firms=firms)
    hangul = re.compile("[가-힣]")
    for layer in build_layers(full)[0]:
        for field in layer.fields:
            where = (layer.name, field.name)
            assert field.label["en"], where
            assert field.meaning["en"], where
            assert hangul.search(field.label["ko"] + ("가" if field.name in "xy" else "")), where
            assert hangul.search(field.meaning["ko"]), where
            assert field.meaning["ko"] != field.label["ko"], where


def test_a_column_that_nobody_declared_is_told_by_its_name() -> None:
    assert describe_column("mine").meaning == {"ko": "mine", "en": "mine"}


def test_firms_leave_only_where_the_release_has_them(release: Release) -> None:
    firms = pd.DataFrame({"firm": ["f"], "name": ["ㄱ"], "x": [1.0], "y": [2.0], "cluster": ["A"]})
    layers, _ = build_layers(replace(release, firms=firms))
    assert [layer.name for layer in layers][2] == "firms"


def test_flows_are_lines_between_two_clusters(release: Release) -> None:
    flows = build_layers(release)[0][2]
    assert flows.rows["target"].to_pylist() == ["B", "A", "D"]
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


def test_ratios_are_those_of_all_kinds_together(release: Release) -> None:
    (ratios,) = (layer for layer in build_layers(release)[0] if layer.name == "ratios")
    assert release.ratios["kind"].to_list() == ["", "", "", "research"]
    assert ratios.rows["observed"].to_pylist() == [20.0, 36.5, None]
    assert "kind" not in ratios.rows.column_names
