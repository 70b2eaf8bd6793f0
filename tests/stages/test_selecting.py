"""Selecting: from the project file to what each scenario chooses, on the small linked world."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import shapely

from clustermap.errors import TableFault
from clustermap.messages import say
from clustermap.pipeline import check_project, explain_cluster, find, select_clusters
from clustermap.project import Project, open_project
from clustermap.stages.ledger import no_progress
from clustermap.stages.publishing import release_findings
from clustermap.stages.selecting import Selected, explain_choice, hush_stdout, select_findings
from clustermap.tables import (
    BUDGET_PATH,
    BUDGET_STEPS,
    COMPARATORS,
    PORTFOLIOS,
    RULE_PRICES,
    SELECTION,
    WHY_NOT,
)
from tests.certain import certain
from tests.small_world import SmallWorld, build_small_world
from tests.stages.test_scoring import linked_world

if TYPE_CHECKING:
    from pathlib import Path

    from clustermap.stages.publishing import Findings

SELECT = """
[select]
budget = 3
must_not = ["C6"]
draws = 59
rules = [{ by = "region", max = 2 }, { by = "industry", of = ["semi_display"], min = 1 }]
[scenarios.rich]
budget = 6
rules = []
[scenarios.open]
weights = { openness = 1, participation = 1 }
[scenarios.stars]
profile = "eu_stars"
[scenarios.linked]
capability = 0
exponent = 0
[scenarios.impossible]
rules = [{ by = "region", of = ["N"], min = 3 }, { by = "region", max = 2 }]
"""


def write(world: SmallWorld, folder: Path, select: str) -> Project:
    for at, row in enumerate(world.clusters):
        row["region"] = "SN"[at // 3]
        row["cost"] = 1
    world.project = world.project.replace("draws = 50", "draws = 60") + select
    return open_project(world.write(folder))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Findings]:
    project = write(linked_world(), tmp_path_factory.mktemp("selecting"), SELECT)
    return project, find(project, strict=False, progress=no_progress)


@pytest.fixture(scope="module")
def selected(found: tuple[Project, Findings]) -> Selected:
    return certain(select_findings(*found, release_findings(*found), no_progress))


def test_every_scenario_has_its_rows(selected: Selected) -> None:
    names = ["default", "rich", "open", "stars", "linked", "impossible"]
    assert [choice.scenario for choice in selected.choices] == names
    tables = selected.tables
    for table in (SELECTION, PORTFOLIOS, RULE_PRICES, BUDGET_PATH, BUDGET_STEPS, COMPARATORS):
        frame = tables[table.name]
        assert list(frame.columns) == [column.name for column in table.columns]
        assert not frame.duplicated(list(table.key)).any()
        for column in table.columns:
            if column.required:
                assert frame[column.name].notna().all(), column.name
    assert tables["selection"].groupby("scenario").size().to_dict() == dict.fromkeys(names, 6)
    assert tables["portfolios"]["feasible"].tolist() == [1, 1, 1, 1, 1, 0]
    assert set(tables["budget_path"]["scenario"]) == set(names[:-1])
    assert list(tables["why_not"].columns) == [column.name for column in WHY_NOT.columns]


def test_the_own_choice_keeps_its_rules(selected: Selected) -> None:
    own = selected.tables["selection"].query("scenario == 'default'").set_index("cluster")
    chosen = own.index[own["selected"] == 1]
    assert len(chosen) == 3
    assert "C6" not in chosen
    assert "C3" in chosen  # the only one of its industry
    south = [cluster for cluster in chosen if cluster in {"C1", "C2", "C3"}]
    assert len(south) == 2
    prices = selected.tables["rule_prices"].query("scenario == 'default'").set_index("rule")
    assert prices.index.tolist() == ["1 region max", "2 industry min", "must_not C6"]
    assert (prices["price"] >= 0).all()
    why = selected.tables["why_not"].query("scenario == 'default'").set_index("cluster")
    assert why["barred"].to_dict()["C6"] == "must_not C6"
    assert (why.loc[chosen, "lacks"] == 0).all()


def test_what_a_cluster_is_worth_is_merit_times_reach(
    found: tuple[Project, Findings], selected: Selected
) -> None:
    scores = found[1].scored.scores.set_index("cluster")
    counts = found[1].network.counts.by_sector.groupby("cluster")["employees"].sum()
    # Capability leaves the house in whole numbers, and what leaves decides.
    merit = 0.5 * scores["capability"].round() + 0.5 * scores["score"].astype(float)
    own = selected.tables["selection"].query("scenario == 'default'").set_index("cluster")
    expected = merit * np.sqrt(counts.reindex(merit.index))
    assert own["gain"].to_numpy() == pytest.approx(expected.to_numpy())
    assert set(own["ineligible"]) == {""}
    assert set(own["counted"]) == {59}


def test_a_scenario_may_have_its_own_budget_rules_weights_and_profile(selected: Selected) -> None:
    table = selected.tables["selection"]
    rich = table.query("scenario == 'rich'")
    assert rich["selected"].sum() == 5  # all but the one that must not
    own, open_ = (table.query(f"scenario == '{name}'")["gain"] for name in ("default", "open"))
    assert not np.allclose(own, open_)
    # Stars have no draws, so that nothing is said of how sure they are.
    stars = table.query("scenario == 'stars'")
    assert set(stars["standing"]) == {"undrawn"}
    assert stars["inclusion"].isna().all()
    assert "no draws" in say(selected.told["stars"][1], "en")
    assert set(table.query("scenario == 'open'")["standing"]) <= {"core", "borderline", "exterior"}


def test_rules_that_cannot_hold_are_named(selected: Selected) -> None:
    prices = selected.tables["rule_prices"].query("scenario == 'impossible'")
    # C6 lies in N and must not be chosen: three of N cannot be had, whatever the cap.
    assert prices["conflict"].tolist() == [1] * len(prices)
    assert len(prices) == 2
    (line,) = selected.told["impossible"]
    assert "at least 3 clusters of 'N'" in say(line, "en")
    rows = selected.tables["selection"].query("scenario == 'impossible'")
    assert rows["selected"].isna().all()


def test_comparators_stand_beside(selected: Selected) -> None:
    own = selected.tables["comparators"].query("scenario == 'default' and curve == 'linear'")
    assert own["comparator"].tolist() == ["selection", "equal", "proportional", "top", "random"]
    by = own.set_index("comparator")
    assert by.loc["equal", "reached"] == 6
    assert by.loc["selection", ["spent", "reached", "firms_reached"]].tolist() == [3, 3, 30]
    assert by.loc["selection", "worth"] >= by.loc["random", "worth"]


def test_what_the_solver_says_to_itself_is_not_heard(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(1, b"before ")
    with hush_stdout():
        os.write(1, b"within ")
    os.write(1, b"after")
    assert capfd.readouterr().out == "before after"


def test_a_project_without_select_chooses_nothing(found: tuple[Project, Findings]) -> None:
    project = found[0].model_copy(update={"select": None})
    assert select_findings(project, found[1], release_findings(*found), no_progress) is None
    with pytest.raises(TableFault, match="no section"):
        select_clusters(project)


def test_selecting_writes_its_tables(tmp_path: Path) -> None:
    project = write(linked_world(), tmp_path, "[select]\nbudget = 3\n")
    done = select_clusters(project)
    written = {path.stem for path in done.outputs if path.suffix == ".parquet"}
    assert set(certain(done.selected).tables) <= written
    back = pd.read_parquet(project.project.out / "tables" / "selection.parquet")
    assert back["selected"].tolist() == done.tables["selection"]["selected"].tolist()
    assert back["selected"].sum() == 3
    assert not (project.project.out / "maps").exists()


@pytest.mark.parametrize(
    ("line", "key", "near"),
    [
        ('must = ["C7"]', "must", "C"),
        ('rules = [{by = "region", of = ["NN"], max = 1}]', "rules 1, of", "N"),
        ('rules = [{by = "industry", of = ["semi"], max = 1}]', "rules 1, of", "semi_display"),
        ('industries = ["batery"]', "industries", "battery"),
    ],
)
def test_unknown_names_are_told_with_their_neighbours(
    tmp_path: Path, line: str, key: str, near: str
) -> None:
    project = write(build_small_world(), tmp_path, f"[select]\nbudget = 3\n{line}\n")
    with pytest.raises(TableFault) as refused:
        check_project(project)
    fault = refused.value
    assert (fault.table, fault.key) == ("select", key)
    assert f"near it: {near}" in fault.line("en")


def test_a_rule_by_what_no_cluster_says_is_refused(tmp_path: Path) -> None:
    line = 'rules = [{ by = "kind", max = 1 }]'
    project = write(build_small_world(), tmp_path, f"[select]\nbudget = 3\n{line}\n")
    with pytest.raises(TableFault, match="no cluster says what it belongs to"):
        check_project(project)


def test_costs_must_be_known(tmp_path: Path) -> None:
    world = build_small_world()
    project = write(world, tmp_path / "a", "[select]\nbudget = 3\n")
    assert check_project(project).summary["clusters"] == 6
    again = build_small_world()
    for row in again.clusters:
        row["region"] = "S"
    again.project += "[select]\nbudget = 3\n"
    with pytest.raises(TableFault, match="6 clusters have no cost"):
        check_project(open_project(again.write(tmp_path / "b")))
    again.project = again.project.replace("budget = 3", "budget = 3\ncost = 1")
    assert check_project(open_project(again.write(tmp_path / "c"))).summary["clusters"] == 6


def test_clusters_that_overlap_exclude_each_other(found: tuple[Project, Findings]) -> None:
    project, findings = found
    layers = findings.layers
    moved = layers.clusters.copy()
    shapes = moved.geometry.to_numpy().copy()
    shapes[1] = shapely.union(shapes[1], shapes[0])  # C2 holds C1
    overlapping = moved.set_geometry(shapes, crs=moved.crs)
    other = type(layers)(**{**vars(layers), "clusters": overlapping})
    changed = type(findings)(**{**vars(findings), "layers": other})
    rich = project.model_copy(update={"scenarios": {"rich": project.scenarios["rich"]}})
    chosen = certain(select_findings(rich, changed, release_findings(rich, changed), no_progress))
    table = chosen.tables["selection"].query("scenario == 'rich'").set_index("cluster")
    assert table.loc[["C1", "C2"], "selected"].sum() == 1
    assert pd.notna(table["gain"]).all()
    prices = chosen.tables["rule_prices"].query("scenario == 'rich'").set_index("rule")
    assert prices.loc["overlaps", "price"] > 0


def test_what_an_order_leans_on_is_told(selected: Selected) -> None:
    told = selected.tables["portfolios"].set_index("scenario")
    own = told.loc["default"]
    assert own[["capability_weight", "reach_exponent"]].tolist() == [0.5, 0.5]
    assert -1 <= own["leaning_linkage"] <= 1
    assert pd.isna(own["leaning_cost"])  # all cost the same
    line = say(selected.told["default"][-1], "en")
    assert "linkage score" in line
    assert "cost" not in line
    linked = told.loc["linked"]
    assert linked[["capability_weight", "reach_exponent"]].tolist() == [0, 0]
    assert linked["leaning_linkage"] == pytest.approx(1)


def test_explaining_says_what_a_cluster_lacks_in_every_scenario(
    found: tuple[Project, Findings], selected: Selected
) -> None:
    own = selected.tables["selection"].query("scenario == 'default'").set_index("cluster")
    release = release_findings(*found)
    chosen, barred = own.index[own["selected"] == 1][0], "C6"
    lines = [say(line, "en") for line in explain_choice(*found, release, chosen)]
    assert len(lines) == 6
    assert "[default] It stands in the portfolio" in lines[0]
    assert "these rules cannot hold together" in lines[-1]
    lines = [say(line, "en") for line in explain_choice(*found, release, barred)]
    assert "'단지 6' must not be chosen" in lines[0]
    why = selected.tables["why_not"].query("scenario == 'default'").set_index("cluster")
    left = next(name for name in own.index[own["selected"] == 0] if name != barred)
    line = say(explain_choice(*found, release, left)[0], "en")
    assert f"{100 * (why.loc[left, 'times'] - 1):.3g} %" in line


def test_explaining_tells_money_as_people_read_it(tmp_path: Path) -> None:
    asked = "[select]\nbudget = 15_000_000_000\ncost = 5_000_000_000\n"
    extra = 'must = ["C2"]\nmust_not = ["C3"]\n[scenarios.less]\nbudget = 1_250_000_000\n'
    project = write(linked_world(), tmp_path, asked + extra)
    told = explain_cluster(project, "C2", language="ko")["예산 안에서 선정되는가"]
    assert told[0].startswith("[default] 예산 150억 원에서 가치가 가장 큰 조합에 들어 있습니다.")
    assert "예산 12.5억 원" in told[1]
    told = explain_cluster(project, "C2", language="en")
    chosen = told["Whether it is chosen under the budget"][0]
    assert "worth most with a budget of KRW 15 bn;" in chosen


@pytest.mark.parametrize(
    ("line", "near"),
    [('must = ["단지 2"]', "C2"), ('industries = ["반도체·디스플레이"]', "semi_display")],
)
def test_a_name_in_the_place_of_an_identifier_leads_to_it(
    tmp_path: Path, line: str, near: str
) -> None:
    project = write(build_small_world(), tmp_path, f"[select]\nbudget = 3\n{line}\n")
    with pytest.raises(TableFault) as refused:
        check_project(project)
    assert f"near it: {near}" in refused.value.line("en")
