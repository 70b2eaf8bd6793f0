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

    from clustermap.sources.world.law import Law
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
    abroad
        Share of partners abroad, by type.
    """

    pull: NDArray[np.float32]
    far: NDArray[np.float32] | None
    own: Numbers
    counts: Numbers
    attachment: float
    links: int
    abroad: Numbers

    @classmethod
    def build(cls, nation: Nation, law: Law, far: NDArray[np.bool_]) -> GrowthLaw:
        """Build it for a world.

        Parameters
        ----------
        nation
            The world.
        law
            Its law.
        far
            Which pairs of cells external links may join.

        Returns
        -------
        GrowthLaw
            Its law without the cells' inside.
        """
        pull = law.pull.astype(np.float32)
        np.fill_diagonal(pull, 0.0)
        every = int(far.sum()) == len(far) * (len(far) - 1)
        return cls(
            pull,
            None if every else pull * far,
            law.own,
            law.counts,
            nation.parameters.attachment,
            nation.parameters.links,
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
    share = np.array(list(CHANNELS.values()))
    for batch in range(BATCHES):
        mass = law.counts + law.attachment * held
        reach = _reach(law.pull, mass)
        links = law.links * (batch + 1) // BATCHES - law.links * batch // BATCHES
        many = rng.multinomial(links, share / share.sum(), size=times)
        drawn = [
            _draw_channel(rng, law, mass, reach, channel, many[:, channel])
            for channel in range(len(_ENDS))
        ]
        _hand_out(rng, law, mass, drawn, (inside, across, held))
    return inside, across


def _reach(pull: NDArray[np.float32], mass: Numbers) -> Numbers:
    """Return what other cells attract for one actor: shape (times, cells, types)."""
    times, cells, types = mass.shape
    flat = mass.transpose(1, 0, 2).reshape(cells, times * types).astype(np.float32)
    return (pull @ flat).astype(float).reshape(cells, times, types).transpose(1, 0, 2)
