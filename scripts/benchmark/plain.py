"""The plain script: what a user writes today, with geopandas, pandas and networkx.

Straightforward, and no slower than it has to be: only the columns that are needed are read,
clusters are categories, so that joins carry numbers, and graphs are made from tables.
"""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd

from scripts.benchmark.sizes import PRECISION
from scripts.benchmark.tell import Told


def read_actors(folder: Path, *layers: str) -> pd.DataFrame:
    """Read actors: their identifiers and where they are."""
    parts = [
        pd.read_parquet(folder / f"{layer}s.parquet", columns=[layer, "x", "y"]).rename(
            columns={layer: "actor"}
        )
        for layer in layers
    ]
    return pd.concat(parts, ignore_index=True)


def find_clusters(actors: pd.DataFrame, clusters: gpd.GeoDataFrame) -> pd.Series:
    """Return the cluster that each actor lies in, borders included; NaN for none."""
    points = gpd.GeoDataFrame(
        actors[["actor"]], geometry=gpd.points_from_xy(actors["x"], actors["y"]), crs=clusters.crs
    )
    joined = gpd.sjoin(points, clusters[["cluster", "geometry"]], how="left")
    joined = joined[~joined.index.duplicated()]  # a point on the border of two
    return joined["cluster"].astype(pd.CategoricalDtype(clusters["cluster"]))


def count_flows(links: pd.DataFrame, actors: pd.DataFrame) -> pd.DataFrame:
    """Return links and weights between clusters, by kind and year."""
    for end in ("source", "target"):
        homes = actors[["actor", "cluster"]].set_axis([end, f"{end}_cluster"], axis=1)
        links = links.merge(homes, on=end, how="left")
    keys = ["source_cluster", "target_cluster", "kind", "year"]
    grouped = links.groupby(keys, dropna=False, observed=True, sort=False)["weight"]
    return grouped.agg(links="size", weight="sum").reset_index()


def link_clusters(flows: pd.DataFrame, clusters: pd.Series) -> nx.Graph:
    """Return the graph of clusters: links in both directions and of all kinds added up."""
    codes = [flows[f"{end}_cluster"].cat.codes.to_numpy() for end in ("source", "target")]
    table = pd.DataFrame(
        {"one": np.minimum(*codes), "other": np.maximum(*codes), "links": flows["links"]}
    )
    table = table[(table["one"] >= 0) & (table["one"] != table["other"])]
    table = table.groupby(["one", "other"], as_index=False)["links"].sum()
    names = dict(enumerate(clusters))
    table = table.assign(one=table["one"].map(names), other=table["other"].map(names))
    graph = nx.from_pandas_edgelist(table, "one", "other", edge_attr="links")
    graph.add_nodes_from(clusters)
    return graph


def rank_actors(links: pd.DataFrame) -> pd.Series:
    """Return the PageRank of all actors that have a link."""
    links = links[links["source"] != links["target"]]
    turned = links["source"] > links["target"]
    ends = pd.DataFrame(
        {
            "one": links["source"].where(~turned, links["target"]),
            "other": links["target"].where(~turned, links["source"]),
        }
    )
    table = ends.groupby(["one", "other"], sort=False).size().rename("links").reset_index()
    graph = nx.from_pandas_edgelist(table, "one", "other", edge_attr="links")
    # networkx stops at ``tol`` times the number of nodes.
    found = nx.pagerank(graph, weight="links", tol=PRECISION / len(graph), max_iter=1_000)
    return pd.Series(found, name="pagerank")


def work(folder: Path, what: str, out: Path | None) -> Told:
    """Do the work: ``points``, ``core``, or ``actors``, the core with the PageRank of all."""
    told = Told()
    clusters = gpd.read_parquet(folder / "clusters.parquet")
    with told.step("points"):
        actors = read_actors(folder, *(("firm",) if what == "points" else ("firm", "institute")))
        actors["cluster"] = find_clusters(actors, clusters)
    told.sums["assigned"] = int(actors["cluster"].notna().sum())
    if what == "points":
        if out is not None:
            np.save(out / "points.npy", actors["cluster"].cat.codes.to_numpy(np.int32))
        return told
    with told.step("flows"):
        links = pd.read_parquet(folder / "pairs.parquet")
        flows = count_flows(links, actors)
    with told.step("clusters"):
        graph = link_clusters(flows, clusters["cluster"])
        table = pd.DataFrame(
            {
                "strength": dict(graph.degree(weight="links")),
                "pagerank": nx.pagerank(graph, weight="links", tol=1e-13, max_iter=1_000),
            }
        ).reindex(clusters["cluster"])
    told.sums |= {"links": int(flows["links"].sum()), "strength": int(table["strength"].sum())}
    if out is not None:
        flows.to_parquet(out / "flows.parquet")
        table.to_parquet(out / "clusters.parquet")
    if what == "actors":
        with told.step("actors"):
            ranked = rank_actors(links)
        told.sums["actors"] = len(ranked)
        if out is not None:
            ranked.to_frame().to_parquet(out / "actors.parquet")
    return told


if __name__ == "__main__":
    out = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    work(Path(sys.argv[1]), sys.argv[2], out).close()
