"""Tallies: actors and employees by cell and stratum, in whole numbers that merge in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from clustermap.layers.industries import CodedIndustries

SIZE_CLASSES = (0, 10, 50, 250)
"""Lower bounds of the size classes in employees (micro, small, medium, large: EU 2003/361/EC)."""

UNKNOWN_SIZE = len(SIZE_CLASSES)
STRATUM = ["cell", "type", "size_class", "sector", "group"]
_SUMS = ["actors", "employees", "employed", "employees_squared"]


def size_classes(employees: pa.Array | None, size: int) -> npt.NDArray[np.int8]:
    """Return the size classes of actors.

    Parameters
    ----------
    employees
        int64 with nulls where unknown; None where nothing is known of anyone.
    size
        Number of actors.

    Returns
    -------
    np.ndarray
        int8; position in SIZE_CLASSES, UNKNOWN_SIZE where unknown.

    Examples
    --------
    >>> size_classes(pa.array([9, 10, None]), 3).tolist()
    [0, 1, 4]
    """
    if employees is None:
        return np.full(size, UNKNOWN_SIZE, dtype=np.int8)
    known = np.asarray(pc.is_valid(employees).to_numpy(zero_copy_only=False))
    persons = np.asarray(pc.fill_null(employees, 0).to_numpy(zero_copy_only=False))
    classes = np.searchsorted(SIZE_CLASSES, persons, side="right") - 1
    return np.where(known, classes, UNKNOWN_SIZE).astype(np.int8)


def count_tallies(
    cells: npt.NDArray[np.int32],
    types: npt.NDArray[np.uint8],
    employees: pa.Array | None,
    industries: CodedIndustries | None,
) -> pa.Table:
    """Count actors by cell and stratum.

    Parameters
    ----------
    cells
        int32; cell of each actor.
    types
        uint8; actor type.
    employees
        int64 with nulls where unknown; None where the layer has none.
    industries
        Division and strategic industries; None where the layer has none.

    Returns
    -------
    pa.Table
        STRATUM columns, actors, employees, employed (actors whose employees are known),
        employees_squared (sum of the squared employees of each actor), largest.

    Notes
    -----
    The door lets no more than 10^7 employees pass for one firm, so that squares sum to whole
    numbers of int64 up to 92,000 firms of that size: more persons than live.
    """
    size = len(cells)
    known = np.zeros(size, dtype=bool)
    persons = np.zeros(size, dtype=np.int64)
    if employees is not None:
        known = np.asarray(pc.is_valid(employees).to_numpy(zero_copy_only=False))
        persons = np.asarray(pc.fill_null(employees, 0).to_numpy(zero_copy_only=False))
    none = np.zeros(size, dtype=np.int16)
    tallies = pa.table(
        {
            "cell": cells,
            "type": types,
            "size_class": size_classes(employees, size),
            "sector": none if industries is None else industries.sector,
            "group": none if industries is None else industries.group,
            "actors": np.ones(size, dtype=np.int64),
            "employees": persons,
            "employed": known.astype(np.int64),
            "employees_squared": persons * persons,
            "largest": persons,
        }
    )
    return merge_tallies([tallies])


def merge_tallies(tallies: Sequence[pa.Table]) -> pa.Table:
    """Add tallies up.

    Parameters
    ----------
    tallies
        Results of count_tallies, at least one.

    Returns
    -------
    pa.Table
        One table of the same form; the same for every order and grouping.
    """
    summed = (
        pa.concat_tables(tallies)
        .group_by(STRATUM, use_threads=False)
        .aggregate([*((name, "sum") for name in _SUMS), ("largest", "max")])
    )
    renamed = summed.rename_columns(
        {**{f"{name}_sum": name for name in _SUMS}, "largest_max": "largest"}
    )
    return renamed.select([*STRATUM, *_SUMS, "largest"]).sort_by(
        [(name, "ascending") for name in STRATUM]
    )
