"""Drawn links between actors: written down by hand, or a nation in which nothing is planted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
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


def draw_null(seed: int, clusters: int = 250, units: int = 60_000, *, partners: int = 2) -> Drawing:
    """Draw a nation of clusters of very different size in which nothing is planted.

    Every actor has a propensity of its own (gamma, size 1/2: few have most links). A unit takes its
    first partner by propensity, and each of the others, with the same chance everywhere, from the
    same cluster or from anywhere. With more than two partners units are projects: all pairs.
    """
    rng = np.random.default_rng(seed)
    size = np.minimum(np.ceil(rng.pareto(1.1, clusters) * 30 + 12), 3000).astype(int)
    cell = np.repeat(np.arange(clusters), size)
    scale = np.cumsum(rng.gamma(0.5, size=len(cell)))
    top = scale[np.cumsum(size) - 1]
    bottom = np.r_[0.0, top[:-1]]

    def choose(low: npt.ArrayLike, high: npt.ArrayLike) -> npt.NDArray[np.int32]:
        place = low + (np.asarray(high) - low) * rng.random(units)
        return np.minimum(np.searchsorted(scale, place), len(cell) - 1).astype(np.int32)

    who = [choose(0.0, scale[-1])]
    home = cell[who[0]]
    for _ in range(partners - 1):
        own = rng.random(units) < 0.35
        who.append(choose(np.where(own, bottom[home], 0), np.where(own, top[home], scale[-1])))
    pairs = list(combinations(who, 2))
    a, b = (np.concatenate([pair[end] for pair in pairs]) for end in (0, 1))
    number = np.arange(units, dtype=np.int32) if partners > 2 else np.full(units, -1, np.int32)
    links = ActorLinks(
        a=a,
        b=b,
        directed=np.zeros(len(a), dtype=bool),
        unit=np.tile(number, len(pairs)),
        credit=np.full(len(a), CREDIT // (partners - 1), dtype=np.int64),
    )
    return Drawing(links, hold(cell.tolist(), clusters))


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
