"""The decision memo: what is sure stands apart from what is not, and no user text is markup."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import shapely

import clustermap
from clustermap.errors import TableFault
from clustermap.messages import LANGUAGES, Message, say
from clustermap.render.bars import portion
from clustermap.render.links import join_squares
from clustermap.render.markup import Words
from clustermap.render.memo.brief import Case, write_brief
from clustermap.render.memo.comparison import tell_verdict
from clustermap.render.memo.document import draw_memo
from clustermap.render.memo.dossier import _find_partners
from clustermap.render.memo.drawing import Spot, View, draw_labels, frame, shorten_label
from clustermap.render.memo.money import Money
from clustermap.render.memo.sureness import tell_crossed, tell_even
from clustermap.render.safe import clean_text
from tests.certain import certain
from tests.javascript_tools import AXE
from tests.render import memo_world, worlds
from tests.render.test_accessibility import find_violations
from tests.small_world import build_small_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clustermap.messages import Language
    from clustermap.publish.decision import Decision
    from clustermap.publish.release import Release
    from tests.chromium import Visit
    from tests.conftest import Require

    Go = Callable[..., Visit]

DRAWN = "document.readyState == 'complete'"
VOID = {"meta", "input"}
ALL = ["data", "method", "portfolio", "map", "against", "prices", "budget", "sensitivity",
       "supported", "nearest", "missed", "clusters", "silence"]  # fmt: skip


@pytest.fixture(scope="module")
def release() -> Release:
    return memo_world.decided_release()


@pytest.fixture(scope="module")
def page(release: Release) -> bytes:
    return draw_memo(release)


@pytest.fixture(scope="module")
def short_page() -> bytes:
    """Draw a memo of few clusters, for what takes long in a browser."""
    return draw_memo(memo_world.decided_release(24, share=0.2))


@pytest.fixture(scope="module")
def hostile() -> Release:
    return memo_world.hostile_release()


class Reader(HTMLParser):
    """The texts of one language by section, and every id and address."""

    def __init__(self, language: Language) -> None:
        super().__init__()
        self.language = language
        self.open: list[tuple[str, str]] = []
        self.inside = 0
        self.told: dict[str, list[str]] = {}
        self.ids: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.ids += [str(known["id"])] if "id" in known else []
        self.addresses += [str(known["href"])] if "href" in known else []
        if tag in VOID:
            return
        key = str(known.get("id") or "") if tag in {"section", "article"} else ""
        self.open.append((tag, key))
        if known.get("class") == f"page in-{self.language}":
            self.inside = len(self.open)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag
        if len(self.open) < self.inside:
            self.inside = 0

    def handle_data(self, data: str) -> None:
        if self.inside:
            key = next((key for _, key in reversed(self.open) if key), "")
            self.told.setdefault(key.removeprefix(f"{self.language}-"), []).append(data)


def read(page: bytes, language: Language = "en") -> Reader:
    reader = Reader(language)
    reader.feed(page.decode())
    reader.close()
    assert reader.open == []
    return reader


def sections(page: bytes, language: Language = "en") -> dict[str, str]:
    return {key: "|".join(texts) for key, texts in read(page, language).told.items()}


def decided(release: Release) -> Decision:
    return certain(release.decision)


def list_sections(page: bytes) -> list[str]:
    found = re.findall(r'<section id="en-(\w+)" class="part', page.decode())
    again = re.findall(r'<section id="ko-(\w+)" class="part', page.decode())
    assert found == again
    return found


# --- what is told


def test_the_first_page_says_how_sure_the_answer_is(page: bytes) -> None:
    told = sections(page)["summary"]
    assert "Which clusters should be supported with 10.3 billion won?" in told
    assert "9 clusters are worth most together; they cost 10.3 billion won" in told
    assert "Of these 4 are core and surely belong; the other 5 are borderline." in told
    assert "at least 95\u202f%. Exterior: the upper bound is at most 5\u202f%." in told
    assert "that of 80 draws of the scores" in told
    assert "What support would achieve is not estimated." in told
    assert "9 of 40 clusters (with 85 firms) were left out" in told
    korean = sections(page, "ko")["summary"]
    assert "예산 103억 원, 어느 클러스터를 지원할 것인가?" in korean
    assert "이 가운데 4곳은 확실하고, 나머지 5곳은 경계에 있습니다." in korean


def test_the_first_page_names_all_that_are_chosen(release: Release, page: bytes) -> None:
    told = sections(page)["summary"]
    brief = write_brief(release, Words("en"))
    for case in brief.chosen:
        share = f"|{portion(case.inclusion)}\u202f%" if case.mark == "within" else ""
        assert f"|{brief.money.number(case.cost)}{share}|" in told.split(case.name[:12])[1]
        assert case.place.split()[0] in told.split(case.name[:12])[1][:60]
    assert "Rules kept: " in told
    assert "at least 2" in told.split("Rules kept: ")[1].split("|")[0]


@pytest.mark.parametrize(
    ("leaning", "said"),
    [
        ((0.05, 0.4, 0.5, -0.3), "it goes mainly with large size, high capability, low cost."),
        ((-0.19, 0.1, -0.1, 0.1), "hardly follows linkages, nor anything else closely."),
        ((0.3, 0.5, 0.5, -0.3), "puts high linkage scores first."),
        ((-0.3, 0.5, 0.5, -0.3), "low linkage scores come first."),
    ],
)  # fmt: skip
def test_the_first_page_says_what_the_order_leans_on(
    release: Release, leaning: tuple[float, ...], said: str
) -> None:
    names = ("linkage", "capability", "reach", "cost")
    known = {f"leaning_{name}": rho for name, rho in zip(names, leaning, strict=True)}
    own = decided(release)
    turned = replace(own, portfolios=own.portfolios.assign(**known))
    told = sections(draw_memo(replace(release, decision=turned)))["summary"]
    assert said in told
    brief = write_brief(release, Words("en"))
    best = sorted((c for c in brief.cases.values() if c.score > 0), key=lambda c: -c.score)[:9]
    shared = sum(case.selected for case in best)
    assert f"Of the 9 clusters with the highest linkage scores {shared} are chosen." in told


def test_only_shares_about_the_middle_are_said_to_be_undecided(release: Release) -> None:
    brief = write_brief(release, Words("en"))
    one = next(case for case in brief.cases.values() if case.mark == "within")
    cases = [replace(one, inclusion=share) for share in (0.97, 0.8, 0.2, 0.31, 0.1)]
    assert tell_even(brief, cases) == [
        "1 are nearly sure, but fall short of the bar (above 80\u202f%).",
        "Of 3 the data do not decide whether they belong (share of 20–80\u202f%).",
        "1 are left out in most draws (below 20\u202f%).",
    ]
    away = [replace(case, selected=False) for case in cases]
    assert "are left out though most draws choose them" in tell_even(brief, away)[0]
    assert "30\u202f% is chosen while one with 44\u202f% is not" in tell_crossed(
        brief, [replace(one, inclusion=0.3)], [replace(one, inclusion=0.44)]
    )
    assert tell_crossed(brief, cases[:1], away[1:]) == ""


def test_what_the_draws_do_not_vary_is_said(release: Release) -> None:
    told = sections(draw_memo(release))
    assert "Which clusters are rated at all, and the data themselves, stay" in told["portfolio"]
    assert any("in all draws the same clusters are rated" in text for text in told.values())


def test_sections_stand_in_their_order(page: bytes) -> None:
    assert list_sections(page) == ALL
    headings = re.findall(r"<h2><b>(\d+)</b>", page.decode())
    assert headings == [str(number) for number in range(1, 14)] * 2


def test_what_is_sure_stands_apart_from_what_is_not(release: Release, page: bytes) -> None:
    told = sections(page)["portfolio"]
    heads = r"Core: 4|Borderline, chosen: 5|Borderline, not chosen: 5"
    parts = re.split(heads, told)
    assert len(parts) == 4
    table = decided(release).selection
    own = table[table["scenario"] == "default"].set_index("cluster")
    names = release.clusters["name_en"]
    kinds = [("core", 1), ("borderline", 1), ("borderline", 0)]
    for (standing, chosen), part in zip(kinds, parts[1:], strict=True):
        rows = own[(own["standing"] == standing) & (own["selected"] == chosen)]
        assert all(names[cluster] in part for cluster in rows.index)
        cost = rows["cost"].sum() / 1e9
        assert f"|{cost:,.1f}|" in part  # the sum of its costs, in billion won
    first = own[(own["standing"] == "borderline") & (own["selected"] == 1)].iloc[0]
    assert f"|{100 * first['inclusion']:.0f}| |(" in parts[2]
    assert "exterior: they surely do not belong. |Besides, 9 could not be chosen" in parts[3]


def test_ways_of_giving_are_held_against_it_by_three_responses(
    release: Release, page: bytes
) -> None:
    told = sections(page)["against"]
    rows = decided(release).comparators
    own = rows[rows["scenario"] == "default"]
    worth = own.set_index(["curve", "comparator"])["worth"]
    for way in ("selection", "equal", "proportional", "top", "random", "current"):
        for _, row in own[own["comparator"] == way].iterrows():
            base = worth[row["curve"], "equal"] or worth[row["curve"], "selection"]
            assert f"|{row['worth'] / base:,.2f}×|" in told
            if way not in {"selection", "current"}:
                assert f"own ahead in {portion(row['beaten'])}\u202f%" in told
    assert "depends on the assumption" in told


def test_support_as_it_is_is_other_money(release: Release) -> None:
    table = decided(release).comparators
    now = table["comparator"] == "current"
    dear = table.assign(
        spent=table["spent"].where(~now, 5e10), beaten=table["beaten"].where(now, 1)
    )
    brief = write_brief(
        replace(release, decision=replace(decided(release), comparators=dear)), Words("en")
    )
    told = sections(draw_memo(brief.release))
    assert tell_verdict(brief) == "memo.against.always"
    assert "Support as it is" not in told["summary"]
    assert "spends 50 billion won: this is other money than the budget of 10.3" in told["against"]
    assert "|other money: 50 billion won|" in told["against"]


def test_where_an_equal_split_brings_nothing_the_own_is_the_base(release: Release) -> None:
    table = decided(release).comparators
    nothing = (table["comparator"] == "equal") & (table["curve"] == "threshold")
    table = table.assign(worth=table["worth"].where(~nothing, 0.0))
    page = draw_memo(replace(release, decision=replace(decided(release), comparators=table)))
    told = sections(page)["against"]
    assert told.count("the equal split is worth 0 here: the project's own = 1") == 1
    assert "|0.00×|" in told


@pytest.mark.parametrize(
    ("beaten", "key"), [(1.0, "always"), (0.95, "always"), (0.94, "never"), (0.0, "never")]
)
def test_it_is_ahead_only_where_nearly_all_draws_say_so(
    release: Release, beaten: float, key: str
) -> None:
    table = decided(release).comparators.assign(beaten=beaten)
    decision = replace(decided(release), comparators=table)
    brief = write_brief(replace(release, decision=decision), Words("en"))
    assert tell_verdict(brief) == f"memo.against.{key}"


def test_rules_and_their_prices(page: bytes) -> None:
    told = sections(page)["prices"]
    assert told.index("the 9 clusters that the data do not rate") < told.index("at least 2")
    assert "|10\u202f%|" in told  # 0.1 of the worth
    assert "|0\u202f%|" in told


def test_the_budget_says_who_drops_out(release: Release, page: bytes) -> None:
    told = sections(page)["budget"]
    path = decided(release).budget_path
    own = path[path["scenario"] == "default"].set_index("budget_share")
    less = 100 * (1 - own.loc[0.9, "worth"] / own.loc[1.0, "worth"])
    assert f"With 10\u202f% less money the portfolio is worth {less:.1f}\u202f% less." in told
    assert "no portfolio keeps the rules" in told
    steps = decided(release).budget_steps
    steps = steps[(steps["scenario"] == "default") & (steps["selected"] == 0)]
    named = release.clusters["name_en"]
    for cluster in set(steps["cluster"]):
        row = told.split(f"|{named[cluster]}|")[1].split("|")
        assert any(part.startswith("from ") and "not at" in part for part in row[:6])


def test_support_as_it_is_is_no_list_to_be_ended(release: Release, page: bytes) -> None:
    told = sections(page)["supported"]
    assert "This is no list of support to be ended" in told
    table = decided(release).selection
    own = table[(table["scenario"] == "default") & (table["current"] > 0)]
    left_out = own[own["selected"] == 0]
    assert f"{len(left_out)} clusters have public money now" in told
    assert f"Of those with money now {len(own) - len(left_out)} are in it." in told
    unrated = int((left_out["ineligible"] != "").sum())
    assert f"{unrated}: not eligible, for want of data." in told
    rows = told.split("Money now")[1]
    assert rows.index("surely does not belong") < rows.index("not eligible")


def test_what_the_order_leans_on_is_told(release: Release, page: bytes) -> None:
    told = sections(page)["sensitivity"]
    assert "|Reach|0.87|" in told
    assert "|Cost|−0.65|" in told
    assert "was not computed" in told
    own = decided(release)
    portfolios = own.portfolios.assign(reach_exponent=[0.5, 0.0])
    varied = draw_memo(replace(release, decision=replace(own, portfolios=portfolios)))
    assert (
        "Scenarios with other powers stand in the table above." in sections(varied)["sensitivity"]
    )


def test_nearly_chosen_are_told_with_what_they_lack(release: Release, page: bytes) -> None:
    told = sections(page)["nearest"]
    rows = decided(release).why_not
    own = rows[(rows["scenario"] == "default") & (rows["lacks"] > 0)].sort_values("times")
    table = decided(release).selection
    standing = table[table["scenario"] == "default"].set_index("cluster")["standing"]
    own = own[(own["cluster"].map(standing) == "borderline").to_numpy()]
    shown = [f"{100 * (times - 1):,.1f}" for times in own["times"]]
    found = re.findall(r"worth ([\d.,]+)\u202f% more", told)
    assert len(found) > 0
    assert found == shown[:12]


def test_high_scores_that_are_not_chosen_say_why(release: Release) -> None:
    own = decided(release)
    brief = write_brief(release, Words("en"))
    away = sorted((c for c in brief.cases.values() if not c.selected and c.score > 0),
                  key=lambda c: -c.score)[:10]  # fmt: skip
    first, second = away[0], away[1]
    freed = own.why_not["cluster"].map({first.cluster: "budget; 9 none"}).fillna("")
    layer = release.clusters.assign(employees=release.clusters["employees"].astype(float))
    layer.loc[second.cluster, "employees"] = np.nan
    turned = replace(release, clusters=layer,
                     decision=replace(own, why_not=own.why_not.assign(freed_by=freed)))  # fmt: skip
    told = sections(draw_memo(turned))["missed"]
    assert f"The first {len(away)} by linkage score that are not chosen" in told
    places = [told.index(f"|{case.name}|") for case in away]
    assert places == sorted(places)
    least = min(case.gain / case.cost for case in brief.chosen)
    line = told[places[0] : places[1]]
    assert f"|{first.gain / first.cost / least:,.2f}×|" in line
    assert "|the budget of 10.3 billion won; 9 none|" in line
    assert "|withheld|" in told[places[1] : places[2]]
    assert "Chosen without" not in sections(draw_memo(release))["missed"]


def test_what_is_withheld_is_called_so(release: Release) -> None:
    layer = release.clusters.assign(employees=np.nan)
    scores = release.scores.assign(capability=np.nan)
    told = sections(draw_memo(replace(release, clusters=layer, scores=scores)))
    assert told["data"].count("with the middle of their size class") == 1
    assert "|Persons employed|withheld|" in told["cluster-1"]
    assert "|withheld|" in told["clusters"]
    both = sections(draw_memo(release))
    assert ("middle of their size class" in both["data"]) is bool(
        release.clusters[["employees", "firms"]].isna().any(axis=None)
    )


def test_every_chosen_cluster_has_its_page(release: Release, page: bytes) -> None:
    told = sections(page)
    assert [key for key in told if key.startswith("cluster-")] == [
        f"cluster-{number}" for number in range(1, 10)
    ]
    first = told["cluster-1"]
    case = write_brief(release, Words("en")).chosen[0]
    assert f"|{case.name}|" in first
    assert f"|{case.score:.1f}|" in first
    assert f"({case.score_low:.1f}–{case.score_high:.1f})" in first
    assert "Limited interaction between actors" in first
    assert "rules of clustermap" in first
    assert "OECD 1999" in first
    assert "Not decided: Inefficient markets, Government failure." in first
    assert "8.2 km away" in first
    assert "who could bring them together: ○○○대학교".lower() in first.lower()


def test_a_number_that_is_withheld_is_not_made_up(release: Release) -> None:
    ratios = release.ratios.assign(observed=np.nan, expected=np.nan)
    selection = decided(release).selection.assign(gain=np.nan)
    decision = replace(decided(release), selection=selection)
    told = sections(draw_memo(replace(release, ratios=ratios, decision=decision)))
    assert told["cluster-1"].count("withheld") == 10  # five kinds, near and beyond
    assert "nan" not in "".join(told.values()).lower()
    assert all(
        np.isnan(case.merit)
        for case in write_brief(replace(release, decision=decision), Words("en")).cases.values()
    )


def test_profiles_and_industries_have_names(release: Release) -> None:
    own = decided(release)
    rule = Message("selection.rule.cap_share_each", {"group": ("ai", "bio", "none"), "end": "30"})
    prices = own.rule_prices.copy()
    first = prices["rule"].iloc[0]
    prices["rule"] = prices["rule"].replace(first, "9 industry max_share")
    rules = {**own.rules, "default": {**own.rules["default"], "9 industry max_share": rule}}
    labels = {"ai": {"ko": "인공지능", "en": "Thinking"}, "bio": {"ko": "바이오", "en": "Life"}}
    profiles = dict.fromkeys(own.profiles, "balanced")
    own = replace(own, rules=rules, rule_prices=prices, profiles=profiles)
    named = replace(release, industries=labels, decision=own)
    told = sections(draw_memo(named))
    assert "30 % of the money to each of Thinking, Life, none" in told["prices"]
    assert "(profile 'Balanced')" in told["method"]
    assert "|Profile|Balanced|" in told["sensitivity"]
    assert "are not estimated here" in told["method"]


def test_a_rule_of_many_groups_is_told_by_their_number(release: Release) -> None:
    own = decided(release)
    by = Message("selection.by.industry", {"count": 12})
    rule = Message("selection.rule.cap_clusters_each_many", {"group": ("A",), "end": "3", "by": by})
    prices = own.rule_prices.assign(rule="2 industry max").head(1)
    rules = {**own.rules, "default": {**own.rules["default"], "2 industry max": rule}}
    own = replace(own, rules=rules, rule_prices=prices)
    told = sections(draw_memo(replace(release, decision=own)))
    assert "at most 3 clusters in each of 12 industries" in told["prices"]


def test_a_city_that_is_its_own_district_is_named_once(release: Release) -> None:
    layer = release.clusters.assign(region="세종특별자치시", district="세종특별자치시")
    cases = write_brief(replace(release, clusters=layer), Words("ko")).cases.values()
    assert {case.place for case in cases} == {"세종특별자치시"}


# --- what may be missing


def test_where_rules_conflict_they_are_the_answer() -> None:
    page = draw_memo(memo_world.infeasible_release())
    assert list_sections(page) == ["data", "method", "silence"]
    told = sections(page)["summary"]
    assert "Nothing can be chosen" in told
    assert "|the budget of 3,700 million won|" in told
    assert "|'가온' must be chosen|" in told
    assert "Without any single one of them there is a portfolio." in told
    assert "surely" not in told
    assert 'id="near-' not in page.decode()


def test_another_scenario_may_have_a_portfolio_where_the_own_has_none() -> None:
    nation = memo_world.infeasible_release()
    other = decided(memo_world.decided_release(12))
    own = decided(nation)
    joined = {
        name: pd.concat([getattr(own, name), table[table["scenario"] != "default"]])
        for name in ("selection", "portfolios", "comparators")
        for table in [getattr(other, name)]
    }
    page = draw_memo(replace(nation, decision=replace(own, **joined)))
    assert list_sections(page) == ["data", "method", "sensitivity", "silence"]
    told = sections(page)["sensitivity"]
    assert "지역 배분 없음" in told
    assert "|Chosen|–|" in told


def test_without_draws_nothing_is_said_to_be_sure() -> None:
    page = draw_memo(memo_world.decided_release(draws=0))
    told = sections(page)
    assert "how sure this is cannot be told" in told["summary"]
    assert "surely belong" not in "".join(told.values())
    assert "Chosen in % of draws" not in told["portfolio"]
    assert "standing core" not in page.decode()
    assert list_sections(page) == ALL


def test_without_advice_its_parts_are_away(release: Release) -> None:
    own = decided(release)
    nothing = replace(own, selection=own.selection.assign(current=np.nan))
    page = draw_memo(replace(release, advice=None, decision=nothing))
    told = sections(page)
    assert "supported" not in list_sections(page)
    assert "Support so far" in told["silence"]
    assert "Diagnosis" not in told["cluster-1"]
    assert "Missing links" not in told["cluster-1"]
    assert "Diagnosis and responses of clusters" in told["silence"]


def test_without_a_decision_there_is_no_memo(release: Release) -> None:
    with pytest.raises(ValueError, match="no decision"):
        draw_memo(replace(release, decision=None))


def test_where_scenarios_cannot_be_compared_it_is_said(release: Release) -> None:
    own = decided(release)
    alone = {
        name: table[table["scenario"] == "default"]
        for name in ("selection", "portfolios", "rule_prices", "budget_path", "budget_steps",
                     "comparators", "why_not")
        for table in [getattr(own, name)]
    }  # fmt: skip
    told = sections(draw_memo(replace(release, decision=replace(own, **alone))))["sensitivity"]
    assert "There are no other scenarios" in told
    assert "four times as many count 2 times" in told


# --- a sound file


def test_same_release_same_bytes_whatever_the_order_of_rows(release: Release, page: bytes) -> None:
    assert draw_memo(memo_world.decided_release()) == page
    assert b"\r" not in page
    own = decided(release)
    turned = {
        name: getattr(own, name).iloc[::-1]
        for name in ("selection", "rule_prices", "budget_path", "budget_steps", "comparators",
                     "why_not")
    }  # fmt: skip
    assert draw_memo(replace(release, decision=replace(own, **turned))) == page


def test_no_script_and_no_address_but_its_own(page: bytes) -> None:
    markup = page.decode()
    assert "<script" not in markup
    assert not re.search(r"""\s(?:src|on\w+)\s*=|url\(|@import|https?:""", markup)
    assert "default-src 'none'; style-src 'unsafe-inline'" in markup
    reader = read(page)
    assert len(set(reader.ids)) == len(reader.ids)
    assert {address[:1] for address in reader.addresses} == {"#"}
    assert {address[1:] for address in reader.addresses} <= set(reader.ids)


def test_one_language_opens_and_both_are_there(release: Release) -> None:
    for language in LANGUAGES:
        markup = draw_memo(replace(release, language=language)).decode()
        assert f'<html lang="{language}">' in markup
        assert re.findall(r'id="show-(\w+)"[^>]*checked="checked"', markup) == [language]
    told = sections(draw_memo(replace(release, synthetic=True, internal=True)))
    assert say(Message("page.synthetic"), "en") in told[""]
    assert say(Message("page.internal_long"), "en") in told[""]


def test_hostile_text_stays_text(hostile: Release) -> None:
    page = draw_memo(hostile)
    markup = page.decode()
    tags = {name.lower() for name in re.findall(r"<([A-Za-z!][\w-]*)", markup)}
    assert tags.isdisjoint({"img", "script"})
    assert not re.search(r"<!--|\{\{|\$\{", markup.split("</style>")[-1])
    assert "\0" not in markup
    for language in LANGUAGES:
        told = sections(page, language)
        assert {"portfolio", "against", "clusters", "cluster-1"} <= told.keys()
        for attack in worlds.HOSTILE[:3]:
            shown = clean_text(attack)
            for key in ("", "data", "method", "portfolio", "prices", "nearest"):
                assert shown in told[key], key
        assert clean_text(worlds.HOSTILE[0]) in told["against"]  # region that gets most
        assert clean_text(worlds.HOSTILE[1]) in told["sensitivity"]  # a scenario
        pages = "".join(text for key, text in told.items() if key.startswith("cluster-"))
        assert all(clean_text(attack) in pages for attack in worlds.HOSTILE[:3])


# --- money, labels, views


def test_money_is_told_in_one_unit() -> None:
    korean, english = Words("ko"), Words("en")
    assert Money(korean, "KRW", 4e10, [1.5e9, 7e8]).say(4e10) == "400억 원"
    assert Money(korean, "원", 4e10, [1.55e9]).number(1.55e9) == "15.5"
    assert Money(english, "KRW", 4e10, [1.5e9, 7e8]).number(7e8) == "0.7"
    assert Money(english, "EUR", 5e7, [1e6]).say(2.5e7) == "25 million EUR"
    assert Money(english, "EUR", 5e5, [1e3]).say(2500.0) == "2,500 EUR"
    assert Money(korean, "<b>", 5e9).say(12.0) == "12 <b>"
    assert Money(english, "KRW", 4e10).say(np.nan) == "–"


def test_labels_never_lie_on_each_other() -> None:
    view = View(0, 0, 1, 200, 120)
    spots = [Spot(100, 60, 3, f"name {at}", "name", 10) for at in range(9)]
    drawn = draw_labels(spots, view)
    # Nine marks on one spot: a label to its right, one to its left, and no room for a third.
    labels = re.findall(r'x="([\d.]+)" y="63.6" text-anchor="(\w+)"[^>]*>(name \d)<', drawn)
    assert labels == [("106.0", "start", "name 0"), ("94.0", "end", "name 1")]
    assert drawn.count("<text") == 2
    beside = draw_labels([Spot(100, 60, 3, "하나", "a", 10), Spot(100, 61, 3, "둘", "b", 10)], view)
    assert beside.count('text-anchor="start"') == 1
    forced = [*spots, Spot(100, 60, 3, "own", "own", 10, always=True)]
    assert ">own</text>" in draw_labels(forced, view)
    assert shorten_label("가" * 20) == "가" * 15 + "…"
    assert shorten_label("short") == "short"


def test_outlines_are_cut_at_the_view_and_never_shortened() -> None:
    view = frame((0, 0, 10, 10), 100, 100, 0)
    assert view == View(0, 0, 10, 100, 100)
    square = np.array([shapely.box(5, 5, 400, 400)], dtype=object)
    ends = [float(number) for number in re.findall(r"-?[\d.]+", view.outline(square))]
    assert (min(ends), max(ends)) == (50, 104)
    corners = np.array([shapely.Point(5, 5).buffer(4, quad_segs=400)], dtype=object)
    outline = View(0, 0, 1000, 10_000, 10_000).outline(corners)
    assert len(outline) > 2000
    assert outline.endswith("Z")


def test_marks_tell_standings_apart(release: Release) -> None:
    cases = write_brief(release, Words("ko")).cases.values()
    expected = {("core", True): "core", ("borderline", True): "within",
                ("borderline", False): "without", ("exterior", False): "out"}  # fmt: skip
    eligible = [case for case in cases if not case.ineligible]
    assert {(case.standing, case.selected): case.mark for case in eligible} == expected
    assert {case.mark for case in cases if case.ineligible} == {"barred"}
    one: Case = next(iter(cases))
    assert replace(one, standing="undrawn", selected=True).mark == "chosen"


# --- in a browser


CUT = (
    "[...document.querySelectorAll('.memo *')].filter(one => one.offsetWidth > 1"
    " && one.scrollWidth > one.clientWidth + 1 && !one.closest('.scroll')"
    " && getComputedStyle(one).display != 'inline' && !one.classList.contains('part'))"
    ".map(one => one.className + ': ' + one.textContent.slice(0, 60))"
)
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("width", [390, 1440])
def test_opens_in_a_browser_without_a_word(
    visit: Go, require: Require, short_page: bytes, width: int
) -> None:
    require("javascript", AXE.exists(), "scripts/test installs axe-core with npm")
    seen = visit(short_page, width, 844, ready=DRAWN)
    for language, shown, hidden in (("en", "Before deciding", "결정하기 전에"),
                                    ("ko", "결정하기 전에", "Before deciding")):  # fmt: skip
        seen.page.click(f"label[for=show-{language}] >> visible=true")
        told = seen.page.inner_text("body")
        assert shown in told
        assert hidden not in told
        assert seen.page.evaluate(WIDE) == 0
        assert seen.page.evaluate(CUT) == []
        assert find_violations(seen.page) == []
    seen.page.click(".in-ko .contents a[href='#ko-cluster-2']")
    assert seen.page.evaluate("location.hash") == "#ko-cluster-2"
    seen.assert_quiet()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_hostile_names_in_a_browser(visit: Go, hostile: Release, language: Language) -> None:
    page = draw_memo(replace(hostile, language=language))
    seen = visit(page, 1024, 844, ready=DRAWN)
    assert seen.page.locator("h1 >> visible=true").inner_text().startswith("<img src=x")
    assert seen.page.evaluate(WIDE) == 0
    seen.page.emulate_media(media="print")
    assert seen.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    seen.assert_quiet()


def count_pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", pdf))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_prints_on_a4_no_cluster_over_two_pages(
    visit: Go, release: Release, language: Language
) -> None:
    seen = visit(draw_memo(replace(release, language=language)), 680, 960, ready=DRAWN)
    seen.page.emulate_media(media="print")
    assert seen.page.evaluate(CUT) == []  # 680 pixels are the 180 mm between the margins
    heights: list[float] = seen.page.evaluate(
        f"[...document.querySelectorAll('.in-{language} .dossier')].map(one => one.offsetHeight)"
    )
    assert len(heights) == 9
    assert max(heights) < (297 - 28) / 25.4 * 96
    summary = f"document.querySelector('.in-{language} .summary').getBoundingClientRect().bottom"
    assert seen.page.evaluate(summary) < (297 - 28) / 25.4 * 96
    pages = count_pages(seen.page.pdf(prefer_css_page_size=True))
    assert 9 + 9 <= pages <= 9 + 14
    seen.assert_quiet()


def test_sixty_clusters_are_still_a_document(visit: Go) -> None:
    release = memo_world.decided_release(90, share=0.7)
    chosen: Any = decided(release).portfolios["chosen"].iloc[0]
    assert chosen >= 55
    page = draw_memo(release)
    assert len(page) < 4_000_000
    seen = visit(page, 680, 960, ready=DRAWN)
    pages = count_pages(seen.page.pdf(prefer_css_page_size=True))
    assert chosen + 10 <= pages <= chosen + 25
    assert seen.page.locator(".in-ko .contents .named li").count() == chosen
    seen.assert_quiet()


# --- from a project


def test_a_project_writes_it(tmp_path: Path) -> None:
    world = build_small_world()
    file = world.write(tmp_path)
    with pytest.raises(TableFault, match="select"):
        clustermap.write_report(clustermap.open_project(file))
    file.write_text(
        file.read_text(encoding="utf-8") + "\n[select]\nbudget = 3\ncost = 1\ndraws = 60\n",
        encoding="utf-8",
    )
    run = clustermap.write_report(clustermap.open_project(file))
    assert run.memo == tmp_path / "out" / "report" / "memo.html"
    assert run.page is None
    assert run.memo.read_bytes() == draw_memo(certain(run.release))


def test_squares_outside_are_one_partner() -> None:
    flows = pd.DataFrame(
        [
            ("A", "outside:94_194", "research", 3),
            ("outside:-1_7", "A", "support", 4),
            ("A", "B", "research", 6),
            ("outside:unknown", "A", "research", 1),
        ],
        columns=["source", "target", "kind", "links"],
    )
    found = _find_partners(join_squares(flows), {"A"})
    assert found == {"A": [("outside:", 7), ("B", 6), ("outside:unknown", 1)]}
