"""What a page carries of a selection: who is chosen, how surely, at what price, why not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from clustermap.messages import LANGUAGES, Message
from clustermap.render.columns import ALL_DIGITS, DIGITS, FEW_DIGITS, coded, number, numbers
from clustermap.render.money import write_money
from clustermap.render.safe import clean_text
from clustermap.selection.comparators import CURVES, EQUAL
from clustermap.selection.robustness import EVEN
from clustermap.selection.rules import BUDGET
from clustermap.tables import DEFAULT_SCENARIO

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from clustermap.messages import Language
    from clustermap.publish.decision import Decision
    from clustermap.publish.release import Release
    from clustermap.render import contract
    from clustermap.render.contract import Barred, BudgetPath, Portfolio, RulePrices, Told, Way
    from clustermap.render.sentences import Sentences

    Places = Mapping[str, int]
    Labels = Mapping[str, Mapping[Language, str]]
    Tell = Callable[[Message], Told]

LEANINGS = ("linkage", "capability", "reach", "cost")
"""What the order by value for money may go with."""

_CAP = "selection.rule.cap_clusters"
_CAPS = f"{_CAP}_each"
_BETWEEN = "; "  # rules that bar a cluster together
_AMOUNTS, _CLUSTERS, _GROUPS = {"spent", "amount", "money"}, {"cluster", "clusters"}, {"group"}
_GROUPED_BY = ("region", "kind")  # columns in which a cluster stands in one group at most
_MONEY = re.compile(r"[\d,]+(\.\d+)?")


def describe_decision(
    release: Release, places: Places, sentences: Sentences
) -> contract.Decision | None:
    """Return what is chosen under the budget.

    Parameters
    ----------
    release
        What may leave the house.
    places
        Cluster to its place in the list.
    sentences
        Takes in what is said of the choice.

    Returns
    -------
    Decision or None
        None where nothing was asked to be chosen.
    """
    decision = release.decision
    if decision is None:
        return None
    terms = find_terms(release, decision.currency)

    def tell(message: Message) -> Told:
        return sentences.add_each({of: terms.tell(message, of) for of in LANGUAGES})

    own = _align(decision.selection[decision.selection["scenario"] == DEFAULT_SCENARIO], places)
    current = own["current"].astype(float) if "current" in own else own["cost"] * float("nan")
    return {
        "currency": clean_text(decision.currency),
        "reach": decision.reach,
        "partial": bool(decision.industries),
        "curves": list(CURVES),
        "even": list(EVEN),
        "cost": numbers(own["cost"], ALL_DIGITS),
        "current": numbers(current, ALL_DIGITS) if (current > 0).any() else None,
        "portfolios": [
            _portfolio(decision, scenario, places, tell, release.clusters)
            for scenario in dict.fromkeys([DEFAULT_SCENARIO, *decision.portfolios["scenario"]])
        ],
    }


@dataclass(frozen=True)
class Terms:
    """What sentences of a selection say in place of keys.

    Parameters
    ----------
    names
        Cluster to its name by language.
    industries
        Strategic industry to its label by language.
    currency
        Of all money.
    """

    names: Labels
    industries: Labels
    currency: str

    def tell(self, message: Message, language: Language) -> Message:
        """Return a sentence with names instead of keys and with money that can be read.

        Parameters
        ----------
        message
            A sentence of ``Decision.told`` or ``Decision.rules``.
        language
            Language of names and money.

        Returns
        -------
        Message
            The same sentence; values that are told plainly already stay as they are.
        """
        told = {
            name: self._put(name, value, language) for name, value in dict(message.values).items()
        }
        return Message(message.key, told)

    def _put(self, name: str, value: object, language: Language) -> object:
        if isinstance(value, Message):
            return self.tell(value, language)
        if isinstance(value, tuple | list):
            return tuple(self._put(name, part, language) for part in value)
        text = str(value)
        if name in _AMOUNTS and _MONEY.fullmatch(text):
            return write_money(float(text.replace(",", "")), self.currency, language)
        labels = self.industries if name in _GROUPS else self.names if name in _CLUSTERS else {}
        return clean_text(labels[text][language]) if text in labels else value


def find_terms(release: Release, currency: str) -> Terms:
    """Return what sentences of a release say in place of keys.

    Parameters
    ----------
    release
        What may leave the house.
    currency
        Of all money.

    Returns
    -------
    Terms
        A cluster without a name is told by its identifier. Names that only one cluster has stand
        for it, too: sentences may hold them instead.
    """
    table = release.clusters
    named = zip(table.index, table["name"], table["name_en"], strict=True)
    found: dict[str, dict[Language, str]] = {
        str(cluster): {
            "ko": clean_text(own) or clean_text(other) or clean_text(str(cluster)),
            "en": clean_text(other) or clean_text(own) or clean_text(str(cluster)),
        }
        for cluster, own, other in named
    }
    single = table["name"].drop_duplicates(keep=False)
    alike = {str(name): found[str(at)] for at, name in single.items()}
    return Terms({**alike, **found}, release.industries, clean_text(currency))


@dataclass(frozen=True)
class _Rules:
    # What the rules of a scenario ask for, by the names that the tables give them.
    known: Mapping[str, Message]
    say: Tell

    def tell(self, family: str) -> Told:
        return self.say(self.known.get(family, Message("page.as_is", {"value": family})))

    def split(self, joined: str) -> list[str]:
        whole = joined in self.known  # a name may hold what stands between names
        return [] if not joined else [joined] if whole else joined.split(_BETWEEN)

    def tell_all(self, joined: str) -> list[Told]:
        return [self.tell(part) for part in self.split(joined)]


def _align(rows: pd.DataFrame, places: Places) -> pd.DataFrame:
    """Return one row a cluster in the order of the page, with nulls where there is none."""
    return rows.set_index("cluster").reindex(list(places))


def _portfolio(
    decision: Decision, scenario: str, places: Places, tell: Tell, clusters: pd.DataFrame
) -> Portfolio:
    rules = _Rules(decision.rules.get(scenario, {}), tell)
    rows = {
        key: table[table["scenario"] == scenario]
        for key, table in vars(decision).items()
        if isinstance(table, pd.DataFrame)
    }
    whole = rows["portfolios"].iloc[0]
    own = _align(rows["selection"], places)
    chosen = (own["selected"] == 1).fillna(value=False)
    lacking = _align(rows["why_not"], places)
    gain = own["gain"].astype(float)
    least = 1 + lacking["lacks_least"].astype(float) / gain.where(gain > 0)
    barring = own["ineligible"].fillna("") != ""
    grouped = clusters[list(_GROUPED_BY)].reindex(list(places)).fillna("")
    return {
        "name": clean_text(scenario),
        "profile": clean_text(decision.profiles.get(scenario, "")),
        "budget": number(float(whole["budget"]), ALL_DIGITS),
        "feasible": bool(whole["feasible"]),
        "spent": number(float(whole["spent"]), ALL_DIGITS),
        "core": int(whole["core"]),
        "borderline": int(whole["borderline"]),
        "draws": int(whole["draws"]),
        "unrated": int(whole["unrated"]),
        "unrated_chosen": int(whole["unrated_chosen"]),
        "capability": _or_else(whole, "capability_weight", decision.capability),
        "exponent": _or_else(whole, "reach_exponent", decision.exponent),
        "told": [tell(one) for one in decision.told.get(scenario, ())],
        "chosen": [place for place, one in enumerate(chosen) if one],
        "standing": coded(own["standing"]),
        "inclusion": numbers(own["inclusion"], FEW_DIGITS),
        "low": numbers(own["inclusion_low"], FEW_DIGITS),
        "high": numbers(own["inclusion_high"], FEW_DIGITS),
        "counted": numbers(own["counted"]),
        "order": numbers(own["money_order"].mask(barring)),
        "ineligible": coded(own["ineligible"]),
        "times": numbers(lacking["times"].mask(chosen)),
        "least": numbers(least.mask(chosen), FEW_DIGITS + 1),
        "value": numbers(_value(own, chosen, barring), FEW_DIGITS),
        "barred": _barred(lacking["barred"], rules),
        "freed": _freed(lacking["freed_by"], grouped, chosen, rules)
        if "freed_by" in lacking
        else None,
        "rules": [rules.tell(family) for family in rules.known if family != BUDGET],
        "leaning": {
            name: number(_or_else(whole, f"leaning_{name}", float("nan")), FEW_DIGITS)
            for name in LEANINGS
        },
        "path": _path(rows["budget_path"], rows["budget_steps"], places, float(whole["worth"])),
        "ways": _ways(rows["comparators"]),
        "prices": _prices(rows["rule_prices"], whole, rules),
    }


def _value(own: pd.DataFrame, chosen: pd.Series[bool], barring: pd.Series[bool]) -> pd.Series[Any]:
    """Return worth for a unit of money of those left out, against the least of the chosen."""
    cost = own["cost"].astype(float)
    value = own["gain"].astype(float) / cost.where(cost > 0)
    least = value[chosen].min()
    return (value / (least if least > 0 else float("nan"))).mask(chosen | barring)


def _or_else(whole: pd.Series[Any], column: str, otherwise: float) -> float:
    """Return a number of a scenario, or that of the project where it has none of its own."""
    value = whole.get(column)
    return float(otherwise if value is None or pd.isna(value) else value)


def _barred(column: pd.Series[str], rules: _Rules) -> Barred:
    known = list(dict.fromkeys(["", *column.fillna("")]))
    at = {text: place for place, text in enumerate(known)}
    return {
        "rules": [rules.tell_all(text) for text in known],
        "codes": [at[text] for text in column.fillna("")],
    }


def _freed(
    column: pd.Series[str], grouped: pd.DataFrame, chosen: pd.Series[bool], rules: _Rules
) -> Barred:
    """Return the rules without any one of which a cluster would be chosen.

    A cap is named by the cluster's own group where that group is full.
    """
    column = column.fillna("")
    inside = {by: grouped[by].where(chosen.to_numpy()).value_counts() for by in grouped}

    def name(family: str, place: int) -> Told:
        known = rules.known.get(family)
        by = next((word for word in family.split()[1:2] if word in inside), "")
        group = str(grouped[by].iloc[place]) if by else ""
        if known is None or not group or not known.key.startswith(_CAPS):
            return rules.tell(family)
        end = dict(known.values)["end"]
        if inside[by].get(group, 0) < float(str(end)):
            return rules.tell(family)
        return rules.say(Message(_CAP, {"group": group, "end": end}))

    told: list[list[Told]] = [[]]
    codes = []
    for place, text in enumerate(column):
        own = [name(family, place) for family in rules.split(text)]
        if own not in told:
            told.append(own)
        codes.append(told.index(own))
    return {"rules": told, "codes": codes}


def _path(path: pd.DataFrame, steps: pd.DataFrame, places: Places, worth: float) -> BudgetPath:
    path = path.sort_values("budget_share")
    taken = steps[steps["selected"] == 1]
    found: dict[Hashable, set[int]] = {
        share: {places[str(c)] for c in rows["cluster"] if str(c) in places}
        for share, rows in taken.groupby("budget_share")
    }
    sets = [set[int](), *(found.get(share, set()) for share in path["budget_share"])]
    pairs = list(pairwise(sets))
    return {
        "share": [float(share) for share in path["budget_share"]],
        "budget": numbers(path["budget"], ALL_DIGITS),
        "feasible": [int(one) for one in path["feasible"]],
        "spent": numbers(path["spent"], ALL_DIGITS),
        "worth": numbers(path["worth"].astype(float) / (worth or float("nan")), DIGITS),
        "enter": [sorted(after - before) for before, after in pairs],
        "leave": [sorted(before - after) for before, after in pairs],
    }


def _ways(rows: pd.DataFrame) -> list[Way]:
    equal = rows[rows["comparator"] == EQUAL].set_index("curve")["worth"].reindex(CURVES)
    return [
        _way(way, rows[rows["comparator"] == way].set_index("curve").reindex(CURVES), equal)
        for way in rows["comparator"].drop_duplicates()
    ]


def _way(way: str, rows: pd.DataFrame, equal: pd.Series[float]) -> Way:
    first = rows.iloc[0]
    share = rows["worth"] / equal.where(equal > 0)
    return {
        "way": way,
        "ratio": numbers(share, FEW_DIGITS + 1),
        "beaten": numbers(rows["beaten"], FEW_DIGITS),
        "spent": number(float(first["spent"]), ALL_DIGITS),
        "reached": number(float(first["reached"])),
        "firms": number(float(first["firms_reached"]), ALL_DIGITS),
        "people": number(float(first["people_reached"]), ALL_DIGITS),
        "hhi_region": number(float(first["hhi_region"]), FEW_DIGITS),
        "top_region": clean_text(first["top_region"]),
        "top_region_share": number(float(first["top_region_share"]), FEW_DIGITS),
        "hhi_industry": number(float(first["hhi_industry"]), FEW_DIGITS),
        "top_industry": clean_text(first["top_industry"]),
        "top_industry_share": number(float(first["top_industry_share"]), FEW_DIGITS),
    }


def _prices(rows: pd.DataFrame, whole: pd.Series[float], rules: _Rules) -> RulePrices:
    worth = float(whole["worth"])
    return {
        "rule": [rules.tell(str(rule)) for rule in rows["rule"]],
        "price": numbers(rows["price"].astype(float) / (worth or float("nan")), FEW_DIGITS),
        "enter": numbers(rows["enter"]),
        "leave": numbers(rows["leave"]),
        "conflict": [int(one) for one in rows["conflict"]],
    }
