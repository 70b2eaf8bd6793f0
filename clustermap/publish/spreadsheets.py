"""Text that a spreadsheet would run: it never leaves as it is."""

from __future__ import annotations

import re

FORMULA = "^([\\s\u00a0\u3000']*[=+\\-@＝＋－＠])"
"""Starts of a formula, also after spaces or apostrophes; for Python's re and for Arrow's RE2."""


def defuse_text(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would take for a formula.

    Parameters
    ----------
    text
        Text without control characters.

    Returns
    -------
    str
        The safe text; taking one apostrophe off gives it back.
    """
    return f"'{text}" if re.match(FORMULA, text) else text
