"""Names: under how many spellings one firm goes, and which actor a name means.

A name is compared with its legal form, spaces, punctuation, case and width taken off; the original
is kept wherever it is shown. A name that two actors bear means neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap.layers.actors import AMBIGUOUS_NAME, UNKNOWN, UNKNOWN_NAME, Register

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Positions = npt.NDArray[np.int32]

_PASSES = 12
"""A name that is still changing after so many passes is no name; real ones take two."""

_LEGAL_WORDS = "|".join(
    (
        *("주식회사", "유한책임회사", "유한회사", "합자회사", "합명회사"),
        *("사단법인", "재단법인", "농업회사법인", "의료법인", "학교법인"),
    )
)
_LEGAL_FORMS = (
    rf"\((?:주|유|합|자|사|재|유한|의|학|복)\)|{_LEGAL_WORDS}",
    r"(?:[,.\s]+(?:co(?:mpany)?|corp(?:oration)?|inc(?:orporated)?|ltd|limited|llc|gmbh|plc))+[.,\s]*$",
)
_BRANCH = r"본사|본점|[\p{L}\d]*(?:지점|지사|영업소|출장소)|(?:제?\s*\d+\s*)?(?:공장|사업장|캠퍼스)"
_BRANCHES = (rf"\s*[(\[](?:{_BRANCH})[)\]]\s*$|\s+(?:{_BRANCH})\s*$|\s*제?\s*\d+\s*공장\s*$",)
_NO_LETTERS = r"[^\p{L}\p{N}]+"


def normalise_names(
    names: pa.Array, *, branches: bool = True, places: Sequence[str] = ()
) -> pa.Array:
    """Return names as they are compared.

    Parameters
    ----------
    names
        Names as written; null where none is given.
    branches
        Whether words for a plant, a branch or the head office are taken off, too.
    places
        Names of places, e.g. "포항": a plant that is called by one is taken off, too.

    Returns
    -------
    pa.Array
        One entry a name; null where nothing is left that could be a name. Normal forms are their
        own normal form.

    Examples
    --------
    >>> spelt = ["㈜ 가나정밀", "주식회사 가나정밀", "가나 정밀(주) 1공장", "ＧＡＮＡ Co., Ltd."]
    >>> normalise_names(pa.array(spelt)).to_pylist()
    ['가나정밀', '가나정밀', '가나정밀', 'gana']
    """
    coded = names.cast(pa.string()).dictionary_encode()
    texts = coded.dictionary
    rules = [*_LEGAL_FORMS, *(_BRANCHES if branches else ())]
    if branches and places:
        rules.append(rf"[\s(\[]+(?:{'|'.join(sorted(places))})\s*공장[)\]]*\s*$")
    open_ = np.arange(len(texts))
    found = texts
    for _ in range(_PASSES):
        before = found.take(pa.array(open_))
        after = _pass(before, rules)
        same = pc.fill_null(pc.equal(before, after), False).to_numpy(zero_copy_only=False)
        settled = same | np.asarray(pc.is_null(after).to_numpy(zero_copy_only=False))
        changed = np.zeros(len(texts), dtype=bool)
        changed[open_] = True
        found = pc.replace_with_mask(found, pa.array(changed), after)
        open_ = open_[~settled]
        if not len(open_):
            break
    return found.take(coded.indices)


def _pass(texts: pa.Array, rules: Sequence[str]) -> pa.Array:
    plain = pc.utf8_lower(pc.utf8_normalize(texts, "NFKC"))
    reduced = plain
    for rule in rules:
        reduced = pc.replace_substring_regex(reduced, rule, " ")
    reduced = pc.replace_substring_regex(reduced, _NO_LETTERS, "")
    whole = pc.replace_substring_regex(plain, _NO_LETTERS, "")
    chosen = pc.if_else(pc.equal(reduced, ""), whole, reduced)
    return pc.if_else(pc.equal(chosen, ""), pa.scalar(None, pa.string()), chosen)


WAYS = ("exact", "form", "branch")
"""How a name was found: as written; by its normal form; without words for a branch, too."""


@dataclass(frozen=True)
class _Known:
    """Names of one way: distinct, and the actor that bears each."""

    names: pa.Array
    actor: Positions

    def find(self, names: pa.Array) -> Positions:
        at = pc.fill_null(pc.index_in(names, value_set=self.names, skip_nulls=True), -1)
        at = np.asarray(at.to_numpy(zero_copy_only=False))
        return np.where(at < 0, UNKNOWN_NAME, np.append(self.actor, 0)[at]).astype(np.int32)


def _index(names: pa.Array, actors: int) -> _Known:
    """Return who bears each name; those after the last actor are gone and are nobody any more."""
    coded = names.dictionary_encode()
    known = np.asarray(pc.is_valid(coded.indices).to_numpy(zero_copy_only=False))
    codes = np.asarray(pc.fill_null(coded.indices, 0).to_numpy(zero_copy_only=False))[known]
    bearer = np.zeros(len(coded.dictionary), dtype=np.int32)
    bearer[codes] = np.flatnonzero(known)
    bearer[bearer >= actors] = UNKNOWN
    bearer[np.bincount(codes, minlength=len(bearer)) > 1] = AMBIGUOUS_NAME
    return _Known(coded.dictionary, bearer)


@dataclass(frozen=True)
class NamedRegister(Register):
    """A register that is asked for names and not for identifiers.

    Parameters
    ----------
    by_way
        Names of the actors by way, from :func:`name_register`.
    places
        Names of places that plants are called by.
    """

    by_way: tuple[_Known, ...] = field(default=())
    places: tuple[str, ...] = ()

    def find(self, ids: pa.Array) -> Positions:
        """Return the positions of the actors that bear names.

        Parameters
        ----------
        ids
            Names.

        Returns
        -------
        np.ndarray
            int32; UNKNOWN_NAME where nobody bears it, AMBIGUOUS_NAME where several do, UNKNOWN
            where who bears it is gone.
        """
        return self.find_ways(ids)[0]

    def find_ways(self, names: pa.Array) -> tuple[Positions, npt.NDArray[np.int8]]:
        """Return the positions of the actors that bear names, and how each was found.

        Parameters
        ----------
        names
            Names.

        Returns
        -------
        tuple
            Positions, as :meth:`find` has them, and positions in WAYS (-1 where none is found).
        """
        coded = names.cast(pa.string()).dictionary_encode()
        texts = coded.dictionary
        actor = np.full(len(texts), UNKNOWN_NAME, dtype=np.int32)
        way = np.full(len(texts), -1, dtype=np.int8)
        spelt = _spell(texts, self.places)
        for number, known in enumerate(self.by_way):
            at = known.find(spelt[number])
            # A narrower way decides, also that several bear the name.
            open_ = (actor == UNKNOWN_NAME) & (at != UNKNOWN_NAME)
            actor[open_] = at[open_]
            way[open_ & (at >= 0)] = number
        none = pc.fill_null(coded.indices, len(texts))
        row = np.asarray(none.to_numpy(zero_copy_only=False))
        return np.append(actor, np.int32(UNKNOWN_NAME))[row], np.append(way, np.int8(-1))[row]


def _spell(texts: pa.Array, places: Sequence[str]) -> tuple[pa.Array, ...]:
    return (
        pc.utf8_normalize(texts, "NFC"),
        normalise_names(texts, branches=False),
        normalise_names(texts, places=places),
    )


def name_register(
    register: Register, names: pa.Array, places: Sequence[str] = (), gone: pa.Array | None = None
) -> NamedRegister:
    """Return a register that finds actors by their names.

    Parameters
    ----------
    register
        Every actor.
    names
        Name of every actor; null where it has none.
    places
        Names of places that plants are called by.
    gone
        Names of actors that a what-if closes: what names them names nobody else.

    Returns
    -------
    NamedRegister
        The same actors.
    """
    every = names if gone is None else pa.concat_arrays([names, gone])
    ways = tuple(_index(spelt, len(register.cells)) for spelt in _spell(every, places))
    known = {one.name: getattr(register, one.name) for one in fields(Register)}
    return NamedRegister(**known, by_way=ways, places=tuple(places))
