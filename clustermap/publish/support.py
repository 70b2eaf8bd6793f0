"""Support as it may leave: no sum of money, nor the difference of two, is that of few firms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.publish.differences import tells_of_few
from clustermap.publish.secondary import find_few

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from clustermap.publish.suppression import Rules
    from clustermap.publish.withheld import Withheld

    Marks = npt.NDArray[np.bool_]

_OF_PAIRS = ("outliving", "outliving_low", "outliving_high")
_OF_MONEY = ("money", "current", "leverage", "single_share", "splitting")


def find_few_money(grants: pd.DataFrame | None, rules: Rules) -> Mapping[str, tuple[str, ...]]:
    """Return of every cluster which sums of its grants may not be told.

    Parameters
    ----------
    grants
        Grants by the clusters that hold who got them; None where none were read.
    rules
        When a number is too small, and when one firm is nearly all.

    Returns
    -------
    dict
        Cluster to the columns of SUPPORT_MEASURES that would tell what few firms got, by themselves
        or less one another. Grants to institutes, and to clusters as a whole, are no secret.
    """
    if grants is None:
        return {}
    table = grants.assign(
        amount=grants["amount"].fillna(0.0), who=grants["beneficiary"].where(grants["firm"], "")
    )
    # Plain objects are compared in a tenth of the time that a few Arrow strings take.
    table = table.astype(dict.fromkeys(("joint", "funder", "programme", "who"), object))
    return {str(key): _find_unsafe(part, rules) for key, part in table.groupby("cluster")}


def _find_unsafe(rows: pd.DataFrame, rules: Rules) -> tuple[str, ...]:
    money, firms = rows["amount"].to_numpy(dtype=float), rows["who"].to_numpy(dtype=object)
    solo, joint = ((rows["joint"] == way).to_numpy() for way in ("solo", "joint"))
    public, private = ((rows["funder"] == who).to_numpy() for who in ("public", "private"))
    every = np.ones(len(rows), dtype=bool)
    asked: dict[str, list[Marks]] = {
        "money": [every],
        "current": [rows["runs"].to_numpy(dtype=bool)],
        "leverage": [private, public],
        "single_share": [solo & (firms != ""), solo | joint],
    }
    told: list[Marks] = []
    unsafe = []
    for name, sums in asked.items():
        if tells_of_few([*told, *sums], money, firms, rules):
            unsafe.append(name)
        else:
            told += sums
    programmes = [(rows["programme"] == key).to_numpy() for key in rows["programme"].unique()]
    apart = any(tells_of_few([every, own], money, firms, rules) for own in programmes)
    if "money" in unsafe or apart:
        unsafe.append("splitting")
    return tuple(unsafe)


def release_support(
    measures: pd.DataFrame, unsafe: Mapping[str, tuple[str, ...]], withheld: Withheld
) -> pd.DataFrame:
    """Return what support clusters got, without what few firms got.

    Parameters
    ----------
    measures
        The table SUPPORT_MEASURES.
    unsafe
        From :func:`find_few_money`.
    withheld
        What may not be told.

    Returns
    -------
    pd.DataFrame
        The table; without the number of programmes where the money is withheld, and without pairs
        where few are linked or few are not. How it is split is told to two decimals.
    """
    frame = measures.astype(
        {"programmes": "Int64", "pairs_during": "Int64", "pairs_after": "Int64"}
    )
    cluster = frame["cluster"]
    for name in _OF_MONEY:
        hidden = np.array([name in unsafe.get(key, ()) for key in cluster], dtype=bool)
        frame[name] = frame[name].astype(float).mask(hidden)
    frame["splitting"] = frame["splitting"].round(2)
    frame["programmes"] = frame["programmes"].mask(
        frame["money"].isna() & measures["money"].notna()
    )
    least = withheld.rules.min_firms
    during, after = (measures[f"pairs_{when}"].to_numpy(np.int64) for when in ("during", "after"))
    few = find_few(during, least) | find_few(after, least) | find_few(during - after, least)
    few |= cluster.map(withheld.hidden["links"]).fillna(value=False).to_numpy(dtype=bool)
    frame.loc[few, ["pairs_during", "pairs_after"]] = pd.NA
    frame.loc[few, list(_OF_PAIRS)] = np.nan
    return frame
