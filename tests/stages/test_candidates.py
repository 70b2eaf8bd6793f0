"""Candidates: what is chosen from is what the release tells, and nothing more exact."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.pipeline import find
from clustermap.publish.decision import Advice
from clustermap.publish.suppression import class_size
from clustermap.stages.candidates import find_candidates, find_current, find_merits
from clustermap.stages.ledger import no_progress
from clustermap.stages.publishing import Findings, release_findings
from clustermap.stages.selecting import select_findings
from clustermap.tables import DEFAULT_SCENARIO
from tests.stages.test_scoring import linked_world
from tests.stages.test_selecting import write

if TYPE_CHECKING:
    from pathlib import Path

    from clustermap.project import Project

SELECT = """
[select]
budget = 3
draws = 59
"""
GIANT = "00200"
"""A firm of C2 that employs nearly all of it: employees of C2 may not be told."""


def found_with(folder: Path, employees: int, publish: str = "") -> tuple[Project, Findings]:
    world = linked_world()
    for row in world.firms:
        if row["firm"] == GIANT:
            row["employees"] = employees
    project = write(world, folder, SELECT + publish)
    return project, find(project, strict=False, progress=no_progress)


def tables_of(project: Project, findings: Findings) -> dict[str, pd.DataFrame]:
    selected = select_findings(project, findings, release_findings(project, findings), no_progress)
    return {} if selected is None else dict(selected.tables)


def test_what_is_withheld_counts_as_its_class(tmp_path: Path) -> None:
    project, findings = found_with(tmp_path, 5_300)
    release = release_findings(project, findings)
    assert release.clusters["employees"].isna().to_dict()["C2"]
    select = project.select
    candidates = find_candidates(select, findings, release) if select else None
    people = dict(zip(candidates.ids, candidates.people, strict=True)) if candidates else {}
    # 5,300 and 135 employees lie in 5,000-9,999; the others are told as they are.
    assert people["C2"] == pytest.approx(np.sqrt(5_000 * 10_000))
    assert people["C1"] == 145
    merits = find_merits(project, findings, release, DEFAULT_SCENARIO, None)
    capability = dict(zip(candidates.ids, merits.capability, strict=True)) if candidates else {}
    others = [capability[cluster] for cluster in ("C1", "C3", "C4", "C5", "C6")]
    assert capability["C2"] == np.median(others)
    assert capability["C1"] == round(capability["C1"])


def test_employees_that_are_withheld_cannot_be_read_off_a_selection(tmp_path: Path) -> None:
    project, findings = found_with(tmp_path, 7_900)
    release = release_findings(project, findings)
    told = release.scores.query("scenario == 'default'").set_index("cluster")
    gain = tables_of(project, findings)["selection"].set_index("cluster")["gain"]
    # All that the gain of C2 rests on is told: its score, the others' capability, its class.
    merit = 0.5 * told.loc["C2", "score"] + 0.5 * told["capability"].median()
    assert gain["C2"] == pytest.approx(merit * (5_000 * 10_000) ** 0.25)
    inside = project.model_copy(
        update={"publish": project.publish.model_copy(update={"internal": True})}
    )
    exact = tables_of(inside, findings)["selection"].set_index("cluster")["gain"]
    own = findings.scored.scores.set_index("cluster").loc["C2", ["capability", "score"]]
    assert exact["C2"] == pytest.approx(own.astype(float).mean() * np.sqrt(8_035))


def test_clusters_whose_score_is_withheld_may_not_be_chosen(tmp_path: Path) -> None:
    project, findings = found_with(tmp_path, 10)
    release = release_findings(project, findings)
    scores = release.scores.assign(
        rated=release.scores["rated"].mask(release.scores["cluster"] == "C1", 0)
    )
    selected = select_findings(project, findings, replace(release, scores=scores), no_progress)
    table = selected.tables["selection"].set_index("cluster") if selected else pd.DataFrame()
    assert table["ineligible"].to_dict() == {"C1": "unrated", **dict.fromkeys(
        ("C2", "C3", "C4", "C5", "C6"), ""
    )}  # fmt: skip
    assert table.loc["C1", "selected"] == 0


def test_industries_reach_only_their_people(tmp_path: Path) -> None:
    project, findings = found_with(tmp_path, 10)
    if project.select is None:
        pytest.fail("the project selects")
    own = project.select.model_copy(update={"industries": ("semi_display",)})
    release = release_findings(project, findings)
    all_, some = (find_candidates(one, findings, release) for one in (project.select, own))
    assert (some.reach <= all_.reach).all()
    at = {cluster: place for place, cluster in enumerate(some.ids)}
    assert some.reach[at["C3"]] == all_.reach[at["C3"]]  # all of one industry
    assert 0 < some.reach[at["C1"]] < all_.reach[at["C1"]]


def test_current_money_is_that_which_is_told(tmp_path: Path) -> None:
    project, findings = found_with(tmp_path, 10)
    release = release_findings(project, findings)
    assert find_current(release) is None
    told = pd.DataFrame({"cluster": ["C3", "C1", "C2"], "current": [7.0, 0.0, np.nan]})
    granted = replace(release, advice=Advice(support_measures=told))
    assert np.array(find_current(granted)).tolist() == [0.0, 0.0, 7.0, 0.0, 0.0, 0.0]
    assert find_current(replace(release, advice=None)) is None
    selected = select_findings(project, findings, granted, no_progress)
    tables = {} if selected is None else selected.tables
    assert "current" in set(tables["comparators"]["comparator"])
    assert tables["selection"].set_index("cluster")["current"].to_dict()["C3"] == 7.0


@given(st.integers(1, 10**9))
def test_classes_hold_their_numbers(number: int) -> None:
    middle = float(class_size([number])[0])
    assert 0.55 <= middle / number <= 2.24
    assert class_size([round(middle)])[0] == pytest.approx(middle)
