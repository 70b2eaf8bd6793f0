"""What is typical of every cluster where no formula says so: links drawn anew, many times.

Every repetition has its own chance, so that any machine may draw any of them: parts are whole
numbers and merge to the same sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clustermap.network.linkages import derive_kinds
from clustermap.sources.world.attachment import GrowthLaw, regrow
from clustermap.sources.world.build import World, read_nation
from clustermap.sources.world.drawing import (
    CHANNEL_KINDS,
    UNSTATED,
    Ends,
    draw_linkages,
    draw_pairs,
    draw_projects,
    keep_level,
)
from clustermap.sources.world.expectation import ROWS, Expected, find_far
from clustermap.sources.world.law import TYPES
from clustermap.sources.world.nation import (
    build_typical,
    draw_noise,
    plant_law,
    read_noise,
    set_stage,
    unplant,
)
from clustermap.sources.world.parameters import open_stream
from clustermap.tables import ACTOR_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from clustermap.sources.world.drawing import Pairs, Projects, Stage
    from clustermap.sources.world.law import Law
    from clustermap.sources.world.nation import Nation
    from clustermap.sources.world.places import Indices, Numbers

BLOCK = 10
"""Repetitions that are drawn together."""

SHARE = 2_520
"""Parts of a link in whole numbers: it holds every share 1 / (k - 1) of 2 to 10 participants."""


@dataclass(frozen=True)
class Redrawn:
    """Sums over repetitions, in whole numbers.

    Parameters
    ----------
    times
        Number of repetitions.
    internal, external
        int64, shape (kinds + 1, clusters) as in Expected: sum of the links.
    internal_squares, external_squares
        Sum of their squares.
    unit
        What one link counts in the sums: 1, or SHARE.
    """

    times: int
    internal: NDArray[np.int64]
    external: NDArray[np.int64]
    internal_squares: NDArray[np.int64]
    external_squares: NDArray[np.int64]
    unit: int = 1

    def expected(self) -> Expected:
        """Return mean and variance over the repetitions.

        Returns
        -------
        Expected
            Variances divide by one less than the repetitions; NaN where there is but one.
        """
        means = [total / self.times for total in (self.internal, self.external)]
        squares = (self.internal_squares, self.external_squares)
        spread = [
            (square - self.times * mean**2) / (self.times - 1)
            if self.times > 1
            else np.full_like(mean, np.nan)
            for square, mean in zip(squares, means, strict=True)
        ]
        square = self.unit**2
        return Expected(
            means[0] / self.unit, means[1] / self.unit, spread[0] / square, spread[1] / square
        )


def merge_redrawn(parts: Iterable[Redrawn]) -> Redrawn:
    """Add up what was drawn apart.

    Parameters
    ----------
    parts
        Different repetitions of one world, at least one.

    Returns
    -------
    Redrawn
        The same for every order and grouping.
    """
    first, *others = parts
    total = first
    for part in others:
        total = Redrawn(
            total.times + part.times,
            total.internal + part.internal,
            total.external + part.external,
            total.internal_squares + part.internal_squares,
            total.external_squares + part.external_squares,
            total.unit,
        )
    return total


def expect_by_redrawing(
    world: World | Nation,
    times: int = 200,
    *,
    seed: int = 0,
    beyond_km: float = 0.0,
    planted: bool = False,
    shares: bool = False,
) -> Expected:
    """Return mean and variance of every cluster's links when they are drawn anew.

    The actors stay and nothing is planted, at the level of the planted world; where links attract
    links, at the level of its start. Multipliers of pairs of cells are drawn anew too.

    Parameters
    ----------
    world
        The world, with its names or without.
    times
        Number of repetitions.
    seed, beyond_km, planted, shares
        As for :func:`redraw`.

    Returns
    -------
    Expected
        By kind and for all kinds together. A project that states no kind counts where its pair's
        ends put it.
    """
    drawn = redraw(
        world, range(times), seed=seed, beyond_km=beyond_km, planted=planted, shares=shares
    )
    return drawn.expected()


def redraw(
    world: World | Nation,
    numbers: range,
    *,
    seed: int = 0,
    beyond_km: float = 0.0,
    planted: bool = False,
    shares: bool = False,
) -> Redrawn:
    """Draw some repetitions, so that several processes can share them.

    Parameters
    ----------
    world
        The world, with its names or without.
    numbers
        Which repetitions. Where links attract links ten are drawn together, so that parts must
        begin at a multiple of ten there.
    seed
        Seed of the repetitions.
    beyond_km
        External links are those with cells whose centres lie farther than this; 0 for all others.
    planted
        Whether the planted clusters keep what is planted in them.
    shares
        Whether a pair of a project of k participants counts 1 / (k - 1), as a run counts it.

    Returns
    -------
    Redrawn
        Sums over the repetitions.

    Raises
    ------
    ValueError
        If a part begins in the middle of a block, or there is none to draw.
    """
    if not numbers or numbers.start % BLOCK or numbers.step != 1:
        raise ValueError(f"{numbers}: begin at a multiple of {BLOCK}, one at least")
    given = read_nation(world) if isinstance(world, World) else world
    level = plant_law(given, build_typical(given, read_noise(given)))
    nation = given if planted else unplant(given)
    far, unit = find_far(nation, beyond_km), 1
    if nation.parameters.attachment > 0 and nation.parameters.project_share == 0:
        drawn = _regrow(nation, numbers, seed, far, level)
    else:
        unit = SHARE if shares else 1
        drawn = _redraw(nation, numbers, seed, far, level, unit)
    clusters = nation.cells.clusters
    sums = np.zeros((4, ROWS, clusters), dtype=np.int64)
    for inside, across in drawn:
        counted = np.stack([inside[:, :clusters], across[:, :clusters]])
        counted[:, -1] = counted[:, :-1].sum(axis=1)
        sums[:2] += counted
        sums[2:] += counted**2
    return Redrawn(len(numbers), sums[0], sums[1], sums[2], sums[3], unit)


_Counts = tuple["NDArray[np.int64]", "NDArray[np.int64]"]


def _regrow(
    nation: Nation, numbers: range, seed: int, far: NDArray[np.bool_], level: Law
) -> Iterator[_Counts]:
    stage = _set_level(nation, None, level)
    law = GrowthLaw.build(nation, stage, far)
    for first in range(numbers.start, numbers.stop, BLOCK):
        rng = open_stream(seed, "redrawing", first // BLOCK)
        inside, across = regrow(rng, law, BLOCK)
        for number in range(min(BLOCK, numbers.stop - first)):
            yield inside[:, number], across[:, number]


def _redraw(
    nation: Nation, numbers: range, seed: int, far: NDArray[np.bool_], level: Law, unit: int
) -> Iterator[_Counts]:
    asked = nation.parameters
    stage = _set_level(nation, None, level)
    ends, links = Ends(stage.law), asked.links - asked.project_links
    for number in numbers:
        if asked.heterogeneity > 0:
            rng = open_stream(seed, "noise", number)
            noise = draw_noise(rng, len(nation.cells.names), asked.heterogeneity)
            stage = _set_level(nation, noise, level)
            ends = Ends(stage.law)
        if stage.attachment > 0:
            drawn = draw_linkages(seed, stage, links, asked.project_links, number)
        else:
            drawn = (
                draw_pairs(open_stream(seed, "pairs", number), stage, links, ends),
                draw_projects(
                    open_stream(seed, "projects", number), stage, asked.project_links, ends
                ),
            )
        yield count_sides(stage, drawn, far, unit)


def _set_level(nation: Nation, noise: Numbers | None, level: Law) -> Stage:
    return keep_level(set_stage(nation, plant_law(nation, build_typical(nation, noise))), level)


def count_sides(
    stage: Stage, drawn: tuple[Pairs, Projects], far: NDArray[np.bool_], unit: int = 1
) -> _Counts:
    """Count links within cells and with others, by kind.

    Parameters
    ----------
    stage
        What they were drawn from.
    drawn
        Pairs and projects.
    far
        Which pairs of cells external links may join.
    unit
        1: every pair of a project counts one; SHARE: it counts SHARE / (k - 1), a link SHARE.

    Returns
    -------
    tuple
        Two of int64, shape (kinds + 1, cells): inside and across; the last row is left for sums.
    """
    pairs, projects = drawn
    kind = CHANNEL_KINDS[pairs.channel].astype(np.int64)
    parts = [(pairs.source, pairs.target, kind, 2), *_expand(stage, projects)]
    cells = len(stage.law.counts)
    inside, across = np.zeros((2, ROWS * cells), dtype=np.int64)
    home = len(stage.roster.groups)
    for one, other, kinds, size in parts:
        credit = unit // (size - 1) if unit > 1 else 1
        here = (one < home) & (other < home)
        a, b = stage.roster.cells[one[here]], stage.roster.cells[other[here]]
        row = kinds[here] * cells
        within, apart = a == b, far[a, b]
        inside += credit * np.bincount((row + a)[within], minlength=ROWS * cells)
        for end in (a, b):
            across += credit * np.bincount((row + end)[apart], minlength=ROWS * cells)
    return inside.reshape(ROWS, cells), across.reshape(ROWS, cells)


def _expand(stage: Stage, projects: Projects) -> Iterator[tuple[Indices, Indices, Indices, int]]:
    codes = np.array([ACTOR_TYPES.index(kind) for kind in TYPES], dtype=np.uint8)
    types = codes[np.append(stage.roster.types, stage.partners)]
    starts = np.flatnonzero(np.diff(projects.project, prepend=-1))
    sizes = np.diff(np.append(starts, len(projects.project)))
    for size in np.unique(sizes[sizes > 1]):
        i, j = np.triu_indices(size, k=1)
        begin = starts[sizes == size][:, None]
        one, other = (begin + i).ravel(), (begin + j).ravel()
        kind = projects.kind[one].astype(np.int64)
        a, b = projects.actor[one], projects.actor[other]
        kinds = np.where(kind == UNSTATED, derive_kinds(types[a], types[b]), kind)
        yield a, b, kinds, int(size)
