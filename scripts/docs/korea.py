"""The page of Korean public files: their layouts follow from the records of the dialects."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clustermap.sources.dialects import Dialect

NOTE = "<!-- Written by scripts/make_docs: change the code, then run it again. -->"

WORDS: dict[str, Any] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)


def _name(dialect: Dialect) -> str:
    from clustermap.messages import Message, say

    return " / ".join(say(Message(f"dialect.{dialect.name}"), tongue) for tongue in ("en", "ko"))


def _columns(group: Sequence[Dialect]) -> Iterator[str]:
    first = group[0]
    pairs = dict.fromkeys((ours, theirs) for d in group for ours, theirs in d.columns.items())
    yield "| our column | column of the file |"
    yield "| --- | --- |"
    for ours, theirs in pairs:
        yield f"| `{ours}` | {theirs} |"
    looked = [name for name in first.also if name not in first.columns.values()]
    makes = sorted(first.makes)
    if makes:
        made = ", ".join(f"`{name}`" for name in makes)
        yield f"| made: {made} | from {', '.join(looked) if looked else 'what is above'} |"


def _section(group: Sequence[Dialect]) -> str:
    first = group[0]
    lines = [f"### `{first.name}`", "", f"{_name(first)}. Fills `{first.table}`.", ""]
    signs = dict.fromkeys(" + ".join(sorted(dialect.signature)) for dialect in group)
    lines += ["Recognised by " + "; or ".join(signs) + ".", "", *_columns(group), ""]
    if first.crs:
        lines += [f"Points: {first.crs}.", ""]
    if first.name in WORDS["notes"]:
        lines += [WORDS["notes"][first.name], ""]
    return "\n".join(lines)


def korea_page() -> str:
    """Return the page."""
    from clustermap.sources.dialects.korea_businesses import BUSINESSES
    from clustermap.sources.dialects.korea_complexes import COMPLEXES
    from clustermap.sources.dialects.korea_factories import FACTORIES
    from clustermap.sources.files.header import HEADER_LINES
    from clustermap.tables import MONEY_UNITS

    dialects = [*FACTORIES, *BUSINESSES, *COMPLEXES]
    names = dict.fromkeys(dialect.name for dialect in dialects)
    groups = [[d for d in dialects if d.name == name] for name in names]
    start = WORDS["start"].replace("LINES", str(HEADER_LINES))
    start = start.replace("\n\n", f"\n\n{NOTE}\n\n", 1)
    end = WORDS["end"].replace("UNITS", ", ".join(MONEY_UNITS))
    layouts = f"## Layouts\n\n{WORDS['layouts']}\n"
    return "\n".join([start, layouts, *map(_section, groups), end])
