"""Field names of a shapefile: ten bytes, all different, and still telling."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 10
"""Bytes that the dBASE table of a shapefile has for a field's name."""

INDICATOR_CODES = {
    "abroad_links": "abr",
    "actors": "act",
    "ei_index": "ei",
    "employees": "emp",
    "employer_herfindahl": "hhe",
    "external_links": "ext",
    "firms": "frm",
    "herfindahl": "hhi",
    "industry_firms": "ifr",
    "internal_links": "int",
    "krugman_index": "kru",
    "largest_employer_share": "lrg",
    "local_share": "loc",
    "location_quotient": "lq",
    "participation": "par",
    "related_variety": "rvr",
    "small_firm_employment": "sme",
    "small_firm_share": "sml",
    "strength": "str",
    "symmetric_location_quotient": "slq",
    "unrelated_variety": "uvr",
}
"""Indicator to its part of a field name; the README beside the files lists them."""

KIND_CODES = {
    "firm_firm": "ff",
    "research": "re",
    "support": "su",
    "transfer": "tr",
    "mobility": "mo",
    "other": "ot",
}
"""Kind of linkage to its part of a field name."""

ALL_KINDS = "all"
"""Part of the name of an indicator over all kinds, where its own name does not fit."""

_WORDS_APART = 3  # with more words the underscores take too many of the ten bytes
_UNSAFE = re.compile(r"\W+")


def _safe(name: str, encoding: str) -> str:
    """Return a name of letters, digits and underscores that the encoding holds."""
    text = unicodedata.normalize("NFC", name)
    text = "".join(c if _bytes(c, encoding) else " " for c in text)
    return _UNSAFE.sub("_", text).strip("_") or "field"


def _bytes(text: str, encoding: str) -> int:
    return len(text.encode(encoding, errors="ignore"))


def _shorten(name: str, longest: int, encoding: str) -> str:
    """Cut the longest word again and again, so that every word leaves a trace."""
    words = [word for word in name.split("_") if word]
    between = "_" if len(words) <= _WORDS_APART else ""
    while _bytes(between.join(words), encoding) > longest:
        sizes = [_bytes(word, encoding) for word in words]
        last_longest = max(range(len(words)), key=lambda i: (sizes[i], i))
        words[last_longest] = words[last_longest][:-1]
        words = [word for word in words if word]
    return between.join(words)


def _fit(name: str, longest: int, encoding: str) -> str:
    text = _shorten(name, longest, encoding)
    if text[0].isdigit():  # readers take a name for a number
        return f"f{_shorten(name, longest - 1, encoding)}"
    return text


def _coded(name: str, encoding: str) -> str:
    """Return the fixed name of an indicator, the general one of any other column."""
    if name in INDICATOR_CODES:
        return f"{INDICATOR_CODES[name]}_{ALL_KINDS}"
    for kind, code in KIND_CODES.items():
        indicator = name.removesuffix(f"_{kind}")
        if indicator != name:
            room = LONGEST - len(code) - 1
            known = INDICATOR_CODES.get(indicator)
            return f"{known or _fit(_safe(indicator, encoding), room, encoding)}_{code}"
    return _fit(_safe(name, encoding), LONGEST, encoding)


def _numbered(name: str, taken: set[str], encoding: str) -> str:
    number, candidate = 1, name
    while candidate.casefold() in taken:
        number += 1
        candidate = f"{_fit(name, LONGEST - len(str(number)), encoding)}{number}"
    return candidate


def short_names(names: Iterable[str], encoding: str = "utf-8") -> dict[str, str]:
    """Give each column a field name that a shapefile can hold.

    Names that fit stay as they are. An indicator of one kind of linkage is named by the codes of
    both (``external_links_firm_firm`` is ``ext_ff``); of any other name every word keeps its
    start.

    Parameters
    ----------
    names
        Column names, all different; also Korean ones.
    encoding
        Encoding of the shapefile: a Korean syllable takes three bytes in UTF-8 and two in CP949.

    Returns
    -------
    dict
        Column name to field name: at most ten bytes, never cut inside a character, different also
        for readers that see no difference between small and capital letters.
    """
    names = list(dict.fromkeys(names))
    kept = {n for n in names if _fit(_safe(n, encoding), LONGEST, encoding) == n}
    fitting = [n for n in names if n in kept]
    short: dict[str, str] = {}
    taken: set[str] = set()
    for name in dict.fromkeys((*fitting, *names)):
        wanted = name if name in kept else _coded(name, encoding)
        short[name] = _numbered(wanted, taken, encoding)
        taken.add(short[name].casefold())
    return {name: short[name] for name in names}
