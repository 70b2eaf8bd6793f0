"""Values come back from trees and blocks as they were, and nothing else comes back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pyproj import CRS
from scipy import sparse

from clustermap.checkpoints.tree import Sink, hash_value, pack, unpack
from clustermap.messages import Message

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Box:
    """For a test."""

    content: Any
    other: Any = None


class Pair(NamedTuple):
    """For a test."""

    one: Any
    other: Any


TYPES = (Box, Pair, Message)


def through(value: object, tmp_path: Path) -> Any:
    file = tmp_path / "blocks"
    with file.open("wb") as opened:
        tree = pack(value, TYPES, Sink(opened))
    content = memoryview(bytearray(file.read_bytes()))
    return unpack(tree, TYPES, lambda start, size: content[start : start + size])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tree")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.tuples(st.text(), st.integers()), inner)
        | st.frozensets(st.text() | st.integers())
        | st.builds(Box, inner, inner)
        | st.builds(Pair, inner, inner)
        | st.builds(Message, st.text(), st.dictionaries(st.text(), inner))
    ),
    max_leaves=20,
)


@settings(max_examples=40)
@given(PLAIN)
def test_plain_values_come_back(folder: Path, value: object) -> None:
    found = through(value, folder)
    assert found == value
    assert hash_value(found, TYPES) == hash_value(value, TYPES)


NUMBERS = arrays.arrays(
    st.sampled_from(["f8", "f4", "i8", "i4", "i2", "u1", "?", "c16"]),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@settings(max_examples=40)
@given(NUMBERS, st.randoms())
def test_arrays_come_back_as_they_lie(folder: Path, values: Any, random: Any) -> None:
    axes = list(range(values.ndim))
    random.shuffle(axes)
    turned = values.transpose(axes)
    found = through(turned, folder)
    assert found.dtype == turned.dtype
    assert found.tobytes() == turned.tobytes()
    if found.size > 1:
        order = [axis for axis in axes if turned.shape[axis] > 1]
        strides = [(turned.strides[axis], found.strides[axis]) for axis in order]
        assert [a for a, _ in sorted(strides)] == [
            a for a, _ in sorted(strides, key=lambda s: s[1])
        ]
    assert found.flags.writeable


def test_objects_texts_and_scalars_come_back(tmp_path: Path) -> None:
    mixed = np.array(["가", None, 1.5, ("a", 1)], dtype=object)
    found = through(Box(mixed, np.array(["ab", "c"])), tmp_path)
    assert found.content.dtype == object
    assert found.content.tolist() == ["가", None, 1.5, ("a", 1)]
    assert found.other.tolist() == ["ab", "c"]
    number = through(np.float32(0.1), tmp_path)
    assert type(number) is np.float32
    assert number == np.float32(0.1)
    assert np.isnan(through(float("nan"), tmp_path))
    assert through(-0.0, tmp_path).hex() == "-0x0.0p+0"


def make_frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "number": [1.5, np.nan, -0.0],
            "whole": np.array([1, 2, 3], dtype=np.int16),
            "maybe": pd.array([1, None, 3], dtype="Int64"),
            "text": pd.array(["가", None, ""], dtype="str"),
            "old": pd.Series(["a", None, "b"], list("pqr"), dtype=object),
            "any": np.array([Message("x"), None, 2.5], dtype=object),
            "class": pd.Categorical(["b", "a", None], categories=["b", "a"], ordered=True),
            "flag": [True, False, True],
        },
        index=pd.Index(["p", "q", "r"], name="cluster"),
    )


def test_tables_come_back_column_by_column(tmp_path: Path) -> None:
    frame = make_frame()
    frame["again"] = frame["number"]
    found = through(frame, tmp_path)
    pd.testing.assert_frame_equal(found, frame, check_freq=False)
    assert [str(dtype) for dtype in found.dtypes] == [str(dtype) for dtype in frame.dtypes]
    assert found["old"].tolist() == ["a", None, "b"]
    for index in (
        pd.RangeIndex(2, 8, 2, name="n"),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["k", None]),
        pd.Index([0.5, 1.5, 2.5]),
    ):
        pd.testing.assert_index_equal(through(index, tmp_path), index, exact=True)
        series = pd.Series([1.0, 2.0, 3.0], index, name="v")
        pd.testing.assert_series_equal(through(series, tmp_path), series)


def test_shapes_come_back_exactly(tmp_path: Path) -> None:
    shapes = [shapely.box(0, 0, 1 / 3, 1), None, shapely.Point(1e-300, -7)]
    frame = gpd.GeoDataFrame({"name": ["a", "b", "c"]}, geometry=shapes, crs="EPSG:5179")
    found = through(frame, tmp_path)
    assert isinstance(found, gpd.GeoDataFrame)
    assert found.crs == frame.crs
    assert shapely.to_wkb(found.geometry.to_numpy()).tolist() == shapely.to_wkb(shapes).tolist()
    assert through(CRS.from_epsg(4326), tmp_path) == CRS.from_epsg(4326)


def test_arrow_tables_come_back_with_their_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "cell": pa.array(["a", "b", "a"]).dictionary_encode(),
            "n": pa.chunked_array([[1, 2], [None]], pa.int64()),
            "names": pa.array([["x"], [], None]),
        }
    ).replace_schema_metadata({"k": "v"})
    found = through(table, tmp_path)
    assert found.equals(table)
    assert found.schema.equals(table.schema, check_metadata=True)
    text = pa.array(["가", None])
    assert through(text, tmp_path).equals(text)
    assert through(pa.array([], pa.string()), tmp_path).type == pa.string()
    assert through(table["n"], tmp_path).equals(table["n"])


def test_what_is_shared_stays_shared_and_hashes_as_what_is_not(tmp_path: Path) -> None:
    values = np.arange(3.0)
    shared, apart = Box(values, [values]), Box(values.copy(), [values.copy()])
    found = through(shared, tmp_path)
    assert found.content is found.other[0]
    assert hash_value(shared, TYPES) == hash_value(apart, TYPES)
    assert hash_value(apart, TYPES) != hash_value(Box(values, [values + 1]), TYPES)


@dataclass(frozen=True)
class Stranger:
    """A class that no reader names."""

    content: int = 1


@pytest.mark.parametrize(
    "value",
    [Stranger(), object(), open, np.dtype, pd.Timestamp("2020"), np.array(["2020"], "M8[D]")],
)
def test_other_types_are_refused(value: object) -> None:
    with pytest.raises(TypeError, match="a checkpoint cannot hold"):
        pack(Box(value), TYPES, Sink())


@pytest.mark.parametrize(
    "tree",
    [
        ["class", "os.system", {"command": "true"}],
        ["class", f"{__name__}.Stranger", {"content": 1}],
        ["class", f"{__name__}.Box", {"content": 1}],
        ["class", f"{__name__}.Box", {"content": 1, "other": 2, "more": 3}],
        ["eval", "1 + 1"],
        ["array", "|O", [1], [0], 0],
        ["array", "<f8", [-1], [0], 0],
        ["array", "<f8", [10**12], [0], 0],
        ["same", 7],
        {"content": 1},
        [],
    ],
)
def test_trees_that_name_other_things_are_refused(tree: object) -> None:
    content = memoryview(bytearray(64))

    def give(start: int, size: int) -> memoryview:
        if start + size > len(content):
            raise ValueError("a block beyond the file")
        return content[start : start + size]

    with pytest.raises((ValueError, LookupError, TypeError)):
        unpack(json.dumps(tree), TYPES, give)


def test_a_read_only_mapping_comes_back_as_one(tmp_path: Path) -> None:
    found = through(MappingProxyType({"a": 1}), tmp_path)
    assert isinstance(found, MappingProxyType)
    assert found == {"a": 1}


def test_sparse_arrays(tmp_path: Path) -> None:
    times = sparse.csr_array(([2.5, 0.0, 7.0], ([0, 1, 1], [1, 0, 2])), shape=(3, 4))
    found = through(times, tmp_path)
    assert found.shape == (3, 4)
    assert found.nnz == 3  # a road that takes no time is a road
    assert found.toarray().tolist() == times.toarray().tolist()
