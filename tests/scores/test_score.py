"""The first score: a small world by hand, and what must hold in any nation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from clustermap.errors import TableFault
from clustermap.indicators import compute_indicators
from clustermap.messages import LANGUAGES, Message, say
from clustermap.scores import Goalposts, Profile, Scored, score_clusters
from clustermap.scores.explain import HIGH, STRONG, WEAK
from clustermap.scores.profile import RatingRules
from clustermap.scores.rating import REASONS, weigh_evidence
from clustermap.tables import SCORES, SUBSCORES, Table
from tests.indicators.worlds import small_world
from tests.scores.files import balanced, goalposts
from tests.scores.nation import draw_nation

if TYPE_CHECKING:
    from clustermap.network.counts import Counts


COMPARED = {
    f"explain.{key}"
    for key in (
        *("strongest", "none_strong", "weakest", "nothing_weak", "lowest_everywhere"),
        *("farthest_above", "farthest_below"),
    )
}


def score(counts: Counts, profile: Profile | None = None, **options: int) -> Scored:
    indicators = compute_indicators(counts)
    return score_clusters(counts, indicators, profile or balanced(), goalposts(), **options)


@pytest.fixture(scope="module")
def nation() -> Counts:
    # Few enough links that some clusters cannot be rated.
    return draw_nation(60, seed=3, links_per_actor=0.4)


@pytest.fixture(scope="module")
def scored(nation: Counts) -> Scored:
    return score(nation, draws=200)


def test_the_parts_of_a_are_those_computed_by_hand() -> None:
    parts = score(small_world(), draws=0).subscores.query("cluster == 'A'").set_index("subscore")

    # (links + 1) / (10 actors + 1 / typical) between the goalposts on a logarithm: 6 internal
    # links, 8 external ones, of which 1 abroad, 5 with other clusters; participation is the mean.
    def part(rate: float, low: float, high: float) -> float:
        return float(1 + 99 * np.log(rate / low) / np.log(high / low))

    outside, abroad = part(9 / 10.5, 0.2, 500), part(2 / 30, 0.005, 10)
    wanted = {
        "local": part(7 / 30, 0.003, 10),
        "openness": (2 * outside + abroad) / 3,
        "participation": 1 + 99 * (0.6 + 0.4) / 2,
        "centrality": part(6 / 10.5, 0.2, 500),
    }
    assert parts["value"].to_dict() == pytest.approx(wanted, abs=1e-9)
    assert (parts["weight"] == 0.25).all()
    assert (parts["basis"] == 11).all()  # 10 firm-firm links and the one project


def test_who_is_rated_and_why_not() -> None:
    table = score(small_world()).scores.set_index("cluster")
    assert table["reason"].to_dict() == {
        "A": "",
        "B": "reason.too_few_links",  # 2 links and 1 project
        "C": "reason.too_few_links",  # 4 links
        "D": "reason.no_records",
    }
    assert table["rank"].isna().to_dict() == {"A": False, "B": True, "C": True, "D": True}


def test_one_project_of_two_kinds_counts_once() -> None:
    counts = small_world()
    one_project = counts.links.assign(units=counts.links["units"].clip(upper=1))
    effective = weigh_evidence(replace(counts, links=one_project), balanced())["effective"]
    assert effective.to_dict() == {"A": 1, "B": 1, "C": 1, "D": 0}


def test_few_linked_actors_do_not_decide() -> None:
    counts = small_world()
    counts = replace(counts, linked=counts.linked.replace({"linked": {8: 2}}))
    found = score(counts)
    assert found.scores["reason"][0] == "reason.too_few_linked"
    assert "explain.linked.needed" in [message.key for message in found.explanations["A"]]


def test_a_part_that_the_data_do_not_hold_is_left_out() -> None:
    counts = small_world()
    indicators = compute_indicators(counts)
    without = indicators[indicators["indicator"] != "strength"]
    found = score_clusters(counts, without, balanced(), goalposts())
    parts = found.subscores.query("cluster == 'A'").set_index("subscore")
    assert parts["weight"].to_dict() == pytest.approx(
        {"local": 1 / 3, "openness": 1 / 3, "participation": 1 / 3, "centrality": 0}
    )
    assert np.isnan(parts.loc["centrality", "value"])
    row = found.scores.iloc[0]
    assert parts["contribution"].sum() == pytest.approx(np.log(row["score"]), abs=1e-12)
    assert row["low"] <= row["score"] <= row["high"]
    assert "note.missing_parts" in [message.key for message in found.explanations["A"]]


def test_a_score_of_too_few_parts_is_not_given() -> None:
    counts = small_world()
    indicators = compute_indicators(counts)
    only = indicators[indicators["indicator"].isin(["actors", "internal_links", "local_share"])]
    only = only[only["indicator"] != "external_links"]
    found = score_clusters(counts, only, balanced(), goalposts(), draws=0)
    assert found.scores["reason"][0] == "reason.too_few_parts"


def test_a_world_without_linkages_rates_nobody() -> None:
    counts = small_world()
    counts = replace(counts, links=counts.links.iloc[:0], linked=counts.linked.iloc[:0])
    found = score(counts)
    assert (found.scores["reason"] == "reason.no_records").all()
    assert found.scores["score"].isna().all()


def test_a_measure_without_goalposts_is_refused() -> None:
    counts = small_world()
    with pytest.raises(TableFault, match="internal_links_per_actors"):
        score_clusters(counts, compute_indicators(counts), balanced(), Goalposts("none", "1", {}))


@pytest.mark.parametrize(("table", "name"), [(SCORES, "scores"), (SUBSCORES, "subscores")])
def test_the_tables_are_as_declared(
    scored: Scored, nation: Counts, table: Table, name: str
) -> None:
    found: pd.DataFrame = getattr(scored, name)
    assert list(found) == [column.name for column in table.columns]
    assert not found.duplicated(list(table.key)).any()
    assert list(found["cluster"].unique()) == list(nation.clusters)
    for column in table.columns:
        value = found[column.name]
        assert not (column.required and value.isna().any())
        if column.minimum is not None:
            assert (value.dropna() >= column.minimum).all()
        if column.maximum is not None:
            assert (value.dropna() <= column.maximum).all()


def test_contributions_sum_to_the_log_score(scored: Scored) -> None:
    rated = scored.scores.query("rated == 1").set_index("cluster")
    assert 10 < len(rated) < len(scored.scores)
    sums = scored.subscores.groupby("cluster")["contribution"].sum()[rated.index]
    np.testing.assert_allclose(sums, np.log(rated["score"]), rtol=0, atol=1e-12)


def test_intervals_and_ranks_fit_each_other(scored: Scored) -> None:
    table = scored.scores
    rated, others = table.query("rated == 1"), table.query("rated == 0")
    assert rated["reason"].eq("").all()
    assert others["reason"].isin(REASONS).all()
    assert others[["score", "low", "high", "rank", "rank_low", "rank_high"]].isna().all(axis=None)
    wanted = rated["score"].rank(ascending=False, method="min").astype("Int64")
    pd.testing.assert_series_equal(rated["rank"], wanted, check_names=False)
    for low, value, high in (("low", "score", "high"), ("rank_low", "rank", "rank_high")):
        assert (rated[low] <= rated[value]).all()
        assert (rated[value] <= rated[high]).all()
    assert rated["rank_high"].max() <= len(rated)


def test_equal_seeds_give_equal_draws(nation: Counts, scored: Scored) -> None:
    again, other = score(nation, draws=200), score(nation, draws=200, seed=2)
    pd.testing.assert_frame_equal(again.scores, scored.scores, check_exact=True)
    assert (other.scores["low"].dropna() != scored.scores["low"].dropna()).any()
    pd.testing.assert_series_equal(other.scores["score"], scored.scores["score"])


def test_the_order_of_clusters_and_rows_changes_nothing(nation: Counts, scored: Scored) -> None:
    order = np.random.default_rng(5).permutation(len(nation.clusters))
    names = ("actors", "by_sector", "by_industry", "links", "linked")
    shuffled = {name: getattr(nation, name).sample(frac=1, random_state=1) for name in names}
    found = score(replace(nation, clusters=nation.clusters[order], **shuffled), draws=200)
    for name in ("scores", "subscores"):
        wanted = getattr(scored, name).set_index("cluster").loc[nation.clusters[order]]
        pd.testing.assert_frame_equal(
            getattr(found, name).set_index("cluster"), wanted, check_exact=True
        )
    assert found.explanations == scored.explanations


def test_clusters_alike_share_a_rank() -> None:
    counts = small_world()
    counts = replace(
        counts,
        **{
            name: pd.concat(
                [
                    getattr(counts, name).query("cluster == 'A'").assign(cluster=cluster)
                    for cluster in "ABCD"
                ],
                ignore_index=True,
            )
            for name in ("actors", "by_sector", "by_industry", "links", "linked")
        },
        network=type(counts.network)(),
    )
    assert score(counts, draws=0).scores["rank"].tolist() == [1, 1, 1, 1]


def test_the_rules_are_the_profile_s(nation: Counts) -> None:
    lax = score(nation, replace(balanced(), rating=RatingRules(0.1, 0)), draws=0).scores
    strict = score(nation, replace(balanced(), rating=RatingRules(50, 3)), draws=0).scores
    assert strict["rated"].sum() < score(nation, draws=0).scores["rated"].sum() < lax["rated"].sum()
    assert (
        weigh_evidence(nation, balanced())["effective"][strict["rated"].eq(1).to_numpy()] >= 50
    ).all()


def test_other_links_are_never_scored() -> None:
    counts = small_world()
    other = counts.links.query("kind == 'research'").assign(kind="other", units=50.0, external=99)
    mixed = replace(counts, links=pd.concat([counts.links, other], ignore_index=True))
    mixed.network.add_edge("B", "C", kind="other", channel="", links=99, weight=1)
    found, before = score(mixed), score(small_world())
    pd.testing.assert_frame_equal(found.scores, before.scores)
    pd.testing.assert_frame_equal(found.subscores, before.subscores)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_explanation_can_be_said(scored: Scored, language: str) -> None:
    for message in (*scored.notes, *(m for found in scored.explanations.values() for m in found)):
        text = say(message, language)
        assert not {"{", "}"} & set(text)
        assert "nan" not in text


def test_explanations_speak_the_numbers_of_the_tables(scored: Scored, nation: Counts) -> None:
    evidence = weigh_evidence(nation, balanced())
    medians = scored.subscores.groupby("subscore")["value"].median()
    parts = scored.subscores.set_index(["cluster", "subscore"])["value"]
    for row in scored.scores.query("rated == 1").to_dict("records"):
        said = scored.explanations[row["cluster"]]
        assert said[0].key == "explain.rank"
        found = {message.key: dict(message.values) for message in said}
        assert found["explain.rank"] == {
            "rated": f"{scored.scores['rated'].sum():,}",
            **{name: f"{row[name]:,}" for name in ("rank", "rank_low", "rank_high")},
            **{name: f"{row[name]:.1f}" for name in ("score", "low", "high")},
        }
        for key in COMPARED & found.keys():
            part = found[key]["part"]
            assert isinstance(part, Message)
            name = part.key.split(".")[1]
            assert found[key]["value"] == f"{parts[row['cluster'], name]:.1f}"
            assert found[key]["median"] == f"{medians[name]:.1f}"
        rests = found["explain.confidence.sentence"]
        assert rests["links"] == f"{evidence['links'][row['cluster']]:,}"
        worth = f"{evidence['effective'][row['cluster']]:,.1f}"
        assert rests["effective"] == worth.removesuffix(".0")


def test_what_is_not_rated_says_what_would_rate_it(scored: Scored) -> None:
    for row in scored.scores.query("rated == 0").to_dict("records"):
        first, *rest = scored.explanations[row["cluster"]]
        assert first == Message("explain.too_few_to_tell", {"reason": Message(row["reason"])})
        assert rest


def test_no_low_part_is_praised_and_no_high_one_blamed() -> None:
    counts = draw_nation(60, seed=3, links_per_actor=25)
    for _, _, edge in counts.network.edges(data=True):
        edge["links"] *= 100
    scored, said = score(counts, draws=0), 0
    for row in scored.scores.query("rated == 1").to_dict("records"):
        parts = scored.subscores[scored.subscores["cluster"] == row["cluster"]]["value"]
        found = {
            message.key: dict(message.values) for message in scored.explanations[row["cluster"]]
        }
        assert ("explain.strongest" in found) == (parts.max() >= STRONG)
        assert ("explain.none_strong" in found) == (parts.max() < STRONG)
        if "explain.weakest" in found:
            assert found["explain.weakest"]["value"] == f"{parts.min():.1f}"
            assert parts.min() < HIGH
        if "explain.nothing_weak" in found:
            assert parts.min() >= WEAK
            said += 1
    assert said


def test_how_local_it_is_is_said_only_from_enough_internal_links() -> None:
    counts = draw_nation(60, seed=3)
    one = counts.links["cluster"] == "c00000"
    few = counts.links.assign(internal=counts.links["internal"].where(~one, 0))
    few.loc[few.index[one][0], ["internal", "external"]] = (6, 20)
    few.loc[few.index[one][1:], ["internal", "external"]] = (0, 0)
    few.loc[one, "units"] = 26.0
    said = score(replace(counts, links=few), draws=0).explanations["c00000"]
    assert "explain.few_internal" in {message.key for message in said}
    many = few.copy()
    many.loc[many.index[one][0], ["internal", "external", "units"]] = (60, 20, 80.0)
    said = score(replace(counts, links=many), draws=0).explanations["c00000"]
    assert "explain.local" in {message.key for message in said}
    many.loc[many.index[one][0], ["internal", "external", "units"]] = (0, 400, 400.0)
    said = score(replace(counts, links=many), draws=0).explanations["c00000"]
    assert "explain.long_distance" in {message.key for message in said}


def test_a_rank_among_few_is_said_to_say_little(scored: Scored) -> None:
    assert "explain.few_rated" in {m.key for m in score(small_world()).explanations["A"]}
    assert not any(
        m.key == "explain.few_rated" for said in scored.explanations.values() for m in said
    )


def test_the_unrated_are_counted_by_reason(scored: Scored) -> None:
    unrated = scored.scores.query("rated == 0")["reason"].value_counts()
    assert scored.unrated == unrated.to_dict()


def test_links_abroad_that_no_record_reaches_are_not_drawn() -> None:
    counts = draw_nation(60, seed=3)
    home = counts.links.assign(external=counts.links["external"] - counts.links["abroad"], abroad=0)
    found = score(replace(counts, links=home), draws=200)
    openness = found.subscores.query("subscore == 'openness'")
    place = (openness["value"] - openness["low"]) / (openness["high"] - openness["low"])
    assert 0.35 < place.median() < 0.65


@pytest.mark.parametrize(("projects", "links_per_actor"), [(1, 0.4), (1, 4), (25, 0.4), (25, 4)])
def test_values_lie_in_the_middle_of_their_intervals(projects: int, links_per_actor: float) -> None:
    # Links of projects: up to 25 links stand on one project, but every project has its link.
    counts = draw_nation(200, seed=3, links_per_actor=links_per_actor)
    total = counts.links["internal"] + counts.links["external"]
    units = np.minimum(total, np.maximum(counts.links["units"] / projects, 1))
    counts = replace(counts, links=counts.links.assign(units=units))
    found = score(counts, replace(balanced(), rating=RatingRules(3, 3)), draws=400)
    rated = found.scores.query("rated == 1").astype({"rank": float})
    assert len(rated) > 40
    assert found.widened <= 0.01 * len(rated)
    place = (rated["score"] - rated["low"]) / (rated["high"] - rated["low"])
    assert 0.35 < place.median() < 0.65
    ranks = rated[["rank_low", "rank_high"]].astype(float)
    place = (rated["rank"] - ranks["rank_low"]) / (ranks["rank_high"] - ranks["rank_low"])
    assert 0.35 < place.median() < 0.65
    for _, part in found.subscores.groupby("subscore"):
        place = (part["value"] - part["low"]) / (part["high"] - part["low"])
        assert 0.35 < place.median() < 0.65


def test_a_handful_of_links_makes_a_wide_part() -> None:
    counts = draw_nation(200, seed=3, links_per_actor=1)
    local = score(counts, draws=400).subscores.query("subscore == 'local'").set_index("cluster")
    internal = weigh_evidence(counts, balanced())["internal"]
    width = (local["high"] - local["low"]).dropna()
    assert width[internal[width.index] <= 3].min() > 2 * width[internal[width.index] >= 50].median()
