"""What a page carries of a selection: who is chosen, how surely, at what price, why not."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from clustermap.messages import LANGUAGES, Message
from clustermap.render.columns import ALL_DIGITS, FEW_DIGITS, coded, number, numbers
from clustermap.render.money import write_money
from clustermap.render.safe import clean_text
from clustermap.selection.comparators import CURVES, EQUAL
from clustermap.tables import DEFAULT_SCENARIO

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from clustermap.messages import Language
    from clustermap.publish.decision import Decision
    from clustermap.publish.release import Release
    from clustermap.render import contract
    from clustermap.render.contract import Barred, BudgetPath, Portfolio, RulePrices, Told, Way
    from clustermap.render.sentences import Sentences

    Places = Mapping[str, int]
    Names = Mapping[str, Mapping[Language, str]]

_BETWEEN = "; "  # rules that bar a cluster together
_BOUND = re.compile(r"(?P<number>\d+) (?P<by>region|industry|kind) (?P<end>(min|max)(_share)?)")
_SINGLE = re.compile(r"(?P<key>must|must_not) (?P<cluster>.*)", re.DOTALL)
_PLAIN_RULES = ("budget", "unrated", "unknown_reach", "overlaps")
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
    names = name_clusters(release)
    own = decision.selection[decision.selection["scenario"] == DEFAULT_SCENARIO]
    return {
        "currency": clean_text(decision.currency),
        "capability": float(decision.capability),
        "reach": decision.reach,
        "exponent": float(decision.exponent),
        "curves": list(CURVES),
        "cost": numbers(_align(own, places)["cost"], ALL_DIGITS),
        "portfolios": [
            _portfolio(decision, scenario, places, (names, sentences))
            for scenario in dict.fromkeys([DEFAULT_SCENARIO, *decision.portfolios["scenario"]])
        ],
    }


def name_clusters(release: Release) -> dict[str, dict[Language, str]]:
    """Return the name of every cluster, which sentences say instead of its identifier.

    Parameters
    ----------
    release
        What may leave the house.

    Returns
    -------
    dict
        Cluster to its name by language; the identifier where it has none.
    """
    table = release.clusters
    named = zip(table.index, table["name"], table["name_en"], strict=True)
    return {
        str(cluster): {
            "ko": clean_text(own) or clean_text(other) or clean_text(str(cluster)),
            "en": clean_text(other) or clean_text(own) or clean_text(str(cluster)),
        }
        for cluster, own, other in named
    }


def tell_rule(family: str, names: Names, language: Language) -> Message:
    """Say which rule of the project file a price or a bar belongs to.

    Parameters
    ----------
    family
        Rule as the tables call it.
    names
        From :func:`name_clusters`.
    language
        Language of the names.

    Returns
    -------
    Message
        A rule that is of no known form is told as it stands.
    """
    if family in _PLAIN_RULES:
        return Message(f"page.choice.rule.{family}")
    if bound := _BOUND.fullmatch(family):
        by = Message(f"page.choice.by.{bound['by']}")
        return Message(f"page.choice.rule.{bound['end']}", {"number": bound["number"], "by": by})
    single = _SINGLE.fullmatch(family)
    if single and single["cluster"] in names:
        name = names[single["cluster"]][language]
        return Message(f"page.choice.rule.{single['key']}", {"cluster": name})
    return Message("page.as_is", {"value": clean_text(family)})


def tell_plainly(message: Message, names: Names, currency: str, language: Language) -> Message:
    """Return a sentence of a choice with names instead of identifiers and money that can be read.

    Parameters
    ----------
    message
        One of ``Decision.told``.
    names
        From :func:`name_clusters`.
    currency
        Of all money.
    language
        Language of names and money.

    Returns
    -------
    Message
        The same sentence; values that are told plainly already stay as they are.
    """

    def plain(name: str, value: object) -> object:
        if isinstance(value, Message):
            return tell_plainly(value, names, currency, language)
        if isinstance(value, tuple | list):
            return tuple(plain(name, part) for part in value)
        if name in {"spent", "amount"} and _MONEY.fullmatch(str(value)):
            return write_money(float(str(value).replace(",", "")), currency, language)
        if name in {"cluster", "clusters"} and str(value) in names:
            return names[str(value)][language]
        return value

    told = {name: plain(name, value) for name, value in dict(message.values).items()}
    return Message(message.key, told)


def _align(rows: pd.DataFrame, places: Places) -> pd.DataFrame:
    """Return one row a cluster in the order of the page, with nulls where there is none."""
    return rows.set_index("cluster").reindex(list(places))


def _portfolio(
    decision: Decision, scenario: str, places: Places, words: tuple[Names, Sentences]
) -> Portfolio:
    names, sentences = words
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
    told = [
        {of: tell_plainly(one, names, decision.currency, of) for of in LANGUAGES}
        for one in decision.told.get(scenario, ())
    ]
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
        "told": [sentences.add_each(one) for one in told],
        "chosen": [place for place, one in enumerate(chosen) if one],
        "standing": coded(own["standing"]),
        "inclusion": numbers(own["inclusion"], FEW_DIGITS),
        "low": numbers(own["inclusion_low"], FEW_DIGITS),
        "high": numbers(own["inclusion_high"], FEW_DIGITS),
        "counted": numbers(own["counted"]),
        "order": numbers(own["money_order"]),
        "ineligible": coded(own["ineligible"]),
        "times": numbers(lacking["times"].mask(chosen)),
        "least": numbers(least.mask(chosen), FEW_DIGITS + 1),
        "barred": _barred(lacking["barred"], words),
        "path": _path(rows["budget_path"], rows["budget_steps"], places),
        "ways": _ways(rows["comparators"]),
        "prices": _prices(rows["rule_prices"], whole, words),
    }


def _barred(column: pd.Series[str], words: tuple[Names, Sentences]) -> Barred:
    known = list(dict.fromkeys(["", *column.fillna("")]))
    at = {text: place for place, text in enumerate(known)}
    return {
        "rules": [
            [_tell_rule(part, words) for part in text.split(_BETWEEN)] if text else []
            for text in known
        ],
        "codes": [at[text] for text in column.fillna("")],
    }


def _tell_rule(family: str, words: tuple[Names, Sentences]) -> Told:
    names, sentences = words
    return sentences.add_each({of: tell_rule(family, names, of) for of in LANGUAGES})


def _path(path: pd.DataFrame, steps: pd.DataFrame, places: Places) -> BudgetPath:
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


def _prices(
    rows: pd.DataFrame, whole: pd.Series[float], words: tuple[Names, Sentences]
) -> RulePrices:
    worth = float(whole["worth"])
    return {
        "rule": [_tell_rule(str(rule), words) for rule in rows["rule"]],
        "price": numbers(rows["price"].astype(float) / (worth or float("nan")), FEW_DIGITS),
        "enter": numbers(rows["enter"]),
        "leave": numbers(rows["leave"]),
        "conflict": [int(one) for one in rows["conflict"]],
    }
