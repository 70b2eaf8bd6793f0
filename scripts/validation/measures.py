"""How much of what is planted in a world is found, and whether the intervals say what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from clustermap.scores.profile import PARTS
from scripts.validation.worlds import REFIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]
    Marks = npt.NDArray[np.bool_]

AXES = ("local", "outside")
MOST = {"local": ("internal", "both"), "outside": ("external", "both")}
LEAST = ("half",)
TYPICAL = "none"
ROLES = {
    "brokerage": (("gatekeepers",), ("apart",)),
    "resilience": (("even",), ("concentrated",)),
}
COUNTS = {
    "local": ("internal", "internal_share", "internal_per_actor"),
    "outside": ("external", "external_share", "external_per_actor"),
}
"""Scores by counts; the share of links that are internal ranks as the E-I index turned round."""

EXPECTED_BINS = (0, 2, 5, 10, 20, 50, np.inf)
ACTOR_BINS = (0, 20, 30, 60, 150, np.inf)


def read_clusters(record: Mapping[str, Any]) -> pd.DataFrame:
    """Return the clusters of a world as they were recorded.

    Parameters
    ----------
    record
        Of one world.

    Returns
    -------
    pd.DataFrame
        One row a cluster; with shares and links per actor.
    """
    table = pd.DataFrame(record["clusters"]).astype(np.float64)
    table["planted"] = record["planted"]
    for name in ("internal", "external"):
        if name in table:
            table[f"{name}_per_actor"] = table[name] / table["actors"]
    if "external" in table:
        links = table["internal"] + table["external"]
        table["internal_share"] = table["internal"] / links
        table["external_share"] = table["external"] / links
    return table


def count_found(score: npt.ArrayLike, planted: npt.ArrayLike) -> float:
    """Count the planted clusters among as many that score highest.

    Parameters
    ----------
    score
        One value a cluster; NaN is taken for the lowest.
    planted
        Whether it is planted.

    Returns
    -------
    float
        Of clusters that score alike where the count ends, each counts by the share of places left.

    Examples
    --------
    >>> count_found([3.0, 2.0, 2.0, 1.0], [False, True, False, True])
    0.5
    """
    wanted = np.asarray(planted, dtype=bool)
    number = int(wanted.sum())
    if number == 0:
        return 0.0
    value = np.nan_to_num(np.asarray(score, dtype=np.float64), nan=-np.inf)
    end = np.sort(value)[-number]
    above, alike = value > end, value == end
    places = (number - above.sum()) / alike.sum()
    return float((wanted & above).sum() + places * (wanted & alike).sum())


def correlate_with_size(value: pd.Series[float], actors: pd.Series[float]) -> float:
    """Return Spearman's correlation with the number of actors.

    Parameters
    ----------
    value
        One value a cluster; NaN is left out.
    actors
        Actors of each cluster.

    Returns
    -------
    float
        NaN where nothing varies.
    """
    known = value.notna()
    ranks = [part[known].rank() for part in (value, actors)]
    if known.sum() < 3 or any(part.nunique() < 2 for part in ranks):
        return np.nan
    return float(np.corrcoef(*ranks)[0, 1])


def share_of(marks: Marks, among: Marks) -> float:
    """Return the share of some clusters that are marked; NaN where there is none."""
    return float(marks[among].mean()) if among.any() else np.nan


def decides(table: pd.DataFrame, name: str) -> tuple[Marks, Marks]:
    """Return where an interval lies above typical, and where below."""
    return (table[f"{name}.low"] > 0).to_numpy(), (table[f"{name}.high"] < 0).to_numpy()


def measure_finds(table: pd.DataFrame, axis: str) -> dict[str, float]:
    """Count what each score finds on one axis, at the top and at the bottom.

    Parameters
    ----------
    table
        From read_clusters.
    axis
        One of AXES.

    Returns
    -------
    dict
        ``<axis>.<most or least>.<all or rated>.<score>``, and ``.planted`` for the number planted.
    """
    found: dict[str, float] = {}
    scores = {"ours": axis, "oracle": f"oracle_{axis}"} | {name: name for name in COUNTS[axis]}
    rated = table[f"{axis}.rated"] == 1
    for basis, part in (("all", table), ("rated", table[rated])):
        for side, kinds, sign in (("most", MOST[axis], 1), ("least", LEAST, -1)):
            planted = part["planted"].isin(kinds)
            start = f"{axis}.{side}.{basis}"
            found[f"{start}.planted"] = float(planted.sum())
            for name, column in scores.items():
                found[f"{start}.{name}"] = count_found(sign * part[column], planted)
    return found


def measure_intervals(table: pd.DataFrame, axis: str, name: str) -> dict[str, float]:
    """Return whether intervals hold the truth, and how often typical clusters stand out.

    Parameters
    ----------
    table
        From read_clusters.
    axis
        One of AXES, whose truth is meant.
    name
        The score whose intervals are meant.

    Returns
    -------
    dict
        Coverage and typical clusters flagged, over all clusters and over those rated; wrong are
        those flagged whose interval does not hold the truth either: one near planted clusters may
        truly have more links than typical.
    """
    above, below = decides(table, name)
    typical = (table["planted"] == TYPICAL).to_numpy()
    rated = (table[f"{name}.rated"] == 1).to_numpy()
    true = table[f"true_{axis}"].to_numpy()
    known = ~np.isnan(true) & table[name].notna().to_numpy()
    held = (table[f"{name}.low"] <= true) & (true <= table[f"{name}.high"])
    hold = held.to_numpy()
    return {
        f"{name}.rated": float(rated.mean()),
        f"{name}.flagged.all": share_of(above | below, typical),
        f"{name}.flagged.rated": share_of(above | below, typical & rated),
        f"{name}.wrong.all": share_of((above | below) & ~hold, typical & known),
        f"{name}.wrong.rated": share_of((above | below) & ~hold, typical & known & rated),
        f"{name}.covered.all": share_of(hold, known),
        f"{name}.covered.rated": share_of(hold, known & rated),
        f"{name}.covered.planted": share_of(hold, known & ~typical),
        f"{name}.covered.typical": share_of(hold, known & typical),
    }


def measure_quadrants(table: pd.DataFrame) -> dict[str, float]:
    """Return how many clusters have a place among the four quadrants, and how many rightly.

    A cluster has one where both scores are rated and both intervals decide. It is right where
    each score that is planted lies on its side; one that is not planted may lie on either.

    Parameters
    ----------
    table
        From read_clusters.
    """
    sides, rated = [], np.ones(len(table), dtype=bool)
    for axis in AXES:
        above, below = decides(table, axis)
        sides.append(above.astype(int) - below)
        rated &= (table[f"{axis}.rated"] == 1).to_numpy()
    placed = rated & (sides[0] != 0) & (sides[1] != 0)
    planted = table["planted"]
    wanted = [
        np.where(planted.isin(MOST[axis]), 1, np.where(planted.isin(LEAST), -1, 0)) for axis in AXES
    ]
    right = np.all(
        [(want == 0) | (want == side) for want, side in zip(wanted, sides, strict=True)], axis=0
    )
    twice = planted.isin(["both", "half"]).to_numpy()
    single = planted.isin(["internal", "external"]).to_numpy()
    typical = (planted == TYPICAL).to_numpy()
    return {
        "quadrant.rated": float(rated.mean()),
        "quadrant.placed.twice": share_of(placed, twice),
        "quadrant.placed.twice_rated": share_of(placed, twice & rated),
        "quadrant.placed.once": share_of(placed, single),
        "quadrant.placed.typical": share_of(placed, typical),
        "quadrant.right": share_of(right, placed & ~typical),
        "quadrant.placed": float((placed & ~typical).sum()),
    }


def measure_world(record: Mapping[str, Any]) -> dict[str, float]:
    """Return all measures of one world.

    Parameters
    ----------
    record
        Of one world.

    Returns
    -------
    dict
        Name to value.
    """
    table, planted = read_clusters(record), record["world"]["planted"]
    if planted in ROLES:
        return measure_roles(table, planted)
    if planted == REFIT:
        return measure_refit(table)
    found: dict[str, float] = {}
    for axis in AXES:
        found |= measure_finds(table, axis)
        found |= measure_intervals(table, axis, axis)
        found |= measure_intervals(table, axis, f"oracle_{axis}")
        rated = table[f"{axis}.rated"] == 1
        for name in (axis, f"oracle_{axis}", *COUNTS[axis]):
            found[f"size.{name}"] = correlate_with_size(table[name], table["actors"])
            found[f"size_rated.{name}"] = correlate_with_size(
                table.loc[rated, name], table.loc[rated, "actors"]
            )
    for name in [name for name in ("score", *PARTS) if name in table]:
        found[f"size.{name}"] = correlate_with_size(table[name], table["actors"])
        rated = table["score.rated"] == 1
        found[f"size_rated.{name}"] = correlate_with_size(
            table.loc[rated, name], table.loc[rated, "actors"]
        )
        found["score.rated"] = float(rated.mean())
    for name in ("local_10km", "local_30km"):
        found |= measure_intervals(table, "local", name)
        rated = table[f"{name}.rated"] == 1
        part = table[rated]
        planted_there = part["planted"].isin(MOST["local"])
        found[f"{name}.most.rated.planted"] = float(planted_there.sum())
        found[f"{name}.most.rated.ours"] = count_found(part[name], planted_there)
    return found | measure_quadrants(table)


def rank_right(planted: Numbers, typical: Numbers) -> float:
    """Return the chance that a planted cluster scores higher than a typical one.

    Parameters
    ----------
    planted, typical
        Scores; NaN is left out.

    Returns
    -------
    float
        0.5 by mere chance; those that score alike count half. NaN where there is none.
    """
    one, other = (values[~np.isnan(values)] for values in (planted, typical))
    if not len(one) or not len(other):
        return np.nan
    return float(stats.mannwhitneyu(one, other).statistic / (len(one) * len(other)))


def measure_roles(table: pd.DataFrame, planted: str) -> dict[str, float]:
    """Return how many planted brokers or hubs are found.

    Parameters
    ----------
    table
        From read_clusters.
    planted
        One of ROLES.
    """
    rated = (table[f"{planted}.rated"] == 1).to_numpy()
    part = table[rated]
    found = {
        "roles.rated": float(rated.mean()),
        "size.roles": correlate_with_size(table[planted], table["actors"]),
        "size_rated.roles": correlate_with_size(part[planted], part["actors"]),
    }
    for side, kinds, sign in zip(("most", "least"), ROLES[planted], (1, -1), strict=True):
        there = table["planted"].isin(kinds).to_numpy()
        for basis, mark in (("all", np.ones_like(rated)), ("rated", rated)):
            found[f"roles.{side}.{basis}.planted"] = float(there[mark].sum())
            found[f"roles.{side}.{basis}.ours"] = count_found(
                sign * table.loc[mark, planted], there[mark]
            )
            value = sign * table[planted].to_numpy()
            typical = (table["planted"] == TYPICAL).to_numpy()
            found[f"roles.{side}.{basis}.right"] = rank_right(
                value[there & mark], value[typical & mark]
            )
    return found


def measure_refit(table: pd.DataFrame) -> dict[str, float]:
    """Return how much a null moves against the width of intervals, when it is fitted again.

    Parameters
    ----------
    table
        From read_clusters, of a world whose links were drawn again and again.

    Returns
    -------
    dict
        By axis, over rated clusters: middle and 95 % point of the sd of what is expected over the
        sd of the posterior (``.share``, ``.share_95``), and by how much the middle one would widen
        the interval (``.wider``).
    """
    found: dict[str, float] = {}
    for axis in AXES:
        part = table[table[f"{axis}.rated"] == 1]
        if part.empty:
            continue
        share = (part[f"{axis}.moved"] / part[f"{axis}.sd"]).to_numpy()
        found[f"refit.{axis}.share"] = float(np.median(share))
        found[f"refit.{axis}.share_95"] = float(np.quantile(share, 0.95))
        found[f"refit.{axis}.wider"] = float(np.sqrt(1 + np.median(share) ** 2) - 1)
    return found


def list_power(record: Mapping[str, Any], axis: str) -> pd.DataFrame:
    """Return the planted clusters of a world with what power depends on.

    Parameters
    ----------
    record
        Of one world.
    axis
        One of AXES.

    Returns
    -------
    pd.DataFrame
        actors, expected (links of a typical cluster in its place), found (whether the interval lies
        above typical), rated, width (of the interval, log2); those with twice the links.
    """
    table = read_clusters(record)
    part = table[table["planted"].isin(MOST[axis])]
    return pd.DataFrame(
        {
            "actors": part["actors"],
            "expected": part[f"{axis}.expected"],
            "found": (part[f"{axis}.low"] > 0).astype(float),
            "rated": part[f"{axis}.rated"],
            "width": part[f"{axis}.high"] - part[f"{axis}.low"],
        }
    )


def condense(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a world: its measures, not its clusters.

    Parameters
    ----------
    record
        Of one world, with all its clusters.

    Returns
    -------
    dict
        Fit for JSON: number of clusters, measures (null where there is none), and for power the
        planted clusters by axis, where linkages were planted.
    """
    planted = record["world"]["planted"] == "linkage"
    measures = measure_world(record)
    return {
        "clusters": len(record["planted"]),
        "measures": {name: _as_json(value) for name, value in measures.items()},
        "power": {
            axis: {
                name: [_as_json(value) for value in column]
                for name, column in list_power(record, axis).to_dict("list").items()
            }
            for axis in (AXES if planted else ())
        },
    }


def _as_json(value: float) -> float | None:
    return None if np.isnan(value) else float(f"{value:.6g}")


def mean_with_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Return a mean over seeds and the ends of its 90 % interval (Student's t).

    Parameters
    ----------
    values
        One a seed; NaN is left out.

    Returns
    -------
    tuple
        Mean and ends; the ends are NaN with fewer than two values.
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    if len(known) == 0:
        return np.nan, np.nan, np.nan
    mean = float(known.mean())
    if len(known) < 2:
        return mean, np.nan, np.nan
    half = float(stats.t.ppf(0.95, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known)))
    return mean, mean - half, mean + half


def ratio_with_interval(
    ours: Sequence[float], others: Sequence[float], *, draws: int = 4_000, seed: int = 1
) -> tuple[float, float, float]:
    """Return the ratio of two means over seeds and the ends of its 90 % interval.

    Parameters
    ----------
    ours, others
        One value a seed each.
    draws
        Seeds drawn anew with their repetition so often (bootstrap).
    seed
        Seed of the draws.

    Returns
    -------
    tuple
        Ratio and ends; NaN where the other mean is 0.
    """
    above, below = (np.asarray(part, dtype=np.float64) for part in (ours, others))
    if len(below) == 0 or below.sum() <= 0:
        return np.nan, np.nan, np.nan
    ratio = float(above.sum() / below.sum())
    if len(below) < 2:
        return ratio, np.nan, np.nan
    drawn = np.random.default_rng(seed).integers(0, len(below), (draws, len(below)))
    low, top = below[drawn].sum(axis=1), above[drawn].sum(axis=1)
    found = np.quantile(top[low > 0] / low[low > 0], (0.05, 0.95))
    return ratio, float(found[0]), float(found[1])
