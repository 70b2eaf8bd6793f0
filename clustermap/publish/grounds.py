"""Grounds of a release: all of it that is the same whatever the score weighs, and long to count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pyproj import CRS

from clustermap.layers.actors import PRECISE_M
from clustermap.layers.cells import OUTSIDE
from clustermap.layers.projection import LONLAT, transform
from clustermap.publish.coded import FlowCodes, sum_codes
from clustermap.publish.coverage import count_coverage, count_years
from clustermap.publish.density import Density, count_density
from clustermap.publish.evidence import TYPICAL, release_typical
from clustermap.publish.periods import release_periods
from clustermap.publish.suppression import Rules, hide_kinds

if TYPE_CHECKING:
    from clustermap.layers.industries import CodedIndustries
    from clustermap.network.counts import Counts


@dataclass(frozen=True)
class Grounds:
    """What a release holds of firms in squares and of flows.

    Parameters
    ----------
    summed
        Flows over all years and channels, without those between background squares: source,
        target, kind, links, weight.
    flows
        Those of them that leave.
    few_flows
        How many do not, since they are of few links.
    periods, period_flows
        From :func:`clustermap.publish.periods.release_periods`.
    years
        From :func:`clustermap.publish.coverage.count_years`.
    coverage
        From :func:`clustermap.publish.coverage.count_coverage`.
    typical
        From :func:`clustermap.publish.evidence.release_typical`.
    density
        Firms in squares of the map; None without firms.
    lonely
        Firms that it does not tell of.
    """

    summed: pd.DataFrame
    flows: pd.DataFrame
    few_flows: int
    periods: tuple[tuple[int, int], ...]
    period_flows: pd.DataFrame
    years: pd.DataFrame
    coverage: pd.DataFrame
    typical: pd.DataFrame
    density: Density | None
    lonely: int

    def tell_typical(self, expected: pd.DataFrame) -> pd.DataFrame:
        """Return observed and typical links, if the run has any.

        Parameters
        ----------
        expected
            The table EXPECTED; without rows where nothing was scored.

        Returns
        -------
        pd.DataFrame
            ``typical``, or no rows.
        """
        return pd.DataFrame(columns=list(TYPICAL)) if expected.empty else self.typical


def lay_grounds(
    flows: pd.DataFrame,
    counts: Counts,
    expected: pd.DataFrame,
    density: tuple[Density | None, int],
    rules: Rules,
    *,
    internal: bool,
) -> Grounds:
    """Return what of a release does not depend on weights.

    Parameters
    ----------
    flows
        The table FLOWS.
    counts
        The counts of the run.
    expected
        The table EXPECTED.
    density
        From :func:`place_firms`.
    rules
        When a number is too small.
    internal
        Whether the output stays in the house.

    Returns
    -------
    Grounds
        With flows and numbers of firms that may leave.
    """
    summed = _sum_flows(flows)
    released = summed if internal else _leave_few(summed, counts, rules)
    own = find_rules(rules, internal=internal)
    periods, period_flows = release_periods(flows, released, own)
    years = count_years(flows, released, periods, period_flows, own)
    coverage, typical = count_coverage(flows), release_typical(expected, summed, released)
    return Grounds(
        summed=summed,
        flows=released,
        few_flows=len(summed) - len(released),
        periods=periods,
        period_flows=period_flows,
        years=years,
        coverage=coverage,
        typical=typical,
        density=density[0],
        lonely=density[1],
    )


def find_rules(rules: Rules, *, internal: bool) -> Rules:
    """Return the rules that hold: what stays in the house tells of every number.

    Parameters
    ----------
    rules
        When a number is too small.
    internal
        Whether the output stays in the house.

    Returns
    -------
    Rules
        Those, or rules that withhold nothing.
    """
    return Rules(min_firms=0) if internal else rules


def place_firms(
    firms: pd.DataFrame, coded: CodedIndustries, crs: CRS, rules: Rules
) -> tuple[Density | None, int]:
    """Count firms in squares of the map.

    Parameters
    ----------
    firms
        Columns x, y, and precision_m where it is known.
    coded
        Strategic industries of the firms.
    crs
        Reference system of x and y.
    rules
        When a number is too small.

    Returns
    -------
    tuple
        Density, None without firms; and how many firms it does not tell of.
    """
    if firms.empty:
        return None, 0
    # A point that stands for a complex or a district would heap its firms up in one square.
    x, y = (pd.to_numeric(firms[name]).to_numpy(np.float64, na_value=np.nan) for name in "xy")
    if "precision_m" in firms:
        coarse = (pd.to_numeric(firms["precision_m"]) > PRECISE_M).to_numpy(bool, na_value=False)
        x, y = (np.where(coarse, np.nan, point) for point in (x, y))
    del firms  # millions of rows, of which no more is asked
    lon, lat = transform(x, y, crs, CRS(LONLAT))
    density = count_density(lon, lat, coded, rules)
    return density, density.layers[None].withheld


def _sum_flows(flows: pd.DataFrame) -> pd.DataFrame:
    """Add flows up over years and channels.

    Background squares hold few actors; what runs between them says nothing of a cluster.
    """
    names = FlowCodes.of(flows)
    columns = {name: flows[name].to_numpy(dtype=np.int64) for name in ("links", "weight")}
    codes, sums = sum_codes(names.code(flows), **columns)
    told = ~names.find_between(codes, OUTSIDE)
    codes, sums = codes[told], {name: column[told] for name, column in sums.items()}
    return names.name(codes).assign(**sums)


def _leave_few(summed: pd.DataFrame, counts: Counts, rules: Rules) -> pd.DataFrame:
    hidden = hide_kinds(counts, rules)
    kept = summed[summed["links"] >= rules.min_firms]
    for end in ("source", "target"):
        # What a kind's figures may not tell, its flows may not tell either.
        ends = pd.MultiIndex.from_frame(kept[[end, "kind"]])
        kept = kept[~hidden.reindex(ends).fillna(value=False).to_numpy(dtype=bool)]
    return kept.reset_index(drop=True)
