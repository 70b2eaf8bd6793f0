"""Korean particles that follow a value: which form stands is decided by the value's last sound."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOWARDS = "(으)로"
_FORMS = {
    "을(를)": ("을", "를"),
    "이(가)": ("이", "가"),
    "은(는)": ("은", "는"),
    "과(와)": ("과", "와"),
    "와(과)": ("과", "와"),
    _TOWARDS: ("으로", "로"),
}
_PAIR = "|".join(re.escape(pair) for pair in _FORMS)
_AFTER = re.compile(rf"(\{{(\w+)[^{{}}]*\}}(?: ?\(\{{\w+\}}\))?['’\"]?)({_PAIR})")
_ASIDE = re.compile(r"\s*\([^()]*\)$")
_FIRST, _LAST, _FINALS = 0xAC00, 0xD7A3, 28
_RIEUL = 8
_OPEN, _ON_RIEUL, _CLOSED = range(3)
_SIGNS = {**dict.fromkeys("036", _CLOSED), **dict.fromkeys("178", _ON_RIEUL)}
_SIGNS |= dict.fromkeys("2459%", _OPEN)
"""How the Korean name of a sign ends: 영, 삼, 육; 일, 칠, 팔; 이, 사, 오, 구, 퍼센트."""
_NAMES = {"L": _ON_RIEUL, "R": _ON_RIEUL, "M": _CLOSED, "N": _CLOSED}
"""Letters whose Korean names end in a consonant: 엘, 알, 엠, 엔."""
_SPELT = re.compile(r"(?:^|[^A-Za-z])[A-Z]+$")
_SOUNDS = {**dict.fromkeys("adfhiorsuvwxyz", _OPEN), **dict.fromkeys("mn", _CLOSED)}
_SOUNDS |= {"l": _ON_RIEUL}
"""How foreign words are written in Korean that end so; after other letters it is now so, now so."""


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
    >>> settle_particles("{crs}(으)로", {"crs": "EPSG:5181"})
    '{crs}로'
    >>> settle_particles("{name}은(는)", {"name": "Group"})
    '{name}은(는)'
    """

    def choose(found: re.Match[str]) -> str:
        before, name, pair = found.groups()
        ending = _find_ending(str(values.get(name, "")))
        if ending is None:
            return before + pair
        opens = ending == _OPEN or (ending == _ON_RIEUL and pair == _TOWARDS)
        return before + _FORMS[pair][opens]

    return _AFTER.sub(choose, template) if holds_pairs(template) else template


@cache
def holds_pairs(template: str) -> bool:
    """Return whether a template has particles that depend on values.

    Parameters
    ----------
    template
        A sentence of the catalogue.

    Returns
    -------
    bool
        Most have none.

    Examples
    --------
    >>> holds_pairs("{money}을(를)"), holds_pairs("{money}")
    (True, False)
    """
    return _AFTER.search(template) is not None


def _find_ending(word: str) -> int | None:
    """Return how a word ends; what stands in brackets after it is not read."""
    spoken = _trim(_ASIDE.sub("", word)) or _trim(word) or " "
    last = spoken[-1]
    if _FIRST <= ord(last) <= _LAST:
        final = (ord(last) - _FIRST) % _FINALS
        return _ON_RIEUL if final == _RIEUL else _CLOSED if final else _OPEN
    if last in _SIGNS:
        return _SIGNS[last]
    if _SPELT.search(spoken):
        return _NAMES.get(last, _OPEN)
    return _SOUNDS.get(last.lower())


def _trim(word: str) -> str:
    return word.rstrip(" '’\"”)]")
