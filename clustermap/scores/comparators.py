"""How others would name strong clusters: two published rules, to set beside our own score.

Both look at employment in one industry at a time and know nothing of linkages.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.indicators.evidence import divide
from clustermap.indicators.specialisation import IN_FIRMS, coded_firms, industry_quotients

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.network.counts import Counts
    from clustermap.scores.profile import Profile
    from clustermap.scores.score import Scored

NOTHING_KNOWN = "reason.employees_unknown"
"""Why a comparator may not rate a cluster; a key of the catalogue."""

TOP = 0.9
"""Percentile from which a cluster is among the top tenth."""

TWICE = 2.0
"""Specialisation quotient that earns a star."""

_KEY = ["cluster", "industry"]


def tabulate_industries(counts: Counts) -> pd.DataFrame:
    """Return what the rules look at, for every cluster and strategic industry.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns cluster, industry; firms; employees (null where they are known for fewer than half
        of the cluster's firms); location_quotient (as the indicator); share (of the industry in the
        cluster's employees, or in its firms where employees are not counted).
    """
    quotients = industry_quotients(counts)
    key = pd.MultiIndex.from_frame(quotients[_KEY])
    found = counts.by_industry.set_index(_KEY)[["firms", "employees"]].reindex(key, fill_value=0)
    whole = coded_firms(counts).reindex(quotients["cluster"])
    in_firms = (quotients["note"] == IN_FIRMS).to_numpy() | quotients["value"].isna().to_numpy()
    share = np.where(
        in_firms,
        divide(found["firms"], whole["firms"]),
        divide(found["employees"], whole["employees"]),
    )
    return quotients[_KEY].assign(
        firms=found["firms"].to_numpy(),
        employees=np.where(in_firms, np.nan, found["employees"].to_numpy(dtype=float)),
        location_quotient=quotients["value"],
        share=share,
    )


def eu_stars(industries: pd.DataFrame) -> pd.DataFrame:
    """Return the stars that the European Cluster Observatory would give, from 0 to 3.

    One star each for size (employees among the top tenth of all clusters in the industry),
    specialisation (a location quotient of 2 or more) and focus (the industry's share in the
    cluster's employment is among the top tenth of all clusters and industries).

    The Observatory compares regions of European countries, we compare clusters. Ours are also these
    readings: only clusters where the industry is present are compared; the top tenth begins at the
    90th percentile, interpolated linearly; shares are compared over all industries together. Its
    first study, cited below, had absolute ends instead: 10,000 jobs, twice the expected, and 3 per
    cent of employment; they are made for regions and would leave clusters without stars.

    Parameters
    ----------
    industries
        As :func:`tabulate_industries`; columns cluster, industry, firms, employees,
        location_quotient and share are read.

    Returns
    -------
    pd.DataFrame
        Columns cluster, industry, size, specialisation, focus (1 or 0) and stars (their sum); null
        where a number that the rule needs is not known.

    References
    ----------
    Sölvell, Ö., Ketels, C. and Lindqvist, G. (2008). Industrial specialization and regional
    clusters in the ten new EU member states. Competitiveness Review.
    """
    present = industries["firms"].to_numpy() > 0
    within = industries["industry"].to_numpy(dtype=str)
    stars = {
        "size": _reaches(industries["employees"], present, within, TOP),
        "specialisation": _where_known(industries["location_quotient"], TWICE),
        "focus": _reaches(industries["share"], present, np.full(len(within), ""), TOP),
    }
    return industries[_KEY].assign(**stars, stars=np.sum(list(stars.values()), axis=0))


def us_strong(industries: pd.DataFrame) -> pd.DataFrame:
    """Tell which clusters the U.S. Cluster Mapping Project would call strong in an industry.

    A cluster is strong where its location quotient reaches the 75th percentile of the industry and
    is at least 1, and employees and establishments are both above the 25th percentile. The project
    compares regions in categories of clusters of its own, which the paper below defines; ours are
    clusters, strategic industries, and these readings: only clusters where the industry is present
    are compared, and percentiles are interpolated linearly.

    Parameters
    ----------
    industries
        As :func:`tabulate_industries`; columns cluster, industry, firms, employees and
        location_quotient are read.

    Returns
    -------
    pd.DataFrame
        Columns cluster, industry, strong (1 or 0; null where a number that the rule needs is not
        known).

    References
    ----------
    Delgado, M., Porter, M. E. and Stern, S. (2016). Defining clusters of related industries.
    Journal of Economic Geography 16(1), 1-38.
    """
    present = industries["firms"].to_numpy() > 0
    within = industries["industry"].to_numpy(dtype=str)
    quotient = industries["location_quotient"]
    rules = [
        _reaches(quotient, present, within, 0.75),
        _where_known(quotient, 1.0),
        _exceeds(industries["employees"], present, within, 0.25),
        _exceeds(industries["firms"], present, within, 0.25),
    ]
    return industries[_KEY].assign(strong=np.prod(rules, axis=0))


def score_stars(scored: Scored, counts: Counts, profile: Profile) -> Scored:
    """Return scores by a named comparator instead of the linkages.

    A cluster counts by the strategic industry in which it has most stars (or is strong in): 1 for
    none, 100 for all. Such scores have no interval; clusters of equal score share all their ranks.

    Parameters
    ----------
    scored
        Scores by linkages, whose parts stay beside.
    counts
        What was counted.
    profile
        Which comparator.

    Returns
    -------
    Scored
        Every cluster is rated for which the numbers that the rule needs are known.
    """
    industries = tabulate_industries(counts)
    if profile.industries:
        industries = industries[industries["industry"].isin(profile.industries)]
    if profile.method == "eu_stars":
        best = eu_stars(industries).groupby("cluster")["stars"].max() / 3
    else:
        best = us_strong(industries).groupby("cluster")["strong"].max()
    table = scored.scores.copy()
    value = best.reindex(table["cluster"]).to_numpy(dtype=float)
    rated = ~np.isnan(value)
    table["score"] = 1 + 99 * value
    ranked = table["score"].rank(method="min", ascending=False)
    last = table["score"].rank(method="max", ascending=False)
    for name, rank in (("rank", ranked), ("rank_low", ranked), ("rank_high", last)):
        table[name] = rank.astype("Int64")
    table[["low", "high", "top_share"]] = np.nan
    table["alike"] = table["score"].rank(method="dense", ascending=False).astype("Int64")
    table["rated"] = rated.astype(np.int64)
    table["reason"] = np.where(rated, "", NOTHING_KNOWN)
    parts = scored.subscores.assign(weight=np.nan, contribution=np.nan)
    unrated = {NOTHING_KNOWN: int((~rated).sum())} if not rated.all() else {}
    return replace(
        scored, scores=table, subscores=parts, unrated=unrated, widened=0, top=0, drawn=None
    )


def _where_known(values: pd.Series[float], threshold: float | Numbers) -> Numbers:
    numbers = values.to_numpy(dtype=np.float64)
    return np.where(np.isnan(numbers), np.nan, (numbers >= threshold).astype(np.float64))


def _reaches(
    values: pd.Series[float], present: npt.NDArray[np.bool_], within: npt.NDArray[np.str_], q: float
) -> Numbers:
    """Tell where a value reaches the percentile of its group; 0 where it is absent."""
    reached = _where_known(values, _percentiles(values, present, within, q))
    return np.where(present, reached, reached * 0)


def _exceeds(
    values: pd.Series[float], present: npt.NDArray[np.bool_], within: npt.NDArray[np.str_], q: float
) -> Numbers:
    """Tell where a value lies above the percentile of its group; 0 where it is absent."""
    above = _percentiles(values, present, within, q)
    # The next number above: to reach it is to exceed the percentile.
    reached = _where_known(values, np.nextafter(above, np.inf))
    return np.where(present, reached, reached * 0)


def _percentiles(
    values: pd.Series[float], present: npt.NDArray[np.bool_], within: npt.NDArray[np.str_], q: float
) -> Numbers:
    """Return for every row the percentile of its group, over the rows that are present."""
    numbers = values.to_numpy(dtype=np.float64)
    found = np.full(numbers.size, np.nan)
    for group in np.unique(within):
        rows = within == group
        known = numbers[rows & present & ~np.isnan(numbers)]
        if known.size:
            found[rows] = np.quantile(known, q)
    return found
