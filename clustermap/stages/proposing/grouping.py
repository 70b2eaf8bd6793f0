"""Which files make up which section of the project file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clustermap.messages import Message
from clustermap.stages.proposing.locating import stated_crs
from clustermap.tables import LAYERS, TAXONOMY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clustermap.sources.dialects import Dialect
    from clustermap.sources.peek import Peek
    from clustermap.stages.proposing.recognising import Fit

_ALMOST = 1.0  # of a score: what one word of its own is worth


@dataclass(frozen=True)
class Group:
    """Files that one section reads.

    Parameters
    ----------
    table
        Our table, or the form of a table of linkages.
    members
        Each file and how it fits.
    columns
        Our column = column of the files, in all of them.
    dialect
        Their dialect, if they have one.
    told
        What is to be said of them together.
    crs
        Coordinate system to be stated; "" where none need be.
    withheld
        Whether the section is written as a comment only.
    match
        "name" where linkages name their actors by their names; else "".
    """

    table: str
    members: tuple[tuple[Peek, Fit], ...]
    columns: Mapping[str, str]
    dialect: Dialect | None = None
    told: tuple[Message, ...] = ()
    crs: str = ""
    withheld: bool = False
    match: str = ""

    @property
    def peeks(self) -> list[Peek]:
        """The files."""
        return [peek for peek, _ in self.members]

    @property
    def units(self) -> dict[str, str]:
        """Units of the columns of money."""
        found = {column: unit for _, fit in self.members for column, unit in fit.units.items()}
        return {column: unit for column, unit in found.items() if column in self.columns}

    @property
    def kinds(self) -> dict[str, str]:
        """Kinds of all files."""
        return {value: ours for _, fit in self.members for value, ours in fit.kinds.items()}


def settle_groups(
    found: Sequence[tuple[Peek, list[Fit]]],
) -> tuple[list[Group], list[tuple[Peek, Message]]]:
    """Give every file its section.

    A layer has one section, so that files with other columns cannot join it: they take the next
    table that they fit, or are left out. Linkages have as many sections as it takes.

    Parameters
    ----------
    found
        Every file and how it fits, the likeliest first.

    Returns
    -------
    tuple
        Groups, and the files left out with the reason.
    """
    groups: list[Group] = []
    left: list[tuple[Peek, Message]] = []
    ranked = sorted(found, key=lambda one: -max((fit.score for fit in one[1]), default=0.0))
    for peek, fits in ranked:
        fitting = [fit for fit in fits if fit.lacks is None]
        if not fitting:
            left.append((peek, _tell_nearest(fits)))
            continue
        if fitting[0].dialect:
            for fit in fitting:
                _place(groups, left, peek, (fit,))
        else:
            _place(groups, left, peek, tuple(_tell_ambiguous(fitting)))
    return groups, left


def _tell_nearest(fits: Sequence[Fit]) -> Message:
    nearest = fits[0] if fits and fits[0].score > 0 else None
    if nearest is None or nearest.lacks is None:
        return Message("init.unknown")
    return Message("init.nearest", {"table": nearest.table, "lacks": nearest.lacks})


def _tell_ambiguous(fits: Sequence[Fit]) -> list[Fit]:
    told = []
    for fit in fits:
        near = [f.table for f in fits if f is not fit and f.score >= fits[0].score - _ALMOST]
        also = (Message("init.also", {"table": fit.table, "tables": near}),) if near else ()
        told.append(replace(fit, told=(*also, *fit.told)))
    return told


def _place(
    groups: list[Group], left: list[tuple[Peek, Message]], peek: Peek, fits: tuple[Fit, ...]
) -> None:
    for fit in fits:
        one = Group(fit.table, ((peek, fit),), fit.columns, fit.dialect)
        same = [at for at, group in enumerate(groups) if group.table == fit.table]
        for at in same:
            joined = _join(groups[at], one)
            if joined is not None:
                groups[at] = joined
                return
        if not same or fit.table not in {*LAYERS, TAXONOMY.name}:
            groups.append(one)
            return
    first = next(group for group in groups if group.table == fits[0].table)
    values = {"table": fits[0].table, "file": first.peeks[0].path.name}
    left.append((peek, Message("init.left_out", values)))


def _join(group: Group, one: Group) -> Group | None:
    """Return a group with one file more, None where one section cannot read them all."""
    (peek, fit), (other, first) = one.members[0], group.members[0]
    alike = (peek.layer, peek.crs, group.dialect and group.dialect.name, bool(peek.shapes)) == (
        other.layer,
        other.crs,
        one.dialect and one.dialect.name,
        bool(other.shapes),
    )
    if not alike or group.table == TAXONOMY.name:
        return None
    members = (*group.members, *one.members)
    if group.dialect:
        shared = one.dialect is not None and one.dialect.crs == group.dialect.crs
        return replace(group, members=members) if shared else None
    columns = _share_columns(group.columns, one.columns)
    if columns is None or fit.units != first.units:
        return None
    if group.table not in LAYERS and one.columns != group.columns:
        return None
    return replace(group, members=members, columns=columns)


def _share_columns(some: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str] | None:
    """Return the columns that two files have under one name, None where they differ in one."""
    shared = {ours: name for ours, name in some.items() if others.get(ours) == name}
    differing = [o for o in some if o in others and some[o] != others[o]]
    if differing or ("x" in some) != ("x" in others):
        return None
    # Those that have our own name need not be stated, and may be missing in some of the files.
    own = {ours: name for ours, name in {**some, **others}.items() if ours == name}
    return {ours: name for ours, name in {**some, **others}.items() if ours in {*shared, *own}}


def say_crs(group: Group) -> str:
    """Return what files state of their coordinate system.

    Parameters
    ----------
    group
        Files.

    Returns
    -------
    str
        What a reader would take: what the file says, else its dialect's; "" for neither.
    """
    text = group.peeks[0].crs or (group.dialect.crs if group.dialect else "")
    return text if stated_crs(text) is not None else ""
