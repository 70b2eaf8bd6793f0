"""Columns of pandas tables, by their types: each comes back as what it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from geopandas.array import GeometryDtype

Pack = Callable[[Any], Any]
"""Writes, or reads, what a column is made of."""

_MASKED: dict[str, Any] = {
    "Int8": pd.Int8Dtype,
    "Int16": pd.Int16Dtype,
    "Int32": pd.Int32Dtype,
    "Int64": pd.Int64Dtype,
    "UInt8": pd.UInt8Dtype,
    "UInt16": pd.UInt16Dtype,
    "UInt32": pd.UInt32Dtype,
    "UInt64": pd.UInt64Dtype,
    "Float32": pd.Float32Dtype,
    "Float64": pd.Float64Dtype,
    "boolean": pd.BooleanDtype,
}


def pack_column(column: pd.Series[Any], pack: Pack) -> list[Any]:
    """Write a column.

    Parameters
    ----------
    column
        The column; its index is left aside.
    pack
        Writes arrays and plain values.

    Returns
    -------
    list
        A node for :func:`unpack_column`.

    Raises
    ------
    TypeError
        If it is of a type that is not known here.
    """
    dtype, values = column.dtype, column.array
    if isinstance(dtype, GeometryDtype):
        shapes = pa.array(shapely.to_wkb(np.asarray(values), include_srid=False), pa.large_binary())
        return ["shapes", pack(shapes), pack(values.crs)]
    if isinstance(dtype, pd.CategoricalDtype):
        codes = np.asarray(column.cat.codes)
        return ["categories", pack(codes), pack(dtype.categories), bool(dtype.ordered)]
    if isinstance(dtype, pd.StringDtype):
        texts = pa.array(values, pa.large_string(), from_pandas=True)
        if isinstance(texts, pa.ChunkedArray):  # equal columns are written alike
            texts = texts.combine_chunks()
        return ["strings", str(dtype.storage), dtype.na_value is pd.NA, pack(texts)]
    if str(dtype) in _MASKED:
        return ["masked", str(dtype), pack(pa.array(column, from_pandas=True))]
    if isinstance(dtype, np.dtype) and dtype.kind == "O":
        return _pack_objects(np.asarray(values, dtype=object), pack)
    if isinstance(dtype, np.dtype):
        return ["numbers", pack(column.to_numpy())]
    raise TypeError(f"a checkpoint cannot hold a column of {dtype}")


def _pack_objects(values: np.ndarray[Any, Any], pack: Pack) -> list[Any]:
    if all(type(value) is str or value is None for value in values):
        return ["texts", pack(pa.array(values, pa.large_string()))]
    return ["objects", *map(pack, values)]


def unpack_column(node: list[Any], unpack: Pack) -> Any:  # noqa: ANN401 -- array of its type
    """Read a column.

    Parameters
    ----------
    node
        From :func:`pack_column`.
    unpack
        Reads arrays and plain values.

    Returns
    -------
    array
        The values.

    Raises
    ------
    ValueError
        If it is no node of ours.
    """
    tag, *parts = node
    if tag not in _READERS:
        raise ValueError(f"no column of kind {tag!r}")
    return _READERS[tag](unpack, *parts)


def _unpack_objects(unpack: Pack, *parts: Any) -> Any:  # noqa: ANN401 -- values of any type
    found = np.empty(len(parts), dtype=object)
    for at, part in enumerate(parts):
        found[at] = unpack(part)
    return found


def _unpack_strings(unpack: Pack, storage: str, with_na: bool, texts: Any) -> Any:  # noqa: ANN401, FBT001
    missing = pd.NA if with_na else np.nan
    kept: Literal["python", "pyarrow"] = "python" if storage == "python" else "pyarrow"
    return pd.array(unpack(texts), dtype=pd.StringDtype(kept, na_value=missing))


def _unpack_categories(unpack: Pack, codes: Any, categories: Any, ordered: bool) -> Any:  # noqa: ANN401, FBT001
    places, named = unpack(codes), unpack(categories)
    dtype: pd.CategoricalDtype[Any] = pd.CategoricalDtype(named, ordered=ordered)
    return pd.Categorical.from_codes(places, dtype=dtype)


def _unpack_shapes(unpack: Pack, shapes: Any, crs: Any) -> Any:  # noqa: ANN401
    found = unpack(shapes).to_numpy(zero_copy_only=False)
    return gpd.array.from_wkb(found, crs=unpack(crs))


_READERS: dict[str, Callable[..., Any]] = {
    "numbers": lambda unpack, values: unpack(values),
    "texts": lambda unpack, texts: unpack(texts).to_numpy(zero_copy_only=False),
    "objects": _unpack_objects,
    "strings": _unpack_strings,
    "masked": lambda unpack, dtype, values: _MASKED[dtype]().__from_arrow__(unpack(values)),
    "categories": _unpack_categories,
    "shapes": _unpack_shapes,
}
