"""User text made safe: nothing that stands in a table is ever executed or breaks a page."""

from __future__ import annotations

import html
import json
import unicodedata

LONGEST = 200
"""Characters of a name that a page carries; what is longer ends in an ellipsis."""

_UNSEEN = {"Cc", "Cs"}  # control characters, and halves of a character that UTF-8 cannot hold
_ENTITIES = str.maketrans({sign: f"&#{ord(sign)};" for sign in "{}$\\`"})
_INERT = {"<": "\\u003c", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def clean_text(value: object, longest: int = LONGEST) -> str:
    """Return a value as text that can be shown: no control characters, not endless.

    Parameters
    ----------
    value
        Text of the user; None and NaN give "".
    longest
        Longest text returned, in characters.

    Returns
    -------
    str
        Control characters are replaced by U+FFFD; a longer text ends in an ellipsis.
    """
    if not isinstance(value, str):
        return ""
    cut = value if len(value) <= longest else f"{value[: longest - 1]}…"
    if cut.isprintable():
        return cut
    return "".join("\ufffd" if unicodedata.category(c) in _UNSEEN else c for c in cut)


def escape_text(text: str) -> str:
    r"""Return text for markup that may pass through a template or a script literal.

    Folium compiles what it is given as a template, so braces are as dangerous as angle brackets.

    Parameters
    ----------
    text
        Text of the user.

    Returns
    -------
    str
        The text with HTML's special signs and ``{ } $ \ ``` as entities.
    """
    return html.escape(text, quote=True).translate(_ENTITIES)


def inert_json(content: object) -> str:
    """Return JSON that may stand inside a script element of a page.

    Parameters
    ----------
    content
        What json can write; NaN and infinity are refused.

    Returns
    -------
    str
        JSON without ``<`` and without the line separators U+2028 and U+2029.

    Raises
    ------
    ValueError
        If a number is NaN or infinite.
    """
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign, escaped in _INERT.items():
        text = text.replace(sign, escaped)
    return text
