"""Side tables: what every chunk is held against, as files that workers open where they lie.

Arrays are mapped into memory and not read: several workers of one machine share them, and none
sends them to another.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

_FACTS = "facts.json"


@dataclass(frozen=True)
class Side:
    """Arrays, texts and facts.

    Parameters
    ----------
    arrays
        numpy arrays by name, without Python objects.
    texts
        Text by name.
    facts
        What else there is, fit for JSON.
    """

    arrays: Mapping[str, npt.NDArray[Any]]
    texts: Mapping[str, pa.Array]
    facts: Mapping[str, Any]


def write_side(side: Side, folder: Path) -> Path:
    """Write side tables under a name that follows from their content.

    Parameters
    ----------
    side
        What is written.
    folder
        Folder that exists.

    Returns
    -------
    Path
        Folder with them; what was there already is left as it is.
    """
    target = folder / f"side-{_digest(side)}"
    if target.is_dir():
        return target
    aside = folder / f".side-{secrets.token_hex(4)}"
    aside.mkdir()
    try:
        for name, array in side.arrays.items():
            np.save(aside / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
        for name, texts in side.texts.items():
            table = pa.table({name: texts})
            path = str(aside / f"{name}.arrow")
            with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
                writer.write_table(table)
        (aside / _FACTS).write_text(json.dumps(dict(side.facts)), encoding="utf-8")
        aside.rename(target)
    except OSError:
        if not target.is_dir():  # no other run was faster
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


def _digest(side: Side) -> str:
    found = hashlib.sha256(json.dumps(dict(side.facts), sort_keys=True).encode())
    for name, array in sorted(side.arrays.items()):
        found.update(f"{name}{array.dtype}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    for name, texts in sorted(side.texts.items()):
        found.update(f"{name}{len(texts)}".encode())
        for buffer in pa.concat_arrays([texts]).buffers():
            found.update(b"" if buffer is None else memoryview(buffer))
    return found.hexdigest()[:32]


@lru_cache(maxsize=2)
def open_side(path: Path) -> Side:
    """Open side tables; a worker that opened them has them open for the next chunk.

    Parameters
    ----------
    path
        From write_side.

    Returns
    -------
    Side
        Arrays that lie in their files.
    """
    # As plain arrays: numpy looks at every part of a mapped one twice.
    arrays = {
        file.stem: np.asarray(np.load(file, mmap_mode="r")) for file in sorted(path.glob("*.npy"))
    }
    texts = {}
    for file in sorted(path.glob("*.arrow")):
        source = pa.memory_map(str(file))
        texts[file.stem] = pa.ipc.open_file(source).read_all()[file.stem].combine_chunks()
    return Side(arrays, texts, json.loads((path / _FACTS).read_text(encoding="utf-8")))
