"""Roads: read as any other layer, every node and edge kept or set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustermap.errors import TableFault
from clustermap.layers.projection import lies_in
from clustermap.messages import Message
from clustermap.sources.roads import TABLE, read_road_graph
from clustermap.stages.ledger import Entry

if TYPE_CHECKING:
    from clustermap.layers.projection import Bounds
    from clustermap.network.roads import Roads
    from clustermap.project import Project
    from clustermap.stages.ledger import Ledger, Progress

_MARGIN_DEGREES = 0.02  # about 2 km: who stands farther from any road is left out


def read_roads(
    project: Project, bounds: Bounds, ledger: Ledger, progress: Progress
) -> Roads | None:
    """Read the roads of a project.

    Parameters
    ----------
    project
        The project file.
    bounds
        Where the clusters lie, degrees.
    ledger
        Takes note of every node and edge.
    progress
        Hears that it goes on.

    Returns
    -------
    Roads or None
        None where the project has none.

    Raises
    ------
    TableFault
        If the file cannot be read, too much of it is at fault, or none of it lies where the
        clusters do.
    """
    if project.roads is None:
        return None
    progress(Message("step.roads"), 0, 1)
    found = read_road_graph(project.roads.path, project.roads.crs or "")
    kept = found.read - found.faults.num_rows
    ledger.close(TABLE, Entry(found.read, kept, 0, dict(found.facts)), found.faults)
    if not lies_in(found.roads.lon, found.roads.lat, bounds, _MARGIN_DEGREES).any():
        system = project.roads.crs or project.roads.path.name
        raise TableFault("misplaced_layer", table=TABLE, key="crs", value=system)
    progress(Message("step.roads"), 1, 1)
    return found.roads
