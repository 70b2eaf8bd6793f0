"""What an export holds: the layers and tables of a release, the same in every format."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustermap import tables
from clustermap.errors import TableFault
from clustermap.formats.cells import Change, row_id, start
from clustermap.formats.decided import build_decided, choose_columns
from clustermap.formats.layer import (
    SCORE_COLUMNS,
    Field,
    Layer,
    add_words,
    build_layer,
    mark_synthetic,
    read_label,
)
from clustermap.scores.profile import PARTS
from clustermap.tables import DEFAULT_SCENARIO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyproj import CRS

    from clustermap.publish.release import Release

_CLUSTER_COLUMNS = (
    "name", "name_en", "kind", "region", "district", "area_km2", "industries", "firms", "employees",
)  # fmt: skip
_FLOW_KEY = ("source", "target", "kind")
_EXACT_BELOW = 2**23  # doubles below lie less than 1e-9 apart


def _describe_indicator(name: str, indicator: str, kind: str) -> Field:
    label = read_label(f"indicator.{indicator}.label", indicator)
    meaning = read_label(f"indicator.{indicator}.meaning", indicator)
    unit = read_label(f"indicator.{indicator}.unit", "")["en"]
    if kind:
        kinds = read_label(f"kind.{kind}", kind)
        label = {
            "ko": f"{label['ko']} ({kinds['ko']})",
            "en": f"{label['en']} ({kinds['en']})",
        }
    return Field(name, label, unit, meaning)


def _wide_indicators(
    indicators: pd.DataFrame, clusters: pd.Index[Any], taken: Iterable[str]
) -> tuple[pd.DataFrame, dict[str, Field]]:
    """One column an indicator, or an indicator and kind; values by industry stay long."""
    wanted = indicators[indicators["industry"].fillna("") == ""]
    by_pair = wanted.assign(kind=wanted["kind"].fillna("")).groupby(
        ["indicator", "kind"], observed=True
    )
    columns: dict[str, pd.Series[Any]] = {}
    fields: dict[str, Field] = {}
    used = frozenset(taken)
    for pair, chosen in by_pair:
        indicator, kind = (str(part) for part in cast("tuple[object, object]", pair))
        name = f"{indicator}_{kind}" if kind else str(indicator)
        if name in used:  # e.g. the number of firms, which stands there already
            continue
        values = chosen.set_index("cluster")["value"]
        columns[name] = values[~values.index.duplicated()].reindex(clusters)
        fields[name] = _describe_indicator(name, indicator, kind)
    return pd.DataFrame(columns, index=clusters), fields


def _say_scores(scores: pd.DataFrame) -> pd.DataFrame:
    return add_words(add_words(scores, "reason"), "quadrant")


def _wide_parts(release: Release, clusters: pd.Index[Any]) -> pd.DataFrame:
    """One column a part of the score, where the project's own scenario has it."""
    rows = release.subscores
    own = rows[(rows["scenario"] == DEFAULT_SCENARIO) & rows["subscore"].isin(PARTS)]
    wide = own.pivot_table(index="cluster", columns="subscore", values="value", dropna=False)
    parts = [part for part in PARTS if part in set(own["subscore"].unique())]
    wide = wide.reindex(index=clusters, columns=parts).astype("float64")
    return wide.add_prefix("part_").rename_axis(columns=None)


def _clusters(release: Release) -> tuple[Layer, list[Change]]:
    given = release.clusters
    base = pd.DataFrame(index=given.index).rename_axis("cluster")
    for name in _CLUSTER_COLUMNS:
        if name in given.columns:
            base[name] = given[name]
    scores = release.scores[release.scores["scenario"] == DEFAULT_SCENARIO].set_index("cluster")
    scored = _say_scores(scores[list(SCORE_COLUMNS)].reindex(given.index))
    decided = choose_columns(release, given.index)
    scored = pd.concat([scored, decided, _wide_parts(release, given.index)], axis=1)
    wide, fields = _wide_indicators(
        release.indicators, given.index, ("cluster", "synthetic", *base.columns, *scored.columns)
    )
    attributes = pd.concat([base, scored, wide], axis=1).rename_axis("cluster").reset_index()
    frame = gpd.GeoDataFrame(
        attributes, geometry=np.asarray(given.geometry.array, dtype=object), crs=given.crs
    )
    return build_layer("clusters", frame, key=("cluster",), fields=fields)


def _points(frame: pd.DataFrame, crs: CRS) -> gpd.GeoDataFrame:
    x = frame["x"].to_numpy(dtype="float64", na_value=np.nan)
    y = frame["y"].to_numpy(dtype="float64", na_value=np.nan)
    points = np.full(len(frame), None, dtype=object)
    located = np.isfinite(x) & np.isfinite(y)
    points[located] = shapely.points(x[located], y[located])
    return gpd.GeoDataFrame(frame.reset_index(drop=True), geometry=points, crs=crs)


def _flow_lines(release: Release) -> gpd.GeoDataFrame:
    clusters = release.clusters
    flows = release.flows
    between = (
        flows["source"].isin(clusters.index)
        & flows["target"].isin(clusters.index)
        & (flows["source"] != flows["target"])
    )
    kept = flows.loc[between].reset_index(drop=True)
    centroids = shapely.centroid(np.asarray(clusters.geometry.array, dtype=object))
    centres = np.column_stack([shapely.get_x(centroids), shapely.get_y(centroids)])
    ends = [clusters.index.get_indexer(kept[end]) for end in ("source", "target")]
    pairs = np.stack([centres[end] for end in ends], axis=1)
    lines = np.full(len(kept), None, dtype=object)
    known = np.isfinite(pairs).all(axis=(1, 2))
    lines[known] = shapely.linestrings(pairs[known])
    return gpd.GeoDataFrame(kept, geometry=lines, crs=clusters.crs)


def _build_flows(
    name: str, frame: pd.DataFrame, key: tuple[str, ...] = _FLOW_KEY
) -> tuple[Layer, list[Change]]:
    """Turn the whole units of weights into decimal numbers; what a double cannot hold is told."""
    units = frame["weight"]
    weights = units.to_numpy(dtype="float64", na_value=np.nan) / tables.SHARE_UNIT
    layer, changes = build_layer(name, frame.assign(weight=weights), key=key)
    rounded = [
        row
        for row in np.flatnonzero(np.abs(weights) >= _EXACT_BELOW).tolist()
        if round(Fraction(weights[row]) * tables.SHARE_UNIT) != int(units.iloc[row])
    ]
    changes += [
        Change(name, "weight", row_id(layer.rows, key, row), start(units.iloc[row]), "rounded")
        for row in rounded
    ]
    return layer, changes


def _industries(release: Release) -> pd.DataFrame:
    labels = release.industries
    return pd.DataFrame(
        {
            "industry": list(labels),
            "label_ko": [label.get("ko", "") for label in labels.values()],
            "label_en": [label.get("en", "") for label in labels.values()],
        },
        dtype="str",
    )


def _all_kinds(ratios: pd.DataFrame) -> pd.DataFrame:
    return ratios[ratios["kind"] == ""].drop(columns="kind").reset_index(drop=True)


def build_layers(release: Release) -> tuple[tuple[Layer, ...], list[Change]]:
    """Lay out a release as the layers and tables that every format writes.

    Parameters
    ----------
    release
        What may leave the house.

    Returns
    -------
    tuple of Layer
        clusters, institutes, firms (only where the release has them), flows (lines between the
        centres of two clusters), then the tables cell_flows (all flows, also within a cluster,
        outside and abroad), indicators, scores, subscores, industries, ratios, brokers, abroad
        (links abroad by country) and flags; where something was to be chosen portfolios,
        selection and why_not; and the lines missing_links. Keys (reason, note, quadrant, flag) have
        their words beside them, weights are decimal numbers (exact to 1e-9 below 8,388,608), and
        every layer of made-up data has a column ``synthetic``.
    list of Change
        Cells that no format could hold as they were.

    Raises
    ------
    TableFault
        If a table cannot be exported; it names table, column and cure.
    """
    crs = release.clusters.crs
    if crs is None:
        raise TableFault("export_no_crs", table="clusters")
    built = [
        _clusters(release),
        build_layer("institutes", _points(release.institutes, crs), key=("institute",)),
    ]
    if release.firms is not None:
        built.append(build_layer("firms", _points(release.firms, crs), key=("firm",)))
    built += [
        _build_flows("flows", _flow_lines(release)),
        _build_flows("cell_flows", release.flows),
        build_layer("indicators", add_words(release.indicators, "note"), key=tables.INDICATORS.key),
        build_layer("scores", _say_scores(release.scores), key=tables.SCORES.key),
        build_layer("subscores", add_words(release.subscores, "reason"), key=tables.SUBSCORES.key),
        build_layer("industries", _industries(release), key=("industry",)),
        build_layer("ratios", _all_kinds(release.ratios), key=("cluster", "reach")),
        build_layer("brokers", release.brokers, key=("cluster", "place")),
        _build_flows("abroad", release.abroad, tables.ABROAD_LINKS.key),
        build_layer("flags", add_words(release.flags, "flag"), key=tables.FLAGS.key),
        *build_decided(release),
    ]
    layers = tuple(mark_synthetic(layer) if release.synthetic else layer for layer, _ in built)
    return layers, [change for _, changes in built for change in changes]
