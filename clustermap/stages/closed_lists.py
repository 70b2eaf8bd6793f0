"""Closed lists: a table most of whose faults are words of the user's own is told which are ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from clustermap.errors import TableFault, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from clustermap.project import Source
    from clustermap.tables import Table

_VALUES_NAMED = 6
_LONGEST = 40  # characters of a value in a list of several


@contextmanager
def name_choices(table: Table, source: Source, faults: pa.Table) -> Iterator[None]:
    """Where rows stop the run because their values are not in a closed list, say both lists.

    Parameters
    ----------
    table
        Declaration of the table.
    source
        Its section of the project file.
    faults
        FAULTS of the table.

    Yields
    ------
    None
        The block settles the table.

    Raises
    ------
    TableFault
        ``unknown_choices`` instead of what the block raises, where most faults are such values:
        another limit, or none, would help nobody then.
    """
    try:
        yield
    except TableFault as fault:
        unknown = faults.filter(pc.equal(faults["reason"], "unknown_choice"))
        if 2 * unknown.num_rows <= faults.num_rows:
            raise
        first = unknown.sort_by("line").slice(0, 1).to_pylist()[0]
        ours, values = first["column"], dict[str, Any](fault.values)
        of_column = unknown.filter(pc.equal(unknown["column"], ours))
        listed = _list_values(of_column["value"])
        raise TableFault(
            "unknown_choices",
            table=fault.table,
            column=source.columns.get(ours, ours),
            row=first["line"],
            ours=ours,
            first=listed[0],
            listed=", ".join(f"'{value}'" for value in listed[:_VALUES_NAMED])
            + (", …" if len(listed) > _VALUES_NAMED else ""),
            allowed=", ".join(table.column(ours).choices),
            refused=of_column.num_rows,
            read=values["read"],
        ) from fault


def _list_values(column: pa.ChunkedArray) -> list[str]:
    """Return the distinct values, the commonest first."""
    counted = column.value_counts().to_pylist()
    ordered = sorted(counted, key=lambda one: (-one["counts"], one["values"]))
    return [shorten(one["values"], _LONGEST) for one in ordered]
