"""Links on the page: flows between places, against what is typical, and with countries abroad."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustermap.layers.cells import ABROAD
from clustermap.render.columns import FEW_DIGITS, coded, listed, numbers, spread
from clustermap.render.safe import clean_text
from clustermap.tables import DEFAULT_SCENARIO, KINDS

if TYPE_CHECKING:
    from clustermap.publish.release import Release
    from clustermap.render.contract import (
        Abroad,
        Brokers,
        Coded,
        Flags,
        Flows,
        Periods,
        Ratio,
        Ratios,
        RegionsCovered,
        Typical,
        Years,
    )

    Places = dict[str, int]

STRONGEST = 25
"""Partners that a page keeps for each cluster."""

NATIONAL = 300
"""Pairs that it keeps for the map of the whole nation."""

BROKERS = 3
"""Brokers that it names for each cluster."""

_SQUARE = r"outside:-?\d+_-?\d+"
_OUTSIDE = "outside:"  # all squares together: their numbers tell a reader nothing
_BEYOND = "beyond"


def describe_reach(release: Release, places: Places) -> Coded:
    """Return the local reach that decides for each cluster, or the widest.

    Parameters
    ----------
    release
        What may leave the house.
    places
        Cluster to its place in the list.

    Returns
    -------
    Coded
        Names of reaches, "" where nothing is told.
    """
    return coded(_deciding(release).reindex(list(places)))


def find_widest(release: Release) -> str:
    """Return the name of the widest local reach.

    Parameters
    ----------
    release
        What may leave the house.

    Returns
    -------
    str
        As the table RATIOS names it; "" where nothing is compared.
    """
    local = release.ratios.loc[release.ratios["reach"] != _BEYOND, "reach"].drop_duplicates()
    radii = local.astype(str).str.extract(r"^([\d.]+) km$")[0].astype(float)
    # A region, where there is one, holds every fence; the fence alone has no radius.
    widest = local[radii == radii.max()] if radii.notna().any() else local[local != "fence"]
    return clean_text(str(widest.iloc[0])) if len(widest) else "fence" if len(local) else ""


def describe_ratios(release: Release, places: Places) -> list[Ratios]:
    """Return links and typical links: of all kinds together first, then of each kind.

    Parameters
    ----------
    release
        What may leave the house.
    places
        Cluster to its place in the list.

    Returns
    -------
    list of Ratios
        One entry a kind that the data hold.
    """
    table = release.ratios[release.ratios["cluster"].isin(places)]
    local = table["reach"] == table["cluster"].map(_deciding(release))
    beyond = table["reach"] == _BEYOND
    present = set(table["kind"].unique())
    return [
        {
            "kind": kind,
            "local": _ratio(table[local & (table["kind"] == kind)], places),
            "beyond": _ratio(table[beyond & (table["kind"] == kind)], places),
        }
        for kind in ("", *KINDS)
        if kind in present
    ]


def describe_brokers(release: Release, places: Places) -> Brokers:
    """Return the first brokers of each cluster.

    Parameters
    ----------
    release
        What may leave the house.
    places
        Cluster to its place in the list.

    Returns
    -------
    Brokers
        At most ``BROKERS`` of each cluster.
    """
    rows = release.brokers
    rows = rows[(rows["place"] <= BROKERS) & rows["cluster"].isin(places)]
    return {
        "cluster": _own(rows, places),
        "name": coded(rows["name"]),
        "type": coded(rows["type"]),
        "role": coded(rows["role"]),
    }


def describe_abroad(release: Release, places: Places) -> Abroad:
    """Return links with countries abroad.

    Parameters
    ----------
    release
        What may leave the house.
    places
        Cluster to its place in the list.

    Returns
    -------
    Abroad
        One row a cluster, country and kind.
    """
    rows = release.abroad
    rows = rows[rows["cluster"].isin(places)]
    return {
        "cluster": _own(rows, places),
        "country": coded(rows["country"]),
        "kind": _kinds(rows),
        "links": [int(links) for links in rows["links"]],
    }


def describe_flags(release: Release, places: Places) -> Flags:
    """Return what may mislead about clusters.

    Parameters
    ----------
    release
        What may leave the house.
    places
        Cluster to its place in the list.

    Returns
    -------
    Flags
        One row a warning.
    """
    rows = release.flags
    rows = rows[(rows["raised"] == 1) & rows["cluster"].isin(places)]
    return {"cluster": _own(rows, places), "flag": coded(rows["flag"])}


def keep_flows(release: Release, places: Places) -> pd.DataFrame:
    """Return the flows that a page has room for, the strongest first.

    Parameters
    ----------
    release
        What may leave the house.
    places
        Cluster to its place in the list.

    Returns
    -------
    pandas.DataFrame
        Columns source, target, kind, links.
    """
    return _strongest(join_squares(release.flows), places)


def describe_flows(flows: pd.DataFrame, places: Places) -> Flows:
    """Return flows that were kept.

    Parameters
    ----------
    flows
        Flows that were kept, the strongest first.
    places
        Cluster to its place in the list.

    Returns
    -------
    Flows
        Cells by their numbers.
    """
    ends = pd.concat([flows["source"], flows["target"]]).drop_duplicates()
    beyond = sorted(str(cell) for cell in listed(ends) if cell not in places)
    cells = places | {cell: len(places) + place for place, cell in enumerate(beyond)}
    return {
        # A cell outside is known by its number, so that a name is never read for a cluster's.
        "beyond": [clean_text(cell) for cell in beyond],
        "source": [cells[cell] for cell in listed(flows["source"])],
        "target": [cells[cell] for cell in listed(flows["target"])],
        "kind": _kinds(flows),
        "links": [int(links) for links in flows["links"]],
    }


def describe_typical(release: Release, flows: pd.DataFrame, places: Places) -> Typical:
    """Return what is typical of the pairs of clusters whose flows were kept.

    Parameters
    ----------
    release
        What may leave the house.
    flows
        Flows that were kept, the strongest first.
    places
        Cluster to its place in the list.

    Returns
    -------
    Typical
        One row a pair and kind.
    """
    ends = np.sort(flows[["source", "target"]].astype(str).to_numpy(dtype=object), axis=1)
    kept = pd.DataFrame({"low": ends[:, 0], "high": ends[:, 1], "kind": flows["kind"].to_numpy()})
    kept = kept[kept["low"].isin(places) & kept["high"].isin(places)].drop_duplicates()
    rows = kept.merge(release.typical, on=["low", "high", "kind"])
    return {
        "low": [places[cell] for cell in listed(rows["low"])],
        "high": [places[cell] for cell in listed(rows["high"])],
        "kind": _kinds(rows),
        "observed": numbers(rows["observed"], FEW_DIGITS),
        "expected": numbers(rows["expected"], FEW_DIGITS),
    }


def describe_periods(release: Release, flows: pd.DataFrame) -> Periods:
    """Return the flows that were kept by period, as far as they may be told.

    Parameters
    ----------
    release
        What may leave the house.
    flows
        Flows that were kept, the strongest first.

    Returns
    -------
    Periods
        One row a flow and period.
    """
    keys = ["source", "target", "kind"]
    own = flows.reset_index(drop=True).reset_index(names="flow")
    rows = own[[*keys, "flow"]].merge(release.period_flows, on=keys)
    rows = rows.sort_values(["flow", "period"])
    return {
        "years": [list(years) for years in release.periods],
        "flow": [int(flow) for flow in rows["flow"]],
        "period": [int(period) for period in rows["period"]],
        "links": [int(links) for links in rows["links"]],
    }


def describe_years(release: Release) -> Years:
    """Return links of the nation by kind and year.

    Parameters
    ----------
    release
        What may leave the house.

    Returns
    -------
    Years
        One row a kind and year.
    """
    rows = release.years
    return {
        "kind": _kinds(rows),
        "year": numbers(rows["year"]),
        "links": numbers(rows["links"]),
    }


def describe_regions(release: Release) -> RegionsCovered:
    """Return links at the clusters of each region.

    Parameters
    ----------
    release
        What may leave the house.

    Returns
    -------
    RegionsCovered
        One row a region and kind.
    """
    rows = release.regions_covered
    return {
        "region": coded(rows["region"]),
        "kind": _kinds(rows),
        "clusters": [int(count) for count in rows["clusters"]],
        "firms": numbers(rows["firms"]),
        "links": numbers(rows["links"]),
        "withheld": [int(count) for count in rows["withheld"]],
    }


def _kinds(rows: pd.DataFrame) -> list[int]:
    place = {kind: number for number, kind in enumerate(KINDS)}
    return [place[kind] for kind in listed(rows["kind"])]


def _own(rows: pd.DataFrame, places: Places) -> list[int]:
    return [places[str(cluster)] for cluster in listed(rows["cluster"])]


def _deciding(release: Release) -> pd.Series[Any]:
    parts = release.subscores
    chosen = parts[(parts["scenario"] == DEFAULT_SCENARIO) & (parts["reach"] != "")]
    return chosen.drop_duplicates("cluster").set_index("cluster")["reach"]


def _ratio(rows: pd.DataFrame, places: Places) -> Ratio:
    # The log2 of the table says nothing to a reader: so many times what is typical.
    times = {key: 2 ** rows[key].astype(float) for key in ("ratio", "low", "high")}
    return {
        "observed": spread(rows, rows["observed"], places),
        "expected": spread(rows, rows["expected"], places),
        "ratio": spread(rows, times["ratio"], places),
        "low": spread(rows, times["low"], places),
        "high": spread(rows, times["high"], places),
        "decided": spread(rows, rows["decided"], places),
    }


def join_squares(flows: pd.DataFrame) -> pd.DataFrame:
    """Return the flows with all squares outside the clusters as one cell.

    Parameters
    ----------
    flows
        The flows of a release.

    Returns
    -------
    pandas.DataFrame
        source, target, kind and links, summed.
    """
    ends = {
        end: flows[end].mask(flows[end].astype(str).str.fullmatch(_SQUARE), _OUTSIDE)
        for end in ("source", "target")
    }
    keys = ["source", "target", "kind"]
    return flows.assign(**ends).groupby(keys, sort=False)["links"].sum().reset_index()


def _strongest(flows: pd.DataFrame, places: Places) -> pd.DataFrame:
    """Return the flows that a page has room for: each cluster's and the nation's strongest.

    Of two cells all flows are kept or none, so that their sum on the page is their sum.
    """
    apart = flows[(flows["source"] != flows["target"]) & (flows["links"] > 0)]
    for end in ("source", "target"):  # countries abroad have a list of their own
        apart = apart[~apart[end].astype(str).str.startswith(ABROAD)]
    from_cluster, to_cluster = (apart[end].isin(places) for end in ("source", "target"))
    apart = apart[from_cluster | to_cluster]
    ends = np.sort(apart[["source", "target"]].to_numpy(dtype=object), axis=1)
    pairs = apart.assign(low=ends[:, 0], high=ends[:, 1])
    sums = pairs.groupby(["low", "high"])["links"].sum().reset_index()
    sums = sums.sort_values(["links", "low", "high"], ascending=[False, True, True])
    sums = sums.reset_index(drop=True)
    inside = sums["low"].isin(places) & sums["high"].isin(places)
    cells = pd.concat([sums["low"], sums["high"]]).sort_index(kind="stable")
    near_top = cells.isin(places) & (cells.groupby(cells).cumcount() < STRONGEST)
    kept = (inside & (inside.cumsum() <= NATIONAL)) | near_top.groupby(level=0).any()
    found = pairs.merge(sums.loc[kept, ["low", "high"]], on=["low", "high"])
    return found.sort_values(
        ["links", "source", "target", "kind"], ascending=[False, True, True, True]
    )
