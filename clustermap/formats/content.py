"""What an export holds: the layers and tables of a release, the same in every format."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from clustermap import tables
from clustermap.errors import TableFault
from clustermap.formats.cells import Change, clean_columns, row_id, start
from clustermap.messages import LANGUAGES, read_catalogue
from clustermap.scores.profile import PARTS
from clustermap.tables import DEFAULT_SCENARIO, Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from pyproj import CRS

    from clustermap.messages import Language
    from clustermap.publish.release import Release

SYNTHETIC_SUFFIX = "_synthetic"
LAYER_NAMES = (
    *("clusters", "institutes", "firms", "flows", "cell_flows"),
    *("indicators", "scores", "subscores", "industries"),
    *("ratios", "brokers", "abroad", "flags"),
)

_SCORE_COLUMNS = (
    "score", "low", "high", "rank", "rank_low", "rank_high", "alike", "top_share", "quadrant",
    "rated", "reason", "capability", "gap", "confidence",
)  # fmt: skip
_RELEASED = (
    Column("firms", "integer", "Firms in the cluster.", "firms"),
    Column("employees", "integer", "Persons employed by them.", "persons"),
    Column("label_ko", "text", "Label in Korean."),
    Column("label_en", "text", "Label in English."),
    Column("reason_ko", "text", "The reason in words, in Korean."),
    Column("reason_en", "text", "The reason in words, in English."),
    Column("note_ko", "text", "The remark in words, in Korean."),
    Column("note_en", "text", "The remark in words, in English."),
    Column("quadrant_ko", "text", "The quadrant in words, in Korean."),
    Column("quadrant_en", "text", "The quadrant in words, in English."),
    Column("flag_ko", "text", "The warning in words, in Korean."),
    Column("flag_en", "text", "The warning in words, in English."),
    Column("place", "integer", "1 for the first broker of the cluster."),
    Column("type", "text", "Actor type of the broker."),
    Column("role", "text", "What most of its roles are: gatekeeper, representative or either."),
    *(
        Column(f"part_{part}", "number", "Value of this part of the score.", "1-100")
        for part in PARTS
    ),
    Column("synthetic", "integer", "1: the data are made up and describe no real place."),
)
_STANDS_IN = Column("cluster", "text", "Cluster that it stands in; empty outside clusters.")
_BROKER_NAME = Column("name", "text", "Name of the broker; masked outside the house.")
_DECIMAL_WEIGHT = Column("weight", "number", "Sum of weights or shares, as a decimal number.")
_RELEASED_IN: dict[str, tuple[Column, ...]] = {
    "clusters": tuple(tables.SCORES.column(name) for name in _SCORE_COLUMNS),
    "institutes": (_STANDS_IN,),
    "firms": (_STANDS_IN,),
    "flows": (_DECIMAL_WEIGHT,),
    "cell_flows": (_DECIMAL_WEIGHT,),
    "abroad": (_DECIMAL_WEIGHT,),
    "brokers": (_BROKER_NAME,),
}
"""Columns that mean something else in a layer than in the table that it comes from."""
_DECLARED = {
    column.name: column
    for table in (*tables.INPUT_TABLES, *tables.OUTPUT_TABLES)
    for column in table.columns
} | {column.name: column for column in _RELEASED}
_TABLES = {
    "clusters": tables.CLUSTERS,
    "institutes": tables.INSTITUTES,
    "firms": tables.FIRMS,
    "flows": tables.FLOWS,
    "cell_flows": tables.FLOWS,
    "indicators": tables.INDICATORS,
    "scores": tables.SCORES,
    "subscores": tables.SUBSCORES,
    "ratios": tables.RATIOS,
    "brokers": tables.BROKERS,
    "abroad": tables.ABROAD_LINKS,
    "flags": tables.FLAGS,
}

_CLUSTER_COLUMNS = (
    "name", "name_en", "kind", "region", "district", "area_km2", "industries", "firms", "employees",
)  # fmt: skip
_FLOW_KEY = ("source", "target", "kind")
_EXACT_BELOW = 2**23  # doubles below lie less than 1e-9 apart


@dataclass(frozen=True)
class Field:
    """What is told of a column in the list of fields.

    Parameters
    ----------
    name
        Column name.
    label
        Label by language.
    unit
        Unit of the values, "" where there is none.
    meaning
        What it is, in one sentence by language; of a column that nobody declared its label.
    """

    name: str
    label: Mapping[Language, str]
    unit: str
    meaning: Mapping[Language, str]


@dataclass(frozen=True)
class Layer:
    """One layer or table of an export.

    Parameters
    ----------
    name
        Name of the layer.
    rows
        Attributes, in the types of :func:`~clustermap.formats.cells.clean_columns`.
    fields
        One a column of ``rows``.
    key
        Columns whose values identify a row.
    geometry
        Shapely geometries, None where there is none; or None for a table.
    crs
        Coordinate system of the geometry.
    """

    name: str
    rows: pa.Table
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()
    geometry: NDArray[np.object_] | None = None
    crs: CRS | None = None


@dataclass(frozen=True)
class Marks:
    """What every file of an export must carry or follow.

    Parameters
    ----------
    title
        Name of the project, on one line.
    language
        Language of legends, which hold only one.
    synthetic
        Whether the data are made up.
    encoding
        Encoding of text in shapefiles: "utf-8" or "cp949".
    attribution
        One line a source.
    version
        Version of clustermap.
    """

    title: str
    language: Language
    synthetic: bool
    encoding: str
    attribution: tuple[str, ...]
    version: str

    def file_name(self, stem: str, ending: str) -> str:
        """Return the name of a file, which says whether its data are made up.

        Parameters
        ----------
        stem
            Name without ending.
        ending
            Ending with its dot.

        Returns
        -------
        str
            E.g. ``"clusters_synthetic.csv"``.
        """
        return f"{stem}{SYNTHETIC_SUFFIX if self.synthetic else ''}{ending}"


@dataclass(frozen=True)
class FieldName:
    """How a column is called in one file.

    Parameters
    ----------
    file
        Name of the file, and of the layer in it where it holds several ("file|layer").
    field
        Name in that file.
    type
        How the values are written there: "text", "integer", "number", "boolean", "date", "time".
    column
        The column that it holds.
    """

    file: str
    field: str
    type: str
    column: Field


@dataclass(frozen=True)
class Written:
    """What one format wrote.

    Parameters
    ----------
    files
        Names of the files.
    names
        How the columns are called in them.
    changes
        Cells that this format could not hold as they were.
    """

    files: tuple[str, ...]
    names: tuple[FieldName, ...]
    changes: tuple[Change, ...] = ()

    @classmethod
    def join(cls, parts: Iterable[Written]) -> Written:
        """Put what several files gave into one.

        Parameters
        ----------
        parts
            One a file.

        Returns
        -------
        Written
            All of them, in order.
        """
        parts = tuple(parts)
        return cls(
            tuple(file for part in parts for file in part.files),
            tuple(name for part in parts for name in part.names),
            tuple(change for part in parts for change in part.changes),
        )


def mark_synthetic(layer: Layer) -> Layer:
    """Add a last column to a layer which says that its data are made up.

    Parameters
    ----------
    layer
        Layer of made-up data.

    Returns
    -------
    Layer
        The layer with ``synthetic`` = 1 in every row.
    """
    name = "synthetic"
    while name in {taken.casefold() for taken in layer.rows.column_names}:
        name += "_"
    ones = pa.array(np.ones(layer.rows.num_rows, dtype=np.int64))
    field = replace(describe_column("synthetic"), name=name)
    return replace(layer, rows=layer.rows.append_column(name, ones), fields=(*layer.fields, field))


def _label(key: str, fallback: str) -> Mapping[Language, str]:
    return read_catalogue().get(key, {"ko": fallback, "en": fallback})


def describe_column(name: str, layer: str = "") -> Field:
    """Return what the declarations and the catalogue know of a column.

    Parameters
    ----------
    name
        Column name; an unknown one is its own label.
    layer
        Layer that it stands in, since a word may mean different things in two tables.

    Returns
    -------
    Field
        Label, unit and meaning.
    """
    declared = _DECLARED.get(name)
    table = _TABLES.get(layer)
    own = (*_RELEASED_IN.get(layer, ()), *(table.columns if table else ()))
    declared = next((column for column in own if column.name == name), declared)
    label = _label(f"column.{name}.label", name)
    if declared is None:
        return Field(name, label, "", label)
    # A word may mean something else in this table: the Korean goes with its own English only.
    keys = [f"column.{name}.{table.name}.meaning"] if table else []
    found = (_label(key, "") for key in (*keys, f"column.{name}.meaning"))
    korean = next((told["ko"] for told in found if told["en"] == declared.meaning), label["ko"])
    return Field(name, label, declared.unit, {"ko": korean, "en": declared.meaning})


def _describe_indicator(name: str, indicator: str, kind: str) -> Field:
    label = _label(f"indicator.{indicator}.label", indicator)
    meaning = _label(f"indicator.{indicator}.meaning", indicator)
    unit = _label(f"indicator.{indicator}.unit", "")["en"]
    if kind:
        kinds = _label(f"kind.{kind}", kind)
        label = {
            "ko": f"{label['ko']} ({kinds['ko']})",
            "en": f"{label['en']} ({kinds['en']})",
        }
    return Field(name, label, unit, meaning)


def _check_columns(name: str, columns: Iterable[object]) -> None:
    seen: set[str] = set()
    for column in columns:
        if not isinstance(column, str) or not column or not column.isprintable():
            raise TableFault("export_column_name", table=name, column=str(column), value=column)
        if column.casefold() in seen:
            raise TableFault("export_column_twice", table=name, column=column, value=column)
        seen.add(column.casefold())


def build_layer(
    name: str,
    frame: pd.DataFrame,
    *,
    key: Sequence[str] = (),
    fields: Mapping[str, Field] | None = None,
) -> tuple[Layer, list[Change]]:
    """Make a layer of a table, checked and cleaned.

    Parameters
    ----------
    name
        Name of the layer.
    frame
        Columns in the order wanted; a GeoDataFrame makes a layer with geometry.
    key
        Columns whose values identify a row.
    fields
        What is told of columns that are declared nowhere, by column name.

    Returns
    -------
    Layer
        The layer.
    list of Change
        Cells that no format could hold as they were.

    Raises
    ------
    TableFault
        ``export_column_name``, ``export_column_twice``, ``export_type``, ``export_no_crs``.
    """
    geometry, crs = None, None
    if isinstance(frame, gpd.GeoDataFrame):
        geometry, crs = np.asarray(frame.geometry.array, dtype=object), frame.crs
        if crs is None:
            raise TableFault("export_no_crs", table=name)
        frame = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    _check_columns(name, frame.columns)
    rows, changes = clean_columns(name, frame, key)
    known = fields or {}
    told = tuple(known.get(column) or describe_column(column, name) for column in frame.columns)
    return Layer(name, rows, told, tuple(key), geometry, crs), changes


def _add_words(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Put the words of each language beside a column of keys of the catalogue."""
    at = list(frame.columns).index(column)
    said = frame.copy()
    keys = [key if isinstance(key, str) else None for key in frame[column]]
    for after, language in enumerate(LANGUAGES, start=1):
        # The key of a row is whole ("reason.no_records") or without its first part ("suppressed").
        words: dict[str | None, str | None] = {
            key: _label(key if "." in key else f"{column}.{key}", key)[language]
            for key in {*keys} - {None}
            if key is not None
        }
        values = pd.Series([words.get(key) for key in keys], index=frame.index, dtype=object)
        said.insert(at + after, f"{column}_{language}", values)
    return said


def _wide_indicators(
    indicators: pd.DataFrame, clusters: pd.Index[Any], taken: Iterable[str]
) -> tuple[pd.DataFrame, dict[str, Field]]:
    """One column an indicator, or an indicator and kind; values by industry stay long."""
    wanted = indicators[indicators["industry"].fillna("") == ""]
    pairs = sorted(set(zip(wanted["indicator"], wanted["kind"].fillna(""), strict=True)))
    columns: dict[str, pd.Series[Any]] = {}
    fields: dict[str, Field] = {}
    used = frozenset(taken)
    for indicator, kind in pairs:
        name = f"{indicator}_{kind}" if kind else str(indicator)
        if name in used:  # e.g. the number of firms, which stands there already
            continue
        chosen = (wanted["indicator"] == indicator) & (wanted["kind"].fillna("") == kind)
        values = wanted[chosen].set_index("cluster")["value"]
        columns[name] = values[~values.index.duplicated()].reindex(clusters)
        fields[name] = _describe_indicator(name, indicator, kind)
    return pd.DataFrame(columns, index=clusters), fields


def _say_scores(scores: pd.DataFrame) -> pd.DataFrame:
    return _add_words(_add_words(scores, "reason"), "quadrant")


def _wide_parts(release: Release, clusters: pd.Index[Any]) -> pd.DataFrame:
    """One column a part of the score, where the project's own scenario has it."""
    rows = release.subscores
    own = rows[(rows["scenario"] == DEFAULT_SCENARIO) & rows["subscore"].isin(PARTS)]
    wide = own.pivot_table(index="cluster", columns="subscore", values="value", dropna=False)
    parts = [part for part in PARTS if part in set(own["subscore"])]
    wide = wide.reindex(index=clusters, columns=parts).astype("float64")
    return wide.add_prefix("part_").rename_axis(columns=None)


def _clusters(release: Release) -> tuple[Layer, list[Change]]:
    given = release.clusters
    base = pd.DataFrame(index=given.index).rename_axis("cluster")
    for name in _CLUSTER_COLUMNS:
        if name in given.columns:
            base[name] = given[name]
    scores = release.scores[release.scores["scenario"] == DEFAULT_SCENARIO].set_index("cluster")
    scored = _say_scores(scores[list(_SCORE_COLUMNS)].reindex(given.index))
    scored = pd.concat([scored, _wide_parts(release, given.index)], axis=1)
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
        (links abroad by country) and flags. Keys (reason, note, quadrant, flag) have
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
        build_layer(
            "indicators", _add_words(release.indicators, "note"), key=tables.INDICATORS.key
        ),
        build_layer("scores", _say_scores(release.scores), key=tables.SCORES.key),
        build_layer("subscores", _add_words(release.subscores, "reason"), key=tables.SUBSCORES.key),
        build_layer("industries", _industries(release), key=("industry",)),
        build_layer("ratios", _all_kinds(release.ratios), key=("cluster", "reach")),
        build_layer("brokers", release.brokers, key=("cluster", "place")),
        _build_flows("abroad", release.abroad, tables.ABROAD_LINKS.key),
        build_layer("flags", _add_words(release.flags, "flag"), key=tables.FLAGS.key),
    ]
    layers = tuple(mark_synthetic(layer) if release.synthetic else layer for layer, _ in built)
    return layers, [change for _, changes in built for change in changes]
