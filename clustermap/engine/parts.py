"""Parts: what a chunk was reduced to, some Arrow tables and numbers in one file."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

_NAME, _FACTS, _FACTS_NAME = b"clustermap:part", b"clustermap:facts", b"#facts"


@dataclass(frozen=True)
class Part:
    """What some rows were reduced to.

    Parameters
    ----------
    tables
        Tables by their names.
    facts
        Whole numbers by their names.
    """

    tables: Mapping[str, pa.Table]
    facts: Mapping[str, int] = field(default_factory=dict)


def write_part(part: Part, path: Path) -> None:
    """Write a part: under another name first, so that a file of that name is always whole.

    Parameters
    ----------
    part
        Tables and numbers.
    path
        File, which may stand there already: who writes it twice writes the same.
    """
    aside = path.with_name(f".{path.stem[:16]}.{secrets.token_hex(4)}.aside")
    nothing = pa.table({}).replace_schema_metadata({_FACTS: json.dumps(dict(part.facts))})
    try:
        with pa.OSFile(str(aside), "wb") as file:
            for name, table in (*part.tables.items(), (_FACTS_NAME.decode(), nothing)):
                metadata = {**(table.schema.metadata or {}), _NAME: name}
                marked = table.replace_schema_metadata(metadata)
                with pa.ipc.new_stream(file, marked.schema) as stream:
                    stream.write_table(marked)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def open_part(path: Path, names: Collection[str] | None = None) -> Part:
    """Open a part without reading it: its tables lie in the file and are read as they are used.

    Parameters
    ----------
    path
        From write_part.
    names
        Tables that are wanted; None for all.

    Returns
    -------
    Part
        Tables and numbers.
    """
    tables, facts = dict[str, pa.Table](), dict[str, int]()
    with pa.memory_map(str(path)) as file:
        size = file.size()
        while file.tell() < size:
            table = pa.ipc.open_stream(file).read_all()
            metadata = dict(table.schema.metadata)
            name = metadata.pop(_NAME)
            if name == _FACTS_NAME:
                facts = json.loads(metadata[_FACTS])
            elif names is None or name.decode() in names:
                tables[name.decode()] = table.replace_schema_metadata(metadata or None)
    return Part(tables, facts)


def read_part(path: Path, names: Collection[str] | None = None) -> Part | None:
    """Open a part that may not be there.

    Parameters
    ----------
    path, names
        As for :func:`open_part`.

    Returns
    -------
    Part or None
        None where there is no such file, or it cannot be read: it is then computed again.
    """
    try:
        return open_part(path, names)
    except (OSError, pa.ArrowInvalid, KeyError):
        return None
