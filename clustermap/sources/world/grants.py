"""Grants of invented programmes in a fictional world: to linked pairs, single firms, and clusters.

Most of the funded clusters get one programme or two, mostly for pairs that are linked again after
it. In some the money is split over many programmes, for pairs that are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Row = tuple[str, str, int, int, int, str, str]

COLUMNS = ("programme", "beneficiary", "amount", "start", "end", "joint", "funder")
PROGRAMMES = (
    *(("(가상) 지역협력 1기", 2018, 2019), ("(가상) 기술혁신 1기", 2018, 2020)),
    *(("(가상) 산학공동 1기", 2019, 2020), ("(가상) 단지고도화", 2019, 2021)),
    *(("(가상) 소재부품 협력", 2020, 2022), ("(가상) 지역협력 2기", 2021, 2023)),
    *(("(가상) 기술혁신 2기", 2022, 2025), ("(가상) 산학공동 2기", 2023, 2026)),
)
"""Names with the first and the last year of each."""

_FUNDED = 0.2  # share of the clusters
_THIN = 0.12  # share of the funded whose money is split over all programmes
_PAIRS = 4  # of a cluster in one programme
_WHOLE = 0.15  # chance that a cluster as a whole gets some, too
_MATCHED = 0.4  # chance that a firm adds money of its own
_MEAN_LOG, _SPREAD = np.log(1.5e8), 0.5
_WON = 1_000_000


def draw_grants(
    rng: np.random.Generator,
    actors: pd.DataFrame,
    clusters: NDArray[np.object_],
    pairs: pd.DataFrame,
    participations: pd.DataFrame,
) -> pd.DataFrame:
    """Draw grants.

    Parameters
    ----------
    rng
        Source of chance.
    actors
        Columns actor, type, cell.
    clusters
        Identifiers of the clusters.
    pairs, participations
        Linkages.

    Returns
    -------
    pd.DataFrame
        As the table SUPPORT.
    """
    links = _list_links(pairs, participations)
    cell = actors.set_index("actor")["cell"]
    of_cell = {str(key): part for key, part in actors.groupby("cell")}
    ends = [links[end].map(cell) for end in ("a", "b")]
    links = links[ends[0].notna() & ends[1].notna()]  # nobody abroad gets any
    links = links.assign(inside=ends[0] == ends[1])
    held = pd.concat([links.assign(cluster=end.reindex(links.index)) for end in ends])
    held = held[held["cluster"].isin(clusters)].drop_duplicates(["cluster", "a", "b", "year"])
    of_cluster = {str(key): part for key, part in held.groupby("cluster")}
    weight = np.array([len(of_cluster.get(str(key), ())) for key in clusters], dtype=float) + 1
    funded = rng.choice(
        clusters, max(1, round(_FUNDED * len(clusters))), replace=False, p=weight / weight.sum()
    )
    rows: list[Row] = []
    for place, cluster in enumerate(funded):
        thin = place < max(1, round(_THIN * len(funded)))
        number = len(PROGRAMMES) if thin else int(rng.integers(1, 3))
        for at in np.sort(rng.choice(len(PROGRAMMES), number, replace=False)):
            linked = of_cluster.get(str(cluster), held.iloc[:0])
            people = of_cell.get(str(cluster), actors.iloc[:0])
            rows += _fund(rng, PROGRAMMES[at], str(cluster), linked, people, thin=thin)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _list_links(pairs: pd.DataFrame, participations: pd.DataFrame) -> pd.DataFrame:
    """Return who is linked with whom in which year; each pair of a project is linked."""
    named = participations[["project", "participant", "year"]]
    both = named.merge(named[["project", "participant"]], on="project")
    met = both[["participant_x", "participant_y", "year"]].set_axis(["a", "b", "year"], axis=1)
    own = pairs[["source", "target", "year"]].set_axis(["a", "b", "year"], axis=1)
    links = pd.concat([own, met[met["a"] < met["b"]]], ignore_index=True)
    one, other = links["a"].to_numpy(dtype=str), links["b"].to_numpy(dtype=str)
    turned = one > other
    return links.assign(a=np.where(turned, other, one), b=np.where(turned, one, other))


def _fund(
    rng: np.random.Generator,
    programme: tuple[str, int, int],
    cluster: str,
    linked: pd.DataFrame,
    people: pd.DataFrame,
    *,
    thin: bool,
) -> Iterator[Row]:
    name, start, end = programme
    size = 1.0 if thin else float(rng.choice([0.5, 1.0, 3.0]))

    def grant(who: str, joint: str, funder: str = "public", part: float = 1.0) -> Row:
        won = part * size * rng.lognormal(_MEAN_LOG, 0.1 if thin else _SPREAD) / _WON
        return name, who, max(1, round(won)) * _WON, start, end, joint, funder

    during = linked[linked["year"].between(start, end)].drop_duplicates(["a", "b"])
    again = linked[linked["year"] > end]
    lasts = pd.MultiIndex.from_frame(during[["a", "b"]]).isin(
        pd.MultiIndex.from_frame(again[["a", "b"]])
    )
    order = np.lexsort((rng.random(len(during)), ~during["inside"], lasts == thin))
    chosen = during.iloc[order[: _PAIRS if thin else min(_PAIRS, int(lasts.sum()) + 1)]]
    firms = set(people.loc[people["type"] == "firm", "actor"])
    for who in dict.fromkeys([*chosen["a"], *chosen["b"]]):
        yield grant(str(who), "joint")
        if who in firms and rng.random() < _MATCHED:
            yield grant(str(who), "joint", "private", 0.5)
    alone = sorted(firms)
    for at in rng.choice(len(alone), min(len(alone), int(rng.integers(0, 4))), replace=False):
        yield grant(str(alone[at]), "solo")
    if rng.random() < _WHOLE or (not len(chosen) and not alone):
        yield grant(cluster, "joint", part=2.0)
