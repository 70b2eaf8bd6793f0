"""Proposing: a project file from a first look at a user's files.

What is guessed is said in a comment beside it, and what else it could be.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from clustermap.errors import TableFault, one_line, shorten
from clustermap.messages import Language, Message
from clustermap.sources.words import read_words
from clustermap.stages.proposing.grouping import settle_groups
from clustermap.stages.proposing.linking import settle_ids, withhold_doubles
from clustermap.stages.proposing.recognising import Fit, recognise
from clustermap.stages.proposing.systems import settle_systems
from clustermap.stages.proposing.writing import HOME, Writer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from clustermap.sources.peek import Peek
    from clustermap.stages.proposing.grouping import Group

__all__ = ["Finding", "Proposal", "propose"]

_SHOWN = 12  # columns of a file that nobody knows


@dataclass(frozen=True)
class Finding:
    """What was made of a file, or of a layer of one.

    Parameters
    ----------
    file
        Path as the project file has it.
    layer
        Layer of a GeoPackage that has several.
    table
        Section that reads it: "firms", "pairs", ...; "" where none does.
    dialect
        Publisher's layout that it was recognised as; "" for none.
    columns
        Our column = column of the file.
    told
        What is to be checked, and for a file without a section why it has none.
    """

    file: str
    layer: str = ""
    table: str = ""
    dialect: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    told: tuple[Message, ...] = ()

    @property
    def name(self) -> str:
        """The file, and the layer where there are several."""
        return f"{self.file} ({self.layer})" if self.layer else self.file


@dataclass(frozen=True)
class Proposal:
    """A project file to be written, and how it came about.

    Parameters
    ----------
    text
        TOML.
    findings
        What was made of every file.
    """

    text: str
    findings: tuple[Finding, ...]


def propose(
    peeks: Sequence[Peek],
    unread: Mapping[Path, TableFault],
    files: Mapping[Path, str],
    *,
    name: str,
    language: Language,
) -> Proposal:
    """Propose a project file.

    Parameters
    ----------
    peeks
        A first look at each file, and at each layer of one.
    unread
        Files that could not be read, and why.
    files
        Path of every file as the project file is to have it.
    name
        Name of the project.
    language
        Language of the comments, and of the project.

    Returns
    -------
    Proposal
        The text and what it rests on.

    Raises
    ------
    TableFault
        If no file holds clusters.
    """
    words = read_words()
    fits = {at: recognise(peek, words) for at, peek in enumerate(peeks)}
    # A path that does not stay on one line cannot be written down so that it is found again.
    usable = [at for at in fits if _is_plain(files[peeks[at].path])]
    groups, left = settle_groups([(peeks[at], fits[at]) for at in usable])
    if not any(group.table == "clusters" for group in groups):
        raise _no_clusters(peeks, fits)
    left += [(peeks[at], Message("init.bad_path")) for at in fits if at not in usable]
    groups, system = settle_systems(withhold_doubles(settle_ids(groups, words)))
    groups = [_withhold_abroad(group, korean=system == HOME) for group in groups]
    told = [_tell_left(peek, files[peek.path], why) for peek, why in left]
    told += [
        Finding(files[path], told=(_tell_unread(fault, language),))
        for path, fault in unread.items()
    ]
    found = [finding for group in groups for finding in _tell_group(group, files)]
    unused = [Message("init.unused_file", {"file": f.name, "why": f.told[0]}) for f in told]
    text = Writer(files, language).write(
        one_line(name).strip() or "project", groups, system, unused
    )
    order = list(files.values())
    return Proposal(text, tuple(sorted((*found, *told), key=lambda f: order.index(f.file))))


def _withhold_abroad(group: Group, *, korean: bool) -> Group:
    """Withhold partners of a register of which nobody is abroad, or of which that is not known."""
    column = group.dialect.country if group.dialect else ""
    if group.table != "partners" or not column:
        return group
    countries = {
        country
        for peek in group.peeks
        if column in peek.columns
        for country in peek.rows[column].unique().to_pylist()
    }
    if not korean:
        why = Message("init.abroad_of_where")
    elif countries <= {"KR", "", None} and countries:
        why = Message("init.nobody_abroad")
    else:
        return group
    return replace(group, withheld=True, told=(*group.told, why))


def _tell_unread(fault: TableFault, language: Language) -> Message:
    """Say why a file cannot be read; of one without rows no section is there to be taken out."""
    if fault.reason == "empty_layer":
        return Message("init.lacks.rows")
    return Message("init.line", {"line": fault.line(language)})


def _is_plain(text: str) -> bool:
    return text == one_line(text) and bool(text.strip())


def _tell_left(peek: Peek, file: str, why: Message) -> Finding:
    columns = [shorten(column, 40) for column in peek.columns[:_SHOWN]]
    if len(peek.columns) > _SHOWN:
        columns.append("…")
    told = Message("init.why", {"why": why, "columns": columns})
    return Finding(file, peek.layer, told=(told if columns else why,))


def _tell_group(group: Group, files: Mapping[Path, str]) -> list[Finding]:
    name = group.dialect.name if group.dialect else ""
    return [
        Finding(
            files[peek.path],
            peek.layer,
            "" if group.withheld else group.table,
            name,
            {ours: theirs for ours, theirs in group.columns.items() if theirs in peek.columns},
            (*group.told, *fit.told),
        )
        for peek, fit in group.members
    ]


def _no_clusters(peeks: Sequence[Peek], fits: Mapping[int, list[Fit]]) -> TableFault:
    """Return the fault for want of clusters, with the file that comes nearest."""
    near = [
        (fit.score + (peeks[at].shapes == "polygons"), peeks[at], fit.lacks)
        for at, own in fits.items()
        for fit in own
        if fit.table == "clusters" and fit.lacks and fit.score > 0
    ]
    if not near:
        return TableFault("init_no_clusters", table="clusters")
    _, peek, lacks = max(near, key=lambda one: one[0])
    return TableFault(
        "init_near_clusters",
        table=peek.path.name,
        why=lacks,
        columns=", ".join(shorten(column, 40) for column in peek.columns[:_SHOWN]),
    )
