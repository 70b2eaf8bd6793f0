r"""Small maps with members and distances by hand, for the nulls.

           A ---- 8 km ---- B          fields: nobody lives there
          3 s, 1 t         2 s
              \            /
               \  50 km   /
                \        /
                 C: 2 t

Bins end at 10 km and at 30 km; what is farther and what is unknown follow. All pairs within A and B
are within 10 km; of those between A and B one half, and three quarters of those within C, which is
large. The rest are within 30 km.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.layers.cells import Cells
from clustermap.network.null import Channel
from clustermap.network.pairs import SIZE_EXPONENTS, Pairs, count_pairs, relative_sizes
from clustermap.network.space import Space
from clustermap.network.strata import NOT_A_FIRM, Strata
from clustermap.tables import ACTOR_TYPES, KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from clustermap.network.expected import Block

    Numbers = npt.NDArray[np.float64]
    Whole = npt.NDArray[np.int64]

EDGES_M = np.array([10_000.0, 30_000.0])
NEAR, AROUND, FAR, UNKNOWN = range(4)
A, B, C, FIELDS = range(4)

FIRM, UNIVERSITY = ACTOR_TYPES.index("firm"), ACTOR_TYPES.index("university")
UNORDERED = Channel(KINDS.index("firm_firm"), FIRM * len(ACTOR_TYPES) + FIRM)
ORIENTED = Channel(KINDS.index("research"), FIRM * len(ACTOR_TYPES) + UNIVERSITY)
DIRECTED = Channel(KINDS.index("transfer"), len(ACTOR_TYPES) ** 2 + FIRM * len(ACTOR_TYPES) + FIRM)

MEMBERS = np.array([[3, 1], [2, 0], [0, 2], [0, 0]])
TWO_SECTORS = Strata(
    np.array([FIRM, FIRM], np.uint8), np.array([0, 0], np.int8), np.array([0, 1], np.int16)
)
FIRMS_AND_UNIVERSITIES = Strata(
    np.array([FIRM, UNIVERSITY], np.uint8),
    np.array([0, 0], np.int8),
    np.array([0, NOT_A_FIRM], np.int16),
)


def count_gone(cell: int, members: Whole, space: Space) -> Pairs:
    """Return the pairs that go with a cell: all, but for those of a nation without it."""
    rest = members.copy()
    rest[cell] = 0
    every, left = count_pairs(members, space).counts, rest.any(axis=1)
    if not left.any():
        return Pairs(every)
    # Without the cell others are larger or smaller against the mean: sizes are held.
    held = (relative_sizes(members) / relative_sizes(rest))[left][0]
    factors = held ** (2 * SIZE_EXPONENTS[:, None, None, None])
    return Pairs(every - count_pairs(rest, space).counts * factors)


def draw_space(
    bins: npt.ArrayLike, near: Sequence[tuple[int, int]], shares: npt.ArrayLike
) -> Space:
    """Return distances between cells of which only the bins matter."""
    told = np.array(bins, dtype=np.uint8)
    nowhere = np.full(len(told), np.nan)
    pairs = np.array(near, dtype=np.int32).reshape(-1, 2)
    return Space(EDGES_M, told, pairs, np.array(shares, dtype=float), nowhere, nowhere)


SPACE = draw_space(
    [
        [NEAR, NEAR, FAR, UNKNOWN],
        [NEAR, NEAR, FAR, UNKNOWN],
        [FAR, FAR, NEAR, UNKNOWN],
        [UNKNOWN] * 4,
    ],
    [(A, A), (A, B), (B, B), (C, C)],
    [[1, 0, 0, 0], [0.5, 0.5, 0, 0], [1, 0, 0, 0], [0.75, 0.25, 0, 0]],
)


def draw_chance_space(rng: np.random.Generator, cells: int) -> Space:
    """Return distances of chance: some pairs of cells are near, and every cell is to itself."""
    bins = rng.integers(0, 4, (cells, cells))
    bins = np.triu(bins) + np.triu(bins, 1).T
    one, other = np.triu_indices(cells)
    held = (one == other) | (rng.random(len(one)) < 0.3)
    near = list(zip(one[held].tolist(), other[held].tolist(), strict=True))
    return draw_space(bins, near, rng.dirichlet(np.ones(4), len(near)))


def hold(cells: int, clusters: int) -> Cells:
    """Return cells of which the first are clusters."""
    own = np.arange(clusters, dtype=np.int32)
    return Cells(tuple(f"c{at}" for at in range(cells)), clusters, own, own)


def list_flows(block: Block, space: Space) -> pd.DataFrame:
    """Return expected links as if they had been observed: source, target, band, links.

    Near pairs have a row for every bin that some of their links fall into.
    """
    at, to = np.nonzero(np.triu(block.links) if block.unordered else block.links)
    source, target, links = block.rows[at], block.columns[to], block.links[at, to]
    row = space.find_near(source.astype(np.int32), target.astype(np.int32))
    shares = np.zeros((len(source), space.shares.shape[1]))
    shares[np.arange(len(source)), space.bins[source, target]] = 1.0
    shares[row >= 0] = space.shares[row[row >= 0]]
    by_bin = shares * block.bins
    by_bin *= (links / by_bin.sum(axis=1))[:, None]
    pair, band = np.nonzero(by_bin)
    return pd.DataFrame(
        {
            "source": source[pair],
            "target": target[pair],
            "band": band,
            "links": by_bin[pair, band],
        }
    )


def list_pairs(members: Whole, space: Space, channel: Channel, strata: Strata) -> pd.DataFrame:
    """Return the pairs available to a channel, counted one cell and stratum after another.

    One row for each pair of cells, of strata and distance bin: source, target, first, second,
    band, pairs, same (firms of one sector), size (log of the product of the cells' sizes).
    """
    actors = members.sum(axis=1)
    size = actors / actors[actors > 0].mean()
    rows = []
    for a, b in np.ndindex(len(members), len(members)):
        for s, t in np.ndindex(len(strata), len(strata)):
            if (strata.type[s], strata.type[t]) != channel.types:
                continue
            if channel.unordered and (a > b or (a == b and s > t)):
                continue
            many = float(members[a, s] * members[b, t])
            if a == b and s == t:
                many = members[a, s] * (members[a, s] - 1) / (2 if channel.unordered else 1)
            if many <= 0:
                continue
            (row,) = space.find_near(np.array([a]), np.array([b]))
            shares = space.shares[row] if row >= 0 else np.eye(4)[space.bins[a, b]]
            same = strata.sector[s] == strata.sector[t] and strata.sector[s] >= 0
            rows += [
                (a, b, s, t, band, many * share, same, np.log(size[a] * size[b]))
                for band, share in enumerate(shares)
                if share
            ]
    columns = ["source", "target", "first", "second", "band", "pairs", "same", "size"]
    whole = dict.fromkeys(["source", "target", "first", "second", "band"], np.int64)
    found = pd.DataFrame(rows, columns=columns)
    return found.astype({**whole, "pairs": float, "same": bool, "size": float})
