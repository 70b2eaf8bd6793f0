"""A nation of many clusters, drawn from a seed: sizes of a heavy tail, links after mass."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd

from clustermap.network.counts import Counts

KINDS = ("firm_firm", "research", "support", "transfer", "mobility")


def draw_nation(clusters: int, seed: int = 1, links_per_actor: float = 4.0) -> Counts:
    """Return counts in which a cluster's links follow its size, with chance around it."""
    random = np.random.default_rng(seed)
    names = np.array([f"c{at:05d}" for at in range(clusters)])
    actors = np.ceil(random.pareto(1.1, clusters) * 30 + 12).clip(max=20_000).astype(np.int64)
    links = pd.concat(
        [_draw_kind(kind, names, actors, links_per_actor, random) for kind in KINDS],
        ignore_index=True,
    )
    anyone = links.groupby("cluster")["linked"].max().rename("linked").reset_index()
    network: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    ends = random.choice(names, (20 * clusters, 2), p=actors / actors.sum())
    for one, other in ends:
        network.add_edge(one, other, kind="firm_firm", channel="firm-firm", links=3, weight=3)
    columns = ["sector", "firms", "employees", "employed", "employees_squared", "largest"]
    columns += ["small", "small_employees"]
    sectors = pd.DataFrame(
        {"cluster": names, "sector": "26", "firms": actors, "employees": actors * 20}
    ).assign(employed=actors, employees_squared=actors * 400, largest=40)
    sectors = sectors.assign(small=actors, small_employees=actors * 20)
    nation = sectors.groupby("sector").sum(numeric_only=True).reset_index()
    return Counts(
        clusters=pd.Index(names, name="cluster"),
        actors=pd.DataFrame({"cluster": names, "type": "firm", "actors": actors}),
        by_sector=sectors[["cluster", *columns]],
        by_industry=sectors.rename(columns={"sector": "industry"}),
        nation_by_sector=nation,
        nation_by_industry=nation.rename(columns={"sector": "industry"}),
        links=links,
        linked=anyone[anyone["linked"] > 0],
        network=network,
    )


def _draw_kind(
    kind: str,
    names: np.ndarray,
    actors: np.ndarray,
    links_per_actor: float,
    random: np.random.Generator,
) -> pd.DataFrame:
    mean = links_per_actor / len(KINDS) * actors * random.lognormal(0, 0.5, names.size)
    internal = random.poisson(0.2 * mean)
    abroad = random.poisson(0.05 * mean)
    external = random.poisson(0.75 * mean) + abroad
    total = internal + external
    linked = random.binomial(actors, 1 - np.exp(-total / actors))
    units = np.where(kind == "research", total / 3, total).astype(float)
    weight = 10**9
    return pd.DataFrame(
        {
            "cluster": names,
            "kind": kind,
            "internal": internal,
            "external": external,
            "abroad": abroad,
            "internal_weight": internal * weight,
            "external_weight": external * weight,
            "linked": linked,
            "units": units,
        }
    )
