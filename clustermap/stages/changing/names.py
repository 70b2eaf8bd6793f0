"""Names: which cluster, or which actors, a change file speaks of."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from clustermap.errors import TableFault

if TYPE_CHECKING:
    from collections.abc import Collection

    import geopandas as gpd
    import numpy.typing as npt
    import pyarrow as pa

    from clustermap.stages.reading import Layers

    Flags = npt.NDArray[np.bool_]

_MOST_COMPARED = 100_000


def require_cluster(name: str, clusters: gpd.GeoDataFrame, table: str, key: str) -> str:
    """Return the cluster of an identifier, or of a name that only one has.

    Parameters
    ----------
    name
        As the change file has it.
    clusters
        Clusters, by identifier.
    table
        Section of the change file, for a fault.
    key
        Key there.

    Returns
    -------
    str
        Identifier.

    Raises
    ------
    TableFault
        If there is no such cluster; it says which are called nearly so.
    """
    found = _name_cluster(name, clusters)
    if found is None:
        near = _near(name, _called(clusters))
        raise TableFault("change_unknown_cluster", table=table, key=key, value=name, near=near)
    return found


def near_actors(name: str, ids: pa.Array, others: Collection[str] = ()) -> str:
    """Return the actors that are called nearly so.

    Parameters
    ----------
    name
        Name that no actor has.
    ids
        Identifiers of the register.
    others
        What else could have been meant.

    Returns
    -------
    str
        Up to three names, ", " between.
    """
    return _near(name, [*others, *ids.slice(0, _MOST_COMPARED).to_pylist()])


def find_members(layers: Layers, cluster: str) -> Flags:
    """Return which actors of the register a cluster holds.

    Parameters
    ----------
    layers
        Layers, every actor in its cell.
    cluster
        Identifier.

    Returns
    -------
    numpy.ndarray
        One truth value an actor.
    """
    cells = layers.cells
    held = cells.held_cell[cells.held_cluster == cells.names.index(cluster)]
    return np.asarray(np.isin(layers.register.cells, held))


def find_group(layers: Layers, name: str, table: str, key: str) -> Flags:
    """Return the actors that a name stands for: those of a cluster, or one actor.

    Parameters
    ----------
    layers
        Layers, every actor in its cell.
    name
        As the change file has it; "cluster:" or "actor:" before it says which is meant.
    table
        Section of the change file, for a fault.
    key
        Key there.

    Returns
    -------
    numpy.ndarray
        One truth value an actor of the register.

    Raises
    ------
    TableFault
        If nothing has that name, or a cluster and an actor both have it.
    """
    plain = name.removeprefix("cluster:").removeprefix("actor:")
    cluster = None if name.startswith("actor:") else _name_cluster(plain, layers.clusters)
    ids = layers.register.ids
    at = -1 if name.startswith("cluster:") else pc.index(ids, plain).as_py()
    if cluster is not None and at >= 0:
        raise TableFault("change_ambiguous", table=table, key=key, value=name)
    if cluster is not None:
        return find_members(layers, cluster)
    if at < 0:
        near = near_actors(plain, ids, _called(layers.clusters))
        raise TableFault("change_unknown_actor", table=table, key=key, value=name, near=near)
    group = np.zeros(len(ids), dtype=bool)
    group[at] = True
    return group


def call_cluster(clusters: gpd.GeoDataFrame, cluster: str) -> str:
    """Return how sentences call a cluster.

    Parameters
    ----------
    clusters
        Clusters, by identifier.
    cluster
        Identifier.

    Returns
    -------
    str
        Name, and identifier in brackets.
    """
    return f"{clusters.loc[cluster, 'name']} ({cluster})"


def _name_cluster(name: str, clusters: gpd.GeoDataFrame) -> str | None:
    if name in clusters.index:
        return name
    named = clusters.index[clusters["name"] == name]
    return str(named[0]) if len(named) == 1 else None


def _called(clusters: gpd.GeoDataFrame) -> list[str]:
    return [*map(str, clusters.index), *clusters["name"].dropna()]


def _near(name: str, known: list[str]) -> str:
    return ", ".join(get_close_matches(name, known, n=3, cutoff=0))
