"""The faults that stop a run: each names table, column, row, value and the cure in one line."""

from __future__ import annotations

from typing import Any

from clustermap.messages import Language, Message, say

_SHOWN = 80  # characters of an offending value that are worth reading


class TableFault(Exception):  # noqa: N818 -- the field of data quality calls it a fault
    """A fault of a whole table: the run stops, nothing is written, exit code 1.

    Parameters
    ----------
    reason
        Key below ``fault`` in the catalogue; its sentence names what is wrong.
    table
        Table, file or section of the project file at fault.
    column
        Column at fault, if one is.
    key
        Key of the project file at fault, if one is.
    row
        Row (line of the file) at fault, if one is.
    value
        Offending value, if there is one; shown shortened.
    **values
        What else stands in the sentence and in its cure.
    """

    def __init__(
        self,
        reason: str,
        *,
        table: str,
        column: str = "",
        key: str = "",
        row: int | None = None,
        value: object = None,
        **values: object,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.table = table
        self.column = column
        self.key = key
        self.row = row
        self.value = value
        self.values = values

    def __reduce__(self) -> tuple[object, ...]:
        """Let a fault cross from a worker to whoever asked for its work."""
        named = {name: getattr(self, name) for name in ("table", "column", "key", "row", "value")}
        return _restore, (self.reason, {**self.values, **named})

    def line(self, language: Language = "en") -> str:
        """Say the fault in one line: place, what is wrong, cure.

        Parameters
        ----------
        language
            "ko" or "en".

        Returns
        -------
        str
            One line without line breaks or control characters.
        """
        shown = shorten(self.value)
        known = {
            "table": self.table,
            "column": self.column,
            "key": self.key,
            "value": shown,
            **self.values,
        }
        place = [self.table]
        if self.column:
            place.append(say(Message("place.column", {"column": self.column}), language))
        if self.key:
            place.append(say(Message("place.key", {"key": self.key}), language))
        if self.row is not None:
            place.append(say(Message("place.row", {"row": self.row}), language))
        if shown:
            place.append(say(Message("place.value", {"value": shown}), language))
        what = say(Message(f"fault.{self.reason}.what", known), language).strip()
        cure = say(Message(f"fault.{self.reason}.cure", known), language)
        return one_line(f"{', '.join(place)}: {what} {cure}")

    def __str__(self) -> str:
        return self.line("en")


def _restore(reason: str, named: dict[str, Any]) -> TableFault:
    return TableFault(reason, **named)


def one_line(text: str) -> str:
    """Return a text without control characters, so that it stays on one line.

    Parameters
    ----------
    text
        Any text, also one that holds user data.

    Returns
    -------
    str
        The text with every unprintable character replaced by a space.
    """
    return "".join(c if c.isprintable() else " " for c in text)


def shorten(value: object, length: int = _SHOWN) -> str:
    """Return a value as short printable text.

    Parameters
    ----------
    value
        Any value; None gives an empty text.
    length
        Longest text returned, in characters.

    Returns
    -------
    str
        One line, cut with an ellipsis where it is longer.
    """
    text = "" if value is None else one_line(str(value))
    return text if len(text) <= length else f"{text[: length - 1]}…"


def shorten_path(path: object, length: int = _SHOWN) -> str:
    """Return a path as short printable text that keeps its end: the name of the file.

    Parameters
    ----------
    path
        Any path.
    length
        Longest text returned, in characters.

    Returns
    -------
    str
        One line, cut with an ellipsis at its start where it is longer.

    Examples
    --------
    >>> shorten_path("/data/2024/firms.csv", 12)
    '…4/firms.csv'
    """
    text = one_line(str(path))
    return text if len(text) <= length else f"…{text[1 - length :]}"
