"""Revisions of an industry classification: codes of other revisions become codes of one.

What is certain is converted; a code that was split becomes the longest start that all its parts
share, and a code of which nothing is known becomes none. The code as it was stays beside it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

RAW = "industry_raw"
"""Column of the code as the file has it."""

AMONG = "industry_among"
"""Column of all codes that a firm's code may mean, joined by OR."""

OR = "|"
_DIGITS = 5
_SHORTEST = 2
_PAIR = "\x1f"
SAME, CONVERTED, SHORTENED, UNKNOWN = (
    "codes_unchanged",
    "codes_converted",
    "codes_shortened",
    "codes_unknown",
)
"""What may become of a code; the names of the facts that are told of them."""

UNREAD = "codes_unread"
"""Name of the fact that a code has no digits and is none."""


def share_start(codes: Collection[str]) -> str:
    """Return the longest start that codes share.

    Parameters
    ----------
    codes
        At least one.

    Returns
    -------
    str
        "" where they share none.

    Examples
    --------
    >>> share_start(["26111", "26112"])
    '2611'
    """
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*codes, strict=False))
    return "".join(letters[0] for letters in alike)


@dataclass(frozen=True)
class Move:
    """What becomes of the codes that start alike.

    Parameters
    ----------
    to
        Starts that take the place of theirs; several where the class was split.
    whole
        Whether what follows the start stays; else only the start is certain.
    """

    to: tuple[str, ...]
    whole: bool


@dataclass(frozen=True)
class Meaning:
    """What a code means in the classification that is read.

    Parameters
    ----------
    code
        Its code there, or the start that all its codes share; "" where it has none.
    among
        All codes that it may mean.
    way
        SAME, CONVERTED, SHORTENED or UNKNOWN.
    """

    code: str
    among: tuple[str, ...]
    way: str


@dataclass(frozen=True)
class Concordance:
    """What became of the codes of a classification's other revisions.

    Parameters
    ----------
    revision
        Revision that codes are turned into.
    moves
        Other revision to the starts of its codes and what becomes of them; the longest decides.
    """

    revision: str
    moves: Mapping[str, Mapping[str, Move]]

    def find(self, code: str, revision: str) -> Meaning:
        """Return what a code of a revision means.

        Parameters
        ----------
        code
            Digits.
        revision
            Digits.

        Returns
        -------
        Meaning
            See there.
        """
        if revision == self.revision:
            return Meaning(code, (code,), SAME)
        moves = self.moves.get(revision, {})
        starts = [code[:length] for length in range(len(code), 0, -1) if code[:length] in moves]
        if not starts:
            return Meaning("", (), UNKNOWN)
        start, move = starts[0], moves[starts[0]]
        rest = code[len(start) :] if move.whole else ""
        among = {to + rest for to in move.to}
        if len(code) < _DIGITS:  # a group is what its classes became
            within = {
                to[: len(code)]
                for inner, parts in moves.items()
                if inner.startswith(code) and inner != code
                for to in parts.to
            }
            among |= within
        shared = share_start(among)
        if shared == code:
            return Meaning(code, (code,), SAME)
        if len(among) == 1 and move.whole and len(shared) == len(code):
            return Meaning(shared, (shared,), CONVERTED)
        if len(shared) < _SHORTEST:
            return Meaning("", (), UNKNOWN)
        return Meaning(shared, tuple(sorted(among)), SHORTENED)


def build_concordance(revision: str, rows: Iterable[Mapping[str, str]]) -> Concordance:
    """Return the concordance that a table declares.

    Parameters
    ----------
    revision
        Revision that codes are turned into.
    rows
        Rows of revision, code (start of codes), to (what takes its place), scope ("all": what
        follows the start stays; "prefix": only the start is certain).

    Returns
    -------
    Concordance
        See there.
    """
    moves: dict[str, dict[str, Move]] = {}
    for row in rows:
        of = moves.setdefault(row["revision"], {})
        earlier = of.get(row["code"], Move((), whole=True))
        of[row["code"]] = Move((*earlier.to, row["to"]), row["scope"] == "all")
    return Concordance(revision, moves)


def convert_codes(rows: pa.Table, concordance: Concordance) -> tuple[pa.Table, dict[str, int]]:
    """Turn the industry codes of firms into those of one revision.

    Parameters
    ----------
    rows
        Typed rows of the table FIRMS.
    concordance
        What became of the codes of other revisions.

    Returns
    -------
    tuple
        The rows, with RAW and AMONG where any code is of another revision, and how many codes of
        other revisions went which way; codes without a revision stay, and are counted where other
        rows state theirs. What begins with no digit is no code: it stays in RAW alone, and is
        counted.
    """
    if "industry" not in rows.column_names:
        return rows, {}
    codes = pc.replace_substring_regex(rows["industry"].combine_chunks(), r"[.\s]|^[A-Za-z]", "")
    codes, unread = _part_unread(codes)
    bare = pa.nulls(rows.num_rows, pa.string())
    stated = rows["revision"].combine_chunks() if "revision" in rows.column_names else bare
    revisions = pc.replace_substring_regex(stated, r"^\D*(\d+).*$", r"\1")
    other = pc.and_(pc.is_valid(codes), pc.not_equal(revisions, concordance.revision))
    told = _count_bare(codes, revisions)
    strange = int(pc.sum(unread).as_py() or 0)
    told |= {UNREAD: strange} if strange else {}
    if not (strange or pc.any(other).as_py()):
        return rows, told
    pairs = pc.if_else(
        pc.fill_null(other, False),
        pc.binary_join_element_wise(revisions, codes, _PAIR),
        pa.scalar(None, pa.string()),
    ).dictionary_encode()
    meanings = [_find_pair(pair, concordance) for pair in pairs.dictionary.to_pylist()]
    ways = Counter[str]()
    for at, count in zip(*_count_values(pairs.indices), strict=True):
        ways[meanings[at].way] += count
    raw = rows["industry"].combine_chunks()
    kept = pc.if_else(unread, pa.scalar(None, pa.string()), raw)
    moved = pc.is_valid(pairs.indices)
    code, among = (
        pc.if_else(moved, pc.take(pa.array(values, pa.string()), pairs.indices), kept)
        for values in (
            [meaning.code or None for meaning in meanings],
            [OR.join(meaning.among) or None for meaning in meanings],
        )
    )
    rows = rows.set_column(rows.column_names.index("industry"), "industry", code)
    rows = rows.append_column(RAW, raw).append_column(AMONG, among)
    return rows, told | {way: ways[way] for way in (SAME, CONVERTED, SHORTENED, UNKNOWN)}


def _part_unread(codes: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return codes, null where a text is none, and where that is."""
    unread = pc.fill_null(pc.invert(pc.match_substring_regex(codes, r"^\d")), False)
    return pc.if_else(unread, pa.scalar(None, pa.string()), codes), unread


def _find_pair(pair: str, concordance: Concordance) -> Meaning:
    revision, code = pair.split(_PAIR)
    return concordance.find(code, revision)


def _count_values(indices: pa.Array) -> tuple[list[int], list[int]]:
    counted = pc.value_counts(indices.drop_null())
    return counted.field("values").to_pylist(), counted.field("counts").to_pylist()


def _count_bare(codes: pa.Array, revisions: pa.Array) -> dict[str, int]:
    """Count codes without a revision, where others state theirs."""
    bare = pc.and_(pc.is_valid(codes), pc.is_null(revisions))
    count = int(pc.sum(bare).as_py() or 0)
    return {"codes_without_revision": count} if count and revisions.null_count < len(codes) else {}
