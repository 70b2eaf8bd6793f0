"""The actors of a fictional world, sorted so that one of a cell and type is found at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from clustermap.sources.world.law import TYPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustermap.sources.world.places import Indices, Numbers

BOOKED = 0.8
"""Share of the links of a plant that are booked at its head office, where they are booked so."""
_TRIES = 16  # an actor drawn as its own partner is drawn anew so often; then the next one steps in


@dataclass(frozen=True)
class Roster:
    """The actors sorted by cell and type.

    Parameters
    ----------
    groups
        ``cell * len(TYPES) + type`` of every actor, ascending.
    inside
        Relative chance that an actor is the one linked, for links within its cell.
    outside
        The same for links with other cells.
    office
        Position at which an actor's links may be booked: its head office; its own where none is.
    """

    groups: Indices
    inside: Numbers
    outside: Numbers
    office: Indices

    @cached_property
    def bounds(self) -> Indices:
        """First position of every group, and one more."""
        wanted = np.arange(int(self.groups.max(initial=-1)) + 2)
        return np.searchsorted(self.groups, wanted, "left")

    @cached_property
    def cells(self) -> NDArray[np.int32]:
        """Cell of every actor."""
        return np.asarray(self.groups // len(TYPES), dtype=np.int32)

    @cached_property
    def types(self) -> NDArray[np.uint8]:
        """Type of every actor, as a position in TYPES."""
        return np.asarray(self.groups % len(TYPES), dtype=np.uint8)

    @cached_property
    def _reach(self) -> tuple[Numbers, Numbers]:
        inside = np.append(0.0, np.cumsum(self.inside))
        if self.outside is self.inside:
            return inside, inside
        return inside, np.append(0.0, np.cumsum(self.outside))

    def draw(
        self, rng: np.random.Generator, cell: Indices, kind: Indices, within: NDArray[np.bool_]
    ) -> Indices:
        """Draw an actor of given cells and types; each such group must hold one.

        Parameters
        ----------
        rng
            Source of chance.
        cell
            Cell of every draw.
        kind
            Type of every draw.
        within
            Whether the link stays within the cell.

        Returns
        -------
        ndarray
            Positions in the roster.
        """
        group = cell * len(TYPES) + kind
        first, last = self.bounds[group], self.bounds[group + 1] - 1
        chance = rng.random(len(group))
        inside, outside = self._reach
        if inside is outside:
            return _find(inside, first, last, chance)
        found = np.empty(len(group), dtype=np.int64)
        for reach, rows in ((inside, within), (outside, ~within)):
            found[rows] = _find(reach, first[rows], last[rows], chance[rows])
        return found

    def draw_other(self, rng: np.random.Generator, drawn: Indices, others: Indices) -> Indices:
        """Draw anew whoever was drawn as its own partner.

        Parameters
        ----------
        rng
            Source of chance.
        drawn
            Positions drawn.
        others
            Positions of the partners.

        Returns
        -------
        ndarray
            Positions of the same groups; none is its partner, unless it is alone in its group.
        """
        found = drawn.copy()
        for _ in range(_TRIES):
            same = np.flatnonzero(found == others)
            if not len(same):
                return found
            at = found[same]
            found[same] = self.draw(
                rng,
                self.cells[at].astype(np.int64),
                self.types[at].astype(np.int64),
                np.ones(len(at), dtype=bool),
            )
        return np.asarray(np.where(found == others, self.step_on(found), found))

    def step_on(self, actors: Indices) -> Indices:
        """Return the next actor of the same cell and type, going round.

        Parameters
        ----------
        actors
            Positions in the roster.

        Returns
        -------
        ndarray
            Positions in the roster.
        """
        group = self.groups[actors]
        first, last = self.bounds[group], self.bounds[group + 1] - 1
        return np.asarray(np.where(actors == last, first, actors + 1))

    def book(self, rng: np.random.Generator, actors: Indices) -> Indices:
        """Return where the links of actors are booked.

        Parameters
        ----------
        rng
            Source of chance.
        actors
            Positions in the roster.

        Returns
        -------
        ndarray
            The head office for most links of a plant, the actor itself for all others.
        """
        away = np.flatnonzero(self.office[actors] != actors)
        booked = away[rng.random(len(away)) < BOOKED]
        found = actors.copy()
        found[booked] = self.office[actors[booked]]
        return found


def _find(reach: Numbers, first: Indices, last: Indices, chance: Numbers) -> Indices:
    low = reach[first]
    drawn = np.searchsorted(reach, low + chance * (reach[last + 1] - low), "right")
    return np.asarray(np.clip(drawn - 1, first, last))
