"""Korean particles that follow a value: which form stands is decided by the value's last sound."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMS = {
    "을(를)": ("을", "를"),
    "이(가)": ("이", "가"),
    "은(는)": ("은", "는"),
    "과(와)": ("과", "와"),
    "와(과)": ("과", "와"),
}
_PAIR = "|".join(re.escape(pair) for pair in _FORMS)
_AFTER = re.compile(rf"(\{{(\w+)[^{{}}]*\}}(?:\(\{{\w+\}}\))?['’]?)({_PAIR})")
_ASIDE = re.compile(r"\s*\([^()]*\)$")
_FIRST, _LAST, _FINALS = 0xAC00, 0xD7A3, 28
_SIGNS = {**dict.fromkeys("013678", True), **dict.fromkeys("2459%", False)}
"""Whether the Korean name of a sign ends in a consonant: 영, 일, 삼, 육, 칠, 팔."""


def settle_particles(template: str, values: Mapping[str, object]) -> str:
    """Return a template whose particles agree with the values before them.

    Parameters
    ----------
    template
        A Korean sentence with ``{name}`` where a value goes and a pair such as ``을(를)`` after it.
    values
        What goes there.

    Returns
    -------
    str
        The template; a pair stays where the last sound of its value is not known.

    Examples
    --------
    >>> settle_particles("{money}을(를)", {"money": "400억 원"})
    '{money}을'
    >>> settle_particles("'{name}'와(과)", {"name": "마루 농공단지(가상)"})
    "'{name}'와"
    >>> settle_particles("{name}은(는)", {"name": "Alpha"})
    '{name}은(는)'
    """

    def choose(found: re.Match[str]) -> str:
        before, name, pair = found.groups()
        closed = _ends_closed(str(values.get(name, "")))
        return before + (pair if closed is None else _FORMS[pair][not closed])

    return _AFTER.sub(choose, template)


def _ends_closed(word: str) -> bool | None:
    """Return whether a word ends in a consonant; what stands in brackets after it is not read."""
    last = (_ASIDE.sub("", word).rstrip(" '’\"”)]") or " ")[-1]
    if _FIRST <= ord(last) <= _LAST:
        return (ord(last) - _FIRST) % _FINALS > 0
    return _SIGNS.get(last)
