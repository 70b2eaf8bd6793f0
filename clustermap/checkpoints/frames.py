"""Columns of pandas tables, by their types: each comes back as what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from geopandas.array import GeometryDtype

if TYPE_CHECKING:
    from collections.abc import Callable

    Pack = Callable[[Any], Any]

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
        texts = pa.array(values.to_numpy(object, na_value=None), pa.large_string())
        return ["strings", str(dtype.storage), dtype.na_value is pd.NA, pack(texts)]
    if str(dtype) in _MASKED:
        return ["masked", str(dtype), pack(pa.array(column, from_pandas=True))]
    if dtype == object:
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
    if tag == "numbers":
        return unpack(parts[0])
    if tag == "texts":
        return unpack(parts[0]).to_numpy(zero_copy_only=False)
    if tag == "objects":
        found = np.empty(len(parts), dtype=object)
        for at, part in enumerate(parts):
            found[at] = unpack(part)
        return found
    if tag == "strings":
        storage, with_na, texts = parts
        dtype = pd.StringDtype(storage, na_value=pd.NA if with_na else np.nan)
        return dtype.__from_arrow__(unpack(texts))
    if tag == "masked":
        return _MASKED[parts[0]]().__from_arrow__(unpack(parts[1]))
    if tag == "categories":
        codes, categories = map(unpack, parts[:2])
        dtype = pd.CategoricalDtype(categories, ordered=parts[2])
        return pd.Categorical.from_codes(codes, dtype=dtype)
    if tag == "shapes":
        shapes = unpack(parts[0]).to_numpy(zero_copy_only=False)
        return gpd.array.from_wkb(shapes, crs=unpack(parts[1]))
    raise ValueError(f"no column of kind {tag!r}")
