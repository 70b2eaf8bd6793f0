"""Strategic industries: from an industry code to the industries that claim it, longest prefix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
    """

    labels: Mapping[str, Mapping[Language, str]]
    prefixes: Mapping[str, tuple[str, ...]]

    def claim(self, code: str) -> tuple[str, ...]:
        """Return the strategic industries of a code: those of its longest prefix known.

        Parameters
        ----------
        code
            Industry code, e.g. "26110".

        Returns
        -------
        tuple
            Keys of industries; empty where no prefix fits.
        """
        for length in range(len(code), 0, -1):
            if code[:length] in self.prefixes:
                return self.prefixes[code[:length]]
        return ()


def build_taxonomy(rows: pa.Table) -> Taxonomy:
    """Return the taxonomy that a table declares.

    Parameters
    ----------
    rows
        Typed rows of the table TAXONOMY: industry, name_ko, name_en, prefix.

    Returns
    -------
    Taxonomy
        Labels and prefixes.
    """
    labels: dict[str, Mapping[Language, str]] = {}
    prefixes: dict[str, tuple[str, ...]] = {}
    for row in rows.to_pylist():
        key, prefix = row["industry"], row["prefix"]
        english = row.get("name_en") or key
        labels.setdefault(key, {"ko": row.get("name_ko") or english, "en": english})
        if prefix and key not in prefixes.get(prefix, ()):
            prefixes[prefix] = (*prefixes.get(prefix, ()), key)
    return Taxonomy(labels, prefixes)


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
    """

    groups: tuple[tuple[str, ...], ...]
    group: npt.NDArray[np.int16]
    sectors: tuple[str, ...]
    sector: npt.NDArray[np.int16]


def code_industries(codes: pa.Array, taxonomy: Taxonomy) -> CodedIndustries:
    """Return the strategic industries and the division of every firm.

    Parameters
    ----------
    codes
        Industry codes (text, null where unknown).
    taxonomy
        Which industries claim which codes.

    Returns
    -------
    CodedIndustries
        Numbered in sorted order, so that row order changes nothing.
    """
    coded = pc.dictionary_encode(codes)
    distinct = [str(code).strip().replace(".", "") for code in coded.dictionary.to_pylist()]
    claims = [taxonomy.claim(code) for code in distinct]
    parts = [code[:SECTOR_LENGTH] for code in distinct]
    groups = ((), *sorted(set(claims) - {()}))
    sectors = ("", *sorted(set(parts) - {""}))
    at = np.asarray(pc.fill_null(coded.indices, len(distinct)).to_numpy(zero_copy_only=False))
    group = np.array([groups.index(claim) for claim in claims] + [0], dtype=np.int16)
    sector = np.array([sectors.index(part) for part in parts] + [0], dtype=np.int16)
    return CodedIndustries(groups, group[at], sectors, sector[at])
