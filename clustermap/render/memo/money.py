"""Amounts of money as people say them."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from clustermap.render.bars import NOTHING
from clustermap.render.safe import clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clustermap.render.markup import Words

_CODE = re.compile(r"[A-Z]{3}")
_WON = ("KRW", "원", "won")
_SCALES: dict[str, dict[str, tuple[tuple[float, int], ...]]] = {
    "ko": {"won": ((1e9, 8),), "other": ((1e7, 6),)},
    "en": {"won": ((1e10, 9), (1e7, 6)), "other": ((1e10, 9), (1e7, 6))},
}
_WHOLE = 100  # where all are larger they are told without decimals
_SLACK = 1e-6


class Money:
    """Says amounts in one unit throughout, so that they can be compared at a glance.

    Parameters
    ----------
    words
        Language of the page.
    currency
        Of all amounts (user text).
    budget
        The largest amount, by which the unit is chosen.
    costs
        Amounts that stand below each other; they decide on decimals.

    Examples
    --------
    >>> from clustermap.render.markup import Words
    >>> won = Money(Words("ko"), "KRW", 3e11, [4.5e9, 7e8])
    >>> won.say(4.5e9), won.number(4.5e9), won.unit
    ('45억 원', '45', '억 원')
    >>> Money(Words("en"), "KRW", 3e11, [4.5e9, 7e8]).number(7e9)
    '7.0'
    >>> Money(Words("en"), "points", 3e11).say(4500.0)
    '4,500 points'
    """

    def __init__(
        self, words: Words, currency: str, budget: float, costs: Sequence[float] = ()
    ) -> None:
        known = "won" if currency in _WON else "other" if _CODE.fullmatch(currency) else ""
        scales = _SCALES[words.language].get(known, ())
        self._power = next((power for least, power in scales if budget >= least), 0)
        self._words = words
        self._currency = words.say("memo.money.won") if known == "won" else clean_text(currency)
        shown = [cost / 10**self._power for cost in costs if not math.isnan(cost)]
        whole = all(abs(cost - round(cost)) < _SLACK for cost in shown)
        self._digits = 0 if whole or min(shown, default=0.0) >= _WHOLE else 1

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
            With as many decimals as all others; a dash for NaN.
        """
        if math.isnan(amount):
            return NOTHING
        return f"{amount / 10**self._power:,.{self._digits}f}".replace("-", "−")

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
        told = self.number(amount).removesuffix(".0")
        return self._words.say(key, amount=told, currency=self._currency)
