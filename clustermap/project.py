"""The project file: what a user writes in TOML, checked once and frozen.

Every key is a field below, with its meaning; the docs page is generated from these models. Whatever
is wrong with a file ends as one :class:`clustermap.errors.TableFault` that names section, key,
value and cure. A key is accepted only when the stage that reads it exists.
"""

from __future__ import annotations

import codecs
import os
import re
import tomllib
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, cast, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_serializer,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from clustermap.database import Address, hide_secrets, holds_password, is_address, parse_address
from clustermap.errors import TableFault, one_line, shorten
from clustermap.messages import Message
from clustermap.network.allowance import CIRCUMSTANCES, Circumstance
from clustermap.sources.dialects import as_iso, list_dialects, list_kinds
from clustermap.tables import DEFAULT_SCENARIO, KINDS, LAYERS, LINKAGES, Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from typing import Self

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from clustermap.messages import Language

_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_VSI = re.compile(r"[/\\]vsi", re.IGNORECASE)
_GLOB = re.compile(r"[*?\[]")
_CRS = re.compile(r"^[A-Za-z]+:[0-9A-Za-z]+$")
_UNIT = re.compile(r"^\d+(\.\d+)?([eE]\d{1,2})? [A-Z]{3}$")
_COUNTRY = re.compile(r"^[A-Z]{2}$")
_RADII = 6
_NAME = 63  # bytes of a name that PostgreSQL keeps
_TOML_LINE = re.compile(r"line (\d+)")

_EXPECTED = {
    "bool_type": Message("project.expected.boolean"),
    "int_type": Message("project.expected.integer"),
    "int_from_float": Message("project.expected.integer"),
    "float_type": Message("project.expected.number"),
    "finite_number": Message("project.expected.number"),
    "string_type": Message("project.expected.text"),
    "string_too_short": Message("project.expected.filled"),
    "string_too_long": Message("project.expected.character"),
    "tuple_type": Message("project.expected.list"),
    "dict_type": Message("project.expected.table"),
    "model_type": Message("project.expected.table"),
}
_BOUNDS = {
    "greater_than": "gt",
    "greater_than_equal": "ge",
    "less_than": "lt",
    "less_than_equal": "le",
}


def bad_value(value: object, expected: Message, at: str = "") -> PydanticCustomError:
    """Return what a validator raises for a value that cannot be used.

    Parameters
    ----------
    value
        The value.
    expected
        What could stand there.
    at
        Key at fault, where it is not the one that is validated.

    Returns
    -------
    PydanticCustomError
        Told as any other mistake of the file.
    """
    found = {"value": value, "expected": expected, "at": at}
    return PydanticCustomError("project_bad_value", "fault", found)


def _refuse_remote(text: str) -> None:
    if _URL.match(text) or _VSI.match(text) or _VSI.match(os.path.normpath(text)):
        shown = {"value": hide_secrets(text)}
        raise PydanticCustomError("project_path_refused", "fault", shown)
    if text != one_line(text) or not text.strip():
        raise bad_value(text, Message("project.expected.path"))


def _absolute(text: str, folder: Path) -> Path:
    path = Path(os.path.normpath(folder / text))
    _refuse_remote(str(path))
    return path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # no permission, a name too long for the system
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _match_glob(text: str, folder: Path) -> list[Path]:
    parts = Path(text).parts
    first = next(at for at, part in enumerate(parts) if _GLOB.search(part))
    start = _absolute(str(Path(*parts[:first])), folder)
    try:
        # Hidden files are what systems leave beside the data ("._firms.csv" of macOS).
        found = [p for p in start.glob(str(Path(*parts[first:]))) if not p.name.startswith(".")]
    except (OSError, ValueError):
        found = []
    return sorted(path for path in found if _is_file(path))


def _find(text: object, folder: Path) -> list[Path]:
    if not isinstance(text, str):
        raise bad_value(text, Message("project.expected.path"))
    if is_address(text):
        shown = {"value": hide_secrets(text)}
        raise PydanticCustomError("project_database_address", "fault", shown)
    _refuse_remote(text)
    path = _absolute(text, folder)
    if _is_file(path):
        return [path]
    if _is_folder(path):
        named = {"value": text, "folder": shorten(text.rstrip("/\\"))}
        raise PydanticCustomError("project_folder", "fault", named)
    if not _GLOB.search(text):
        raise PydanticCustomError("project_missing_file", "fault", {"value": text})
    found = _match_glob(text, folder)
    if not found:
        raise PydanticCustomError("project_empty_glob", "fault", {"value": text})
    return found


def _folder(info: ValidationInfo) -> Path:
    return Path(cast("Mapping[str, Path]", info.context)["folder"])


def _find_address(value: object) -> Address:
    """Return the address of a database; what is wrong with one is told without its secrets."""
    if not isinstance(value, str):
        raise bad_value(value, Message("project.expected.text"))
    shown = {"value": hide_secrets(value)}
    if holds_password(value):
        raise PydanticCustomError("project_database_password", "fault", shown)
    found = parse_address(value)
    if found is None:
        raise PydanticCustomError("project_database_address", "fault", shown)
    return found


def _find_files(value: object, info: ValidationInfo) -> tuple[Path, ...] | Address:
    if isinstance(value, str) and is_address(value):
        return _find_address(value)
    texts = value if isinstance(value, list) else [value]
    if not texts:
        raise bad_value(value, Message("project.expected.path"))
    found = [path for text in texts for path in _find(text, _folder(info))]
    return tuple(dict.fromkeys(found))


def _find_file(value: object, info: ValidationInfo) -> Path:
    found = _find(value, _folder(info))
    if len(found) > 1:
        raise bad_value(value, Message("project.expected.one_file"))
    return found[0]


def _find_folder(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str | Path):
        raise bad_value(value, Message("project.expected.path"))
    _refuse_remote(str(value))
    return _absolute(str(value), _folder(info))


def _check_encoding(value: object) -> object:
    if isinstance(value, str):
        try:
            codecs.lookup(value)
        except (LookupError, ValueError):
            raise bad_value(value, Message("project.expected.encoding")) from None
    return value


def _check_unit(value: str) -> str:
    if not _UNIT.match(value):
        raise bad_value(value, Message("project.expected.unit"))
    return value


def _check_schema(value: str) -> str:
    refused = value.startswith("pg_") or value == "information_schema"
    if not value.strip() or value != one_line(value) or len(value.encode()) > _NAME or refused:
        raise bad_value(value, Message("project.expected.schema"))
    return value


def _check_crs(value: str) -> str:
    # A name such as "Korea 2000" stands for several systems; a code stands for one.
    if not _CRS.match(value):
        raise bad_value(value, Message("project.expected.crs"))
    return value


def _check_country(value: str) -> str:
    if not _COUNTRY.match(value):
        raise bad_value(value, Message("project.expected.country"))
    return as_iso(value)


Crs = Annotated[str, AfterValidator(_check_crs)]
Files = Annotated[tuple[Path, ...] | Address, BeforeValidator(_find_files)]
OneFile = Annotated[Path, BeforeValidator(_find_file)]
Folder = Annotated[Path, BeforeValidator(_find_folder)]
Database = Annotated[Address, BeforeValidator(_find_address)]
Encoding = Annotated[str, BeforeValidator(_check_encoding)]
Text = Annotated[str, Field(min_length=1)]
Unit = Annotated[str, AfterValidator(_check_unit)]
Year = Annotated[int, Field(ge=1800, le=2200)]
Country = Annotated[str, AfterValidator(_check_country)]
ExportFormat = Literal["gpkg", "shp", "csv"]


class Section(BaseModel):
    """A section of the project file: its keys are the fields, any other key is refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        validate_default=True,
    )


class ProjectSection(Section):
    """Section [project]: what holds for the whole project."""

    name: Text = Field(description="Name of the project; the title of its pages.")
    out: Folder = Field(default=Path("out"), description="Folder that results are written to.")
    checkpoints: bool = Field(
        default=True,
        description="Whether what each stage finds is kept beside the output, so that the next run"
        " computes only what changed.",
    )
    crs: Crs = Field(
        default="EPSG:5179",
        description="Coordinate system of the map as an EPSG code; metric ones suit best, with a"
        " geographic one (EPSG:4326) distances are geodesic.",
    )
    synthetic: bool = Field(
        default=False,
        description="Whether the data are made up; every page, table and export then says so.",
    )
    language: Literal["ko", "en"] = Field(
        default="ko", description="Language that pages open in and that messages are written in."
    )
    seed: int = Field(default=1, ge=0, description="Seed of every random draw.")
    currency: Text = Field(default="KRW", description="Currency of the amounts.")
    countries: Annotated[tuple[Country, ...], Field(strict=False)] = Field(
        default=(),
        description="Countries of the map (two letters each): of registers of the whole world,"
        " firms and institutes are read from these alone, partners from all others. Empty: all.",
    )


class Source(Section):
    """What every table that is read may say of its files."""

    path: Files = Field(
        description="File, list of files or glob, from the project file's folder. Formats: CSV,"
        " TSV, Excel workbook, Parquet, GeoParquet, GeoPackage, GeoJSON, JSON records or shapefile."
        " Or a PostGIS database: `postgresql://user@host:port/database`, without a password.",
    )
    table: Text | None = Field(
        default=None, description='Table or view of the database, e.g. "public.firms".'
    )
    query: Text | None = Field(
        default=None, description="One select of the database, instead of a table."
    )
    layer: Text | None = Field(
        default=None, description="Layer of a GeoPackage, or sheet of a workbook, of several."
    )
    encoding: Encoding | None = Field(
        default=None, description="Encoding; without it UTF-8 is tried, then CP949."
    )
    columns: dict[str, Text] = Field(
        default={}, description="Our column = column of the file; a column left out has our name."
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        default=None, description="Character between the values of a text file."
    )
    dialect: Text | None = Field(
        default=None,
        description="Publisher's layout of the file; recognised by its columns unless said;"
        ' "none": our own column names.',
    )
    kinds: dict[str, str] = Field(
        default={},
        description="Kind in the file = our kind, for tables that have a closed list, and for firms"
        " of a register of all kinds.",
    )
    licence: str = Field(default="", description="Licence of the data.")
    attribution: str = Field(
        default="", description="Owner of the data; the line stands on every output."
    )

    @field_serializer("path")
    def _say_path(self, path: tuple[Path, ...] | Address) -> tuple[Path, ...] | str:
        # Who asks changes no result: the user stays out of run.json.
        return path.shown if isinstance(path, Address) else path

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        of_files, of_databases = ("layer", "encoding", "delimiter"), ("table", "query")
        wrong = of_databases if self.database is None else of_files
        for key in wrong:
            if getattr(self, key) is not None:
                kind = "project_file_only" if self.database else "project_database_only"
                raise PydanticCustomError(kind, "fault", {"at": key})
        if self.database is not None and (self.table is None) == (self.query is None):
            raise PydanticCustomError("project_database_table", "fault", {"at": "table"})
        return self

    @property
    def files(self) -> tuple[Path, ...]:
        """Files that it is read from; none where it comes from a database."""
        return () if isinstance(self.path, Address) else self.path

    @property
    def database(self) -> Address | None:
        """Database that it is read from; None where it comes from files."""
        return self.path if isinstance(self.path, Address) else None

    @property
    def names(self) -> tuple[str, ...]:
        """What it is read from, as people know it: names of files, the table, or "query"."""
        if self.database is not None:
            return (self.table or "query",)
        return tuple(path.name for path in self.files)


class Layer(Source):
    """Sections [layers.…]: one layer of the map."""

    crs: Crs | None = Field(
        default=None,
        description="Coordinate system of the file as an EPSG code; it wins over the file's own.",
    )
    units: dict[str, Unit] = Field(
        default={},
        description='Column of money = unit of its values in the file, e.g. sales = "1e6 KRW".',
    )

    codes: Literal["KOSTAT", "MOIS"] | None = Field(
        default=None,
        description="Who gave the codes in region and district, where these hold codes (Statistics"
        " Korea, Ministry of the Interior and Safety); without it the column as a whole tells.",
    )

    @property
    def factors(self) -> dict[str, float]:
        """What the values of a column are multiplied with to be in the project's currency."""
        return {column: float(unit.split()[0]) for column, unit in self.units.items()}


class ClusterLayer(Layer):
    """Section [layers.clusters]."""

    overlaps: Literal["smallest", "all", "error"] = Field(
        default="smallest",
        description="Cluster of an actor inside several: the smallest, all, or a fault.",
    )
    aliases: OneFile | None = Field(
        default=None,
        description="Other names of clusters that firms may state as their complex: a table with"
        " the columns cluster and alias.",
    )


class Layers(Section):
    """Sections [layers.…]: the layers, of which only the clusters are required."""

    clusters: ClusterLayer = Field(description="Industrial complexes, research zones, regions.")
    institutes: Layer | None = Field(default=None, description="Universities, institutes.")
    firms: Layer | None = Field(default=None, description="Firms, one row an establishment.")
    partners: Layer | None = Field(default=None, description="Actors outside the map.")
    regions: Layer | None = Field(default=None, description="Regions for the basemap.")
    support: Layer | None = Field(
        default=None, description="Grants of support programmes; no polygons and no points."
    )

    @field_validator("*", mode="after")
    @classmethod
    def _check_against_table(cls, layer: Layer | None, info: ValidationInfo) -> Layer | None:
        if layer is not None and info.field_name is not None:
            _check_columns(layer, LAYERS[info.field_name])
        return layer


class Assign(Section):
    """Section [assign]: how actors come to clusters."""

    nearest_m: float = Field(
        default=0,
        ge=0,
        description="An actor outside every cluster goes to the nearest within this distance (m).",
    )


class Linkage(Source):
    """Sections [[linkages]], repeatable: one table of knowledge flows."""

    form: Literal["pairs", "projects", "documents"] = Field(
        description="A row is a pair of actors, one actor's part in a project, or one actor's part"
        " in a document, e.g. a patent or a paper."
    )
    kind: Text | None = Field(
        default=None, description="Kind of every row, where the file has no column for it."
    )
    match: Literal["id", "name"] = Field(
        default="id", description="What stands for an actor: its identifier or its name."
    )
    directed: bool | None = Field(
        default=None,
        description="Whether source and target differ; true for transfer and mobility unless said.",
    )
    independent_units: int | None = Field(
        default=None,
        ge=1,
        description="Number of projects that all pairs come from, where only that is known.",
    )
    since: Year | None = Field(default=None, description="First year that counts.")
    until: Year | None = Field(default=None, description="Last year that counts.")

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        table = LINKAGES[self.form]
        _check_columns(self, table)
        if self.kind is not None:
            if self.kinds:
                raise PydanticCustomError("project_conflict", "fault", {"at": "kind"})
            _check_choice(self.kind, KINDS, "kind")
        if self.form != "pairs":
            for key in ("directed", "independent_units"):
                if getattr(self, key) is not None:
                    raise bad_value(getattr(self, key), Message("project.expected.pairs"), key)
        if self.since is not None and self.until is not None and self.since > self.until:
            raise bad_value(self.until, Message("project.expected.until"), "until")
        return self


class Industries(Section):
    """Section [industries]: which industry codes belong to which strategic industry."""

    path: OneFile | None = Field(
        default=None, description="Taxonomy of strategic industries; without it the embedded one."
    )
    code: Text = Field(default="KSIC10", description="Classification that its codes come from.")
    concordance: OneFile | None = Field(
        default=None,
        description="What became of the codes of other revisions in that of code, as CSV: revision,"
        " code, to, scope; without it the embedded one of KSIC10.",
    )

    @property
    def revision(self) -> str:
        """Revision at the end of code, e.g. 10; "" where it states none."""
        return self.code[len(self.code.rstrip("0123456789")) :]

    @model_validator(mode="after")
    def _check_taxonomy(self) -> Self:
        if self.concordance is not None and not self.revision:
            raise bad_value(self.code, Message("project.expected.revision"), "code")
        if self.path is None and self.code != "KSIC10":
            raise bad_value(self.code, Message("project.expected.taxonomy"), "code")
        return self


class RoadGraph(Section):
    """Section [roads]: the roads that travel times are measured on."""

    path: OneFile = Field(
        description="GraphML as OSMnx and `clustermap fetch osm` write it, or an extract of"
        " OpenStreetMap (.osm.pbf, .osm)."
    )
    crs: Crs | None = Field(
        default=None,
        description="Coordinate system of its nodes as an EPSG code; it wins over the file's own.",
    )
    licence: str = Field(default="", description="Licence of the data.")
    attribution: str = Field(
        default="", description="Owner of the data; the line stands on every output."
    )


class Score(Section):
    """Section [score]: how clusters are scored."""

    profile: Text = Field(default="balanced", description="Profile of weights.")
    draws: int = Field(
        default=1000, ge=1, le=100_000, description="Random draws behind intervals of scores."
    )
    null: Literal["mass", "constrained", "no_distance", "no_size"] = Field(
        default="mass",
        description="What links are held against in the headline: what is typical of the actors at"
        " their distances, the same with every cell's total kept, without distances, or with size"
        " not taken off; all are computed.",
    )
    allow_for: Annotated[tuple[Circumstance, ...], Field(strict=False)] = Field(
        default=CIRCUMSTANCES,
        description="Circumstances of clusters that the headline allows for: their region, their"
        " number of actors, and their head offices and branches. Empty: clusters are"
        " compared with the whole nation.",
    )
    local_m: Annotated[tuple[float, ...], Field(strict=False)] = Field(
        default=(0, 10_000, 30_000),
        description="How far local links reach (m): up to six radii, ascending from 0 (the fence).",
    )
    local_by: Literal["region"] | None = Field(
        default=None, description="Local links end at the region instead of at radii."
    )

    advice: bool = Field(
        default=True,
        description="Whether to look behind scores: diagnosis, support bodies, missing links and"
        " brokers. Without it a nation of millions of firms takes two thirds of the time.",
    )

    @field_validator("local_m", mode="after")
    @classmethod
    def _check_radii(cls, radii: tuple[float, ...]) -> tuple[float, ...]:
        ascending = all(near < far for near, far in pairwise(radii))
        if not ascending or radii[:1] != (0,) or len(radii) > _RADII:
            raise bad_value(list(radii), Message("project.expected.radii", {"most": _RADII}))
        return radii

    @model_validator(mode="after")
    def _check_local(self) -> Self:
        if self.local_by is not None and "local_m" in self.model_fields_set:
            found = {"at": "local_by", "one": "local_m", "other": "local_by"}
            raise PydanticCustomError("project_either", "fault", found)
        return self

    @property
    def radii_m(self) -> tuple[float, ...]:
        """Radii of local links; empty where they end at the region."""
        return () if self.local_by else self.local_m


class Rule(Section):
    """Entries of rules in [select] and [scenarios.NAME]: floors and caps of a group."""

    by: Literal["region", "industry", "kind"] = Field(
        description="What groups clusters: region, strategic industry or kind of cluster."
    )
    of: Annotated[tuple[Text, ...], Field(strict=False)] = Field(
        default=(), description="Groups that it holds for, each alone. Empty: each there is."
    )
    min: int | None = Field(default=None, ge=0, description="Least number of clusters chosen.")
    max: int | None = Field(default=None, ge=0, description="Largest number of clusters chosen.")
    min_share: float | None = Field(
        default=None, ge=0, le=1, description="Least share of the money that is spent."
    )
    max_share: float | None = Field(
        default=None, ge=0, le=1, description="Largest share of the money that is spent."
    )

    @model_validator(mode="after")
    def _check_ends(self) -> Self:
        ends = ((self.min, self.max, "max"), (self.min_share, self.max_share, "max_share"))
        if all(low is None and high is None for low, high, _ in ends):
            raise bad_value(self.by, Message("project.expected.rule"), "by")
        for low, high, at in ends:
            if low is not None and high is not None and low > high:
                raise bad_value(
                    high, Message("project.expected.bound", {"bound": f"≥ {low:g}"}), at
                )
        return self


Rules = Annotated[tuple[Rule, ...], Field(strict=False)]
Texts = Annotated[tuple[Text, ...], Field(strict=False)]


class Select(Section):
    """Section [select]: which clusters would be supported under a budget and rules."""

    budget: float = Field(gt=0, description="What may be spent, in the project's currency.")
    cost: float | None = Field(
        default=None, gt=0, description="Cost of a cluster whose layer gives none."
    )
    rules: Rules = Field(default=(), description="Floors and caps by region, industry or kind.")
    must: Texts = Field(default=(), description="Clusters that are chosen, by identifier.")
    must_not: Texts = Field(default=(), description="Clusters that are not, by identifier.")
    draws: int = Field(
        default=200, ge=59, le=10_000, description="Draws of the scores behind the standings."
    )
    capability: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Weight of capability in merit; the linkage score has the rest.",
    )
    reach: Literal["employees", "firms"] = Field(
        default="employees", description="What support reaches: people or firms."
    )
    exponent: float = Field(
        default=0.5,
        ge=0,
        le=2,
        description="Exponent of reach: at 0.5 four times the people count twice, at 0 not at all.",
    )
    industries: Texts = Field(
        default=(),
        description="Strategic industries whose employees or firms count as reach; empty: all.",
    )
    unrated: Literal["excluded", "typical"] = Field(
        default="excluded",
        description="Clusters that the data do not rate: they may not be chosen, or they count with"
        " the score that is typical (50.5). Those of must count so in either case.",
    )
    gap: float = Field(
        default=0,
        ge=0,
        le=0.01,
        description="Relative gap up to which optima are proven; 0: exactly.",
    )


def check_weights(weights: dict[str, float], *, whole: bool = True) -> dict[str, float]:
    """Refuse weights of parts that do not exist, are negative, or outweigh all others.

    Parameters
    ----------
    weights
        Weights by part; may be empty.
    whole
        Whether they are all weights there are, so that none may outweigh the others together.

    Returns
    -------
    dict
        The same.

    Raises
    ------
    PydanticCustomError
        If they cannot be used.
    """
    if not weights:
        return weights
    # Loads pandas, which opening any other project does without.
    from clustermap.scores.profile import MAX_WEIGHT, PARTS  # noqa: PLC0415

    for part, weight in weights.items():
        _check_choice(part, PARTS, part)
        if weight < 0:
            raise bad_value(weight, Message("project.expected.bound", {"bound": "≥ 0"}), part)
    if whole and max(weights.values()) > MAX_WEIGHT * sum(weights.values()):
        raise bad_value(weights, Message("project.expected.part_weights"))
    return weights


class Scenario(Section):
    """Sections [scenarios.NAME]: what is chosen otherwise, all else being as in [select]."""

    profile: Text | None = Field(default=None, description="Profile of weights.")
    weights: dict[str, float] = Field(
        default={}, description="Weights of parts of the score, instead of the profile's."
    )
    rules: Rules | None = Field(default=None, description="Rules, instead of those of [select].")
    budget: float | None = Field(default=None, gt=0, description="What may be spent.")
    capability: float | None = Field(
        default=None, ge=0, le=1, description="Weight of capability in merit."
    )
    exponent: float | None = Field(default=None, ge=0, le=2, description="Exponent of reach.")

    @field_validator("weights", mode="after")
    @classmethod
    def _check_weights(cls, weights: dict[str, float]) -> dict[str, float]:
        return check_weights(weights)


class Publish(Section):
    """Section [publish]: what may leave the house."""

    internal: bool = Field(
        default=False, description="Whether results stay in the house: nothing is then withheld."
    )
    min_firms: int = Field(
        default=3, ge=1, description="Values that rest on fewer firms are withheld."
    )
    dominance: float = Field(
        default=0.8, gt=0, le=1, description="Values of which one firm holds more are withheld."
    )


class PostgisExport(Section):
    """Section [export.postgis]: the same tables in a PostGIS database."""

    url: Database = Field(
        description="Database: `postgresql://user@host:port/database`, without a password."
    )
    schema_: Annotated[str, AfterValidator(_check_schema)] = Field(
        default="clustermap",
        alias="schema",
        description="Schema that the tables stand in; it is made where it is missing.",
    )

    @field_serializer("url")
    def _say_url(self, url: Address) -> str:
        return url.shown


class Export(Section):
    """Section [export]: files for GIS programs and spreadsheets."""

    formats: Annotated[tuple[ExportFormat, ...], Field(strict=False)] = Field(
        default=("gpkg", "shp"), description="Formats that are written; CSV always is."
    )
    encoding: Literal["utf-8", "cp949"] = Field(
        default="utf-8",
        description="Encoding of text in shapefiles; CSV is always UTF-8 with a byte order mark.",
    )
    postgis: PostgisExport | None = Field(
        default=None, description="Database that the tables are written to as well."
    )


class Quality(Section):
    """Section [quality]: when a table is too bad to be used."""

    max_refused: float = Field(
        default=0.05, ge=0, le=1, description="Largest share of a table's rows refused."
    )


class Project(Section):
    """A project file, checked: paths are absolute, defaults filled in, nothing can be changed."""

    schema_: Literal[1] = Field(alias="schema", description="Version of the project file: 1.")
    project: ProjectSection = Field(description="What holds for the whole project.")
    layers: Layers = Field(description="The layers of the map.")
    assign: Assign = Field(default=Assign(), description="How actors come to clusters.")
    linkages: Annotated[tuple[Linkage, ...], Field(strict=False)] = Field(
        default=(), description="Tables of knowledge flows."
    )
    industries: Industries = Field(default=Industries(), description="Strategic industries.")
    roads: RoadGraph | None = Field(default=None, description="Roads; without them straight lines.")
    score: Score = Field(default=Score(), description="How clusters are scored.")
    select: Select | None = Field(default=None, description="What is chosen under a budget.")
    scenarios: dict[str, Scenario] = Field(
        default={}, description="What would be chosen otherwise, by name."
    )
    publish: Publish = Field(default=Publish(), description="What may leave the house.")
    export: Export = Field(default=Export(), description="Files for other programs.")
    quality: Quality = Field(default=Quality(), description="When a table is too bad.")

    _file: Path = PrivateAttr(default=Path())

    @model_validator(mode="after")
    def _check_scenarios(self) -> Self:
        if self.select is not None and not self.score.advice:
            found = {"at": "select", "one": "score.advice = false", "other": "select"}
            raise PydanticCustomError("project_either", "fault", found)
        for name in self.scenarios:
            if self.select is None:
                raise bad_value(name, Message("project.expected.select"), f"scenarios.{name}")
            if name == DEFAULT_SCENARIO or not name.strip() or name != one_line(name):
                raise bad_value(name, Message("project.expected.scenario"), f"scenarios.{name}")
        return self

    @model_validator(mode="after")
    def _check_currency(self) -> Self:
        for name, layer in self.layers:
            for column, unit in layer.units.items() if layer else ():
                if unit.split()[1] != self.project.currency:
                    expected = _one_of([self.project.currency])
                    raise bad_value(unit, expected, f"layers.{name}.units.{column}")
        return self

    @property
    def file(self) -> Path:
        """The project file itself."""
        return self._file

    @property
    def folder(self) -> Path:
        """Folder of the project file, which its paths count from."""
        return self._file.parent

    def relative(self, path: Path) -> str:
        """Name a file without saying where on this machine it lies.

        Parameters
        ----------
        path
            Absolute path.

        Returns
        -------
        str
            Path from the project's folder, with "/"; outside of it the file's name alone.
        """
        inside = path.is_relative_to(self.folder)
        return path.relative_to(self.folder).as_posix() if inside else path.name

    def parameters(self) -> dict[str, Any]:
        """List all parameters, as they stand in run.json.

        Returns
        -------
        dict
            Keys of the project file with defaults filled in, fit for JSON; the output folder and
            whether there are checkpoints are left out, since they change no result.
        """
        dumped = self.model_dump(by_alias=True)
        del dumped["project"]["out"], dumped["project"]["checkpoints"]
        if self.roads is None:  # run.json of a project without roads tells of none
            del dumped["roads"]
        plain: dict[str, Any] = self._plain(dumped)
        return plain

    def changed(
        self,
        *,
        out: Path | None = None,
        language: Language | None = None,
        checkpoints: bool | None = None,
    ) -> Project:
        """Return the project with another output folder or language, or without checkpoints.

        Parameters
        ----------
        out
            Output folder; a relative one counts from the current folder. None keeps it.
        language
            Language of pages and messages; None keeps it.
        checkpoints
            Whether there are checkpoints; None keeps it.

        Returns
        -------
        Project
            A copy, otherwise equal.
        """
        update: dict[str, object] = {}
        if out is not None:
            update["out"] = Path(os.path.normpath(out.absolute()))
        if language is not None:
            update["language"] = language
        if checkpoints is not None:
            update["checkpoints"] = checkpoints
        return self.model_copy(update={"project": self.project.model_copy(update=update)})

    def _plain(self, value: Any) -> Any:  # noqa: ANN401 -- whatever TOML holds
        if isinstance(value, dict):
            return {key: self._plain(part) for key, part in value.items()}
        if isinstance(value, tuple):
            return [self._plain(part) for part in value]
        return self.relative(value) if isinstance(value, Path) else value


_Document = TypeVar("_Document", bound=Section)


def read_document(model: type[_Document], file: Path) -> _Document:
    """Read and check a file that users write in TOML.

    Parameters
    ----------
    model
        What stands in it.
    file
        Absolute path of the file (UTF-8 with or without a byte order mark).

    Returns
    -------
    Section
        The frozen document; the files that it names, from its own folder, exist.

    Raises
    ------
    TableFault
        If the file is missing or unreadable, is not TOML, or says something that is not understood.
    """
    written = _parse(_read(file), file)
    try:
        return model.model_validate(written, context={"folder": file.parent})
    except ValidationError as refused:
        # An unknown key is the cause where a required one is missing too: a slip of the pen.
        errors = sorted(refused.errors(), key=lambda error: error["type"] != "extra_forbidden")
        raise _fault(errors[0], file, model) from None


def open_project(path: str | os.PathLike[str]) -> Project:
    """Read and check a project file.

    Parameters
    ----------
    path
        The project file (TOML, UTF-8 with or without a byte order mark).

    Returns
    -------
    Project
        The frozen project; the files that it names exist.

    Raises
    ------
    TableFault
        If the file is missing or unreadable, is not TOML, or says something that is not understood.
    """
    file = Path(os.path.normpath(Path(path).absolute()))
    project = read_document(Project, file)
    project._file = file
    return project


def _read(file: Path) -> str:
    try:
        content = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise TableFault("project_missing", table=file.name or str(file)) from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise TableFault("project_unreadable", table=file.name, why=why) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TableFault("project_not_utf8", table=file.name, row=line) from None


def _parse(text: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        at = _TOML_LINE.search(str(error))
        line = int(at.group(1)) if at else max(1, len(text.splitlines()))
        raise TableFault("project_not_toml", table=file.name, row=line) from None


def _check_choice(value: str, choices: Sequence[str], at: str) -> None:
    if value not in choices:
        raise bad_value(value, _one_of(choices), at)


def _kinds(table: Table) -> tuple[str, ...]:
    listed = tuple(choice for column in table.columns for choice in column.choices)
    return listed or list_kinds(table.name)


def _money(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns if column.unit == "currency")


def _refused(table: Table) -> list[str]:
    """Keys that every layer has in the model but that this table has no use for."""
    placed = [column.name for column in table.columns if column.name in {"x", "geometry"}]
    districts = [column.name for column in table.columns if column.name == "district"]
    uses = {"kinds": _kinds(table), "units": _money(table), "crs": placed, "codes": districts}
    return [key for key, columns in uses.items() if not columns]


def _check_columns(source: Source, table: Table) -> None:
    names = [column.name for column in table.columns]
    for ours in source.columns:
        if ours not in names:
            found = {"at": f"columns.{ours}", "table_name": table.name, "hint": _hint(ours, names)}
            raise PydanticCustomError("project_unknown_column", "fault", found)
    for key in _refused(table):
        if getattr(source, key, None):
            keys = [known for known in type(source).model_fields if known not in _refused(table)]
            found = {"at": key, "hint": _hint(key, keys)}
            raise PydanticCustomError("project_unknown_key", "fault", found)
    if source.dialect is not None:
        _check_choice(source.dialect, list_dialects(getattr(source, "form", table.name)), "dialect")
    for column in getattr(source, "units", {}):
        _check_choice(column, _money(table), f"units.{column}")
    for theirs, ours in source.kinds.items():
        _check_choice(ours, _kinds(table), f"kinds.{theirs}")


def _one_of(choices: Iterable[str]) -> Message:
    return Message("project.expected.choice", {"choices": ", ".join(choices)})


def _hint(word: str, known: Collection[str]) -> Message:
    nearest = get_close_matches(word, known, n=1)
    if nearest:
        return Message("project.hint.nearest", {"nearest": nearest[0]})
    return Message("project.hint.known", {"known": ", ".join(known)})


def model_in(annotation: object) -> type[Section] | None:
    """Find the section that a key's type holds.

    Parameters
    ----------
    annotation
        Type of a key, e.g. ``Layer | None``.

    Returns
    -------
    type or None
        The section's model; None where the key holds a plain value.
    """
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((model for part in get_args(annotation) if (model := model_in(part))), None)


def list_keys(section: Sequence[str], top: type[Section] | None = None) -> dict[str, FieldInfo]:
    """List the keys of a section of the project file.

    Parameters
    ----------
    section
        Names from the top, e.g. ``("layers", "firms")``; () is the whole file.
    top
        What the whole file holds; None for the project file.

    Returns
    -------
    dict
        Key, as it is written, to its declaration; keys that the section does not take are left out.
    """
    model: type[Section] = top or Project
    for name in section:
        model = model_in(model.model_fields[name].annotation) or model
    keys = {field.alias or key: field for key, field in model.model_fields.items()}
    refused = _refused(LAYERS[section[1]]) if section[:1] == ("layers",) and section[1:] else []
    return {key: field for key, field in keys.items() if key not in refused}


def _place(loc: tuple[int | str, ...], file: Path) -> tuple[str, str]:
    repeated = len(loc) > 1 and isinstance(loc[1], int)
    depth = 2 if repeated or loc[0] in {"layers", "scenarios"} else 1
    depth = min(depth, len(loc) - 1)
    section = [str(part) for part in loc[:depth]]
    key = ".".join(str(part) for part in loc[depth:] if part != "[key]")
    if not section:
        return file.name, key
    if repeated and len(section) > 1:
        return f"{file.name} [[{section[0]}]] {int(section[1]) + 1}", key
    return f"{file.name} [{'.'.join(section)}]", key


def _fault(error: ErrorDetails, file: Path, model: type[Section]) -> TableFault:
    context = dict(error.get("ctx", {}))
    at = context.pop("at", "")
    loc = (*error["loc"], at) if at else error["loc"]
    table, column = _place(loc, file)
    kind = error["type"]
    if kind == "extra_forbidden":
        section = tuple(part for part in loc[:-1] if isinstance(part, str))
        if section[:1] == ("scenarios",):
            section = (section[0], *section[2:])  # their names are the user's
        hint = _hint(str(loc[-1]), list_keys(section, model))
        return TableFault("project_unknown_key", table=table, key=column, hint=hint)
    if kind == "missing":
        return TableFault("project_missing_key", table=table, key=column)
    if kind.startswith(("project_", "change_")):
        return TableFault(kind, table=table, key=column, **context)
    expected = _expected(kind, context)
    return TableFault(
        "project_bad_value", table=table, key=column, value=error["input"], expected=expected
    )


def _expected(kind: str, context: Mapping[str, Any]) -> Message:
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'|(\d+)", str(context["expected"]))
        return _one_of(text or number for text, number in choices)
    if kind in _BOUNDS:
        sign = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}[_BOUNDS[kind]]
        bound = f"{sign} {context[_BOUNDS[kind]]:g}"
        return Message("project.expected.bound", {"bound": bound})
    return _EXPECTED.get(kind, Message("project.expected.other"))
