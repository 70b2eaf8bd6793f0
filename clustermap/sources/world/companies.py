"""Firms with several sites, and what firms export and spend on research."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustermap.sources.world.places import Indices, Numbers

SITES = ("", "headquarters", "plant")
HEADQUARTERS, PLANT = 1, 2
_SHARE = 0.1  # of the firms belong to one with several sites
_MEAN_PLANTS = 3.0
_EXPORTERS = 0.3
_RESEARCHERS = 0.4


def draw_groups(
    rng: np.random.Generator,
    employees: Numbers,
    regions: Indices,
    capital: int = -1,
    share: float = 0.0,
) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Draw which establishments belong together, and which is the head office.

    Large establishments are more often among them.

    Parameters
    ----------
    rng
        Source of chance.
    employees
        Of every establishment.
    regions
        Region of every establishment, by number.
    capital
        Region that holds many head offices; -1 for none.
    share
        Share of the head offices that stand there.

    Returns
    -------
    group : ndarray
        Number of the group, -1 for none.
    site : ndarray
        Position in SITES.
    """
    count = len(employees)
    chance = np.log(np.maximum(employees, 1)) + rng.gumbel(size=count)
    order = np.argsort(-chance, kind="stable")
    plants = rng.geometric(
        1 / _MEAN_PLANTS, size=max(1, round(_SHARE * count / (1 + _MEAN_PLANTS)))
    )
    offices = _choose_offices(order, regions, len(plants), capital, share)
    group = np.full(count, -1, dtype=np.int32)
    site = np.zeros(count, dtype=np.uint8)
    group[offices], site[offices] = np.arange(len(offices)), HEADQUARTERS
    # Some regions live on plants: a spread (log) of one between regions.
    lean = rng.standard_normal(int(regions.max(initial=0)) + 1)
    order = np.argsort(-chance - lean[regions], kind="stable")
    rest = order[group[order] < 0][: int(plants.sum())]
    owner = np.repeat(np.arange(len(plants)), plants)[: len(rest)]
    group[rng.permutation(rest)], site[rest] = owner, PLANT
    return group, site


def _choose_offices(
    order: Indices, regions: Indices, count: int, capital: int, share: float
) -> Indices:
    if capital < 0:
        return order[:count]
    here = regions[order] == capital
    within = order[here][: round(share * count)]
    return np.concatenate([within, order[~here][: count - len(within)]])


def find_offices(group: NDArray[np.int32], site: NDArray[np.uint8]) -> Indices:
    """Return the head office of every establishment.

    Parameters
    ----------
    group
        Number of the group, -1 for none.
    site
        Position in SITES.

    Returns
    -------
    ndarray
        Position of the head office; its own for all but plants.
    """
    office = np.arange(len(group))
    heads = np.flatnonzero(site == HEADQUARTERS)
    of_group = np.full(int(group.max(initial=-1)) + 1, -1)
    of_group[group[heads]] = heads
    plants = np.flatnonzero(site == PLANT)
    found = of_group[group[plants]]
    office[plants] = np.where(found < 0, plants, found)
    return office


def draw_accounts(rng: np.random.Generator, sales: pd.Series) -> pd.DataFrame:
    """Draw what firms export and spend on research and development.

    Parameters
    ----------
    rng
        Source of chance.
    sales
        Sales (KRW), null where unknown.

    Returns
    -------
    pd.DataFrame
        exports and rnd (KRW): nought for firms that do not, null where sales are unknown.
    """
    count = len(sales)
    large = sales.fillna(0).to_numpy(dtype=float)
    # The larger a firm, the more often it exports or does research.
    chance = np.clip(0.2 + 0.15 * np.log10(np.maximum(large, 1e8) / 1e9), 0.03, 0.9)
    part = np.where(rng.random(count) < chance * _EXPORTERS / 0.2, rng.beta(1.2, 3.0, count), 0.0)
    rate = np.minimum(rng.lognormal(np.log(0.025), 0.8, count), 0.6)
    spent = np.where(rng.random(count) < chance * _RESEARCHERS / 0.2, rate, 0.0)
    columns = {"exports": part, "rnd": spent}
    return pd.DataFrame(
        {
            name: pd.Series(np.round(share * large / 1e6) * 1e6, index=sales.index)
            .astype("Int64")
            .mask(sales.isna())
            for name, share in columns.items()
        }
    )
