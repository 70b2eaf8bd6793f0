"""Apply: one kind of change after the other, from the project file's terms to the links."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clustermap.layers.clusters import find_overlaps, refuse_overlaps
from clustermap.messages import Message
from clustermap.stages.changing.altered import Altered
from clustermap.stages.changing.boundaries import change_clusters
from clustermap.stages.changing.closings import drop_actors, find_closed, name_closed
from clustermap.stages.changing.institutes import found_institutes
from clustermap.stages.changing.links import change_links
from clustermap.stages.changing.terms import change_terms
from clustermap.stages.reading import settle_layers

if TYPE_CHECKING:
    from clustermap.stages.changing.altered import Setup
    from clustermap.stages.ledger import Ledger, Progress
    from clustermap.stages.reading import Unassigned


def apply_change(setup: Setup, ledger: Ledger, progress: Progress) -> Altered:
    """Apply a change to what was read.

    Parameters
    ----------
    setup
        Project, change and layers.
    ledger
        Holds the rows of clusters and regions; takes note of those of actors.
    progress
        Hears how far it is.

    Returns
    -------
    Altered
        Layers and links as they would be.

    Raises
    ------
    TableFault
        If the change names what is not there, or cannot be made.
    """
    told: list[Message] = []
    project, weights = change_terms(setup, told)
    closed = find_closed(setup, progress, told)
    unassigned = drop_actors(change_clusters(setup, told), closed)
    unassigned = found_institutes(setup, unassigned, told)
    _check_overlaps(setup, unassigned)
    layers = settle_layers(project, unassigned, ledger, progress)
    layers = replace(layers, gone=name_closed(setup, closed))
    links = change_links(replace(setup, project=project, layers=layers), closed, progress, told)
    nothing = Message("whatif.change.nothing")
    return Altered(project, layers, ledger, links, weights, tuple(told) or (nothing,))


def _check_overlaps(setup: Setup, unassigned: Unassigned) -> None:
    if setup.project.layers.clusters.overlaps == "error" and setup.change.boundaries:
        shapes = unassigned.clusters.geometry.to_numpy()
        refuse_overlaps(unassigned.clusters, find_overlaps(shapes))
