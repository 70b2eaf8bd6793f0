"""Releases with advice made by hand: the small world, a hostile one, and a whole nation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustermap import tables
from clustermap.publish.decision import Advice
from clustermap.selection.conditions import REASONS
from clustermap.selection.diagnosis import RATIOS, SHARES, SITUATIONS
from tests.render import worlds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clustermap.publish.release import Release

NAN = np.nan
FEW = "diagnosis.open.few_links"
NO_SUPPORT = "diagnosis.open.no_support"

Answer = tuple[float, float, float, float, float, float, str]
"""holds, value, low, high, typical, basis, open."""

UNDECIDED: Answer = (NAN, NAN, NAN, NAN, NAN, NAN, FEW)
ABSENT: Answer = (0, 1.0, 0.5, 1.5, 4.0, 12.0, "")
NO_GRANTS: Answer = (NAN, NAN, NAN, NAN, NAN, NAN, NO_SUPPORT)

SMALL: dict[str, dict[str, Answer]] = {
    "A": {
        "internal_below": (1, -1.0, -1.6, -0.4, NAN, 60.0, ""),
        "support_below": (1, -1.25, -2.0, -0.5, 11.5, 4.0, ""),
        "brokerage_below": UNDECIDED,
        "institutes_near": (1, 3.0, NAN, NAN, NAN, 120.0, ""),
        "research_below": UNDECIDED,
        "fields_differ": (1, 0.25, 0.1, 0.45, NAN, 4.0, ""),
        "one_holds_most": (0, 0.2, 0.14, 0.3, NAN, 60.0, ""),
        "split_thin": NO_GRANTS,
        "no_effect": NO_GRANTS,
    },
    "B": {
        "internal_below": (0, 0.5, 0.1, 0.9, NAN, 120.0, ""),
        "no_large_firm": (1, 180.0, NAN, NAN, 250.0, 70.0, ""),
        "none_abroad": (1, 0.0, NAN, NAN, 4.5, 90.0, ""),
        "one_holds_most": (1, 0.62, 0.55, 0.7, NAN, 130.0, ""),
    },
    "D": {
        # The numbers behind what is seen are withheld.
        "internal_below": (1, NAN, NAN, NAN, NAN, NAN, ""),
        "support_below": (1, -1.25, -2.0, -0.5, NAN, NAN, ""),
        "participation_below": UNDECIDED,
    },
}  # fmt: skip
"""Conditions of three clusters; those that are not named are not seen. C and F lack numbers."""


def join(holds: Iterable[float]) -> float:
    """Say whether all of several conditions hold; 0 where one fails, whatever is not known."""
    known = list(holds)
    return 0.0 if 0 in known else NAN if any(np.isnan(known)) else 1.0


def diagnose(answers: dict[str, dict[str, Answer]]) -> pd.DataFrame:
    """Return the table DIAGNOSIS of some clusters."""
    rows: list[tuple[object, ...]] = []
    for cluster, own in answers.items():
        for situation in SITUATIONS:
            keys = [key for group in situation.conditions for key in group]
            found = {key: own.get(key, ABSENT) for key in keys}
            holds = join(
                1 - join(1 - found[key][0] for key in group) for group in situation.conditions
            )
            why = next((found[key][6] for key in keys if found[key][6]), "")
            whole = (holds, NAN, NAN, NAN, NAN, NAN, why if np.isnan(holds) else "")
            rows += [(cluster, situation.key, "", *whole)]
            rows += [(cluster, situation.key, key, *found[key]) for key in keys]
    return fill(tables.DIAGNOSIS, rows)


def fill(table: tables.Table, rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    """Return rows with the columns of a table and the types that its numbers have."""
    frame = pd.DataFrame(rows, columns=[column.name for column in table.columns])
    types = {"integer": "Int64", "number": "float64"}
    return frame.astype(
        {column.name: types[column.type] for column in table.columns if column.type in types}
    )


def advise() -> Advice:
    """Return advice on the small world.

    ::

        A: limited interaction seen, mismatch and government not decided; level 1; misses u1, x1, C
        B: missing customers and inefficient markets seen; level 3
        C, E, F: nothing is told of the situations; of C the level is not decided
        D: limited interaction seen, its numbers withheld; information failure not decided
    """
    return Advice(
        diagnosis=diagnose(SMALL),
        diffusion=fill(
            tables.DIFFUSION,
            [("A", 1, "", 30, 25, 20, 10, 35), ("B", 3, "", 20, 10, None, 30, 0),
             ("C", None, FEW, 5, 0, 0, 0, 55)],
        ),
        permitted_gaps=fill(
            tables.PERMITTED_GAPS,
            [("A", "semiconductor", "needed", 0), ("A", "C26", "barred", 12),
             ("A", "10", "barred", 3), ("C", "bio", "unused", 0)],
        ),
        missing_links=fill(
            tables.MISSING_LINKS,
            [("A", "u1", "institute", 4200.0, 0.0, 6.5, 0.002, 0.04, "research",
              ("semiconductor",), "○○대학교", 1, 4),
             ("A", "x1", "institute", NAN, NAN, NAN, 0.003, NAN, None, (), "", None, None),
             ("A", "C", "cluster", 180_000.0, 3.0, 11.0, 0.004, 0.06, "firm_firm", (), "", 0, 0),
             ("C", "A", "cluster", 180_000.0, 3.0, 11.0, 0.004, 0.35, "firm_firm", (), "○○○",
              0, 5),
             ("D", "g1", "institute", 900.0, 1.0, 4.25, 0.04, 1.0, "transfer", ("bio",), "",
              None, None)],
        ),
        intermediaries=fill(
            tables.INTERMEDIARIES,
            [("s1", 140, 30, 0.214, 0.163, 0.277, 55, 3, 20, 4, 11, 6),
             ("x1", 300, None, None, None, None, 9, None, 0, 0, 0, 0)],
        ),
        next_sites=fill(tables.NEXT_SITES, [(1, "D", 40, 180, 300), (2, "F", 15, 195, 300)]),
        support_measures=fill(
            tables.SUPPORT_MEASURES,
            [("A", 5, 4.2e9, 1.5e9, 0.25, 0.8, 0.6, 18, 4, 0.222, 0.11, 0.4),
             ("B", 1, 3.0e8, 0.0, 1.0, 0.0, None, None, None, None, None, None)],
        ),
    )  # fmt: skip


def advised_release() -> Release:
    """Return the small world with advice."""
    return replace(worlds.small_release(), advice=advise())


def hostile_advised() -> Release:
    """Return the hostile world with every hostile text in every field of advice."""
    world = worlds.hostile_release()
    ids = list(world.clusters.index)
    given = advise()
    count = len(ids)
    institutes = world.institutes.assign(institute=ids)

    def repeat(table: pd.DataFrame, **columns: Any) -> pd.DataFrame:
        own = pd.concat([table.iloc[[0]]] * count, ignore_index=True)
        return own.assign(cluster=ids, **columns)

    diagnosis = pd.concat(
        [
            given.diagnosis[given.diagnosis["cluster"] == "A"].assign(cluster=cluster)
            for cluster in ids
        ],
        ignore_index=True,
    )
    texts = np.resize(np.array(worlds.HOSTILE, dtype=object), len(diagnosis))
    whole = diagnosis["condition"] == ""
    diagnosis["open"] = np.where(whole | diagnosis["holds"].notna(), diagnosis["open"], texts)
    missing = repeat(
        given.missing_links, counterpart=ids, broker=ids,
        common=[(text, text) for text in worlds.HOSTILE],
    )  # fmt: skip
    near = missing.assign(
        cluster=ids[0], counterpart_type="cluster", counterpart=[*ids[1:], "nobody"], lacking="?"
    )
    return replace(
        world,
        institutes=institutes,
        advice=Advice(
            diagnosis=diagnosis,
            diffusion=repeat(given.diffusion.iloc[[2]], open=list(worlds.HOSTILE)),
            permitted_gaps=repeat(given.permitted_gaps, entry=ids, difference=ids),
            missing_links=pd.concat([missing, near], ignore_index=True),
            intermediaries=pd.concat([given.intermediaries] * count).head(count).assign(
                institute=[f"{place}?" if place % 2 else one for place, one in enumerate(ids)]
            ),
            next_sites=repeat(given.next_sites),
            support_measures=repeat(given.support_measures),
        ),
    )  # fmt: skip


def large_advised() -> Release:
    """Return a whole nation with advice on every cluster; numbers from a seed."""
    world = worlds.large_release()
    rng = np.random.default_rng(11)
    ids = world.clusters.index.to_numpy()
    many, institutes = len(ids), world.institutes["institute"].to_numpy()
    parts = []
    for situation in SITUATIONS:
        keys = [key for group in situation.conditions for key in group]
        holds = rng.choice([0.0, 1.0, NAN], (len(keys), many), p=[0.4, 0.3, 0.3])
        parts.append(_rows(ids, situation.key, "", np.where(np.isnan(holds).any(axis=0), NAN,
                                                              holds.min(axis=0)), rng))  # fmt: skip
        parts += [_rows(ids, situation.key, key, holds[at], rng) for at, key in enumerate(keys)]
    diagnosis = pd.concat(parts, ignore_index=True)
    groups = {name: rng.integers(0, 400, many) for name in (
        "specialised_suppliers", "supplier_dominated", "scale_intensive", "science_based",
        "ungrouped")}  # fmt: skip
    rows = 3 * many
    expected = rng.gamma(2, 6, rows) + 3
    missing = pd.DataFrame(
        {
            "cluster": rng.choice(ids, rows), "counterpart": rng.choice(institutes, rows),
            "counterpart_type": "institute", "distance_m": rng.uniform(200, 30_000, rows),
            "observed": rng.integers(0, 3, rows), "expected": expected, "probability": 0.01,
            "false_share": rng.uniform(0, 1, rows),
            "lacking": rng.choice(tables.SCORED_KINDS, rows),
            "common": "semiconductor", "broker": "○○○", "direct": rng.integers(0, 2, rows),
            "contacts": rng.integers(0, 20, rows),
        }
    )  # fmt: skip
    near = rng.integers(5, 900, 60)
    share = rng.uniform(0, 0.5, 60)
    return replace(
        world,
        advice=Advice(
            diagnosis=diagnosis,
            diffusion=pd.DataFrame({"cluster": ids, "level": rng.integers(1, 4, many), "open": "",
                                    **groups}),
            missing_links=missing,
            intermediaries=pd.DataFrame(
                {"institute": institutes[:60], "near_firms": near, "near_linked": near * share,
                 "near_share": share, "near_low": share * 0.8, "near_high": share * 1.2,
                 "partners": 9, "joined": rng.integers(0, 9, 60)}
            ),
            next_sites=pd.DataFrame(
                {"turn": range(1, 6), "cluster": ids[:5], "added": [90, 70, 40, 30, 20],
                 "firms_covered": [500, 570, 610, 640, 660], "firms_in_all": 900}
            ),
            support_measures=pd.DataFrame(
                {"cluster": ids, "programmes": 4, "money": rng.gamma(2, 1e9, many),
                 "current": rng.gamma(2, 1e8, many),
                 "splitting": rng.uniform(0.1, 1, many), "single_share": rng.random(many),
                 "leverage": rng.random(many), "pairs_during": 20, "pairs_after": 8,
                 "outliving": 0.4, "outliving_low": 0.25, "outliving_high": 0.55}
            ),
        ),
    )  # fmt: skip


def _rows(
    ids: Any, situation: str, condition: str, holds: Any, rng: np.random.Generator
) -> pd.DataFrame:
    many = len(ids)
    value = (
        rng.normal(0, 1, many) if condition in RATIOS
        else rng.random(many) if condition in SHARES else rng.integers(1, 300, many)
    )  # fmt: skip
    reasons = rng.choice(np.array(REASONS, dtype=object), many)
    return pd.DataFrame(
        {
            "cluster": ids, "situation": situation, "condition": condition, "holds": holds,
            "value": value, "low": value - 0.4, "high": value + 0.4,
            "typical": rng.gamma(2, 9, many), "basis": rng.integers(3, 400, many),
            "open": np.where(np.isnan(holds), reasons, ""),
        }
    )  # fmt: skip
