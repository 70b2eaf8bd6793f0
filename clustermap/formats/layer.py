"""A layer of an export, with what is told of its columns: the same in every format."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from clustermap import tables
from clustermap.errors import TableFault
from clustermap.formats.cells import Change, clean_columns
from clustermap.messages import LANGUAGES, read_catalogue
from clustermap.scores.profile import PARTS
from clustermap.tables import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from pyproj import CRS

    from clustermap.messages import Language

SYNTHETIC_SUFFIX = "_synthetic"
LAYER_NAMES = (
    *("clusters", "institutes", "firms", "flows", "cell_flows"),
    *("indicators", "scores", "subscores", "industries"),
    *("ratios", "brokers", "abroad", "flags"),
    *("portfolios", "selection", "why_not", "missing_links"),
)

SCORE_COLUMNS = (
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
    Column("standing_ko", "text", "The standing in words, in Korean."),
    Column("standing_en", "text", "The standing in words, in English."),
    Column("synthetic", "integer", "1: the data are made up and describe no real place."),
)
_STANDS_IN = Column("cluster", "text", "Cluster that it stands in; empty outside clusters.")
_BROKER_NAME = Column("name", "text", "Name of the broker; masked outside the house.")
_BRIDGE = Column("broker", "text", "Name of the actor; masked outside the house.")
_DECIMAL_WEIGHT = Column("weight", "number", "Sum of weights or shares, as a decimal number.")
_RELEASED_IN: dict[str, tuple[Column, ...]] = {
    "clusters": (
        *(tables.SCORES.column(name) for name in SCORE_COLUMNS),
        *(tables.SELECTION.column(name) for name in ("selected", "standing", "inclusion", "gain")),
    ),
    "institutes": (_STANDS_IN,),
    "firms": (_STANDS_IN,),
    "flows": (_DECIMAL_WEIGHT,),
    "cell_flows": (_DECIMAL_WEIGHT,),
    "abroad": (_DECIMAL_WEIGHT,),
    "brokers": (_BROKER_NAME,),
    "missing_links": (_BRIDGE,),
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
    "portfolios": tables.PORTFOLIOS,
    "selection": tables.SELECTION,
    "why_not": tables.WHY_NOT,
    "missing_links": tables.MISSING_LINKS,
}


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


def read_label(key: str, fallback: str) -> Mapping[Language, str]:
    """Return a message of the catalogue, as it stands there.

    Parameters
    ----------
    key
        Key of the message.
    fallback
        What it is called where the catalogue has no such key.

    Returns
    -------
    Mapping
        Text by language.
    """
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
    label = read_label(f"column.{name}.label", name)
    if declared is None:
        return Field(name, label, "", label)
    # A word may mean something else in this table: the Korean goes with its own English only.
    keys = [f"column.{name}.{table.name}.meaning"] if table else []
    found = (read_label(key, "") for key in (*keys, f"column.{name}.meaning"))
    korean = next((told["ko"] for told in found if told["en"] == declared.meaning), label["ko"])
    return Field(name, label, declared.unit, {"ko": korean, "en": declared.meaning})


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


def add_words(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Put the words of each language beside a column of keys of the catalogue.

    Parameters
    ----------
    frame
        A table.
    column
        Column of keys, whole ("reason.no_records") or without their first part, which is then the
        name of the column.

    Returns
    -------
    pandas.DataFrame
        The table with a column a language.
    """
    at = list(frame.columns).index(column)
    said = frame.copy()
    keys = [key if isinstance(key, str) else None for key in frame[column].tolist()]
    for after, language in enumerate(LANGUAGES, start=1):
        words: dict[str | None, str | None] = {
            key: read_label(key if "." in key else f"{column}.{key}", key)[language]
            for key in {*keys} - {None}
            if key is not None
        }
        values = pd.Series([words.get(key) for key in keys], index=frame.index, dtype=object)
        said.insert(at + after, f"{column}_{language}", values)
    return said
