"""The six parts of the linkage score, A to F, as what is believed of them under every null.

A and B compare the links of a cluster with what is expected of it, C to F compare how these links
fall to its actors with what is typical, given how many there are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from clustermap.layers.cells import ABROAD
from clustermap.network.actor_links import ActorLinks, Membership, list_ends
from clustermap.network.brokerage import brokerage
from clustermap.network.diversity import diversity
from clustermap.network.flags import foreign_flag, group_flag, headquarters_flag
from clustermap.network.involvement import (
    correlate_kinds,
    expect_linked,
    fit_dispersion,
    involvement,
)
from clustermap.network.ratios import find_ratios
from clustermap.network.resilience import resilience
from clustermap.network.strata import LEFT_OUT
from clustermap.scores.profile import PARTS
from clustermap.tables import KINDS, SHARE_UNIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    import pandas as pd

    from clustermap.layers.actors import Register
    from clustermap.network.actor_links import Ends
    from clustermap.network.brokerage import Brokerage
    from clustermap.network.edges import Edges
    from clustermap.network.flags import Flag
    from clustermap.network.involvement import Involvement
    from clustermap.network.observed import Observed
    from clustermap.network.posterior import Posterior
    from clustermap.network.ratios import Ratios
    from clustermap.network.resilience import Resilience
    from clustermap.network.standardise import Comparison, Standardised
    from clustermap.scores.profile import Profile

    Numbers = npt.NDArray[np.float64]
    Variant = tuple[str, str]

HEADQUARTERS = 1
"""Code of head offices among the sites of firms."""


@dataclass(frozen=True)
class Linkages:
    """What the parts are measured on.

    Parameters
    ----------
    observed
        Members, links and distances of a run.
    standardised
        Observed and expected links.
    edges
        The coded edge list.
    register
        Every actor.
    """

    observed: Observed
    standardised: Standardised
    edges: Edges
    register: Register


@dataclass(frozen=True)
class Flags:
    """What may mislead about the links of a cluster, each a share of its links.

    Parameters
    ----------
    headquarters
        Links with a head office of a firm with several sites.
    groups
        Internal links inside business groups.
    one_group
        Internal links inside the group that has most of them.
    foreign
        Links abroad with the partner that has most of them.
    """

    headquarters: Flag
    groups: Flag
    one_group: Flag
    foreign: Flag


@dataclass(frozen=True)
class Parts:
    """The parts of every cluster.

    Parameters
    ----------
    null
        Null of the headline.
    variants
        (null, boundary) to posteriors in the order of ``PARTS``.
    reach
        Local reach that decides each cluster's embeddedness under the headline's null; the largest
        where none does.
    ratios
        (null, boundary) to ratios by reach, the last of links beyond; kinds apart under the
        headline's null and the boundary drawn.
    participation, brokerage, resilience
        What stands behind these parts.
    linked
        Actors of each cluster with a link of any scored kind.
    flags
        What may mislead.
    """

    null: str
    variants: Mapping[Variant, tuple[Posterior, ...]]
    reach: npt.NDArray[np.int64]
    ratios: Mapping[Variant, tuple[Ratios, ...]]
    participation: Involvement
    brokerage: Brokerage
    resilience: Resilience
    linked: npt.NDArray[np.int64]
    flags: Flags

    @property
    def headline(self) -> tuple[Posterior, ...]:
        """Posteriors under the headline's null and the boundary drawn, in the order of PARTS."""
        return self.variants[self.null, "drawn"]

    @property
    def local(self) -> tuple[Ratios, ...]:
        """Ratios by local reach under the headline's null and the boundary drawn."""
        return self.ratios[self.null, "drawn"][:-1]

    @property
    def beyond(self) -> Ratios:
        """Ratios of links beyond under the headline's null and the boundary drawn."""
        return self.ratios[self.null, "drawn"][-1]


def measure_parts(linkages: Linkages, profile: Profile) -> Parts | None:
    """Measure the six parts of every cluster.

    Parameters
    ----------
    linkages
        What they are measured on.
    profile
        Weights of the kinds, and when data decide.

    Returns
    -------
    Parts or None
        None where the data hold no scored kind of linkage at all.
    """
    found = linkages.standardised
    headline = found.comparisons.get((found.headline, "drawn"))
    if headline is None or not headline.kinds:
        return None
    weights = np.array([profile.kinds.get(KINDS[kind], 0.0) for kind in headline.kinds])
    if weights.sum() <= 0:
        return None
    actors = _Actors(linkages, weights)
    measure = partial(_ratios, found.dispersion, weights, profile)
    ratios: dict[Variant, tuple[Ratios, ...]] = {
        variant: measure(comparison, by_kind=variant == (found.headline, "drawn"))
        for variant, comparison in found.comparisons.items()
    }
    shape = actors.measure()
    return Parts(
        found.headline,
        {
            variant: (choose_reach(each[:-1])[0], each[-1].posterior, *shape)
            for variant, each in ratios.items()
        },
        choose_reach(ratios[found.headline, "drawn"][:-1])[1],
        ratios,
        actors.involvement,
        actors.brokerage,
        actors.resilience,
        actors.anyone,
        actors.flags(),
    )


def _ratios(
    dispersion: Numbers,
    weights: Numbers,
    profile: Profile,
    comparison: Comparison,
    *,
    by_kind: bool,
) -> tuple[Ratios, ...]:
    reaches = comparison.observed.shape[2]
    return tuple(
        find_ratios(
            comparison,
            dispersion,
            reach,
            weights,
            key="openness" if reach == reaches - 1 else "embeddedness",
            max_width=profile.rating.max_width,
            min_weight=profile.rating.min_weight,
            by_kind=by_kind,
        )
        for reach in range(reaches)
    )


def choose_reach(local: tuple[Ratios, ...]) -> tuple[Posterior, npt.NDArray[np.int64]]:
    """Return embeddedness at the narrowest local reach that decides.

    Whether a reach decides is a matter of the width of what its data say alone, never of its sign.

    Parameters
    ----------
    local
        Ratios by local reach, the narrowest first.

    Returns
    -------
    tuple
        Posterior, and the reach of each cluster: the widest where none decides.
    """
    decided = np.stack([ratios.posterior.decided for ratios in local])
    reach = np.where(decided.any(axis=0), decided.argmax(axis=0), len(local) - 1)
    everyone = np.arange(len(reach))

    chosen = [ratios.posterior for ratios in local]
    quantiles = np.stack([each.quantiles for each in chosen])[reach, :, everyone].T
    posterior = replace(
        chosen[0],
        value=np.stack([each.value for each in chosen])[reach, everyone],
        quantiles=quantiles,
        basis=np.stack([each.basis for each in chosen])[reach, everyone],
        decided=np.asarray(decided.any(axis=0)),
        reason=np.stack([each.reason for each in chosen])[reach, everyone],
    )
    return posterior, reach


class _Actors:
    """The parts that look at who in a cluster has its links."""

    def __init__(self, linkages: Linkages, weights: Numbers) -> None:
        self.observed, self.register = linkages.observed, linkages.register
        self.standardised, self.weights = linkages.standardised, weights
        self.comparison = self.standardised.comparisons[self.standardised.headline, "drawn"]
        self.kinds = self.comparison.kinds
        cells = self.observed.cells
        self.members = Membership(
            self.register.cells, cells.held_cell, cells.held_cluster, cells.clusters
        )
        scored = [k for k, w in zip(self.kinds, weights, strict=True) if w > 0]
        edges = linkages.edges
        self.edges = edges.part(np.flatnonzero(np.isin(edges.kind, scored)))
        self.ends = self._list_ends(np.arange(len(self.edges)))
        home = self.register.stratum[self.edges.a] != LEFT_OUT
        home &= self.register.stratum[self.edges.b] != LEFT_OUT
        self.home = np.flatnonzero(home)

    def _list_ends(self, rows: npt.NDArray[np.int64]) -> Ends:
        part = self.edges.part(rows)
        links = ActorLinks(part.a, part.b, part.directed, part.unit, part.credit)
        return list_ends(links, self.members)

    def measure(self) -> tuple[Posterior, ...]:
        """Return participation, diversity, brokerage and resilience."""
        clusters = self.members.clusters
        self.involvement = self._involve()
        self.brokerage = brokerage(self.ends, self.register.types, clusters)
        self.resilience = resilience(self.ends, self.members, self.register.group)
        return (
            self.involvement.posterior,
            self._diversify(),
            self.brokerage.posterior,
            self.resilience.posterior,
        )

    def _involve(self) -> Involvement:
        register, members = self.register, self.observed.drawn.members
        actors = len(register.cells)
        linked = np.zeros((actors, len(self.kinds)), dtype=bool)
        here = register.stratum != LEFT_OUT
        held = self.observed.cells
        expected, variance = np.full((2, held.clusters, len(self.kinds)), np.nan)
        for at, kind in enumerate(self.kinds):
            rows = self.home[self.edges.kind[self.home] == kind]
            degree = _degrees(self.edges.part(rows), actors)
            linked[:, at] = degree > 0
            rates = self.standardised.ends[kind]
            each = rates[register.cells[here], register.stratum[here]]
            kappa = fit_dispersion(np.rint(degree[here]), each)
            by_cluster = np.zeros((2, held.clusters, members.shape[1]))
            np.add.at(by_cluster[0], held.held_cluster, members[held.held_cell])
            ends = rates * members
            np.add.at(by_cluster[1], held.held_cluster, ends[held.held_cell])
            if np.isfinite(kappa):
                expected[:, at], variance[:, at] = expect_linked(
                    by_cluster[1], by_cluster[0], kappa
                )
        row, cluster = self.members.holders(np.flatnonzero(here))
        who = np.flatnonzero(here)[row]
        counts = np.zeros((held.clusters, len(self.kinds)))
        np.add.at(counts, cluster, linked[who])
        anyone = np.asarray(linked[:, self.weights > 0].any(axis=1))
        self.anyone = np.bincount(cluster, anyone[who], held.clusters).astype(np.int64)
        return involvement(
            counts,
            expected,
            variance * np.maximum(self.comparison.design[:, :-1, -1], 1.0),
            self.anyone,
            weights=self.weights,
            correlation=correlate_kinds(linked[here], register.stratum[here]),
        )

    def _diversify(self) -> Posterior:
        beyond = self.comparison.observed.shape[2] - 1
        observed, expected = (
            table[:, :-1, beyond - 1] + table[:, :-1, beyond]
            for table in (self.comparison.observed, self.comparison.expected)
        )
        use = self.weights > 0
        design = np.maximum(self.comparison.design[:, -1, beyond], 1.0)
        found = diversity(observed[:, use], expected[:, use], self.anyone, design=design)
        return found.posterior

    def flags(self) -> Flags:
        """Return what may mislead about links."""
        register, clusters = self.register, self.members.clusters
        group = register.group
        sizes = np.bincount(group[group >= 0], minlength=1)
        several = np.zeros(len(group), dtype=bool)
        several[group >= 0] = sizes[group[group >= 0]] > 1
        head = (register.site == HEADQUARTERS) & (several | (group < 0))
        names = np.array([name.startswith(ABROAD) for name in self.observed.cells.names])
        groups, one_group = group_flag(self.ends, group, clusters)
        return Flags(
            headquarters_flag(self.ends, head, clusters),
            groups,
            one_group,
            foreign_flag(self.ends, names[register.cells], group, clusters),
        )


def _degrees(edges: Edges, actors: int) -> Numbers:
    # Units that each actor takes part in: a project's pairs share its credit.
    degree = np.zeros(actors)
    for end in (edges.a, edges.b):
        degree += np.bincount(end, edges.credit / SHARE_UNIT, actors)
    return degree


def tabulate_brokers(
    parts: Parts, ids: pd.Index[str], actors: npt.NDArray[np.object_]
) -> pd.DataFrame:
    """Return the first brokers of every cluster by name.

    Parameters
    ----------
    parts
        The parts.
    ids
        Ids of the clusters.
    actors
        Ids of the actors by position.

    Returns
    -------
    pd.DataFrame
        The table BROKERS.
    """
    found = parts.brokerage.brokers
    return found.assign(
        cluster=ids.to_numpy()[found["cluster"].to_numpy(dtype=int)],
        actor=actors[found["actor"].to_numpy(dtype=int)],
    )


__all__ = [
    "PARTS",
    "Flags",
    "Linkages",
    "Parts",
    "choose_reach",
    "measure_parts",
    "tabulate_brokers",
]
