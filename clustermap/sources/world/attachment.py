"""Growth of links where links attract links, by cell and type only.

What a group of actors attracts is the number of its actors and what their links add to it. So who
of them holds the links need not be known for the links of cells, and a whole growth costs some
matrix products, whatever the number of links.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clustermap.sources.world.drawing import BATCHES, CHANNEL_KINDS
from clustermap.sources.world.expectation import ROWS, abroad_share
from clustermap.sources.world.law import CHANNELS, TYPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustermap.sources.world.drawing import Stage
    from clustermap.sources.world.nation import Nation
    from clustermap.sources.world.places import Numbers

_ENDS = [(lead, partner) for _, lead, partner in CHANNELS]


@dataclass(frozen=True)
class GrowthLaw:
    """What links of cells grow from.

    Parameters
    ----------
    pull
        float32; pull between different cells, nought on the diagonal.
    far
        The same, nought where a link does not count as external.
    own
        Pull within every cell.
    counts
        Actors by cell and type.
    attachment
        What one link adds to what a group attracts.
    links
        Number of links.
    channels
        Share of them by channel.
    abroad
        Share of partners abroad, by type.
    """

    pull: NDArray[np.float32]
    far: NDArray[np.float32] | None
    own: Numbers
    counts: Numbers
    attachment: float
    links: int
    channels: Numbers
    abroad: Numbers

    @classmethod
    def build(cls, nation: Nation, stage: Stage, far: NDArray[np.bool_]) -> GrowthLaw:
        """Build it for a world.

        Parameters
        ----------
        nation
            The world.
        stage
            What its links are drawn from.
        far
            Which pairs of cells external links may join.

        Returns
        -------
        GrowthLaw
            Its law without the cells' inside.
        """
        law, channels = stage.law, stage.channels
        pull = law.pull.astype(np.float32)
        np.fill_diagonal(pull, 0.0)
        every = int(far.sum()) == len(far) * (len(far) - 1)
        return cls(
            pull,
            None if every else pull * far,
            law.own,
            law.counts,
            stage.attachment,
            round(nation.parameters.links * channels.sum()),
            channels / channels.sum(),
            np.array([abroad_share(nation, kind) for kind in range(len(TYPES))]),
        )


def regrow(
    rng: np.random.Generator, law: GrowthLaw, times: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw the links of cells anew.

    Each end of a link is drawn as in ``draw_linkages``; only where the partners of different cells
    are handed out, all leads of a round are taken together.

    Parameters
    ----------
    rng
        Source of chance.
    law
        What they grow from.
    times
        Number of repetitions.

    Returns
    -------
    tuple
        Links inside and across, shape (kinds + 1, times, cells); the last row is left for sums.
    """
    cells = len(law.counts)
    inside, across = np.zeros((2, ROWS, times, cells), dtype=np.int64)
    held = np.zeros((times, cells, len(TYPES)))
    for batch in range(BATCHES):
        mass = law.counts + law.attachment * held
        reach = _reach(law.pull, mass)
        links = law.links * (batch + 1) // BATCHES - law.links * batch // BATCHES
        many = rng.multinomial(links, law.channels, size=times)
        drawn = [
            _draw_leads(rng, law, mass, reach, channel, many[:, channel])
            for channel in range(len(_ENDS))
        ]
        _hand_out(rng, law, mass, reach, drawn, (inside, across, held))
    return inside, across


def _reach(pull: NDArray[np.float32], mass: Numbers) -> Numbers:
    """Return what other cells attract for one actor: shape (times, cells, types)."""
    times, cells, types = mass.shape
    flat = mass.transpose(1, 0, 2).reshape(cells, times * types).astype(np.float32)
    return (pull @ flat).astype(float).reshape(cells, times, types).transpose(1, 0, 2)


@dataclass(frozen=True)
class _Leads:
    """Links of one channel by the cell of their lead, shape (times, cells).

    Parameters
    ----------
    all
        All of them.
    within
        Those with a partner of the same cell.
    away
        Those with a partner of another cell of the nation.
    """

    all: NDArray[np.int64]
    within: NDArray[np.int64]
    away: NDArray[np.int64]


def _draw_leads(
    rng: np.random.Generator,
    law: GrowthLaw,
    mass: Numbers,
    reach: Numbers,
    channel: int,
    many: NDArray[np.int64],
) -> _Leads:
    lead, partner = _ENDS[channel]
    near = mass[..., partner]
    if lead == partner:
        # Nobody is linked with itself: one part in n of the own group is out of reach.
        near = near - near / np.maximum(law.counts[:, partner], 1)
    near = law.own * near
    total = near + reach[..., partner]
    weight = mass[..., lead] * total
    leads = rng.multinomial(many, weight / weight.sum(axis=1, keepdims=True))
    home = rng.binomial(leads, 1 - law.abroad[partner])
    chance = np.divide(near, total, out=np.zeros_like(near), where=total > 0)
    within = rng.binomial(home, np.minimum(chance, 1.0))
    return _Leads(leads, within, home - within)


def _hand_out(
    rng: np.random.Generator,
    law: GrowthLaw,
    mass: Numbers,
    reach: Numbers,
    drawn: list[_Leads],
    tallies: tuple[NDArray[np.int64], NDArray[np.int64], Numbers],
) -> None:
    """Find the partners of all leads of a round, and add everything to the tallies."""
    inside, across, held = tallies
    wanted = np.stack([_ask(leads, reach, channel) for channel, leads in enumerate(drawn)], axis=2)
    asked = _reach(law.pull, wanted)
    asked_far = asked if law.far is None else _reach(law.far, wanted)
    reach_far = reach if law.far is None else _reach(law.far, mass)
    for channel, leads in enumerate(drawn):
        lead, partner = _ENDS[channel]
        row = CHANNEL_KINDS[channel]
        mean = mass[..., partner] * asked[..., channel]
        total = mean.sum(axis=1, keepdims=True)
        share = np.divide(mean, total, out=np.zeros_like(mean), where=total > 0)
        found = rng.multinomial(leads.away.sum(axis=1), share)
        inside[row] += leads.within
        across[row] += _keep_far(rng, leads.away, reach_far[..., partner], reach[..., partner])
        across[row] += _keep_far(rng, found, asked_far[..., channel], asked[..., channel])
        held[..., lead] += leads.all
        held[..., partner] += leads.within + found


def _ask(leads: _Leads, reach: Numbers, channel: int) -> Numbers:
    there = reach[..., _ENDS[channel][1]]
    return np.divide(leads.away, there, out=np.zeros_like(there), where=there > 0)


def _keep_far(
    rng: np.random.Generator, links: NDArray[np.int64], far: Numbers, all_: Numbers
) -> NDArray[np.int64]:
    if far is all_ or np.array_equal(far, all_):
        return links
    chance = np.divide(far, all_, out=np.zeros_like(all_), where=all_ > 0)
    return rng.binomial(links, np.clip(chance, 0.0, 1.0))
