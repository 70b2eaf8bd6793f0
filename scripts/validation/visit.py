"""What the scores say of the clusters of one fictional world, beside what is true of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustermap.network import edges as coded
from clustermap.network.actor_links import ActorLinks, Membership, list_ends
from clustermap.network.brokerage import brokerage
from clustermap.network.posterior import DEVIATE
from clustermap.network.ratios import find_ratios
from clustermap.network.resilience import resilience
from clustermap.network.standardise import Comparison, standardise
from clustermap.scores import parse_goalposts, parse_profile, score_linkages
from clustermap.scores.aggregate import geometric_mean
from clustermap.scores.normalisers import by_goalposts, place_between
from clustermap.scores.parts import Linkages, measure_parts
from clustermap.scores.profile import PARTS
from clustermap.scores.score import Reaches, read_ends
from clustermap.sources.reference import data_root
from clustermap.sources.world import (
    build_nation,
    count_world,
    draw_edges,
    expect,
    expect_by_redrawing,
    observe,
)
from clustermap.sources.world.expectation import find_far, has_formula
from clustermap.tables import SHARE_UNIT
from scripts.validation.worlds import NULL, REFIT

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.network.observed import Observed
    from clustermap.network.posterior import Posterior
    from clustermap.network.standardise import Standardised
    from clustermap.sources.world import Edges, Expected, Nation, Observation
    from scripts.validation.worlds import World

    Numbers = npt.NDArray[np.float64]

RADII_M = (0.0, 10_000.0, 30_000.0)
BEYOND_KM = RADII_M[-1] / 1_000
FENCE, OUTSIDE = 0, len(RADII_M)
LOCAL = {"local": FENCE, "local_10km": 1, "local_30km": 2}
PLANTED_SHARE = 0.03
TIMES = 200
REFITS = 20
_OTHER_SEED = 1_000_000  # what is expected is drawn from other chances than what is observed
_DIGITS = 4
_RATIOS = PARTS[:2]


@dataclass(frozen=True)
class Truth:
    """What is true of a world, and what it leads one to expect of every cluster.

    Parameters
    ----------
    typical
        Had nothing been planted; with the variance of links drawn anew.
    planted
        With what is planted.
    times, times_planted
        Of how many worlds drawn anew they are the means; 0 where both follow from the law.
    """

    typical: Expected
    planted: Expected
    times: int = 0
    times_planted: int = 0

    @property
    def by_formula(self) -> bool:
        """Whether both follow from the law."""
        return self.times == 0


def find_truth(nation: Nation, times: int = TIMES) -> Truth:
    """Return what is true of a world.

    Parameters
    ----------
    nation
        The world.
    times
        Repetitions where the law has no formula; half as many with what is planted.

    Returns
    -------
    Truth
        External links are those with cells whose centres lie farther than the last local radius.
    """
    if has_formula(nation):
        typical, planted = (
            expect(nation, beyond_km=BEYOND_KM, planted=planted) for planted in (False, True)
        )
        return Truth(typical, planted)
    again = max(times // 2, 2)
    seed = nation.seed + _OTHER_SEED
    typical = expect_by_redrawing(nation, times, seed=seed, beyond_km=BEYOND_KM, shares=True)
    planted = expect_by_redrawing(
        nation, again, seed=seed + 1, beyond_km=BEYOND_KM, planted=True, shares=True
    )
    return Truth(typical, planted, times, again)


def count_far(nation: Nation, edges: Edges, kinds: tuple[int, ...]) -> Numbers:
    """Count the links of clusters with cells whose centres lie beyond the last local radius.

    Parameters
    ----------
    nation
        The world.
    edges
        Its links.
    kinds
        Kinds wanted.

    Returns
    -------
    Numbers
        Clusters x (kinds + 1), the last for all together; projects in shares.
    """
    home = len(nation.roster.groups)
    here = (edges.a < home) & (edges.b < home)
    a, b = nation.roster.cells[edges.a[here]], nation.roster.cells[edges.b[here]]
    apart = find_far(nation, BEYOND_KM)[a, b]
    kind, credit = edges.kind[here][apart], edges.credit[here][apart] / SHARE_UNIT
    found = np.zeros((nation.cells.clusters, len(kinds) + 1))
    for end in (a[apart], b[apart]):
        for place, wanted in enumerate(kinds):
            use = (kind == wanted) & (end < nation.cells.clusters)
            found[:, place] += np.bincount(end[use], credit[use], len(found))
    found[:, -1] = found[:, :-1].sum(axis=1)
    return found


def compare_with_truth(comparison: Comparison, truth: Truth, far: Numbers) -> Comparison:
    """Return what the oracle sees: the same links beside the true expectation and variance.

    Parameters
    ----------
    comparison
        Links beside what the null expects.
    truth
        What is true.
    far
        From count_far: external links between centres as far apart as the truth takes them.

    Returns
    -------
    Comparison
        For a dispersion of 1. What links vary more than Poisson is put into squares; where links
        come in projects, which nobody can tell from fewer links, into links per unit.
    """
    kinds = list(comparison.kinds)
    observed = comparison.observed.copy()
    observed[:, :, OUTSIDE] = far
    expected, squares = np.zeros((2, *observed.shape))
    design = np.ones(observed.shape)
    sides = {
        FENCE: (truth.typical.internal, truth.typical.internal_variance),
        OUTSIDE: (truth.typical.external, truth.typical.external_variance),
    }
    for reach, side in sides.items():
        mean, variance = (_choose_kinds(part, kinds) for part in side)
        expected[:, :, reach] = mean
        if (comparison.design == 1).all():
            squares[:, :, reach] = np.maximum(variance - mean, 0.0)
        else:
            design[:, :, reach] = variance.sum(axis=0) / np.maximum(mean.sum(axis=0), 1e-300)
    return Comparison(comparison.kinds, observed, expected, squares, design)


def _choose_kinds(values: Numbers, kinds: list[int]) -> Numbers:
    # Together they are not the sum where pairs of cells vary: all kinds share that.
    every = len(kinds) == len(values) - 1
    total = values[-1] if every else values[kinds].sum(axis=0)
    return np.vstack([values[kinds], total]).T


def find_true_ratios(
    truth: Truth, kinds: tuple[int, ...], planted: npt.NDArray[np.object_]
) -> tuple[Numbers, Numbers]:
    """Return the log2 ratios that there are to be found, inside and beyond.

    Parameters
    ----------
    truth
        What is true.
    kinds
        Kinds scored; their ratios are averaged. Where links were drawn anew it is the ratio of all
        kinds together, since those of rare kinds rest on few links.
    planted
        What is planted in each cluster; the median of those that are typical is 0.

    Returns
    -------
    tuple
        One value a cluster each.
    """
    rows = list(kinds) if truth.by_formula else [-1]
    found = []
    for side in ("internal", "external"):
        above, below = (getattr(part, side)[rows] for part in (truth.planted, truth.typical))
        there = (above > 0) & (below > 0)
        logs = np.log2(np.where(there, above, 1.0) / np.where(there, below, 1.0))
        many = there.sum(axis=0)
        ratio = np.where(many > 0, logs.sum(axis=0) / np.maximum(many, 1), np.nan)
        if not truth.by_formula:
            ratio = steady(ratio, _find_noise(truth, side), planted)
        found.append(ratio - np.nanmedian(ratio[planted == "none"]))
    return found[0], found[1]


def _find_noise(truth: Truth, side: str) -> Numbers:
    # Variance of log2 of a ratio of two means over repetitions.
    total = np.zeros(getattr(truth.typical, side).shape[1])
    parts = ((truth.typical, truth.times), (truth.planted, truth.times_planted))
    for expected, times in parts:
        mean, variance = (getattr(expected, f"{side}{name}")[-1] for name in ("", "_variance"))
        total += np.divide(
            variance, times * mean**2, out=np.full(len(mean), np.inf), where=mean > 0
        )
    return np.asarray(total / np.log(2) ** 2)


def steady(ratio: Numbers, noise: Numbers, planted: npt.NDArray[np.object_]) -> Numbers:
    """Draw ratios that rest on few repetitions to the mean of those planted alike.

    Parameters
    ----------
    ratio
        One value a cluster; NaN where nothing was drawn.
    noise
        Variance that the number of repetitions gives it.
    planted
        What is planted in each cluster.

    Returns
    -------
    Numbers
        ``mean + v / (v + noise) (ratio - mean)``, v being how much those planted alike truly differ
        (variance beyond noise, by moments); the mean where nothing was drawn.

    Examples
    --------
    Two that differ no more than by chance, and two that differ truly:

    >>> kinds = np.array(["a", "a", "b", "b"])
    >>> found = steady(np.array([1.0, 3.0, 1.0, 3.0]), np.array([2.0, 2.0, 0.0, 0.0]), kinds)
    >>> found.round(6).tolist()
    [2.0, 2.0, 1.0, 3.0]
    """
    found = np.full(len(ratio), np.nan)
    for kind in np.unique(planted):
        alike = planted == kind
        value, chance = ratio[alike], noise[alike]
        known = np.isfinite(value) & np.isfinite(chance)
        if not known.any():
            continue
        spread, mean = 0.0, 0.0
        for _ in range(20):
            weight = np.where(known, 1 / (spread + np.where(known, chance, 0.0) + 1e-12), 0.0)
            weight /= weight.sum()
            mean = float((weight * np.where(known, value, 0.0)).sum())
            excess = np.where(known, (value - mean) ** 2 - chance, 0.0)
            spread = max(float((weight * excess).sum()), 0.0)
        trust = np.where(known, spread / (spread + np.where(known, chance, 0.0) + 1e-12), 0.0)
        found[alike] = mean + trust * (np.where(known, value, mean) - mean)
    return found


def list_posterior(name: str, posterior: Posterior) -> dict[str, npt.ArrayLike]:
    """Return what is recorded of a measure.

    Parameters
    ----------
    name
        Its name in the record.
    posterior
        What is believed of it.
    """
    low, high = posterior.interval()
    return {
        name: posterior.value,
        f"{name}.low": low,
        f"{name}.high": high,
        f"{name}.rated": posterior.decided.astype(int),
    }


def list_raw(comparison: Comparison) -> dict[str, npt.ArrayLike]:
    """Return the counts that other scores rest on, all kinds together.

    Parameters
    ----------
    comparison
        Links seen.
    """
    seen = comparison.observed[:, -1]
    outside = seen[:, OUTSIDE - 1] - seen[:, FENCE] + seen[:, OUTSIDE]
    return {"internal": seen[:, FENCE], "external": outside}


def visit_linkage(nation: Nation, edges: Edges, seen: Observation, times: int) -> dict[str, Any]:
    """Return what is found where more or fewer links are planted, or nothing.

    Parameters
    ----------
    nation
        The world.
    edges
        Its links.
    seen
        Its actors.
    times
        Repetitions where the law has no formula.
    """
    observed = count_world(seen, edges, RADII_M)
    found = standardise(observed, beside=False)
    comparison = found.comparisons["mass", "drawn"]
    equal = np.ones(len(comparison.kinds))
    columns = list_raw(comparison)
    fit: dict[str, Any] = {
        "dispersion": found.dispersion.tolist(),
        "exponent": {
            channel: fit.exponent for (null, channel), fit in found.fits.items() if null == "mass"
        },
        "sweeps": max(sweeps for sweeps, _ in found.convergence.values()),
    }
    for name, reach in {**LOCAL, "outside": OUTSIDE}.items():
        ratios = find_ratios(comparison, found.dispersion, reach, equal, key=name)
        columns |= list_posterior(name, ratios.posterior)
        columns[f"{name}.expected"] = ratios.expected
        fit[name] = _describe(ratios.prior, ratios.alike, ratios.typical)
    truth = find_truth(nation, times)
    true = compare_with_truth(comparison, truth, count_far(nation, edges, comparison.kinds))
    for name, reach in (("local", FENCE), ("outside", OUTSIDE)):
        ratios = find_ratios(true, np.ones(len(equal) + 1), reach, equal, key=name)
        columns |= list_posterior(f"oracle_{name}", ratios.posterior)
        columns[f"oracle_{name}.expected"] = ratios.expected
        fit[f"oracle_{name}"] = _describe(ratios.prior, ratios.alike, ratios.typical)
    planted = nation.truth["planted"].to_numpy(dtype=object)
    columns["true_local"], columns["true_outside"] = find_true_ratios(
        truth, comparison.kinds, planted
    )
    if (planted == "none").all():
        columns |= list_score(observed, found, edges, seen)
    return {"fit": fit, "clusters": columns}


def list_score(
    observed: Observed, found: Standardised, edges: Edges, seen: Observation
) -> dict[str, npt.ArrayLike]:
    """Return the linkage score of every cluster by the balanced profile, and its parts.

    Parameters
    ----------
    observed
        What was counted.
    found
        What it is compared with.
    edges
        The links.
    seen
        The actors.

    Returns
    -------
    dict
        Measures of the parts; ``score`` as it would be if all clusters were rated, of their two
        ratios and of the other parts that are decided; and ``score.rated``.
    """
    folder = data_root()
    profile = parse_profile((folder / "profiles" / "balanced.toml").read_text("utf-8"), "balanced")
    name = profile.goalposts
    goalposts = parse_goalposts((folder / "goalposts" / f"{name}.toml").read_text("utf-8"), name)
    links = Linkages(observed, found, coded.Edges(**vars(edges)), seen.register)
    (parts,) = measure_parts(links, [profile])
    if parts is None:
        return {}
    reaches = Reaches(RADII_M)
    ids = pd.Index(observed.cells.names[: observed.cells.clusters])
    scored = score_linkages(ids, parts, profile, goalposts, reaches, draws=0)
    values = np.stack([part.value for part in parts.headline])
    placed = by_goalposts(place_between(values, read_ends(goalposts, PARTS, reaches, parts.reach)))
    weights = np.array([profile.parts[part] for part in PARTS])
    columns: dict[str, npt.ArrayLike] = dict(zip(PARTS, values, strict=True))
    decided = np.stack([part.decided for part in parts.headline])
    decided[: len(_RATIOS)] = True
    score = geometric_mean(np.where(decided, placed, np.nan), weights)
    return columns | {"score": score, "score.rated": scored.scores["rated"].to_numpy()}


def _describe(prior: Any, alike: float, typical: float) -> dict[str, float]:
    return {
        "typical": typical,
        "narrow": prior.narrow,
        "wide": prior.wide,
        "share": prior.share,
        "alike": alike,
    }


def visit_refit(
    nation: Nation, edges: Edges, seen: Observation, times: int = REFITS
) -> dict[str, Any]:
    """Return how much the null moves when the links of a world are drawn again and it is refitted.

    Draws behind scores keep the null as it was fitted; this is what they leave out.

    Parameters
    ----------
    nation
        The world.
    edges
        Its links.
    seen
        Its actors.
    times
        How often links are drawn again.

    Returns
    -------
    dict
        By reach: sd over draws of log2 of expected links (``.moved``), and the sd of the posterior
        of the ratio (``.sd``).
    """
    found = standardise(count_world(seen, edges, RADII_M), beside=False)
    comparison = found.comparisons["mass", "drawn"]
    equal = np.ones(len(comparison.kinds))
    reaches = {"local": FENCE, "outside": OUTSIDE}
    columns: dict[str, npt.ArrayLike] = {}
    for name, reach in reaches.items():
        posterior = find_ratios(comparison, found.dispersion, reach, equal, key=name).posterior
        low, high = posterior.interval()
        columns[f"{name}.sd"] = (high - low) / (2 * DEVIATE)
        columns[f"{name}.rated"] = posterior.decided.astype(int)
    drawn = []
    for number in range(1, times + 1):
        again = draw_edges(nation, nation.seed + number * _OTHER_SEED)
        refitted = standardise(count_world(seen, again, RADII_M), beside=False)
        drawn.append(refitted.comparisons["mass", "drawn"].expected[:, -1, :])
    logs = np.log2(np.maximum(np.stack(drawn), 1e-12))
    for name, reach in reaches.items():
        columns[f"{name}.moved"] = logs[:, :, reach].std(axis=0, ddof=1)
    return {"fit": {}, "clusters": columns}


def visit_roles(edges: Edges, seen: Observation, planted: str) -> dict[str, Any]:
    """Return what is found where brokers or hubs are planted.

    Parameters
    ----------
    edges
        Links of the world.
    seen
        Its actors.
    planted
        brokerage or resilience.
    """
    register, cells = seen.register, seen.cells
    members = Membership(register.cells, cells.held_cell, cells.held_cluster, cells.clusters)
    links = ActorLinks(edges.a, edges.b, edges.directed, edges.unit, edges.credit)
    ends = list_ends(links, members)
    found = (
        brokerage(ends, register.types, cells.clusters)
        if planted == "brokerage"
        else resilience(ends, members, register.group)
    )
    inside = np.bincount(ends.cluster[ends.own], minlength=cells.clusters) / 2
    columns = {"internal": inside, **list_posterior(planted, found.posterior)}
    return {"fit": {}, "clusters": columns}


def visit_world(world: World, times: int = TIMES) -> dict[str, Any]:
    """Draw a world, and return what is found in it.

    Parameters
    ----------
    world
        The world.
    times
        Repetitions where the law has no formula.

    Returns
    -------
    dict
        fit: numbers of the whole world; clusters: columns, one value a cluster.
    """
    nation = build_nation(
        clusters=world.clusters,
        links=world.links,
        seed=world.seed,
        law=world.law,
        planted="linkage" if world.planted in {NULL, REFIT} else world.planted,
        planted_share=0.0 if world.planted == NULL else PLANTED_SHARE,
    )
    edges, seen = draw_edges(nation, world.seed), observe(nation)
    if world.planted in {"brokerage", "resilience"}:
        found = visit_roles(edges, seen, world.planted)
    elif world.planted == REFIT:
        found = visit_refit(nation, edges, seen, min(times, REFITS))
    else:
        found = visit_linkage(nation, edges, seen, times)
    home = nation.roster.cells < nation.cells.clusters
    actors = np.bincount(nation.roster.cells[home], minlength=nation.cells.clusters)
    columns = {"actors": actors, **found["clusters"]}
    return {
        "fit": found["fit"],
        "planted": nation.truth["planted"].tolist(),
        "clusters": {name: _spell(values) for name, values in columns.items()},
    }


def _spell(values: npt.ArrayLike) -> list[float | int | None]:
    column = np.asarray(values)
    if column.dtype.kind in "iub":
        return [int(value) for value in column]
    return [round(float(value), _DIGITS) if np.isfinite(value) else None for value in column]
