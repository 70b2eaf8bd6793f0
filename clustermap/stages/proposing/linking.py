"""What files say of each other: which identifiers linkages use, and which tell the same twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from clustermap.layers.names import normalise_names
from clustermap.messages import Message
from clustermap.sources.words import plain
from clustermap.stages.proposing.recognising import ACTORS, is_unique, read_ours
from clustermap.tables import LAYERS, LINKAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clustermap.sources.words import Words
    from clustermap.stages.proposing.grouping import Group

_SAMPLE = 2_000
_SAME = 0.95
"""Pairs of whom so many met in a project are that project's pairs, told once more."""

ENDS = {"pairs": ("source", "target"), "projects": ("participant",), "documents": ("participant",)}


def settle_ids(groups: Sequence[Group], words: Words) -> list[Group]:
    """Take the columns for identifiers that linkages use, and withhold linkages of nobody.

    Linkages whose ends are no identifiers but names of actors are matched by name.

    Parameters
    ----------
    groups
        Sections.
    words
        Words for columns.

    Returns
    -------
    list of Group
        The same sections.
    """
    ends = {end for group in groups if group.table in ENDS for end in _list_ends(group)}
    settled = [_settle_id(group, ends, words) for group in groups] if ends else list(groups)
    known = {value for group in settled if group.table in ACTORS for value in _list_ids(group)}
    # Ends of which every one is known are identifiers, whatever else bears such a name.
    unsure = [g.table in ENDS and not known.issuperset(_list_ends(g)) for g in settled]
    names = _list_names(settled) if any(unsure) else set()
    return [
        _settle_match(group, known, names) if doubtful else group
        for group, doubtful in zip(settled, unsure, strict=True)
    ]


def _column(group: Group, name: str) -> list[str]:
    values: list[str] = []
    for peek, fit in group.members:
        rows = read_ours(peek, fit)
        if name in rows.column_names:
            step = max(1, rows.num_rows // _SAMPLE) if group.table in LINKAGES else 1
            values += [str(value) for value in rows[name].to_pylist()[::step] if value is not None]
    return values


def _list_ends(group: Group) -> list[str]:
    return [value for name in ENDS[group.table] for value in _column(group, name)]


def _list_ids(group: Group) -> list[str]:
    return _column(group, LAYERS[group.table].key[0])


def _list_names(groups: Sequence[Group]) -> set[str]:
    """Return the names of all actors as they are compared."""
    return set(_spell([n for g in groups if g.table in ACTORS for n in _column(g, "name")]))


def _spell(names: Sequence[str]) -> list[str]:
    """Return names as they are compared, without those of which nothing is left."""
    found = normalise_names(pa.array(names, pa.string()), branches=False)
    return [name for name in found.to_pylist() if name is not None]


def _settle_id(group: Group, ends: set[str], words: Words) -> Group:
    """Take the other column for the identifier where the linkages know that one alone."""
    if group.table not in ACTORS or group.dialect or not ends.isdisjoint(_list_ids(group)):
        return group
    key = LAYERS[group.table].key[0]
    named = {*words.of(group.table, key), *words.of(group.table, "name")}
    for theirs in group.peeks[0].columns:
        everywhere = all(theirs in peek.columns and is_unique(peek, theirs) for peek in group.peeks)
        # Names beside identifiers stay names: linkages that use them are matched by name.
        if plain(theirs) not in named or not everywhere or theirs == group.columns.get("name"):
            continue
        if any(not ends.isdisjoint(peek.rows[theirs].to_pylist()) for peek in group.peeks):
            told = Message("init.id_by_links", {"column": theirs, "not": group.columns[key]})
            members = tuple(
                (peek, replace(fit, columns={**fit.columns, key: theirs}))
                for peek, fit in group.members
            )
            columns = {**group.columns, key: theirs}
            return replace(group, members=members, columns=columns, told=(*group.told, told))
    return group


def _settle_match(group: Group, known: set[str], names: set[str]) -> Group:
    """Match linkages by name where more ends are names than identifiers; withhold those of nobody.

    All ends count: who leads projects may stand in another layer than who takes part.
    """
    ends = _list_ends(group)
    by_id = sum(end in known for end in ends)
    by_name = sum(name in names for name in _spell(ends))
    if not (by_id or by_name):
        return replace(group, withheld=True, told=(*group.told, Message("init.nobody")))
    if by_id >= by_name:
        return group
    return replace(group, match="name", told=(*group.told, Message("init.match_name")))


def withhold_doubles(groups: Sequence[Group]) -> list[Group]:
    """Withhold pairs that follow from a table of projects or documents: they would count twice.

    Parameters
    ----------
    groups
        Sections.

    Returns
    -------
    list of Group
        The same sections.
    """
    shared = {
        group.peeks[0].path.name: _who_met(group)
        for group in groups
        if group.table in {"projects", "documents"} and not group.withheld
    }
    return [_withhold_double(group, shared) for group in groups]


def _who_met(group: Group) -> dict[str, set[str]]:
    """Return of every participant in what it took part."""
    together = "project" if group.table == "projects" else "document"
    met: dict[str, set[str]] = {}
    for peek, fit in group.members:
        rows = read_ours(peek, fit)
        if {together, "participant"} <= set(rows.column_names):
            texts = (rows[name].to_pylist() for name in (together, "participant"))
            for what, who in zip(*texts, strict=True):
                met.setdefault(str(who), set()).add(str(what))
    return met


def _withhold_double(group: Group, shared: dict[str, dict[str, set[str]]]) -> Group:
    if group.table != "pairs" or group.withheld:
        return group
    pairs = list(zip(_column(group, "source"), _column(group, "target"), strict=False))
    for file, met in shared.items():
        same = [not met.get(a, set()).isdisjoint(met.get(b, set())) for a, b in pairs]
        if same and sum(same) >= _SAME * len(same):
            told = Message("init.double", {"file": file, "share": f"{sum(same) / len(same):.0%}"})
            return replace(group, withheld=True, told=(*group.told, told))
    return group
