"""Outlines: clusters as an assignment needs them, without a frame around them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from clustermap.layers.inside import Ground, lay_ground

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import numpy.typing as npt
    from pyproj import CRS


@dataclass(frozen=True)
class Outlines:
    """Clusters and where they lie.

    Parameters
    ----------
    ids
        Identifiers.
    names
        Names; None where unknown.
    shapes
        Polygons on the map.
    crs
        The map's coordinate system.
    points
        How many points are looked up in all, where several calls share them; 0: in one call.
    """

    ids: tuple[str, ...]
    names: Sequence[str | None]
    shapes: npt.NDArray[np.object_]
    crs: CRS
    points: int = 0

    @cached_property
    def areas(self) -> npt.NDArray[np.float64]:
        """Areas, float64, in squares of the unit of the map."""
        return np.asarray(shapely.area(self.shapes))

    @cached_property
    def stated(self) -> dict[str, int]:
        """Positions by identifiers, and by the names that are unique."""
        known = {key: at for at, key in enumerate(self.ids)}
        seen = Counter(self.names)
        for at, name in enumerate(self.names):
            if name is not None and seen[name] == 1:
                known.setdefault(name, at)
        return known

    def lay_ground(self, points: int) -> Ground:
        """Return what points are looked up in.

        Parameters
        ----------
        points
            How many there are now.

        Returns
        -------
        Ground
            The same at every call where ``self.points`` is said.
        """
        return self._shared_ground if self.points else lay_ground(self.shapes, points)

    @cached_property
    def _shared_ground(self) -> Ground:
        return lay_ground(self.shapes, self.points)


def outline(clusters: gpd.GeoDataFrame) -> Outlines:
    """Return the outlines of clusters.

    Parameters
    ----------
    clusters
        Index cluster; name and geometry on the map.

    Returns
    -------
    Outlines
        In the same order.
    """
    names = clusters["name"].astype(object).where(clusters["name"].notna(), None)
    ids = tuple(str(key) for key in clusters.index)
    return Outlines(ids, names.tolist(), clusters.geometry.to_numpy(), clusters.crs)
