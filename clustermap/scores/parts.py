"""The six parts of the linkage score, A to F, as what is believed of them under every null.

A and B compare the links of a cluster with what is expected of it, C to F compare how these links
fall to its actors with what is typical, given how many there are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from clustermap.layers.cells import ABROAD
from clustermap.memory import forget_pages
from clustermap.network.actor_links import ActorLinks, Membership, list_ends_apart
from clustermap.network.brokerage import count_roles, join_roles, sum_roles, weigh_roles
from clustermap.network.distinct import distinct
from clustermap.network.diversity import diversity
from clustermap.network.flags import foreign_flag, group_flag, headquarters_flag, join_flags
from clustermap.network.involvement import (
    correlate_kinds,
    expect_linked,
    fit_dispersion_of_groups,
    involvement,
)
from clustermap.network.linkages import NO_UNIT
from clustermap.network.ratios import believe_ratios, weigh_ratios
from clustermap.network.resilience import (
    assortativity,
    count_entities,
    form_teams,
    join_groups,
    judge_teams,
)
from clustermap.network.strata import LEFT_OUT
from clustermap.network.ties import tie_actors
from clustermap.scores.profile import PARTS
from clustermap.side_by_side import do_each, go_through
from clustermap.tables import ACTOR_TYPES, KINDS, SHARE_UNIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import numpy.typing as npt
    import pandas as pd
    from scipy import sparse

    from clustermap.layers.actors import Register
    from clustermap.network.actor_links import Ends
    from clustermap.network.brokerage import Brokerage, RoleSums
    from clustermap.network.comparison import Comparison
    from clustermap.network.edges import Edges
    from clustermap.network.flags import Flag
    from clustermap.network.involvement import Involvement
    from clustermap.network.observed import Observed
    from clustermap.network.posterior import Posterior
    from clustermap.network.ratios import Ratios
    from clustermap.network.resilience import Resilience, Teams
    from clustermap.network.standardise import Standardised
    from clustermap.scores.profile import Profile

    Numbers = npt.NDArray[np.float64]
    Variant = tuple[str, str]

_ROWS_AT_ONCE = 1_000_000

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

    @property
    def scored(self) -> npt.NDArray[np.bool_]:
        """Which edges are of the kinds that the headline compares."""
        found = self.standardised
        kinds = found.comparisons[found.headline, "drawn"].kinds
        return np.asarray(np.isin(self.edges.kind, kinds))

    @cached_property
    def ties(self) -> sparse.csr_array:
        """Who is linked with whom by these edges, of :func:`clustermap.network.ties.tie_actors`."""
        scored, edges = self.scored, self.edges
        return tie_actors(edges.a[scored], edges.b[scored], len(self.register.cells))


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


@dataclass(frozen=True)
class _Way:
    # What of a profile decides its parts: weights of the kinds, and when ratios are decided.
    weights: tuple[float, ...]
    max_width: float
    min_weight: float

    @property
    def scored(self) -> tuple[bool, ...]:
        return tuple(weight > 0 for weight in self.weights)


def measure_parts(linkages: Linkages, profiles: Sequence[Profile]) -> tuple[Parts | None, ...]:
    """Measure the six parts of every cluster, as each of several profiles weighs kinds.

    What does not depend on the profile is measured once, and profiles that differ in nothing else
    than the weights of the parts share theirs.

    Parameters
    ----------
    linkages
        What they are measured on.
    profiles
        Weights of the kinds, and when data decide.

    Returns
    -------
    tuple of Parts or None
        One for each profile; None where the data hold no kind of linkage that it scores.
    """
    found = linkages.standardised
    headline = found.comparisons.get((found.headline, "drawn"))
    kinds = () if headline is None else headline.kinds
    wanted = [_read_way(profile, kinds) for profile in profiles]
    ways = [way for way in dict.fromkeys(wanted) if any(way.scored)]
    ratios = _find_ratios(found, ways)
    actors = {
        scored: _Actors(linkages, scored) for scored in dict.fromkeys(way.scored for way in ways)
    }
    parts = {way: _join(found.headline, way, ratios[way], actors[way.scored]) for way in ways}
    return tuple(parts.get(way) for way in wanted)


def _read_way(profile: Profile, kinds: tuple[int, ...]) -> _Way:
    weights = tuple(float(profile.kinds.get(KINDS[kind], 0.0)) for kind in kinds)
    return _Way(weights, profile.rating.max_width, profile.rating.min_weight)


def _join(
    null: str, way: _Way, ratios: dict[Variant, tuple[Ratios, ...]], actors: _Actors
) -> Parts:
    involved = actors.involve(np.array(way.weights))
    shape = (
        involved.posterior,
        actors.diversity,
        actors.brokerage.posterior,
        actors.resilience.posterior,
    )
    return Parts(
        null,
        {
            variant: (choose_reach(each[:-1])[0], each[-1].posterior, *shape)
            for variant, each in ratios.items()
        },
        choose_reach(ratios[null, "drawn"][:-1])[1],
        ratios,
        involved,
        actors.brokerage,
        actors.resilience,
        actors.anyone,
        actors.flags,
    )


def _find_ratios(
    found: Standardised, ways: Sequence[_Way]
) -> dict[_Way, dict[Variant, tuple[Ratios, ...]]]:
    if not ways:
        return {}
    ratios: dict[_Way, dict[Variant, tuple[Ratios, ...]]] = {way: {} for way in ways}

    def weigh(asked: tuple[Comparison, int, bool]) -> list[Ratios]:
        comparison, reach, by_kind = asked
        return _weigh_reach(comparison, found.dispersion, reach, ways, by_kind=by_kind)

    asked = [
        (comparison, reach, variant == (found.headline, "drawn"))
        for variant, comparison in found.comparisons.items()
        for reach in range(comparison.observed.shape[2])
    ]
    weighed = go_through(weigh, asked)
    for variant, comparison in found.comparisons.items():
        reaches = list(islice(weighed, comparison.observed.shape[2]))
        for way, of_reaches in zip(ways, zip(*reaches, strict=True), strict=True):
            ratios[way][variant] = of_reaches
    return ratios


def _weigh_reach(
    comparison: Comparison, dispersion: Numbers, reach: int, ways: Sequence[_Way], *, by_kind: bool
) -> list[Ratios]:
    beyond = comparison.observed.shape[2] - 1
    # It is much larger than what follows from it: kept no longer than for this reach.
    believed = believe_ratios(comparison, dispersion, reach, by_kind=by_kind)
    return [
        weigh_ratios(
            believed,
            np.array(way.weights),
            key="openness" if reach == beyond else "embeddedness",
            max_width=way.max_width,
            min_weight=way.min_weight,
        )
        for way in ways
    ]


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


@dataclass(frozen=True)
class _Looked:
    # What the ends of links told of some clusters.
    roles: tuple[slice, RoleSums]
    teams: list[Teams]
    alike: Numbers
    flags: list[Flag]


class _Actors:
    """The parts that look at who in a cluster has its links, of the kinds that are scored."""

    def __init__(self, linkages: Linkages, scored: tuple[bool, ...]) -> None:
        self.observed, self.register = linkages.observed, linkages.register
        self.standardised, self.scored = linkages.standardised, np.array(scored)
        self.comparison = self.standardised.comparisons[self.standardised.headline, "drawn"]
        self.kinds = self.comparison.kinds
        cells = self.observed.cells
        self.members = Membership(
            self.register.cells, cells.held_cell, cells.held_cluster, cells.clusters
        )
        kept = [kind for kind, use in zip(self.kinds, scored, strict=True) if use]
        self.edges = linkages.edges
        use = np.isin(self.edges.kind, kept)
        home = self.register.stratum != LEFT_OUT
        self.home = use & home[self.edges.a] & home[self.edges.b]
        looked = self._look_at_ends(use)
        forget_pages(self.edges.columns().values())  # from here on they are read kind by kind
        self._judge(*looked)

    def _judge(self, teams: list[Teams], alike: Numbers) -> None:
        """Judge who meets in clusters while it is counted who has links: neither waits."""

        def judge() -> None:
            self.resilience = judge_teams(teams, alike)

        def count() -> None:
            self._count_linked()
            self.diversity = self._diversify()

        do_each(_call, [judge, count])

    def _look_at_ends(self, use: npt.NDArray[np.bool_]) -> tuple[list[Teams], Numbers]:
        """Measure what needs every end of a link, and return who meets and whether alike."""
        edges, register, many = self.edges, self.register, self.members.clusters
        links = ActorLinks(edges.a, edges.b, edges.directed, edges.unit, edges.credit)
        entity, warn = join_groups(register.group), self._prepare_flags()
        members = count_entities(self.members, entity)

        def look(listed: tuple[slice, Ends]) -> _Looked:
            clusters, ends = listed
            return _Looked(
                (clusters, sum_roles(count_roles(ends), register.types, many)),
                form_teams(ends, members, entity),
                assortativity(ends, many, entity)[clusters],
                [flag.part(clusters) for flag in warn(ends)],
            )

        blocks = list_ends_apart(links, self.members, use)
        # One block is looked at while the next is listed: more would not fit into little memory.
        looked = list(go_through(look, blocks, workers=1, ahead=2))
        self.brokerage = weigh_roles(join_roles([each.roles for each in looked]))
        flags = zip(*(each.flags for each in looked), strict=True)
        self.flags = Flags(*(join_flags(parts) for parts in flags))
        teams = [team for each in looked for team in each.teams]
        return teams, np.concatenate([each.alike for each in looked])

    def _count_linked(self) -> None:
        here = self.register.stratum != LEFT_OUT
        linked = np.zeros((len(self.kinds), len(here)), dtype=bool)
        found = [self._count_kind(kind, here, linked[at]) for at, kind in enumerate(self.kinds)]
        expected, variance = np.stack(found, axis=2)
        linked &= here
        anyone = np.asarray(linked[self.scored].any(axis=0))
        self.anyone = self._count_held(anyone)
        self.linked = np.stack([self._count_held(own) for own in linked], axis=1).astype(float)
        self.expected = expected
        self.variance = variance * np.maximum(self.comparison.design[:, :-1, -1], 1.0)
        self.correlation = correlate_kinds(linked[:, here].T, self.register.stratum[here])

    def _count_kind(
        self, kind: int, here: npt.NDArray[np.bool_], linked: npt.NDArray[np.bool_]
    ) -> tuple[Numbers, Numbers]:
        """Mark who has a link of a kind; return how many of a cluster should, and the variance."""
        register, members = self.register, self.observed.drawn.members
        held = self.observed.cells
        taken, scale = self._count_taken(kind)
        np.greater(taken, 0, out=linked)
        rates = self.standardised.ends[kind] * scale[self.observed.strata.type]
        group = register.cells[here].astype(np.int64)
        group *= rates.shape[1]
        group += register.stratum[here]
        kappa = fit_dispersion_of_groups(taken[here], group, rates.ravel())
        if not np.isfinite(kappa):
            nobody = np.full(held.clusters, np.nan)
            return nobody, nobody
        by_cluster = np.zeros((2, held.clusters, members.shape[1]))
        np.add.at(by_cluster[0], held.held_cluster, members[held.held_cell])
        np.add.at(by_cluster[1], held.held_cluster, (rates * members)[held.held_cell])
        return expect_linked(by_cluster[1], by_cluster[0], kappa)

    def _count_taken(self, kind: int) -> tuple[npt.NDArray[np.int64], Numbers]:
        """Return how often each actor took part in a kind, and that by credit for each type."""
        types = self.register.types
        credit = np.zeros((2, len(ACTOR_TYPES)))

        def weigh() -> Iterator[Edges]:
            for links in self._list_kind(kind):
                _add_credit(credit, links, types)
                yield links

        taken = count_units(weigh(), len(types))
        # The null expects credit; a project gives each of its participants one in all, and a
        # part of it to those of a type by links of a kind.
        return taken, _units_per_credit(credit, taken, types)

    def _list_kind(self, kind: int) -> Iterator[Edges]:
        """Yield the links of a kind, part after part: there are millions."""
        for start in range(0, len(self.home), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            use = np.flatnonzero(self.home[rows] & (self.edges.kind[rows] == kind))
            yield self.edges.part(rows).part(use)
            forget_pages(self.edges.columns().values())

    def _count_held(self, actors: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Return how many of the marked actors each cluster holds."""
        held = self.observed.cells
        of_cell = np.bincount(self.register.cells[actors], minlength=len(held.names))
        sums = np.bincount(held.held_cluster, of_cell[held.held_cell], held.clusters)
        return np.asarray(sums.astype(np.int64))

    def involve(self, weights: Numbers) -> Involvement:
        """Return participation, by what the kinds weigh."""
        return involvement(
            self.linked,
            self.expected,
            self.variance,
            self.anyone,
            weights=weights,
            correlation=self.correlation,
        )

    def _diversify(self) -> Posterior:
        beyond = self.comparison.observed.shape[2] - 1
        observed, expected = (
            table[:, :-1, beyond - 1] + table[:, :-1, beyond]
            for table in (self.comparison.observed, self.comparison.expected)
        )
        use = self.scored
        design = np.maximum(self.comparison.design[:, -1, beyond], 1.0)
        found = diversity(observed[:, use], expected[:, use], self.anyone, design=design)
        return found.posterior

    def _prepare_flags(self) -> Callable[[Ends], tuple[Flag, ...]]:
        register, clusters = self.register, self.members.clusters
        group = register.group
        sizes = np.bincount(group[group >= 0], minlength=1)
        several = np.zeros(len(group), dtype=bool)
        several[group >= 0] = sizes[group[group >= 0]] > 1
        head = (register.site == HEADQUARTERS) & (several | (group < 0))
        names = np.array([name.startswith(ABROAD) for name in self.observed.cells.names])
        abroad = names[register.cells]

        def warn(ends: Ends) -> tuple[Flag, ...]:
            return (
                headquarters_flag(ends, head, clusters),
                *group_flag(ends, group, clusters),
                foreign_flag(ends, abroad, group, clusters),
            )

        return warn


def _call(work: Callable[[], None]) -> None:
    work()


def count_units(parts: Iterable[Edges], actors: int) -> npt.NDArray[np.int64]:
    """Return how many times each actor took part: in links of pairs, and in units of several.

    Links of one project or document come together: whoever takes part in it took part once, however
    many partners of a kind it met there.

    Parameters
    ----------
    parts
        Links, some after the other.
    actors
        Number of actors.

    Returns
    -------
    np.ndarray
        int64, one value an actor.

    Examples
    --------
    Two pairs, and a project of three that actor 0 takes part in:

    >>> from clustermap.network.edges import no_edges
    >>> a, b = np.array([0, 0, 0, 0, 1]), np.array([1, 2, 1, 2, 2])
    >>> unit = np.array([-1, -1, 7, 7, 7])
    >>> count_units([replace(no_edges(), a=a, b=b, unit=unit)], 4).tolist()
    [3, 2, 2, 0]
    """
    counted = np.zeros(actors, dtype=np.int64)
    actor, unit = ([np.zeros(0, dtype=np.int64)] for _ in range(2))
    for links in parts:
        pair = links.unit == NO_UNIT
        for end in (links.a, links.b):
            np.add.at(counted, end[pair], 1)
            actor.append(end[~pair])
            unit.append(links.unit[~pair])
    met = np.concatenate(actor)
    units = np.concatenate(unit)
    width = int(units.max(initial=0)) + 1
    once = distinct(met * width + units, in_place=True) // width
    np.add.at(counted, once, 1)
    return counted


def _add_credit(credit: Numbers, links: Edges, types: npt.NDArray[np.uint8]) -> None:
    """Add the credit of links to that of either end, by the type of the actor there."""
    each = links.credit / SHARE_UNIT
    for side, end in zip(credit, (links.a, links.b), strict=True):
        np.add.at(side, types[end], each)


def _units_per_credit(
    credit: Numbers, taken: npt.NDArray[np.int64], types: npt.NDArray[np.uint8]
) -> Numbers:
    """Return how often actors of each type took part for a link's worth of credit; 1 if never."""
    many = len(ACTOR_TYPES)
    units = np.bincount(types, taken, many)
    both = np.asarray(credit.sum(axis=0))
    return np.asarray(np.divide(units, both, out=np.ones(many), where=both > 0))


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
