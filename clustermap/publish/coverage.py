"""Coverage: which records exist at all, by kind, year and region, so that gaps are seen as gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.layers.cells import ABROAD, OUTSIDE
from clustermap.publish.coded import starts_with
from clustermap.publish.periods import find_periods
from clustermap.publish.secondary import find_few, hide_few
from clustermap.tables import KINDS

if TYPE_CHECKING:
    from clustermap.publish.suppression import Rules

YEARS = ("kind", "year", "links")
"""Columns of links by kind and year."""

REGIONS_COVERED = ("region", "clusters", "firms", "kind", "links", "withheld")
"""Columns of links by region and kind."""

_FLOW = ["source", "target", "kind"]
_JOINED = -2
_BEYOND = (ABROAD, OUTSIDE)
_OF_LINKS = ("internal_links", "external_links")


def count_coverage(flows: pd.DataFrame) -> pd.DataFrame:
    """Return which kinds and years have records at all.

    Parameters
    ----------
    flows
        The table FLOWS.

    Returns
    -------
    pd.DataFrame
        One row a kind: kind, links, inside (neither end outside or abroad), first_year, last_year.
    """
    inside = ~(starts_with(flows["source"], _BEYOND) | starts_with(flows["target"], _BEYOND))
    rows = flows[["kind", "year", "links"]].assign(inside=flows["links"].where(inside, 0))
    kinds = rows.groupby("kind", sort=True, observed=True)
    found = kinds.agg(
        links=("links", "sum"),
        inside=("inside", "sum"),
        first_year=("year", "min"),
        last_year=("year", "max"),
    )
    return found.reset_index().astype({"kind": str})


def count_years(
    flows: pd.DataFrame,
    released: pd.DataFrame,
    periods: tuple[tuple[int, int], ...],
    by_period: pd.DataFrame,
    rules: Rules,
) -> pd.DataFrame:
    """Return the links of the whole nation by kind and year.

    Beside the total of a kind, years with few links are withheld, and others with them until they
    are many together. No year of a kind is told where, beside the flows by period, few links would
    be left in one.

    Parameters
    ----------
    flows
        The table FLOWS.
    released
        Flows over all years that leave.
    periods, by_period
        From :func:`clustermap.publish.periods.release_periods`.
    rules
        When a number is too small.

    Returns
    -------
    pd.DataFrame
        Columns kind, year (Int64, null for links without a date), links (Int64, null where
        withheld); a row for every kind and year with links.
    """
    by = flows.groupby(["kind", "year"], sort=True, dropna=False, observed=True)
    rows = by["links"].sum().reset_index().astype({"kind": str})
    if rows.empty:
        return pd.DataFrame(columns=list(YEARS))
    codes, years = pd.factorize(rows["year"], sort=True, use_na_sentinel=False)
    places, kinds = pd.factorize(rows["kind"])
    counts = np.zeros((len(kinds), len(years)), dtype=np.int64)
    counts[places, codes] = rows["links"]
    rows["hidden"] = hide_few(counts, rules.min_firms)[places, codes]
    rows["period"] = find_periods(rows["year"], periods)
    told = _add_undated(released, by_period)
    hidden = rows["hidden"] | rows["kind"].isin(_find_few_left(rows, told, rules.min_firms))
    links = rows["links"].astype("Int64").mask(hidden)
    return rows.assign(year=rows["year"].astype("Int64"), links=links)[list(YEARS)]


def _add_undated(released: pd.DataFrame, by_period: pd.DataFrame) -> pd.DataFrame:
    """Return the links that are told by kind and period, with those left of each flow: undated."""
    dated = by_period.groupby(_FLOW)["links"].sum().rename("dated").reset_index()
    undated = released.merge(dated, on=_FLOW).assign(period=-1)
    undated["links"] -= undated["dated"]
    keys = ["kind", "period"]
    return pd.concat([rows[[*keys, "links"]] for rows in (by_period, undated)])


def _find_few_left(years: pd.DataFrame, told: pd.DataFrame, least: int) -> set[str]:
    """Return the kinds of which, beside the flows by period, few links would be left."""
    by = ["kind", "period"]
    periods = years.groupby(by).agg(links=("links", "sum"), hidden=("hidden", "any"))
    periods["links"] = periods["links"].sub(told.groupby(by)["links"].sum(), fill_value=0)
    # Periods in which a year is hidden are known together, from the total of the kind.
    joined = periods.reset_index()
    joined["period"] = joined["period"].mask(joined["hidden"], _JOINED)
    rest = joined.groupby(by)["links"].sum()
    few = find_few(rest.to_numpy(dtype=np.int64), least)
    return set(rest.index.get_level_values("kind")[few])


def cover_regions(clusters: pd.DataFrame, indicators: pd.DataFrame) -> pd.DataFrame:
    """Return the links at the clusters of each region, by kind, from what is told of clusters.

    Nothing is told of a region but sums of what is told of its clusters, so that nothing more can
    be found by subtraction.

    Parameters
    ----------
    clusters
        Released clusters: index cluster, columns region, firms.
    indicators
        Released indicators: internal_links and external_links are read.

    Returns
    -------
    pd.DataFrame
        Columns region ("" where unknown), clusters (int64, in the region), firms (Int64, of the
        clusters whose number is told; null where none is), kind, links (Int64: links within or from
        each cluster whose links are told, so that one between two clusters counts for both; null
        where none is told), withheld (int64, clusters whose links of that kind are not told). A row
        for every region and kind that the data hold at all.
    """
    own = indicators[indicators["indicator"].isin(_OF_LINKS) & (indicators["kind"] != "")]
    kinds = [kind for kind in KINDS if kind in set(own["kind"].unique())]
    summed = own.groupby(["cluster", "kind"])["value"].sum(min_count=len(_OF_LINKS))
    every = pd.MultiIndex.from_product([clusters.index, kinds], names=["cluster", "kind"])
    rows = summed.reindex(every).round().astype("Int64").rename("links").reset_index()
    rows = rows.assign(
        region=rows["cluster"].map(clusters["region"]), withheld=rows["links"].isna()
    )
    sums = rows.groupby(["region", "kind"], sort=False)
    found = pd.DataFrame(
        {"links": sums["links"].sum(min_count=1), "withheld": sums["withheld"].sum()}
    ).reset_index()
    regions = clusters.groupby("region", sort=True)["firms"]
    known = pd.DataFrame({"clusters": regions.size(), "firms": regions.sum(min_count=1)})
    frame = known.reset_index().merge(found, on="region")
    order = pd.Categorical(frame["kind"], kinds)
    frame = frame.assign(order=order).sort_values(["region", "order"], ignore_index=True)
    return frame[list(REGIONS_COVERED)]
