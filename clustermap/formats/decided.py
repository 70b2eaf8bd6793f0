"""What exports hold of a decision: who is chosen and how surely, and where links are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustermap import tables
from clustermap.formats.layer import add_words, build_layer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clustermap.formats.cells import Change
    from clustermap.formats.layer import Layer
    from clustermap.indicators.evidence import Numbers
    from clustermap.publish.decision import Decision
    from clustermap.publish.release import Release

_CHOSEN = ("selected", "standing", "inclusion", "inclusion_low", "inclusion_high", "gain", "cost")


def choose_columns(release: Release, clusters: pd.Index[Any]) -> pd.DataFrame:
    """Return what the project's own scenario says of each cluster, to stand beside its score.

    Parameters
    ----------
    release
        What may leave the house.
    clusters
        Clusters, in the order wanted.

    Returns
    -------
    pandas.DataFrame
        Whether it is chosen and how surely, with the standing in words; no column where nothing
        was to be chosen.
    """
    if release.decision is None:
        return pd.DataFrame(index=clusters)
    rows, own = release.decision.selection, release.decision.portfolios["scenario"].iloc[0]
    chosen = rows[rows["scenario"] == own].set_index("cluster")[list(_CHOSEN)]
    return add_words(chosen.reindex(clusters), "standing")


def build_decided(release: Release) -> Iterator[tuple[Layer, list[Change]]]:
    """Lay out the selection and the missing links of a release.

    Parameters
    ----------
    release
        What may leave the house.

    Yields
    ------
    tuple
        A layer with the cells that no format could hold: the tables portfolios, selection and
        why_not where something was to be chosen, and the lines missing_links where there are any.
    """
    if release.decision is not None:
        yield from _build_choices(release.decision)
    if release.advice is not None and len(release.advice.missing_links):
        lines = _draw_missing(release, release.advice.missing_links.reset_index(drop=True))
        yield build_layer("missing_links", lines, key=tables.MISSING_LINKS.key)


def _build_choices(decision: Decision) -> Iterator[tuple[Layer, list[Change]]]:
    yield build_layer("portfolios", decision.portfolios, key=tables.PORTFOLIOS.key)
    said = add_words(decision.selection, "standing")
    yield build_layer("selection", said, key=tables.SELECTION.key)
    yield build_layer("why_not", decision.why_not, key=tables.WHY_NOT.key)


def _draw_missing(release: Release, missing: pd.DataFrame) -> gpd.GeoDataFrame:
    """Draw straight lines from clusters to who they lack links with, where both are located."""
    clusters, institutes = release.clusters, release.institutes
    centres = shapely.centroid(np.asarray(clusters.geometry.array, dtype=object))
    places = pd.DataFrame(
        {"x": shapely.get_x(centres), "y": shapely.get_y(centres)}, index=clusters.index
    )
    points = institutes.set_index("institute")[["x", "y"]]
    to_cluster = (missing["counterpart_type"] == "cluster").to_numpy()[:, None]
    here = _locate(places, missing["cluster"])
    there = np.where(
        to_cluster,
        _locate(places, missing["counterpart"]),
        _locate(points, missing["counterpart"]),
    )
    ends = np.stack([here, there], axis=1)
    known = np.isfinite(ends).all(axis=(1, 2))
    lines = np.full(len(missing), None, dtype=object)
    lines[known] = shapely.linestrings(ends[known])
    if "common" in missing:
        missing = missing.assign(common=[_join(fields) for fields in missing["common"]])
    return gpd.GeoDataFrame(missing, geometry=lines, crs=clusters.crs)


def _join(texts: str | Sequence[str]) -> str:
    """Write several texts into one cell, as the tables of users do."""
    return texts if isinstance(texts, str) else ";".join(texts)


def _locate(points: pd.DataFrame, ids: pd.Series[Any]) -> Numbers:
    return points.reindex(ids).to_numpy(dtype=float, na_value=np.nan)
