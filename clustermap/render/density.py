"""Firm density packed into little text, for the layer of squares under the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clustermap.publish.density import WHOLE
from clustermap.publish.squares import COARSEST, FINEST, join_codes
from clustermap.render.outlines import pack_numbers
from clustermap.render.safe import clean_text

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.publish.density import Density, Leaves
    from clustermap.render import contract

    Marks = npt.NDArray[np.bool_]


def pack_density(density: Density) -> contract.Density:
    """Pack the leaves of all layers.

    Parameters
    ----------
    density
        What may leave of where firms are.

    Returns
    -------
    dict
        ``coarsest`` (level), ``unplaced`` and ``withheld`` (firms), and ``layers``: a list of
        ``industry`` (None for all firms), ``squares`` and ``joined``. Both are numbers as
        :func:`clustermap.render.outlines.pack_numbers` writes them. In ``squares`` each level from
        the coarsest to the finest has its number of leaves that are whole squares, then for each
        leaf the step of its Morton code from the leaf before (the first from 0) and its firms;
        ``joined`` has the leaves of some quarters, with the quarters as bits (1 north-west,
        2 north-east, 4 south-west, 8 south-east) between the step and the firms. In a Morton code
        the bits of column (the lowest) and row stand by turns.
    """
    return {
        "coarsest": COARSEST,
        "unplaced": density.unplaced,
        "withheld": density.layers[None].withheld,
        "layers": [
            {
                "industry": None if industry is None else clean_text(industry),
                "squares": _pack_leaves(leaves, leaves.quarters == WHOLE, joined=False),
                "joined": _pack_leaves(leaves, leaves.quarters != WHOLE, joined=True),
            }
            for industry, leaves in density.layers.items()
        ],
    }


def _pack_leaves(leaves: Leaves, wanted: Marks, *, joined: bool) -> str:
    numbers: list[npt.NDArray[np.int64]] = []
    for level in range(COARSEST, FINEST + 1):
        at = np.flatnonzero(wanted & (leaves.level == level))
        codes = join_codes(leaves.x[at], leaves.y[at])
        columns = [np.diff(codes, prepend=0), leaves.firms[at]]
        if joined:
            columns.insert(1, leaves.quarters[at].astype(np.int64))
        numbers.extend((np.array([len(at)], dtype=np.int64), np.column_stack(columns).ravel()))
    return pack_numbers(np.concatenate(numbers))
