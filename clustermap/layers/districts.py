"""Districts: what Korean columns, codes and addresses say, as provinces and districts of today.

A district is known by its province and its name together, for "중구" occurs six times. Codes of
digits alone mean different places to the two offices that give them (26 is 울산 to KOSTAT and 부산
to MOIS), so a column of codes is read as a whole: by names beside it, or because only one of the
two has all of its codes. What is not known or not certain stays unknown, and is told.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap.layers.gazetteer import SYSTEMS, compact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from clustermap.layers.gazetteer import Gazetteer, System

    Positions = npt.NDArray[np.int32]

NOWHERE = -1
UNMATCHED = "unmatched"
BOTH, NEITHER = "both", "neither"
"""Why a column of codes is not decided: both systems have all of its codes, or neither has."""

_CODE = re.compile(r"\d{2}(\d{3}(\d{5})?)?")
_LEGAL_DONG = 10  # digits of a code that MOIS alone gives; its first five are the district's
_SEVERAL = " / "
_HEAD = (
    r"^[^\p{L}\d]*(?:\d{3}-?\d{2,3}[^\p{L}\d]+)?(?:대한민국[\s,]+)?"
    r"(?P<head>\p{L}[^\s,()]*(?:\s+[^\s,()]*[시군구])?(?:\s+[^\s,()]*구)?)(?:[\s,(]|$)"
)


@dataclass(frozen=True)
class Stated:
    """What the rows of a layer state of where they are, one entry a row; null where nothing.

    Parameters
    ----------
    region, district
        Names or codes.
    address
        Address, or several with " / " between them.
    """

    region: pa.Array
    district: pa.Array
    address: pa.Array


@dataclass(frozen=True)
class Found:
    """Where the rows of a layer are, as far as that is certain.

    Parameters
    ----------
    place
        int32; position in the gazetteer, NOWHERE where it is not known.
    report
        One row a text: text, region, district, how ("names", "codes", "address" or "unmatched"),
        actors, note ("" or a reason).
    system
        Who gave the codes; "" where there are none or nobody knows.
    undecided
        BOTH or NEITHER where there are codes and nobody knows whose; else "".
    code
        One of these codes.
    """

    place: Positions
    report: pa.Table
    system: str = ""
    undecided: str = ""
    code: str = ""


REPORT = pa.schema(
    [
        ("text", pa.string()),
        ("region", pa.string()),
        ("district", pa.string()),
        ("how", pa.string()),
        ("actors", pa.int64()),
        ("note", pa.string()),
    ]
)
"""What a report of districts holds."""


# Addresses


def address_heads(addresses: pa.Array) -> pa.Array:
    """Return the part of addresses that may name province and district.

    Parameters
    ----------
    addresses
        Addresses; null where there is none.

    Returns
    -------
    pa.Array
        Up to three words; where an address holds several, the heads that differ, with " / "
        between them. Null where there is none.

    Examples
    --------
    >>> address_heads(pa.array(["(15434) 경기도 안산시 단원구 신길동 1052 외 7필지"])).to_pylist()
    ['경기도 안산시 단원구']
    """
    texts = pc.utf8_normalize(addresses, "NFC")
    several = pc.fill_null(pc.match_substring(texts, _SEVERAL), False)
    heads = _cut_heads(texts)
    if not pc.any(several).as_py():
        return heads
    coded = texts.filter(several).dictionary_encode()
    parts = [text.split(_SEVERAL) for text in coded.dictionary.to_pylist()]
    flat = _cut_heads(pa.array([part for each in parts for part in each], pa.string()))
    found = iter(flat.to_pylist())
    joined = [
        _SEVERAL.join(dict.fromkeys(h for h in (next(found) for _ in each) if h)) or None
        for each in parts
    ]
    every = pa.array(joined, pa.string()).take(coded.indices)
    return pc.replace_with_mask(heads, several, every)


def _cut_heads(texts: pa.Array) -> pa.Array:
    return pc.struct_field(pc.extract_regex(texts, _HEAD), "head")


def _find_head(head: str, gazetteer: Gazetteer) -> tuple[int, str]:
    """Return the place that the longest part of the head of one address names."""
    words, note = head.split(), "unknown"
    for size in range(len(words), 0, -1):
        name = compact("".join(words[:size]))
        if name in gazetteer.short:
            alone = gazetteer.names.get(name, frozenset())
            if not any(gazetteer.districts[at] for at in alone):
                continue  # "광주" may be the city in 경기도: a district must follow
        place, why = _find_one(name, gazetteer)
        if place != NOWHERE:
            return place, why
        note = "ambiguous" if "ambiguous" in {note, why} else why
    return NOWHERE, note


def _find_heads(heads: str, gazetteer: Gazetteer) -> tuple[int, str]:
    found = [_find_head(head, gazetteer) for head in heads.split(_SEVERAL)]
    places = {place for place, _ in found}
    if len(places) == 1:
        return found[0]
    regions = {gazetteer.province(at) if at != NOWHERE else NOWHERE for at in places}
    return (regions.pop() if len(regions) == 1 else NOWHERE), "several"


# Names and codes


def _find_one(name: str, gazetteer: Gazetteer) -> tuple[int, str]:
    places = gazetteer.names.get(compact(name), frozenset())
    if len(places) == 1:
        return next(iter(places)), ""
    return NOWHERE, "ambiguous" if places else "unknown"


def _find_names(region: str, district: str, gazetteer: Gazetteer) -> tuple[int, str]:
    """Return the place that the columns of province and district name together."""
    place, note = _find_one(region + district, gazetteer)
    if place != NOWHERE or not (region and district):
        return place, note
    whole, why = _find_one(region, gazetteer)
    part, _ = _find_one(district, gazetteer)
    if whole == NOWHERE:
        return NOWHERE, why
    if part != NOWHERE and gazetteer.holds(whole, part):
        return part, ""  # the column of districts names the province once more
    return gazetteer.province(whole), "no_such_district"


def _agree(one: int, other: int, gazetteer: Gazetteer) -> bool:
    return gazetteer.holds(one, other) or gazetteer.holds(other, one)


def _join(one: int, other: int, gazetteer: Gazetteer) -> tuple[int, str]:
    """Return the narrower of two places; where they contradict each other, the first's province."""
    if NOWHERE in {one, other}:
        return max(one, other), ""
    if gazetteer.holds(one, other):
        return other, ""
    if gazetteer.holds(other, one):
        return one, ""
    return gazetteer.province(one), "conflict"


def _look_up(code: str, system: System, gazetteer: Gazetteer) -> int:
    if len(code) == _LEGAL_DONG:
        code = code[:5] if system == "MOIS" else ""
    return gazetteer.codes[system].get(code, NOWHERE)


def _are_codes(texts: Iterable[str]) -> bool:
    known = [text for text in texts if text]
    return bool(known) and all(_CODE.fullmatch(text) for text in known)


def decide_system(
    stated: Sequence[tuple[tuple[str, ...], int]], gazetteer: Gazetteer
) -> tuple[System | None, str]:
    """Return who gave the codes of a table.

    Parameters
    ----------
    stated
        Codes of a row and the place that names beside them tell, NOWHERE where none does.
    gazetteer
        Codes of both systems.

    Returns
    -------
    tuple
        The system whose codes agree with all names and that has all of the codes, or that alone
        agrees with some name; else None and BOTH or NEITHER.
    """
    codes = sorted({code for row, _ in stated for code in row})
    agrees, confirmed, complete = {}, {}, {}
    for system in SYSTEMS:
        met = [
            _agree(at, place, gazetteer)
            for row, place in stated
            for code in row
            if place != NOWHERE and (at := _look_up(code, system, gazetteer)) != NOWHERE
        ]
        agrees[system], confirmed[system] = all(met), any(met)
        complete[system] = all(_look_up(c, system, gazetteer) != NOWHERE for c in codes)
    whole = [s for s in SYSTEMS if agrees[s] and complete[s]]
    if len(whole) > 1:
        same = all(len({_look_up(c, s, gazetteer) for s in SYSTEMS}) == 1 for c in codes)
        return (whole[0], "") if same else (None, BOTH)
    open_ = whole or [s for s in SYSTEMS if agrees[s] and confirmed[s]]
    return (open_[0], "") if len(open_) == 1 else (None, NEITHER)


# A whole layer


def find_places(stated: Stated, gazetteer: Gazetteer, system: System | None = None) -> Found:
    """Return where the rows of a layer are: by their columns first, then by their addresses.

    Parameters
    ----------
    stated
        What the rows state.
    gazetteer
        Places.
    system
        Who gave the codes, where the project file says so; None to find out.

    Returns
    -------
    Found
        Places and a report; work grows with what differs, not with rows.
    """
    heads = address_heads(stated.address)
    rows, texts = _distinct([stated.region, stated.district, heads])
    coded = [_are_codes(text[at] for text in texts) for at in (0, 1)]
    named = [_by_names(text, coded, gazetteer) for text in texts]
    codes = [
        tuple(t for t, said in zip(text[:2], coded, strict=True) if t and said) for text in texts
    ]
    undecided = ""
    if any(coded) and system is None:
        evidence = [(row, found[0]) for row, found in zip(codes, named, strict=True)]
        system, undecided = decide_system(evidence, gazetteer)
    ends = [_settle(row, found, system, gazetteer) for row, found in zip(codes, named, strict=True)]
    report = _report(texts, ends, np.bincount(rows, minlength=len(texts)), gazetteer)
    return Found(
        np.array([place for place, _, _ in ends], dtype=np.int32)[rows],
        report,
        (system or "") if any(coded) else "",
        undecided,
        next((code for row in codes for code in row), "") if undecided else "",
    )


def _distinct(
    columns: Sequence[pa.Array],
) -> tuple[npt.NDArray[np.int64], list[tuple[str, ...]]]:
    """Return for each row the number of what it states, and what differs, in sorted order."""
    size = len(columns[0])
    key = np.zeros(size, dtype=np.int64)
    known = []
    for column in columns:
        coded = pc.fill_null(column, "").dictionary_encode()
        words = coded.dictionary
        order = np.asarray(pc.sort_indices(words))
        rank = np.empty(len(words), dtype=np.int64)
        rank[order] = np.arange(len(words))
        key = key * max(len(words), 1) + rank[np.asarray(coded.indices)]
        known.append(words.take(pa.array(order)).to_pylist())
    keys, rows = np.unique(key, return_inverse=True)
    texts = []
    for number in keys.tolist():
        parts, left = [], number
        for words in reversed(known):
            left, at = divmod(left, max(len(words), 1))
            parts.append(words[at])
        texts.append(tuple(reversed(parts)))
    return rows.reshape(-1), texts


def _by_names(
    text: tuple[str, ...], coded: Sequence[bool], gazetteer: Gazetteer
) -> tuple[int, str, str]:
    """Return the place that names tell, how, and a note."""
    region, district = ("" if is_code else t for t, is_code in zip(text[:2], coded, strict=True))
    place, note = NOWHERE, ""
    if region or district:
        place, note = _find_names(region, district, gazetteer)
    if not text[2]:
        return place, "names", note
    by_address, why = _find_heads(text[2], gazetteer)
    if place == NOWHERE:
        return by_address, "address", why or note
    joined, conflict = _join(place, by_address, gazetteer)
    if conflict or joined == place:
        return joined, "names", conflict or note
    return joined, "address", ""


def _settle(
    codes: tuple[str, ...],
    named: tuple[int, str, str],
    system: System | None,
    gazetteer: Gazetteer,
) -> tuple[int, str, str]:
    place, how, note = named
    if codes and system is not None:
        found = [_look_up(code, system, gazetteer) for code in codes]
        by_code, note_of_codes = NOWHERE, "unknown" if NOWHERE in found else ""
        for at in found:
            by_code, conflict = _join(by_code, at, gazetteer)
            note_of_codes = note_of_codes or conflict
        joined, conflict = _join(by_code, place, gazetteer)
        if by_code != NOWHERE:
            how = "codes" if joined == by_code or conflict else how
            place, note = joined, conflict or note_of_codes
        else:
            note = note or note_of_codes
    elif codes and place == NOWHERE:
        note = "unknown_system"
    return (place, how, note) if place != NOWHERE else (place, UNMATCHED, note)


def _report(
    texts: Sequence[tuple[str, ...]],
    ends: Sequence[tuple[int, str, str]],
    counts: npt.NDArray[np.int64],
    gazetteer: Gazetteer,
) -> pa.Table:
    rows: Counter[tuple[str, str | None, str | None, str, str]] = Counter()
    for text, (place, how, note), count in zip(texts, ends, counts.tolist(), strict=True):
        told = " ".join(part for part in text[:2] if part) or text[2]
        if how == "address" and any(text[:2]):
            told = f"{told}{_SEVERAL}{text[2]}"
        if told:
            known = place != NOWHERE
            region = gazetteer.regions[place] if known else None
            district = (gazetteer.districts[place] or None) if known else None
            rows[told, region, district, how, note] += count
    ordered = sorted(rows.items(), key=lambda item: (-item[1], item[0][0], item[0][3]))
    columns = [[key[at] for key, _ in ordered] for at in range(4)]
    told_rows = [*columns, [count for _, count in ordered], [key[4] for key, _ in ordered]]
    arrays = [pa.array(c, f.type) for c, f in zip(told_rows, REPORT, strict=True)]
    return pa.Table.from_arrays(arrays, schema=REPORT)
