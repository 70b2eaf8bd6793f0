"""Whether clustermap and the plain script find the same."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from clustermap.network.linkages import DIRECTED_KINDS
from clustermap.tables import KINDS, SHARE_UNIT

KEYS = ["source", "target", "kind", "year"]


def fold(flows: pd.DataFrame, clusters: pd.Index[str]) -> pd.DataFrame:
    """Return flows between clusters and all other places, those without direction one way round."""
    names = pd.Index(["", *clusters])
    ends = [names.get_indexer(flows[end].astype(object)).clip(0) for end in ("source", "target")]
    turned = ~flows["kind"].isin(DIRECTED_KINDS) & (ends[0] > ends[1])
    folded = pd.DataFrame(
        {
            "source": np.where(turned, ends[1], ends[0]),
            "target": np.where(turned, ends[0], ends[1]),
            "kind": pd.Index(KINDS).get_indexer(flows["kind"].astype(object)),
            "year": flows["year"].astype(int),
            "links": flows["links"],
            "weight": flows["weight"],
        }
    )
    return folded.groupby(KEYS).sum()


def count_unlike(one: pd.DataFrame, other: pd.DataFrame) -> int:
    """Return how many rows two tables do not have in common."""
    rows = one.index.union(other.index)
    left, right = (table.reindex(rows, fill_value=-1) for table in (one, other))
    return int((left != right).any(axis=1).sum())


def compare(ours: Path, plain: Path) -> dict[str, float]:
    """Return how far what two sides have written differs."""
    found: dict[str, float] = {}
    if (ours / "points.npy").exists():
        cells = [np.load(side / "points.npy") for side in (ours, plain)]
        found["points"], found["points_unlike"] = len(cells[0]), int((cells[0] != cells[1]).sum())
    if (ours / "flows.parquet").exists():
        found |= _compare_cores(ours, plain)
    if (ours / "actors.parquet").exists():
        ranks = [pd.read_parquet(side / "actors.parquet")["pagerank"] for side in (ours, plain)]
        found["actors"] = len(ranks[0])
        found["actors_unlike"] = len(ranks[0].index.symmetric_difference(ranks[1].index))
        found["actors_apart"] = float((ranks[0] - ranks[1]).abs().max())
    return found


def _compare_cores(ours: Path, plain: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    tables = [pd.read_parquet(side / "clusters.parquet") for side in (ours, plain)]
    found["strength_unlike"] = int((tables[0]["strength"] != tables[1]["strength"]).sum())
    found["pagerank_apart"] = float((tables[0]["pagerank"] - tables[1]["pagerank"]).abs().max())
    left, right = (pd.read_parquet(side / "flows.parquet") for side in (ours, plain))
    left["weight"] /= SHARE_UNIT
    right = right.rename(columns={"source_cluster": "source", "target_cluster": "target"})
    left, right = (fold(flows, tables[0].index) for flows in (left, right))
    found["flows"], found["flows_unlike"] = len(left), count_unlike(left, right)
    return found


if __name__ == "__main__":
    print(json.dumps(compare(Path(sys.argv[1]), Path(sys.argv[2]))))
