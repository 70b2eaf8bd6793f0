"""Ends: which strata links join, whatever cells they join, in whole numbers that merge anyhow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from clustermap.network.flows import UNORDERED, orient
from clustermap.network.strata import LEFT_OUT
from clustermap.network.sums import sum_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clustermap.layers.actors import Register
    from clustermap.network.flows import Oriented

_KEYS = ["kind", "channel", "first", "second"]
_UNORDERED = np.isin(np.arange(256), UNORDERED)


def count_ends(edges: pa.Table, register: Register, turned: Oriented | None = None) -> pa.Table:
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
    turned
        From :func:`orient`, where it is known already.

    Returns
    -------
    pa.Table
        kind, channel (uint8), first, second (int16; strata of the two ends, turned as flows are),
        links, credit (int64); one row a combination.
    """
    turned = orient(edges, register) if turned is None else turned
    first, second = register.stratum[turned.a], register.stratum[turned.b]
    within = turned.source == turned.target
    turn = within & _UNORDERED[turned.channel] & (first > second)
    first, second = np.where(turn, second, first), np.where(turn, first, second)
    held = (first != LEFT_OUT) & (second != LEFT_OUT)
    counted = pa.table(
        {
            "kind": turned.kind[held],
            "channel": turned.channel[held],
            "first": first[held],
            "second": second[held],
            "links": np.ones(int(held.sum()), dtype=np.int64),
            "credit": turned.credit[held],
        }
    )
    return sum_rows(counted, _KEYS)


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
