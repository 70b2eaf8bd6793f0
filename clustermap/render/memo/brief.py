"""What a memo is written from: the project's own scenario, cluster by cluster, in one language."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustermap.render.memo.money import Money
from clustermap.render.safe import clean_text
from clustermap.selection.portfolio import value_clusters

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from clustermap.publish.decision import Decision
    from clustermap.publish.release import Release
    from clustermap.render.markup import Words

    Row = Mapping[Hashable, Any]

CORE, BORDERLINE, EXTERIOR, UNDRAWN = "core", "borderline", "exterior", "undrawn"
NONE = math.nan
_RADIUS = re.compile(r"([\d.]+) km")


@dataclass(frozen=True)
class Case:
    """One cluster in the project's own scenario.

    Parameters
    ----------
    cluster
        Its id.
    name, place, kind
        As the page calls it, where it lies, and what it is (user text, cleaned).
    selected
        Whether it is chosen.
    standing
        "core", "borderline", "exterior" or "undrawn".
    inclusion, low, high
        Share of draws in which it is chosen, with its 95 % bounds.
    cost, gain, current
        What it costs and is worth, and the public money that it has now, as far as told.
    merit
        Weighted mean of capability and linkage score.
    score, score_low, score_high
        Linkage score with its 90 % interval.
    capability, gap
        The other two axes.
    ineligible
        Why it may not be chosen: a key below ``selection.ineligible``; "" where it may.
    lacks, times
        What it would have to be worth more, and what its worth would have to be multiplied with.
    barred
        Rules that bar it.
    freed
        Rules without any one of which it would be chosen, as the tables call them.
    firms, employees
        As told; NaN where they are withheld.
    radius
        Kilometres of the local reach by which it was rated; NaN where that was its fence.
    """

    cluster: str
    name: str
    place: str
    kind: str
    selected: bool
    standing: str
    inclusion: float
    low: float
    high: float
    cost: float
    gain: float
    current: float
    merit: float
    score: float
    score_low: float
    score_high: float
    capability: float
    gap: float
    ineligible: str
    lacks: float
    times: float
    barred: str
    freed: tuple[str, ...]
    firms: float
    employees: float
    radius: float

    @property
    def worth_for_money(self) -> float:
        """What it is worth for one unit of money; NaN where that is not known."""
        return self.gain / self.cost if self.cost > 0 else NONE

    @property
    def mark(self) -> str:
        """How it is drawn: core, borderline (chosen or not), exterior, or not eligible."""
        if self.standing == UNDRAWN:
            return "chosen" if self.selected else self._away
        if self.selected:
            return "core" if self.standing == CORE else "within"
        return self._away if self.standing == EXTERIOR else "without"

    @property
    def _away(self) -> str:
        return "barred" if self.ineligible else "out"


@dataclass(frozen=True)
class Brief:
    """What all parts of a memo are given.

    Parameters
    ----------
    release
        What may leave the house.
    decision
        Its decision.
    words
        Language of the page.
    scenario
        Name of the project's own scenario.
    whole
        Its row of the table PORTFOLIOS.
    cases
        Every cluster by its id, in the order of the release.
    money
        How amounts are said.
    """

    release: Release
    decision: Decision
    words: Words
    scenario: str
    whole: Row
    cases: Mapping[str, Case]
    money: Money

    @property
    def feasible(self) -> bool:
        """Whether the rules leave a portfolio."""
        return bool(self.whole["feasible"] == 1)

    @property
    def drawn(self) -> bool:
        """Whether standings are known."""
        return self.feasible and bool(self.whole["draws"] > 0)

    @property
    def chosen(self) -> tuple[Case, ...]:
        """The clusters chosen, the surest first."""
        return tuple(case for case in order_cases(self.cases.values()) if case.selected)

    def of(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of the project's own scenario.

        Parameters
        ----------
        table
            A table of the decision.

        Returns
        -------
        pd.DataFrame
            Its rows.
        """
        return table[table["scenario"] == self.scenario]

    def name_profile(self, profile: object) -> str:
        """Return the name of a profile of scores.

        Parameters
        ----------
        profile
            As the project calls it (user text, but for those that come with the package).

        Returns
        -------
        str
            Its name in the language of the page; "" for none.
        """
        return self.words.name(f"profile.{profile}.label", profile)

    def name_industry(self, industry: object) -> str:
        """Return the name of an industry.

        Parameters
        ----------
        industry
            As the data call it (user text).

        Returns
        -------
        str
            Its name in the language of the page.
        """
        labels = self.release.industries.get(str(industry), {})
        return clean_text(labels.get(self.words.language, industry))

    def name(self, cluster: object) -> str:
        """Return the name of a cluster.

        Parameters
        ----------
        cluster
            Its id.

        Returns
        -------
        str
            Its name in the language of the page; the id of a cluster that is not there.
        """
        case = self.cases.get(str(cluster))
        return case.name if case is not None else clean_text(cluster)


def write_brief(release: Release, words: Words) -> Brief:
    """Return what a memo is written from.

    Parameters
    ----------
    release
        What may leave the house, with a decision.
    words
        Language of the page.

    Returns
    -------
    Brief
        The project's own scenario.

    Raises
    ------
    ValueError
        If nothing was to be chosen.
    """
    decision = release.decision
    if decision is None or decision.portfolios.empty:
        raise ValueError("the release holds no decision")
    whole = decision.portfolios.to_dict("records")[0]
    scenario = str(whole["scenario"])
    cases = _read_cases(release, decision, scenario, words)
    costs = [case.cost for case in cases.values()]
    money = Money(words, decision.currency, float(whole["budget"]), costs)
    return Brief(release, decision, words, scenario, whole, cases, money)


def order_cases(cases: Any) -> list[Case]:  # noqa: ANN401 -- any collection of them
    """Return clusters with the surest first.

    Parameters
    ----------
    cases
        The clusters.

    Returns
    -------
    list
        Core before undecided; of these the larger share of draws first, then the larger worth.
    """
    return sorted(cases, key=_by_standing)


def read_number(value: Any) -> float:  # noqa: ANN401 -- a cell of a table
    """Return a number of a table.

    Parameters
    ----------
    value
        A number, or null.

    Returns
    -------
    float
        NaN for null.
    """
    return NONE if value is None or value is pd.NA else float(value)


def _by_standing(case: Case) -> tuple[bool, float, float, str]:
    share = 0.0 if math.isnan(case.inclusion) else case.inclusion
    gain = 0.0 if math.isnan(case.gain) else case.gain
    return case.standing != CORE, -share, -gain, case.cluster


def _read_cases(
    release: Release, decision: Decision, scenario: str, words: Words
) -> dict[str, Case]:
    layer = release.clusters
    chosen = _index(decision.selection, scenario)
    why = _index(decision.why_not, scenario)
    scores = _index(release.scores, "default")
    joined = (
        layer.drop(columns="geometry").join(chosen.add_prefix("s_")).join(scores.add_prefix("l_"))
    )
    joined = joined.join(why.add_prefix("w_")).join(_read_radii(release))
    rows = joined.to_dict("records")
    merit = value_clusters(
        _numbers(joined["l_capability"]),
        _numbers(joined["l_score"]),
        1.0,
        weight=decision.capability,
    )
    ids = [str(one) for one in joined.index]
    return {
        one: _read_case(one, row, float(worth), words)
        for one, row, worth in zip(ids, rows, merit, strict=True)
    }


def _read_case(cluster: str, row: Row, merit: float, words: Words) -> Case:
    english = clean_text(row["name_en"]) if words.language == "en" else ""
    # A city without districts stands in both columns.
    named = dict.fromkeys((clean_text(row["region"]), clean_text(row["district"])))
    place = " ".join(filter(None, named))
    own = {name: read_number(row[f"s_{name}"]) for name in ("cost", "gain", "current", "inclusion")}
    standing = row["s_standing"]
    rests_on = (own["gain"], read_number(row["l_score"]), read_number(row["l_capability"]))
    return Case(
        cluster,
        english or clean_text(row["name"]) or clean_text(cluster),
        place,
        clean_text(row["kind"]),
        read_number(row["s_selected"]) == 1,
        standing if isinstance(standing, str) else UNDRAWN,
        own["inclusion"],
        read_number(row["s_inclusion_low"]),
        read_number(row["s_inclusion_high"]),
        own["cost"],
        own["gain"],
        own["current"],
        # Merit is told where all that it rests on is.
        NONE if any(math.isnan(one) for one in rests_on) else merit,
        read_number(row["l_score"]),
        read_number(row["l_low"]),
        read_number(row["l_high"]),
        read_number(row["l_capability"]),
        read_number(row["l_gap"]),
        clean_text(row["s_ineligible"]),
        read_number(row["w_lacks"]),
        read_number(row["w_times"]),
        clean_text(row["w_barred"], 2000),
        tuple(filter(None, clean_text(row.get("w_freed_by"), 2000).split("; "))),
        read_number(row["firms"]),
        read_number(row["employees"]),
        read_number(row["r_radius"]),
    )


def _read_radii(release: Release) -> pd.Series[float]:
    parts = release.subscores[release.subscores["scenario"] == "default"]
    known = parts.assign(r_radius=parts["reach"].map(read_radius)).dropna(subset="r_radius")
    return known.drop_duplicates("cluster").set_index("cluster")["r_radius"]


def read_radius(reach: object) -> float:
    """Return the kilometres of a reach.

    Parameters
    ----------
    reach
        As the tables call it.

    Returns
    -------
    float
        NaN for a reach that is no radius.

    Examples
    --------
    >>> read_radius("10 km"), read_radius("beyond")
    (10.0, nan)
    """
    found = _RADIUS.fullmatch(str(reach))
    return float(found[1]) if found else NONE


def _index(table: pd.DataFrame, scenario: str) -> pd.DataFrame:
    return table[table["scenario"] == scenario].drop_duplicates("cluster").set_index("cluster")


def _numbers(values: pd.Series[Any]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return pd.to_numeric(values).to_numpy(np.float64, na_value=np.nan)
