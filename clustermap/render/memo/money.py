"""Amounts of money as people say them."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from clustermap.render.bars import NOTHING
from clustermap.render.safe import clean_text

if TYPE_CHECKING:
    from clustermap.render.markup import Words

_CODE = re.compile(r"[A-Z]{3}")
_WON = ("KRW", "원", "won")
_SCALES = {
    "ko": {"won": ((1e9, 8),), "other": ((1e7, 6),)},
    "en": {"won": ((1e11, 9), (1e7, 6)), "other": ((1e10, 9), (1e7, 6))},
}
_WHOLE = 100  # from here on amounts are told without decimals


class Money:
    """Says amounts in one unit throughout, so that they can be compared at a glance.

    Parameters
    ----------
    words
        Language of the page.
    currency
        Of all amounts (user text).
    largest
        The largest amount, by which the unit is chosen.

    Examples
    --------
    >>> from clustermap.render.markup import Words
    >>> Money(Words("ko"), "KRW", 3e11).say(4.5e9), Money(Words("en"), "KRW", 3e11).say(4.5e9)
    ('45억 원', '4.5 billion won')
    >>> Money(Words("en"), "points", 3e11).say(4500.0)
    '4,500 points'
    """

    def __init__(self, words: Words, currency: str, largest: float) -> None:
        known = "won" if currency in _WON else "other" if _CODE.fullmatch(currency) else ""
        scales = _SCALES[words.language].get(known, ())
        self._power = next((power for least, power in scales if largest >= least), 0)
        self._words = words
        self._currency = words.say("memo.money.won") if known == "won" else clean_text(currency)

    @property
    def unit(self) -> str:
        """The unit by itself, for heads of columns: plain text."""
        if not self._power:
            return self._currency
        return self._words.say(f"memo.money.unit_{self._power}", currency=self._currency)

    def number(self, amount: float) -> str:
        """Return an amount without its unit.

        Parameters
        ----------
        amount
            The amount.

        Returns
        -------
        str
            At most one decimal where it is told in thousands or more; a dash for NaN.
        """
        if math.isnan(amount):
            return NOTHING
        value = amount / 10**self._power
        told = f"{value:,.0f}" if abs(value) >= _WHOLE else f"{value:,.1f}".removesuffix(".0")
        return told.replace("-", "−")

    def say(self, amount: float) -> str:
        """Return an amount with its unit.

        Parameters
        ----------
        amount
            The amount.

        Returns
        -------
        str
            Plain text; a dash for NaN.
        """
        if math.isnan(amount):
            return NOTHING
        key = f"memo.money.amount_{self._power}" if self._power else "memo.money.plain"
        return self._words.say(key, amount=self.number(amount), currency=self._currency)
