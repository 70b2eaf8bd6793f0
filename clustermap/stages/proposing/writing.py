"""A project file in words: the sections that were found, each with what is to be checked in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustermap.messages import Language, Message, read_catalogue
from clustermap.project import (
    Assign,
    Export,
    Publish,
    Quality,
    Score,
    Section,
    Select,
)
from clustermap.sources.dialects import NO_DIALECT, find_dialect
from clustermap.sources.peek import ROWS
from clustermap.stages.proposing.recognising import TABLES
from clustermap.stages.proposing.spelling import comment, quote, spell_list, spell_mapping
from clustermap.stages.proposing.systems import is_unnamed
from clustermap.tables import LAYERS, LINKAGES, TAXONOMY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from clustermap.sources.dialects import Dialect
    from clustermap.sources.peek import Peek
    from clustermap.stages.proposing.grouping import Group

_ORDER = [*LAYERS, *LINKAGES, TAXONOMY.name]
HOME = "EPSG:5179"
"""System of maps of Korea, whose country need not be asked for."""
_DEFAULTS: Mapping[str, tuple[type[Section], tuple[str, ...]]] = {
    "assign": (Assign, ("nearest_m",)),
    "score": (Score, ("profile", "draws", "null", "local_m")),
    "select": (Select, ("budget", "cost", "rules")),
    "publish": (Publish, ("internal", "min_firms", "dominance")),
    "export": (Export, ("formats", "encoding")),
    "quality": (Quality, ("max_refused",)),
}
_EXAMPLES = {
    "budget": "40_000_000_000",
    "cost": "5_000_000_000",
    "rules": '[{ by = "region", max = 3 }]',
}
"""What has no default."""


def say_dialect(dialect: Dialect) -> Message | str:
    """Return what people call a dialect.

    Parameters
    ----------
    dialect
        The dialect.

    Returns
    -------
    Message or str
        Its message, or its name where nobody has put it into words.
    """
    key = f"dialect.{dialect.name}"
    return Message(key) if key in read_catalogue() else dialect.name


def say_rows(peek: Peek, file: str) -> Message:
    """Say what file it is and how many rows it has, as far as it was looked at.

    Parameters
    ----------
    peek
        A first look at it.
    file
        Its path as the project file has it.

    Returns
    -------
    Message
        With the layer, where there are several.
    """
    name = f"{file} ({peek.layer})" if peek.layer else file
    size = peek.rows.num_rows
    key = "init.file_begun" if size >= ROWS else "init.file"
    return Message(key, {"file": name, "rows": f"{size:,}"})


def list_absent(group: Group) -> list[str]:
    """Return the optional columns that files lack.

    Parameters
    ----------
    group
        Files of a section.

    Returns
    -------
    list of str
        Ours.
    """
    made = group.dialect.makes if group.dialect else frozenset()
    placed = {"x", "y"} if group.peeks[0].shapes else set()
    there = {*group.columns, *made, *placed}
    columns = TABLES[group.table].columns
    return [c.name for c in columns if c.type != "geometry" and c.name not in there]


def list_unused(group: Group) -> list[str]:
    """Return the columns of files that nothing is made of.

    Parameters
    ----------
    group
        Files of a section.

    Returns
    -------
    list of str
        Theirs, each once.
    """
    used = {*group.columns.values(), *(group.dialect.also if group.dialect else ())}
    names = dict.fromkeys(name for peek in group.peeks for name in peek.columns)
    return [name for name in names if name not in used and name.strip()]


class Writer:
    """Writes the project file of a proposal.

    Parameters
    ----------
    files
        Path of each file, as the project file has it.
    language
        Language of the comments, and of the project.
    """

    def __init__(self, files: Mapping[Path, str], language: Language) -> None:
        self.files = files
        self.language = language

    def say(self, key: str, **values: object) -> str:
        """Return a comment.

        Parameters
        ----------
        key
            Below ``init``.
        **values
            What stands in the sentence.

        Returns
        -------
        str
            One line.
        """
        return comment(Message(f"init.{key}", values), self.language)

    def write(
        self, name: str, groups: Sequence[Group], system: str, unused: Iterable[Message]
    ) -> str:
        """Write the whole file.

        Parameters
        ----------
        name
            Name of the project.
        groups
            Its sections.
        system
            Coordinate system of the map.
        unused
            Files that nothing was made of, and why.

        Returns
        -------
        str
            TOML, each line ended.
        """
        ordered = sorted(groups, key=lambda group: _ORDER.index(group.table))
        worldwide = any(group.dialect and group.dialect.country for group in groups)
        head = self._head(name, system)
        if worldwide:
            known = system == HOME
            mark, key = ("", "countries_home") if known else ("# ", "countries")
            head.append(f'{mark}countries = ["KR"]  {self.say(f"key.{key}")}')
        parts = [head, *map(self._section, ordered)]
        left = [comment(message, self.language) for message in unused]
        if left:
            parts.append([self.say("not_used"), *left])
        parts += [self._defaults(section) for section in _DEFAULTS]
        return "\n\n".join("\n".join(lines) for lines in parts) + "\n"

    def _head(self, name: str, system: str) -> list[str]:
        home = system == HOME
        return [
            self.say("head"),
            self.say("head_check"),
            self.say("head_columns"),
            "",
            "schema = 1",
            "",
            "[project]",
            f"name = {quote(name)}",
            f'out = "out"  {self.say("key.out")}',
            f"crs = {quote(system)}  {self.say('key.crs')}",
            f"language = {quote(self.language)}",
            f'{"" if home else "# "}currency = "{"KRW" if home else "EUR"}"',
            f"# synthetic = true  {self.say('key.synthetic')}",
        ]

    def _section(self, group: Group) -> list[str]:
        heads = [
            comment(say_rows(peek, self.files[peek.path]), self.language) for peek in group.peeks
        ]
        if group.dialect:
            heads.append(self.say("dialect", dialect=say_dialect(group.dialect)))
        if is_unnamed(group):
            heads.append(self.say("crs_unnamed"))
        told = [message for _, fit in group.members for message in fit.told]
        notes = [comment(m, self.language) for m in [*group.told, *told]]
        lines = self._keys(group)
        if group.withheld:
            lines = ["# " + line for line in "\n".join(lines).split("\n")]
        return [*heads, *dict.fromkeys(notes), *lines, *self._columns_left(group)]

    def _keys(self, group: Group) -> list[str]:
        paths = spell_list([*dict.fromkeys(self.files[peek.path] for peek in group.peeks)])
        if group.table == TAXONOMY.name:
            return ["[industries]", f"path = {paths}"]
        linkage = group.table in LINKAGES
        lines = ["[[linkages]]" if linkage else f"[layers.{group.table}]", f"path = {paths}"]
        layer = group.peeks[0].layer
        # What has our own name is found without being stated.
        columns = {ours: theirs for ours, theirs in group.columns.items() if ours != theirs}
        keys = {
            "layer": quote(layer) if layer else "",
            "form": quote(group.table) if linkage else "",
            "match": quote(group.match) if group.match else "",
            "dialect": quote(NO_DIALECT) if _looks_published(group) else "",
            "crs": quote(group.crs) if group.crs else "",
            "columns": spell_mapping(columns) if columns and not group.dialect else "",
            "units": spell_mapping(group.units) if group.units else "",
            "kinds": spell_mapping(group.kinds) if group.kinds else "",
        }
        lines += [f"{key} = {text}" for key, text in keys.items() if text]
        if linkage and group.table != "documents" and "kind" in list_absent(group):
            lines.append(f'# kind = "research"  {self.say("key.kind")}')
        return [*lines, f'# licence = ""  {self.say("key.licence")}', '# attribution = ""']

    def _columns_left(self, group: Group) -> list[str]:
        absent, unused = list_absent(group), list_unused(group)
        lines = [self.say("absent", columns=absent)] if absent else []
        return [*lines, self.say("unused", columns=unused)] if unused else lines

    def _defaults(self, section: str) -> list[str]:
        model, keys = _DEFAULTS[section]
        lines = [f"# [{section}]  {self.say(f'section.{section}')}"]
        for key in keys:
            value = _EXAMPLES.get(key) or _spell(model.model_fields[key].default)
            lines.append(f"# {key} = {value}  {self.say(f'key.{key}')}")
        return lines


def _looks_published(group: Group) -> bool:
    """Return whether a reader would take files for a publisher's that are read by words."""
    return group.dialect is None and any(
        find_dialect(group.table, peek.columns) for peek in group.peeks
    )


def _spell(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_spell, value))}]"
    return str(value)
