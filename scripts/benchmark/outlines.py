"""The outlines of a world's clusters, from their file as it lies there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import shapely
from pyproj import CRS

from clustermap.layers.outlines import Outlines

if TYPE_CHECKING:
    from pathlib import Path


def read_outlines(folder: Path, points: int = 0) -> Outlines:
    """Return the outlines of a world's clusters.

    Parameters
    ----------
    folder
        Where the world lies.
    points
        How many points are looked up in all, where several calls share the outlines.

    Returns
    -------
    Outlines
        In the order of the file.
    """
    rows = pq.read_table(folder / "clusters.parquet", columns=["cluster", "name", "geometry"])
    told = json.loads(rows.schema.metadata[b"geo"])["columns"]["geometry"]
    shapes = shapely.from_wkb(rows["geometry"].to_numpy())
    ids, names = tuple(rows["cluster"].to_pylist()), rows["name"].to_pylist()
    return Outlines(ids, names, shapes, CRS.from_json_dict(told["crs"]), points)
