"""Grants: what support programmes give to actors, or to clusters as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap.checks import Checked, quote_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from clustermap.layers.actors import Register


def settle_grants(
    table: str, checked: Checked, register: Register, clusters: Sequence[str]
) -> Checked:
    """Set grants aside of which nobody knows who got them, or that end before they start.

    Parameters
    ----------
    table
        Name of the input table.
    checked
        Typed rows.
    register
        Every actor.
    clusters
        Ids of the clusters.

    Returns
    -------
    Checked
        Rows whose beneficiary is either one actor or one cluster, and the faults: ends of no layer
        are set aside as they are in linkages.
    """
    rows = checked.rows
    given = rows["beneficiary"].combine_chunks()
    actor = register.find(given) >= 0
    whole = _marks(pc.is_in(given, value_set=pa.array(clusters, pa.string())))
    backwards = np.zeros(rows.num_rows, dtype=bool)
    if {"start", "end"} <= set(rows.column_names):
        backwards = _marks(pc.less(rows["end"], rows["start"]).combine_chunks())
    faults, bad = [checked.faults], np.zeros(rows.num_rows, dtype=bool)
    for column, mask, reason in (
        ("beneficiary", ~actor & ~whole, "unknown_beneficiary"),
        ("beneficiary", actor & whole, "actor_and_cluster"),
        ("end", backwards, "ends_before_start"),
    ):
        if mask.any():
            faults.append(quote_rows(table, rows, mask & ~bad, column=column, reason=reason))
        bad |= mask
    return Checked(rows.filter(pa.array(~bad)), pa.concat_tables(faults), checked.mended)


def _marks(mask: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.fill_null(mask, False).to_numpy(zero_copy_only=False), dtype=bool)
