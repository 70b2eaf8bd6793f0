"""Tables of actors: written from Arrow as pandas would, and made when they are asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pytest

from clustermap.project import open_project
from clustermap.stages.ledger import Ledger, no_progress
from clustermap.stages.publishing import LateTables, layer_frame, read_layer
from clustermap.stages.reading import read_layers
from clustermap.store import TypedRows
from tests.small_world import build_small_world

if TYPE_CHECKING:
    from clustermap.stages.reading import Layers


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Layers:
    project = open_project(build_small_world().write(tmp_path_factory.mktemp("actors")))
    return read_layers(project, Ledger(1.0, strict=False), no_progress)


def firms(layers: Layers, **columns: pa.Array) -> Layers:
    rows = layers.actors["firms"]
    for name, column in columns.items():
        at = rows.column_names.index(name) if name in rows.column_names else rows.num_columns
        there = rows.drop_columns([name]) if at < rows.num_columns else rows
        rows = there.add_column(at, name, column)
    return replace(layers, actors={**layers.actors, "firms": rows})


def by_pandas(layers: Layers, name: str) -> pa.Table:
    return pa.Table.from_pandas(layer_frame(layers, name), preserve_index=False)


@pytest.mark.parametrize("name", ["firms", "institutes"])
def test_layers_are_read_as_pandas_reads_them(layers: Layers, name: str) -> None:
    found = read_layer(layers, name)
    assert isinstance(found, TypedRows)
    assert found.cut().combine_chunks().equals(by_pandas(layers, name), check_metadata=True)


def test_whole_numbers_of_which_some_are_missing_become_decimals(layers: Layers) -> None:
    many = layers.actors["firms"].num_rows
    some = firms(layers, employees=pa.array([None, *range(many - 1)], pa.int64()))
    found = read_layer(some, "firms")
    assert isinstance(found, TypedRows)
    assert found.schema.field("employees").type == pa.float64()
    assert found.cut().combine_chunks().equals(by_pandas(some, "firms"), check_metadata=True)


def test_what_arrow_would_write_otherwise_is_left_to_pandas(layers: Layers) -> None:
    many = layers.actors["firms"].num_rows
    odd = firms(layers, x=pa.array([float("nan")] * many))
    assert isinstance(read_layer(odd, "firms"), pd.DataFrame)
    nobody = replace(layers, actors={})
    assert list(read_layer(nobody, "firms")) == list(layer_frame(nobody, "firms"))


def test_tables_are_made_once_and_when_they_are_asked_for() -> None:
    made: list[str] = []

    def make() -> pd.DataFrame:
        made.append("firms")
        return pd.DataFrame({"firm": ["F1"]})

    tables = LateTables({"scores": pd.DataFrame({"score": [1.0]}), "firms": make})
    assert (list(tables), len(tables), made) == (["scores", "firms"], 2, [])
    assert tables["firms"] is tables["firms"]
    assert made == ["firms"]
