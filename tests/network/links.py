"""Drawn links between actors: written down by hand, or a nation in which nothing is planted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clustermap.network.actor_links import ActorLinks, Ends, Membership, list_ends

if TYPE_CHECKING:
    import numpy.typing as npt

CREDIT = 10**9


@dataclass(frozen=True)
class Drawing:
    """Links, and which clusters hold whom."""

    links: ActorLinks
    members: Membership

    @property
    def ends(self) -> Ends:
        return list_ends(self.links, self.members)


def write_links(
    rows: list[tuple[int, int]],
    unit: list[int] | None = None,
    directed: list[bool] | None = None,
) -> ActorLinks:
    """Return links from pairs of actors; without units each link is one of its own."""
    a, b = np.array(rows, dtype=np.int32).reshape(-1, 2).T
    return ActorLinks(
        a=a,
        b=b,
        directed=np.array(directed or [False] * len(rows), dtype=bool),
        unit=np.array(unit or [-1] * len(rows), dtype=np.int32),
        credit=np.full(len(rows), CREDIT, dtype=np.int64),
    )


def hold(cell: list[int], clusters: int) -> Membership:
    """Return membership where cell k is cluster k, and cells beyond lie outside all clusters."""
    held = np.arange(clusters)
    return Membership(np.array(cell, dtype=np.int32), held, held, clusters)


def draw(
    rows: list[tuple[int, int]],
    cell: list[int],
    clusters: int,
    unit: list[int] | None = None,
    directed: list[bool] | None = None,
) -> Drawing:
    return Drawing(write_links(rows, unit, directed), hold(cell, clusters))


def draw_null(seed: int, clusters: int = 250, links: int = 60_000) -> Drawing:
    """Draw a nation of clusters of very different size in which nothing is planted.

    Every actor has a propensity of its own (gamma, size 1/2: few have most links); a link takes its
    ends by propensity, and with the same chance everywhere the other end is from the same cluster.
    """
    rng = np.random.default_rng(seed)
    size = np.minimum(np.ceil(rng.pareto(1.1, clusters) * 30 + 12), 3000).astype(int)
    cell = np.repeat(np.arange(clusters), size)
    scale = np.cumsum(rng.gamma(0.5, size=len(cell)))
    stop = np.cumsum(size)
    top = scale[stop - 1]
    bottom = np.r_[0.0, top[:-1]]
    a = np.searchsorted(scale, rng.random(links) * scale[-1])
    home = cell[np.minimum(a, len(cell) - 1)]
    own = rng.random(links) < 0.35
    low, high = np.where(own, bottom[home], 0), np.where(own, top[home], scale[-1])
    b = np.searchsorted(scale, low + (high - low) * rng.random(links))
    ends = np.minimum(np.stack([a, b]), len(cell) - 1).astype(np.int32)
    kept = ends[:, ends[0] != ends[1]]
    none = np.zeros(kept.shape[1], dtype=bool)
    units = np.full(kept.shape[1], -1, dtype=np.int32)
    credit = np.full(kept.shape[1], CREDIT, dtype=np.int64)
    return Drawing(ActorLinks(kept[0], kept[1], none, units, credit), hold(cell.tolist(), clusters))


def relabel(drawing: Drawing, seed: int) -> tuple[Drawing, npt.NDArray[np.int64]]:
    """Give actors of a cell other numbers and put links in another order, ends turned round.

    Returns the drawing and the new number of every actor; directed links keep their direction.
    """
    rng = np.random.default_rng(seed)
    cell = drawing.members.cell
    number = np.arange(len(cell))
    for place in np.unique(cell):
        here = np.flatnonzero(cell == place)
        number[here] = rng.permutation(here)
    links = drawing.links
    order = rng.permutation(len(links.a))
    turn = (rng.random(len(order)) < 0.5) & ~links.directed[order]
    a, b = number[links.a[order]], number[links.b[order]]
    moved = ActorLinks(
        np.where(turn, b, a),
        np.where(turn, a, b),
        links.directed[order],
        links.unit[order],
        links.credit[order],
    )
    return Drawing(moved, drawing.members), number
