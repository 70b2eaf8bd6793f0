"""Ends: which strata links join, whatever cells they join, in whole numbers that merge anyhow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from clustermap.network.flows import UNORDERED, exchange, orient
from clustermap.network.running import Key, Keys
from clustermap.network.strata import LEFT_OUT
from clustermap.network.sums import sum_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from clustermap.layers.actors import Register
    from clustermap.network.flows import Oriented

_KEYS = ["kind", "channel", "first", "second"]
_UNORDERED = np.isin(np.arange(256), UNORDERED)


END_KEYS = Keys(
    (
        *(Key(name, np.dtype(np.uint8), 256) for name in _KEYS[:2]),
        *(Key(name, np.dtype(np.int16), 2**15) for name in _KEYS[2:]),
    )
)
"""What tells links between strata apart, for running sums."""


def count_ends(edges: pa.Table, register: Register) -> pa.Table:
    """Count the links between strata.

    In a channel without direction the two ends are those of the flow, which the codes of its cells
    turn, and within one cell the smaller stratum comes first: both ways round mean the same.
    Links with an end abroad, or with an actor of whom no place is known, are left out: the null
    model says nothing of them.

    Parameters
    ----------
    edges
        EDGES.
    register
        Types, cells and strata of the actors.

    Returns
    -------
    pa.Table
        kind, channel (uint8), first, second (int16; strata of the two ends, turned as flows are),
        links, credit (int64); one row a combination.
    """
    return sum_rows(pa.table(list_ends(orient(edges, register), register)), _KEYS)


def list_ends(turned: Oriented, register: Register) -> dict[str, npt.NDArray[Any]]:
    """Return every link that the null model speaks of as a row of ends.

    Parameters
    ----------
    turned
        From :func:`clustermap.network.flows.orient`.
    register
        Types, cells and strata of the actors.

    Returns
    -------
    dict
        The columns of :func:`count_ends`, before they are added up.
    """
    first, second = register.stratum.take(turned.a), register.stratum.take(turned.b)
    turn = (turned.source == turned.target) & _UNORDERED[turned.channel] & (first > second)
    first, second = exchange(first, second, turn)
    held = (first != LEFT_OUT) & (second != LEFT_OUT)
    rows: dict[str, npt.NDArray[Any]] = {
        "kind": turned.kind,
        "channel": turned.channel,
        "first": first,
        "second": second,
        "links": np.ones(len(first), dtype=np.int64),
        "credit": turned.credit,
    }
    return rows if held.all() else {name: column.compress(held) for name, column in rows.items()}


def merge_ends(ends: Sequence[pa.Table]) -> pa.Table:
    """Add counted ends up.

    Parameters
    ----------
    ends
        Results of count_ends, at least one.

    Returns
    -------
    pa.Table
        One table of the same form; the same for every order and grouping.
    """
    return sum_rows(pa.concat_tables(ends), _KEYS)
