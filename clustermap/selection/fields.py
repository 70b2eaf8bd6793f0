"""Fields of clusters and institutes: what they work on, as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FEW_FIRMS = 3
"""Firms of a strategic industry from which it may be a field of a cluster; ours."""


@dataclass(frozen=True)
class Fields:
    """What clusters and institutes work on.

    Parameters
    ----------
    clusters
        Fields of each cluster; empty where none is known.
    actors
        Fields of actors by their positions in the register; one without fields is not there.
    """

    clusters: Sequence[frozenset[str]]
    actors: Mapping[int, frozenset[str]]

    def common_with(self, cluster: int, other: frozenset[str]) -> frozenset[str] | None:
        """Return the fields that a cluster shares; None where those of one are not known.

        Parameters
        ----------
        cluster
            Position of the cluster.
        other
            Fields of the other.

        Returns
        -------
        frozenset or None
            Empty where the fields differ.
        """
        own = self.clusters[cluster]
        return own & other if own and other else None


def find_fields(
    clusters: pd.DataFrame,
    indicators: pd.DataFrame,
    institutes: Iterable[tuple[str, object]],
    positions: Mapping[str, int],
) -> Fields:
    """Return the fields of clusters and institutes.

    The fields of a cluster are the strategic industries that it is designated for and those that it
    is specialised in: a location quotient of 1 and more, and three firms. The rule is ours.

    Parameters
    ----------
    clusters
        Layer of clusters, index cluster; column industries where it has one, likewise.
    indicators
        The table INDICATORS; location_quotient and industry_firms are read.
    institutes
        Identifiers and fields of institutes, lists or text written with ";".
    positions
        Identifier to position in the register.

    Returns
    -------
    Fields
        What is known.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {
    ...         "cluster": ["A", "A", "B", "B"],
    ...         "indicator": ["location_quotient", "industry_firms"] * 2,
    ...         "industry": "bio",
    ...         "value": [1.5, 3.0, 9.0, 2.0],
    ...     }
    ... )
    >>> layer = pd.DataFrame({"industries": [None, ["space"]]}, index=["A", "B"])
    >>> found = find_fields(layer, table, [("u", ["bio"]), ("v", None)], {"u": 7, "v": 8})
    >>> [sorted(fields) for fields in found.clusters], sorted(found.actors[7]), len(found.actors)
    ([['bio'], ['space']], ['bio'], 1)
    """
    at = ["cluster", "industry"]
    quotient, firms = (
        indicators[indicators["indicator"] == name].set_index(at)["value"]
        for name in ("location_quotient", "industry_firms")
    )
    strong = (quotient >= 1) & (firms.reindex(quotient.index) >= FEW_FIRMS)
    special_in: dict[str, set[str]] = {}
    for cluster, industry in quotient.index[strong]:
        special_in.setdefault(str(cluster), set()).add(str(industry))
    none = pd.Series(dtype=object)
    designated = clusters.get("industries", none)
    own = [
        frozenset(special_in.get(key, set())) | split_words(designated.get(key))
        for key in clusters.index
    ]
    told = {positions[key]: split_words(fields) for key, fields in institutes}
    return Fields(own, {actor: fields for actor, fields in told.items() if fields})


def split_words(fields: object) -> frozenset[str]:
    """Return the entries of a list, whether it is one or is written with ";".

    Parameters
    ----------
    fields
        List, text, or anything else where nothing is known.

    Returns
    -------
    frozenset
        Entries without the space around them.

    Examples
    --------
    >>> sorted(split_words("bio; space")), sorted(split_words(["bio"])), sorted(split_words(None))
    (['bio', 'space'], ['bio'], [])
    """
    listed = fields.split(";") if isinstance(fields, str) else fields
    if not isinstance(listed, list | tuple | set | frozenset | np.ndarray):
        return frozenset()
    return frozenset(str(field).strip() for field in listed) - {""}
