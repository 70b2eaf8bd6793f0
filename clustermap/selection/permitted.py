"""Permitted industries: what may settle in a cluster against what is there and what is needed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd

from clustermap.layers.industries import SECTOR_LENGTH
from clustermap.selection.fields import split_words
from clustermap.tables import PERMITTED_GAPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from clustermap.layers.industries import Taxonomy

FEW_FIRMS = 3
"""Firms of a division that is not permitted from which it is told; ours."""


def find_permitted_gaps(
    clusters: pd.DataFrame,
    firms: Iterable[tuple[str, str]] | Mapping[tuple[str, str], int],
    taxonomy: Taxonomy,
) -> pd.DataFrame:
    """Return where what is permitted in a cluster and what is there or needed differ.

    Needed are the strategic industries that a cluster is designated for. An entry of what is
    permitted is a strategic industry or the start of an industry code, with or without the letter
    of its section. The rules are ours; a firm that was there before the plan, or an exception,
    looks like a gap.

    Parameters
    ----------
    clusters
        Layer of clusters, index cluster; columns permitted and industries, lists or text with
        ";". One of which nothing is said to be permitted has no gaps.
    firms
        Cluster and industry code of every firm in a cluster, or how many firms there are of each.
    taxonomy
        Strategic industries and the codes that they claim.

    Returns
    -------
    pd.DataFrame
        The table PERMITTED_GAPS: unused (permitted, no firm of it there), needed (designated, not
        permitted), barred (a division with three firms that are not permitted).
    """
    codes: dict[str, Counter[str]] = {}
    for (cluster, code), many in Counter(firms).items():
        codes.setdefault(cluster, Counter())[str(code).strip().replace(".", "")] += many
    rows = []
    none = pd.Series(None, clusters.index, dtype=object)
    layers = (clusters.get(name, none) for name in ("permitted", "industries"))
    for key, entries, industries in zip(clusters.index, *layers, strict=True):
        permitted = [_clean(entry, taxonomy) for entry in sorted(split_words(entries))]
        if permitted:
            designated = sorted(split_words(industries))
            there = codes.get(str(key), Counter())
            rows += [
                (str(key), *gap) for gap in sorted(_gaps(permitted, designated, there, taxonomy))
            ]
    return pd.DataFrame(rows, columns=[column.name for column in PERMITTED_GAPS.columns])


def _clean(entry: str, taxonomy: Taxonomy) -> str:
    """Return a code without the letter of its section and dots; a strategic industry as it is."""
    if entry in taxonomy.labels:
        return entry
    code = entry.replace(".", "")
    return code[1:] if code[:1].isalpha() and code[1:].isdigit() else code


def _covers(entry: str, code: str, taxonomy: Taxonomy) -> bool:
    if entry in taxonomy.labels:
        return entry in taxonomy.claim(code)
    return code.startswith(entry)


def _gaps(
    permitted: list[str], designated: list[str], there: Counter[str], taxonomy: Taxonomy
) -> Iterator[tuple[str, str, int]]:
    for entry in permitted:
        if not any(_covers(entry, code, taxonomy) for code in there):
            yield entry, "unused", 0
    for industry in designated:
        prefixes = [p for p, claimed in taxonomy.prefixes.items() if industry in claimed]
        allowed = industry in permitted or any(
            prefix.startswith(entry) or entry.startswith(prefix)
            for prefix in prefixes
            for entry in permitted
            if entry not in taxonomy.labels
        )
        if not allowed:
            firms = sum(many for code, many in there.items() if industry in taxonomy.claim(code))
            yield industry, "needed", firms
    outside = Counter[str]()
    for code, many in there.items():
        if code and not any(_covers(entry, code, taxonomy) for entry in permitted):
            outside[code[:SECTOR_LENGTH]] += many
    for division, many in outside.items():
        if many >= FEW_FIRMS:
            yield division, "barred", many
