"""Advice on the page: situations, missing links, support bodies and sites, in few numbers."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustermap.messages import read_catalogue
from clustermap.render.columns import FEW_DIGITS, coded, numbers, spread, texts
from clustermap.render.safe import clean_text
from clustermap.selection.diagnosis import RATIOS, SHARES, SITUATIONS
from clustermap.selection.diffusion import GROUPS
from clustermap.selection.reach import REACH_M, REACH_MINUTES
from clustermap.tables import KINDS, SUPPORT_MEASURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clustermap.publish.release import Release
    from clustermap.render.contract import (
        Advice,
        Coded,
        Condition,
        Diffusion,
        MissingLinks,
        Numbers,
        PermittedGaps,
        Situation,
        Support,
        SupportBodies,
    )

    Places = Mapping[str, int]

_MEASURED = ("value", "low", "high")
_SHARE_DIGITS = 2
_NUMBERS = (*_MEASURED, "typical", "basis")
_BODIES = ("near_firms", "near_linked", "near_share", "near_low", "near_high", "partners", "joined")


def describe_advice(release: Release, places: Places) -> Advice | None:
    """Return what may be done about each cluster, as the page carries it.

    Parameters
    ----------
    release
        What may leave the house.
    places
        Cluster to its place in the list.

    Returns
    -------
    Advice or None
        None where the release holds no advice.
    """
    given = release.advice
    if given is None:
        return None
    ends = _Ends(release, places)
    sites = _own(given.next_sites, places)
    return {
        "situations": _situations(_own(given.diagnosis, places), places),
        "diffusion": _diffusion(_own(given.diffusion, places), places),
        "gaps": _gaps(_own(given.permitted_gaps, places), places),
        "missing": _missing(_own(given.missing_links, places), places, ends),
        "support": _support(_own(given.support_measures, places), places),
        "bodies": _bodies(given.intermediaries, ends, by_road=release.travel is not None),
        "sites": {
            "cluster": [places[cluster] for cluster in sites["cluster"]],
            "added": numbers(sites["added"], FEW_DIGITS),
            "covered": numbers(sites["firms_covered"]),
            "in_all": numbers(sites["firms_in_all"]),
        },
        "beyond": ends.names,
    }


def _own(table: pd.DataFrame, places: Places) -> pd.DataFrame:
    return table[table["cluster"].isin(list(places))]


class _Ends:
    """Clusters, then institutes on the map in their order, then institutes known by name only."""

    def __init__(self, release: Release, places: Places) -> None:
        table = release.institutes
        point = table[["x", "y"]].apply(pd.to_numeric).to_numpy(np.float64, na_value=np.nan)
        on_map = np.isfinite(point).all(axis=1)
        self._clusters = places
        self._first_beyond = len(places) + int(on_map.sum())
        self._placed = {
            institute: len(places) + at for at, institute in enumerate(table["institute"][on_map])
        }
        self._named = dict(zip(table["institute"], texts(table["name"]), strict=True))
        self.names: list[str] = []

    def institute(self, identifier: object) -> int:
        if identifier not in self._placed:
            self._placed[identifier] = self._first_beyond + len(self.names)
            self.names.append(self._named.get(identifier, ""))
        return self._placed[identifier]

    def end(self, identifier: object, sort: object) -> int:
        of_clusters = self._clusters
        return of_clusters[str(identifier)] if sort == "cluster" else self.institute(identifier)

    def knows(self, identifier: object, sort: object) -> bool:
        return sort != "cluster" or str(identifier) in self._clusters


def _situations(table: pd.DataFrame, places: Places) -> list[Situation]:
    rows = {key: part for key, part in table.groupby(["situation", "condition"], sort=False)}  # noqa: C416
    found: list[Situation] = []
    for situation in SITUATIONS:
        whole = rows.get((situation.key, ""))
        if whole is None:
            continue
        seen = whole.loc[whole["holds"] == 1, "cluster"]
        keys = [key for group in situation.conditions for key in group]
        found.append(
            {
                "key": situation.key,
                "responses": situation.responses,
                "holds": spread(whole, whole["holds"], places),
                "conditions": [
                    _condition(key, rows[situation.key, key], seen, places)
                    for key in keys
                    if (situation.key, key) in rows
                ],
            }
        )
    return found


def _condition(key: str, rows: pd.DataFrame, seen: pd.Series[Any], places: Places) -> Condition:
    """Keep the numbers that the sentence of a condition tells, where its situation is seen."""
    told = {
        name
        for text in read_catalogue()[f"condition.{key}.told"].values()
        for _, name, _, _ in Formatter().parse(text)
    }
    decided = rows[rows["holds"].notna() & rows["cluster"].isin(seen)]
    kept: dict[str, Numbers] = {}
    for name in _NUMBERS:
        if name in told:
            values = pd.to_numeric(decided[name]).astype("Float64")
            if key in RATIOS and name in _MEASURED:
                values = 2.0**values
            kept[name] = spread(decided, values, places)
    open_ = rows.set_index("cluster")["open"].reindex(list(places))
    return {
        "key": key,
        "holds": spread(rows, rows["holds"], places),
        "form": "times" if key in RATIOS else "share" if key in SHARES else "count",
        "numbers": kept,
        "open": coded(open_),
    }


def _diffusion(table: pd.DataFrame, places: Places) -> Diffusion | None:
    if table.empty:
        return None
    return {
        "level": spread(table, table["level"], places),
        "open": coded(table.set_index("cluster")["open"].reindex(list(places))),
        "groups": {group: spread(table, table[group], places) for group in (*GROUPS, "ungrouped")},
    }


def _gaps(table: pd.DataFrame, places: Places) -> PermittedGaps:
    return {
        "cluster": [places[cluster] for cluster in table["cluster"]],
        "entry": coded(table["entry"]),
        "difference": coded(table["difference"]),
        "present": numbers(table["present"]),
    }


def _missing(table: pd.DataFrame, places: Places, ends: _Ends) -> MissingLinks:
    ends_of = list(zip(table["counterpart"], table["counterpart_type"], strict=True))
    known = np.array([ends.knows(*end) for end in ends_of], dtype=bool)
    table = table[known]
    pairs = [end for end in ends_of if ends.knows(*end)]
    return {
        "cluster": [places[cluster] for cluster in table["cluster"]],
        "other": [ends.end(*pair) for pair in pairs],
        "km": _tenths(table["distance_m"] / 1000),
        "observed": _tenths(table["observed"]),
        "expected": _tenths(table["expected"]),
        "chance": numbers(table["false_share"], _SHARE_DIGITS),
        "lacking": [KINDS.index(kind) if kind in KINDS else None for kind in table["lacking"]],
        "common": _joined(table["common"]),
        "broker": coded(table["broker"]),
        "direct": numbers(table["direct"]),
        "contacts": numbers(table["contacts"]),
    }


def _tenths(values: pd.Series[Any]) -> Numbers:
    return numbers(pd.to_numeric(values).astype("Float64").round(1))


def _joined(fields: pd.Series[Any]) -> Coded:
    """Return lists of fields as texts joined by ";", however the table holds them."""
    told = [
        ";".join(clean_text(str(one)) for one in own) if isinstance(own, tuple | list | np.ndarray)
        else own for own in fields
    ]  # fmt: skip
    return coded(pd.Series(told, dtype=object))


def _support(table: pd.DataFrame, places: Places) -> Support:
    names = [column.name for column in SUPPORT_MEASURES.columns if column.name != "cluster"]
    return {
        "cluster": [places[cluster] for cluster in table["cluster"]],
        "measures": {name: numbers(table[name]) for name in names},
    }


def _bodies(table: pd.DataFrame, ends: _Ends, *, by_road: bool) -> SupportBodies:
    return {
        "reach_km": REACH_M / 1000,
        "reach_minutes": REACH_MINUTES if by_road else None,
        "institute": [ends.institute(one) for one in table["institute"]],
        "measures": {name: numbers(table[name], FEW_DIGITS) for name in _BODIES},
    }
