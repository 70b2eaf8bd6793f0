"""TOML as people write it: values quoted so that they come back, comments that stay comments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clustermap.errors import one_line, shorten
from clustermap.messages import Language, Message, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_LONGEST = 400


def quote(text: str) -> str:
    r"""Return a text as TOML's basic string on one line.

    Parameters
    ----------
    text
        Any text that can be written in UTF-8.

    Returns
    -------
    str
        With quotes; what cannot be seen is escaped.

    Examples
    --------
    >>> print(quote('a"b\\c'), quote("\x7f"))
    "a\"b\\c" "\u007F"
    """
    return '"' + "".join(_SHORT.get(c) or _escape(c) for c in text) + '"'


def _escape(sign: str) -> str:
    if sign.isprintable():
        return sign
    return f"\\u{ord(sign):04X}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08X}"


def spell_key(key: str) -> str:
    """Return a key, quoted where it must be.

    Parameters
    ----------
    key
        Any text.

    Returns
    -------
    str
        As it stands left of the sign of equality.
    """
    return key if _BARE.fullmatch(key) else quote(key)


def spell_list(values: Sequence[str]) -> str:
    """Return a value, or several as a list.

    Parameters
    ----------
    values
        Texts, one at least.

    Returns
    -------
    str
        On one line for one, on one line each for several.
    """
    if len(values) == 1:
        return quote(values[0])
    return "[\n" + "".join(f"    {quote(value)},\n" for value in values) + "]"


def spell_mapping(mapping: Mapping[str, str]) -> str:
    """Return an inline table.

    Parameters
    ----------
    mapping
        Key to text.

    Returns
    -------
    str
        On one line, as TOML wants it.
    """
    pairs = (f"{spell_key(key)} = {quote(value)}" for key, value in mapping.items())
    return "{ " + ", ".join(pairs) + " }"


def comment(message: Message, language: Language) -> str:
    """Return a message as a comment.

    Parameters
    ----------
    message
        Key and values, which may be a user's text.
    language
        "ko" or "en".

    Returns
    -------
    str
        One line without control characters, not endless.
    """
    return f"# {shorten(one_line(say(message, language)), _LONGEST)}"
