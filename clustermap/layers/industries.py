"""Strategic industries: which claim a firm by its code, by words of its products, or by name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap.layers.revisions import OR, share_start

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from clustermap.messages import Language

SECTOR_LENGTH = 2
"""An industry division is the first two characters of a KSIC, NACE or ISIC code."""


@dataclass(frozen=True)
class Taxonomy:
    """Which strategic industries claim which codes.

    Parameters
    ----------
    labels
        Strategic industry to its label by language, in the order of the file.
    prefixes
        Code prefix to the strategic industries that claim it; several may claim one.
    words
        Strategic industry to the words of products that it claims.
    firms
        Strategic industry to the identifiers of firms that it claims.
    """

    labels: Mapping[str, Mapping[Language, str]]
    prefixes: Mapping[str, tuple[str, ...]]
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    firms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def claim(self, code: str) -> tuple[str, ...]:
        """Return the strategic industries of a code: those of its longest prefix known.

        Parameters
        ----------
        code
            Industry code, e.g. "26110"; or several that it may be, joined by OR.

        Returns
        -------
        tuple
            Keys of industries; empty where no prefix fits. Of several codes, those that claim
            each of them.
        """
        if OR in code:
            claims = [self.claim(part) for part in code.split(OR)]
            return tuple(key for key in claims[0] if all(key in claim for claim in claims))
        for length in range(len(code), 0, -1):
            if code[:length] in self.prefixes:
                return self.prefixes[code[:length]]
        return ()


def build_taxonomy(rows: pa.Table) -> Taxonomy:
    """Return the taxonomy that a table declares.

    Parameters
    ----------
    rows
        Typed rows of the table TAXONOMY: industry, name_ko, name_en, prefix, word, firm.

    Returns
    -------
    Taxonomy
        Labels, prefixes, words and firms.
    """
    labels: dict[str, Mapping[Language, str]] = {}
    prefixes: dict[str, tuple[str, ...]] = {}
    listed: dict[str, dict[str, tuple[str, ...]]] = {"word": {}, "firm": {}}
    for row in rows.to_pylist():
        key, prefix = row["industry"], row["prefix"]
        english = row.get("name_en") or key
        labels.setdefault(key, {"ko": row.get("name_ko") or english, "en": english})
        if prefix and key not in prefixes.get(prefix, ()):
            prefixes[prefix] = (*prefixes.get(prefix, ()), key)
        for column, of in listed.items():
            if value := row.get(column):
                of[key] = (*of.get(key, ()), value)
    return Taxonomy(labels, prefixes, listed["word"], listed["firm"])


@dataclass(frozen=True)
class CodedIndustries:
    """The industries of firms as small numbers.

    Parameters
    ----------
    groups
        Distinct sets of strategic industries; the first is empty.
    group
        int16; position in ``groups`` for every firm.
    sectors
        Distinct industry divisions; the first is "" (no code).
    sector
        int16; position in ``sectors`` for every firm.
    ways
        Firms that any industry claims, by the way in which it does: CLAIMED_BY; one may be
        claimed in several.
    """

    groups: tuple[tuple[str, ...], ...]
    group: npt.NDArray[np.int16]
    sectors: tuple[str, ...]
    sector: npt.NDArray[np.int16]
    ways: Mapping[str, int] = field(default_factory=dict)


CLAIMED_BY = ("claimed_by_code", "claimed_by_word", "claimed_by_firm")
"""Ways in which an industry may claim a firm."""


def code_industries(
    codes: pa.Array,
    taxonomy: Taxonomy,
    products: pa.Array | None = None,
    firms: pa.Array | None = None,
) -> CodedIndustries:
    """Return the strategic industries and the division of every firm.

    Parameters
    ----------
    codes
        Industry codes (text, null where unknown); several that a firm's may be are joined by OR.
    taxonomy
        Which industries claim which codes, words and firms.
    products
        What every firm makes (text); None where that is not known.
    firms
        Identifiers of the firms; None where they are not asked for.

    Returns
    -------
    CodedIndustries
        Numbered in sorted order, so that row order changes nothing.
    """
    coded = pc.dictionary_encode(codes)
    distinct = [str(code).strip().replace(".", "") for code in coded.dictionary.to_pylist()]
    claims = [taxonomy.claim(code) for code in distinct]
    parts = [share_start(code.split(OR))[:SECTOR_LENGTH] for code in distinct]
    sectors = ("", *sorted(set(parts) - {""}))
    at = np.asarray(pc.fill_null(coded.indices, len(distinct)).to_numpy(zero_copy_only=False))
    sector = np.array([sectors.index(part) for part in parts] + [0], dtype=np.int16)
    found = [*dict.fromkeys([(), *claims])]
    group = np.array([found.index(claim) for claim in claims] + [0], dtype=np.int64)[at]
    ways = {CLAIMED_BY[0]: int((group > 0).sum())}
    order = {key: place for place, key in enumerate(taxonomy.labels)}
    for way, claimed in (
        (CLAIMED_BY[1], _claim_words(products, taxonomy)),
        (CLAIMED_BY[2], _claim_firms(firms, taxonomy)),
    ):
        anyone = np.zeros(len(group), dtype=bool)
        for key, mask in claimed.items():
            group, found = _add_claim(group, found, key, mask, order)
            anyone |= mask
        ways[way] = int(anyone.sum())
    held = {found[place] for place in np.unique(group)} | set(claims)
    groups = ((), *sorted(held - {()}))
    places = {claim: place for place, claim in enumerate(groups)}
    numbers = np.array([places.get(claim, 0) for claim in found], dtype=np.int16)
    return CodedIndustries(groups, numbers[group], sectors, sector[at], ways)


def _claim_words(products: pa.Array | None, taxonomy: Taxonomy) -> dict[str, npt.NDArray[np.bool_]]:
    """Return by industry which firms make what it claims; spaces and capitals say nothing."""
    if products is None or not taxonomy.words or products.null_count == len(products):
        return {}
    coded = pc.dictionary_encode(products)
    texts = pc.replace_substring_regex(coded.dictionary, r"\s", "")
    at = pc.fill_null(coded.indices, len(texts)).to_numpy(zero_copy_only=False)
    claimed = {}
    for key, words in taxonomy.words.items():
        spelt = "|".join(re.escape(re.sub(r"\s", "", word)) for word in words)
        found = pc.match_substring_regex(texts, f"(?i){spelt}")
        claimed[key] = np.append(found.to_numpy(zero_copy_only=False), False)[at]
    return claimed


def _claim_firms(firms: pa.Array | None, taxonomy: Taxonomy) -> dict[str, npt.NDArray[np.bool_]]:
    if firms is None:
        return {}
    return {
        key: pc.is_in(firms, value_set=pa.array(ids, pa.string())).to_numpy(zero_copy_only=False)
        for key, ids in taxonomy.firms.items()
    }


def _add_claim(
    group: npt.NDArray[np.int64],
    found: list[tuple[str, ...]],
    key: str,
    mask: npt.NDArray[np.bool_],
    order: Mapping[str, int],
) -> tuple[npt.NDArray[np.int64], list[tuple[str, ...]]]:
    """Add an industry to the sets of the firms that it claims."""
    found = list(found)
    after = np.arange(len(found))
    for place in np.unique(group[mask]):
        if key in found[place]:
            continue
        added = tuple(sorted((*found[place], key), key=lambda name: order[name]))
        if added not in found:
            found.append(added)
        after[place] = found.index(added)
    return np.where(mask, after[group], group), found
