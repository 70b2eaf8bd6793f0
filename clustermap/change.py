"""The change file: what would be otherwise, written in TOML, checked once and frozen.

Every key is a field below, with its meaning; the docs page is generated from these models. A change
never touches the user's files: it says which links, institutes, boundaries, firms, money and
weights a second computation would see.
"""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, PrivateAttr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from clustermap.errors import TableFault, one_line
from clustermap.messages import Message
from clustermap.project import (
    Crs,
    Files,
    Layer,
    Linkage,
    OneFile,
    Section,
    Text,
    Texts,
    Year,
    bad_value,
    check_weights,
    read_document,
)

if TYPE_CHECKING:
    from typing import Self

Kind = Literal["firm_firm", "research", "support", "transfer", "mobility", "other"]
ActorType = Literal["firm", "university", "public_institute", "hospital", "support", "other"]

_MOST_LINKS = 1_000_000
_TERMS = {"schema_", "name", "budget", "budget_times", "profile", "weights", "weights_times"}
_LONGEST_NAME = 80
_UNFIT = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_OWN_WORDS = {
    "project_missing": "change_missing",
    "project_unreadable": "change_unreadable",
    "project_missing_key": "change_missing_key",
    "project_missing_file": "change_missing_file",
    "project_empty_glob": "change_missing_file",
}
"""Faults whose words speak of the project file, and those that speak of a change."""


def _refuse_absolute(value: object) -> object:
    texts = value if isinstance(value, list) else [value]
    for text in texts:
        if isinstance(text, str) and (
            text.startswith("~") or Path(text).is_absolute() or PureWindowsPath(text).anchor
        ):
            # An address on the web is told as such by what reads the path.
            if "://" in text or "vsi" in text.lower():
                continue
            raise PydanticCustomError("change_absolute_path", "fault", {"value": text})
    return value


def _check_pair(value: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if value is not None and len(value) != 2:
        raise bad_value(list(value), Message("change.expected.pair"))
    return value


class AddedTable(Linkage):
    """Sections [[linkages]], repeatable: a table of links that there would be, too."""

    path: Files = Field(
        description="File, list of files or glob, from the change file's folder. Formats: CSV, TSV,"
        " Parquet, GeoParquet, GeoPackage, GeoJSON, JSON records or shapefile.",
    )

    @field_validator("path", mode="before")
    @classmethod
    def _check_path(cls, value: object) -> object:
        return _refuse_absolute(value)


class AddedInstitute(Section):
    """Sections [[institutes]], repeatable: an institute that there would be, too."""

    institute: Text = Field(description="Identifier; no actor has it yet.")
    kind: ActorType = Field(description="Actor type.")
    name: Text | None = Field(default=None, description="Name; its identifier where none is given.")
    cluster: Text | None = Field(
        default=None, description="Cluster that it stands in, in the middle of it."
    )
    x: float | None = Field(
        default=None, description="Easting in the project's coordinate system, instead of cluster."
    )
    y: float | None = Field(
        default=None, description="Northing in the project's coordinate system."
    )
    fields: Texts = Field(default=(), description="Fields of work.")

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        point = (self.x is not None, self.y is not None)
        if self.cluster is not None and any(point):
            found = {"at": "cluster", "one": "cluster", "other": "x, y"}
            raise PydanticCustomError("project_either", "fault", found)
        if self.cluster is None and not all(point):
            raise bad_value(self.institute, Message("change.expected.place"), "cluster")
        return self


class AddedLinks(Section):
    """Sections [[add_links]], repeatable: links that there would be, too."""

    between: Annotated[tuple[Text, ...], Field(strict=False)] = Field(
        description="Two clusters or actors by identifier; the same cluster twice: inside it."
        " Directed kinds lead from the first to the second. Where a cluster and an actor have the"
        ' same identifier, write "cluster:ID" or "actor:ID".'
    )
    kind: Kind = Field(description="Kind of linkage.")
    links: int = Field(default=1, ge=1, le=_MOST_LINKS, description="How many.")
    year: Year | None = Field(default=None, description="Year; none where not given.")
    weight: float = Field(default=1, ge=0, le=10**6, description="Weight of each.")

    @field_validator("between", mode="after")
    @classmethod
    def _check_between(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _check_pair(value) or ()


class RemovedLinks(Section):
    """Sections [[remove_links]], repeatable: links that there would not be."""

    between: Annotated[tuple[Text, ...], Field(strict=False)] | None = Field(
        default=None, description="Only links between these two clusters or actors."
    )
    of: Text | None = Field(
        default=None, description="Only links with an end in this cluster or actor."
    )
    kind: Kind | None = Field(default=None, description="Only links of this kind.")
    links: int | None = Field(
        default=None, ge=1, description="How many of them, drawn by the seed; none given: all."
    )

    @field_validator("between", mode="after")
    @classmethod
    def _check_between(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return _check_pair(value)

    @model_validator(mode="after")
    def _check_some(self) -> Self:
        if self.between is None and self.of is None and self.kind is None:
            raise bad_value(None, Message("change.expected.which"), "between")
        if self.between is not None and self.of is not None:
            found = {"at": "of", "one": "between", "other": "of"}
            raise PydanticCustomError("project_either", "fault", found)
        return self


class Boundary(Section):
    """Sections [[boundaries]], repeatable: another boundary of one cluster."""

    cluster: Text = Field(description="Cluster whose boundary it is.")
    path: OneFile | None = Field(
        default=None,
        description="File with its polygon, from the change file's folder: one polygon, or several"
        " with a column cluster.",
    )
    layer: Text | None = Field(default=None, description="Layer, where a GeoPackage holds several.")
    crs: Crs | None = Field(default=None, description="Coordinate system of the file.")
    buffer_m: float | None = Field(
        default=None, ge=-100_000, le=100_000, description="How far it moves outward (m)."
    )
    merge: Texts = Field(
        default=(), description="Clusters that become one with it; it keeps its identifier."
    )

    @field_validator("path", mode="before")
    @classmethod
    def _check_path(cls, value: object) -> object:
        return _refuse_absolute(value)

    @model_validator(mode="after")
    def _check_way(self) -> Self:
        ways = {"path": self.path, "buffer_m": self.buffer_m, "merge": self.merge or None}
        given = [key for key, value in ways.items() if value is not None]
        if not given:
            raise bad_value(self.cluster, Message("change.expected.boundary"), "path")
        if len(given) > 1:
            found = {"at": given[1], "one": given[0], "other": given[1]}
            raise PydanticCustomError("project_either", "fault", found)
        return self

    @property
    def source(self) -> Layer:
        """The file as a layer that the readers take."""
        return Layer.model_construct(
            path=() if self.path is None else (self.path,),
            layer=self.layer,
            crs=self.crs,
            columns={},
            kinds={},
            units={},
        )


class Closing(Section):
    """Sections [[close]], repeatable: a firm, institute or partner that there would not be."""

    actor: Text | None = Field(default=None, description="Actor by identifier.")
    lead_of: Text | None = Field(
        default=None, description="Cluster whose lead firm closes: the largest, or best linked."
    )
    by: Literal["employees", "links"] = Field(
        default="employees", description="What makes a firm the lead."
    )

    @model_validator(mode="after")
    def _check_who(self) -> Self:
        if (self.actor is None) == (self.lead_of is None):
            raise bad_value(self.actor, Message("change.expected.who"), "actor")
        if self.actor is not None and "by" in self.model_fields_set:
            found = {"at": "by", "one": "actor", "other": "by"}
            raise PydanticCustomError("project_either", "fault", found)
        return self


class Change(Section):
    """A change file, checked: paths are absolute, defaults filled in, nothing can be changed."""

    schema_: Literal[1] = Field(alias="schema", description="Version of the change file: 1.")
    name: Text | None = Field(
        default=None,
        description="Name; its results stand in OUT/whatif/NAME. Without it that of the file.",
    )
    budget: float | None = Field(
        default=None, gt=0, description="What may be spent, instead of the budget of [select]."
    )
    budget_times: float | None = Field(
        default=None,
        gt=0,
        le=1000,
        description="What budgets are multiplied with, those of [scenarios.NAME] too; 0.5 is half.",
    )
    profile: Text | None = Field(
        default=None, description="Profile of weights, instead of the one of [score]."
    )
    weights: dict[str, float] = Field(
        default={}, description="Weights of parts of the score, instead of the profile's."
    )
    weights_times: dict[str, float] = Field(
        default={},
        description="Part of the score = what its weight is multiplied with; 2 counts it double.",
    )
    close: Annotated[tuple[Closing, ...], Field(strict=False)] = Field(
        default=(), description="Firms and institutes that would not be there."
    )
    institutes: Annotated[tuple[AddedInstitute, ...], Field(strict=False)] = Field(
        default=(), description="Institutes that would be there."
    )
    boundaries: Annotated[tuple[Boundary, ...], Field(strict=False)] = Field(
        default=(), description="Boundaries that would be drawn otherwise, one after the other."
    )
    add_links: Annotated[tuple[AddedLinks, ...], Field(strict=False)] = Field(
        default=(), description="Links that would be there."
    )
    remove_links: Annotated[tuple[RemovedLinks, ...], Field(strict=False)] = Field(
        default=(), description="Links that would not be there."
    )
    linkages: Annotated[tuple[AddedTable, ...], Field(strict=False)] = Field(
        default=(), description="Tables of links that would be there, as in the project file."
    )

    _file: Path = PrivateAttr(default=Path())

    @field_validator("name", mode="after")
    @classmethod
    def _check_name(cls, name: str | None) -> str | None:
        if name is not None and not names_a_folder(name):
            raise bad_value(name, Message("change.expected.name"))
        return name

    @field_validator("weights", mode="after")
    @classmethod
    def _check_weights(cls, weights: dict[str, float]) -> dict[str, float]:
        if weights and not any(weights.values()):
            raise bad_value(weights, Message("project.expected.part_weights"))
        return check_weights(weights)

    @field_validator("weights_times", mode="after")
    @classmethod
    def _check_times(cls, weights: dict[str, float]) -> dict[str, float]:
        return check_weights(weights, whole=False)

    @model_validator(mode="after")
    def _check_either(self) -> Self:
        for one, other in (("budget", "budget_times"), ("weights", "weights_times")):
            if getattr(self, one) and getattr(self, other):
                found = {"at": other, "one": one, "other": other}
                raise PydanticCustomError("project_either", "fault", found)
        return self

    @property
    def only_terms(self) -> bool:
        """Whether data stay as they are: other weights, another profile or budget at most."""
        others = type(self).model_fields.keys() - _TERMS
        return not any(getattr(self, key) for key in others)

    @property
    def file(self) -> Path:
        """The change file itself."""
        return self._file

    @property
    def title(self) -> str:
        """Name of the change, which its folder of results has, too."""
        return self.name or unicodedata.normalize("NFC", self._file.stem)

    def parameters(self) -> dict[str, Any]:
        """List what the change file says, as it stands in run.json.

        Returns
        -------
        dict
            Its keys without those left at their defaults, fit for JSON; files by their names.
        """
        plain: dict[str, Any] = _plain(self.model_dump(by_alias=True, exclude_unset=True))
        return plain


def names_a_folder(name: str) -> bool:
    """Return whether a name can be that of a folder on every system.

    Parameters
    ----------
    name
        Any text.

    Returns
    -------
    bool
        False for what a system reserves, hides or cannot write.
    """
    plain = name == one_line(name).strip() and name == unicodedata.normalize("NFC", name)
    fits = 0 < len(name) <= _LONGEST_NAME and len(name.encode("utf-8", "replace")) <= 240
    odd = _UNFIT.search(name) or _RESERVED.fullmatch(name) or name[:1] == "." or name[-1:] == "."
    return plain and fits and not odd


def _plain(value: Any) -> Any:  # noqa: ANN401 -- whatever TOML holds
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value.name if isinstance(value, Path) else value


def open_change(path: str | os.PathLike[str]) -> Change:
    """Read and check a change file.

    Parameters
    ----------
    path
        The change file (TOML, UTF-8 with or without a byte order mark).

    Returns
    -------
    Change
        The frozen change; the files that it names exist.

    Raises
    ------
    TableFault
        If the file is missing or unreadable, is not TOML, or says something that is not understood.
    """
    file = Path(os.path.normpath(Path(path).absolute()))
    try:
        change = read_document(Change, file)
    except TableFault as fault:
        if fault.reason not in _OWN_WORDS:
            raise
        told = TableFault(
            _OWN_WORDS[fault.reason],
            table=fault.table,
            key=fault.key,
            row=fault.row,
            value=fault.value,
        )
        told.values = fault.values
        raise told from None
    change._file = file
    if not names_a_folder(change.title):
        expected = Message("change.expected.name")
        raise TableFault(
            "project_bad_value", table=file.name, key="name", value=file.stem, expected=expected
        )
    return change
