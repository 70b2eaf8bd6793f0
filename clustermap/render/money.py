"""Amounts of money as people read them: 300억 원 in Korean, KRW 30 bn in English."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from clustermap.messages import Message, say

if TYPE_CHECKING:
    from clustermap.messages import Language

WON = "KRW"
"""The currency that has a word of its own in Korean."""

_CODE = re.compile(r"[A-Z]{3}")
_WHOLE_FROM = 100  # of a unit: no decimal is told
_TRILLION, _BELOW = 10**12, 10**8
_UNITS: dict[Language, tuple[tuple[int, str], ...]] = {
    "ko": ((_BELOW, "hundred_million"), (10**4, "ten_thousand")),
    "en": ((_TRILLION, "trillion"), (10**9, "billion"), (10**6, "million")),
}


def write_money(amount: float, currency: str, language: Language) -> str:
    """Return an amount in units that can be read.

    Parameters
    ----------
    amount
        Amount, at least 0.
    currency
        Code of three letters (ISO 4217). Of any other text (user text), such as "million won",
        nothing is known and the number is written as it stands.
    language
        "ko" or "en".

    Returns
    -------
    str
        With one decimal below 100 of a unit, else with none; Korean tells hundred millions beside
        trillions.

    Examples
    --------
    >>> [write_money(amount, "KRW", "ko") for amount in (3e10, 1.25e9, 1_234_500_000_000)]
    ['300억 원', '12.5억 원', '1조 2,345억 원']
    >>> [write_money(amount, "KRW", "en") for amount in (3e10, 1.25e9, 1_234_500_000_000)]
    ['KRW 30 bn', 'KRW 1.3 bn', 'KRW 1.2 tn']
    >>> write_money(1234.5, "만원", "ko")
    '1,235 만원'
    """
    word = say(Message("page.money.won"), language) if currency == WON else currency

    def tell(key: str, **values: str) -> str:
        return say(Message(f"page.money.{key}", {"currency": word, **values}), language)

    if not _CODE.fullmatch(currency):
        return tell("plain", number=_write(amount))
    if language == "ko" and _round(amount / _BELOW) * _BELOW >= _TRILLION:
        whole, rest = divmod(_round(amount / _BELOW), _TRILLION // _BELOW)
        key = "trillion_rest" if rest else "trillion"
        return tell(key, number=f"{whole:,}", **({"rest": f"{rest:,}"} if rest else {}))
    for size, key in _UNITS[language]:
        if _round(10 * amount / size) >= 10:  # in tenths
            return tell(key, number=_write(amount / size))
    return tell("plain", number=_write(amount))


def _write(value: float) -> str:
    tenths = _round(10 * value)
    if value >= _WHOLE_FROM or tenths % 10 == 0:
        return f"{_round(value):,}"
    return f"{tenths / 10:,.1f}"


def _round(value: float) -> int:
    """Return the nearest whole number, halves up, as the page's script does."""
    return math.floor(value + 0.5)
