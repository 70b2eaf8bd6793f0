"""Files of the output that a run need not write again: known by what they follow from."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class WrittenFiles:
    """What files were written from, remembered in a file, with the SHA-256 of each.

    Parameters
    ----------
    memory
        JSON file that they are remembered in; a damaged one is as none.
    key
        Hash of all that their content follows from.
    hash_file
        Returns the SHA-256 of a file.

    Examples
    --------
    >>> import hashlib, tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> table = folder / "firms.parquet"
    >>> written = table.write_bytes(b"rows")
    >>> def hash_file(path):
    ...     return hashlib.sha256(path.read_bytes()).hexdigest()
    >>> known = WrittenFiles(folder / "written.json", "key", hash_file)
    >>> known.holds("firms", table)
    False
    >>> known.remember({"firms": table})
    >>> WrittenFiles(folder / "written.json", "key", hash_file).holds("firms", table)
    True
    >>> WrittenFiles(folder / "written.json", "other", hash_file).holds("firms", table)
    False
    """

    def __init__(self, memory: Path, key: str, hash_file: Callable[[Path], str]) -> None:
        self._memory, self._key, self._hash_file = memory, key, hash_file
        self._known = self._recall()

    def knows(self, name: str) -> bool:
        """Return whether a file was written from the same before.

        Parameters
        ----------
        name
            What the file is called.

        Returns
        -------
        bool
            Whatever became of it since then.
        """
        return name in self._known

    def holds(self, name: str, file: Path) -> bool:
        """Return whether a file is, byte for byte, what was written from the same before.

        Parameters
        ----------
        name
            What the file is called.
        file
            The file, which exists.

        Returns
        -------
        bool
            False where nothing is known of it.
        """
        return self.knows(name) and self._hash_file(file) == self._known[name]

    def remember(self, files: dict[str, Path]) -> None:
        """Write down what was written.

        Parameters
        ----------
        files
            What each file is called, and where it is.

        Raises
        ------
        OSError
            If that cannot be written.
        """
        new = {name: self._hash_file(file) for name, file in files.items() if not self.knows(name)}
        if not new or not self._memory.parent.is_dir():
            return
        self._known |= new
        part = self._memory.with_name(f".{self._memory.name}-{secrets.token_hex(4)}.part")
        try:
            told = {"key": self._key, "files": self._known}
            part.write_text(json.dumps(told, indent=1), encoding="utf-8")
            part.replace(self._memory)
        finally:
            part.unlink(missing_ok=True)

    def _recall(self) -> dict[str, str]:
        try:
            told = json.loads(self._memory.read_text(encoding="utf-8"))
            if told["key"] != self._key:
                return {}
            return {str(name): str(digest) for name, digest in told["files"].items()}
        except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
            return {}
