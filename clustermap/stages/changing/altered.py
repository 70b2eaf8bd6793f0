"""Altered: what a change is applied to, and what was read as it would then be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clustermap.network.changed import NO_CHANGE, ChangedLinks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clustermap.change import Change
    from clustermap.messages import Message
    from clustermap.project import Project
    from clustermap.stages.ledger import Ledger
    from clustermap.stages.reading import Layers, Unassigned


@dataclass(frozen=True)
class Altered:
    """What was read for a run, as it is or as it would be.

    Parameters
    ----------
    project
        The project file.
    layers
        Layers, every actor in its cell.
    ledger
        Rows of these layers.
    links
        What is otherwise of the links.
    weights
        Part of the score to its weight; None for the profile's own.
    told
        One sentence for everything that is changed.
    """

    project: Project
    layers: Layers
    ledger: Ledger
    links: ChangedLinks = NO_CHANGE
    weights: Mapping[str, float] | None = None
    told: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Setup:
    """What a change is applied to.

    Parameters
    ----------
    project
        The project file.
    change
        The change file.
    unassigned
        Layers as they were read.
    layers
        The same, every actor in its cell.
    """

    project: Project
    change: Change
    unassigned: Unassigned
    layers: Layers

    def place(self, section: str, number: int) -> str:
        """Name a section of the change file, as faults do.

        Parameters
        ----------
        section
            Name of a section that repeats.
        number
            Which of them, from 0.

        Returns
        -------
        str
            File and section.
        """
        return f"{self.change.file.name} [[{section}]] {number + 1}"
