"""Scoring: every profile that ships, each as if it were the project's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from clustermap.pipeline import find, score_clusters
from clustermap.project import Project, open_project
from clustermap.scores.rating import NO_RECORDS
from clustermap.stages import scoring
from clustermap.stages.counting import count_network
from clustermap.stages.ledger import Ledger, no_progress
from clustermap.stages.measuring import measure_clusters
from clustermap.stages.publishing import list_tables
from clustermap.stages.reading import read_layers
from clustermap.stages.scoring import Assessment, assess_clusters, standardise_links
from clustermap.store import open_scratch
from clustermap.tables import SCORES, SUBSCORES
from tests.scores.files import PROFILES
from tests.small_world import SmallWorld, build_small_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OTHERS = ["core_technology", "eu_stars", "us_strong"]


def linked_world() -> SmallWorld:
    """Return the small world with links enough to rate all six, and C3 all of one industry."""
    world = build_small_world()
    world.project += "local_m = [0, 5000]\n"
    firms = [row["firm"] for row in world.firms]
    random = np.random.default_rng(1)
    for number in range(1_500):
        source, target = random.choice(len(firms), 2, replace=False)
        kind = ("firm_firm", "research", "mobility")[number % 3]
        ends = {"source": firms[source], "target": firms[target]}
        world.pairs.append({**ends, "kind": kind, "weight": "1", "year": 2020})
    for row in world.firms:
        if row["firm"].startswith("003"):
            row["industry"] = "26110"
    return world


@dataclass(frozen=True)
class Ready:
    """All that is known before anything is scored."""

    project: Project
    inputs: tuple[Any, ...]

    def score(self, profile: str) -> Assessment:
        score = self.project.score.model_copy(update={"profile": profile})
        own = self.project.model_copy(update={"score": score})
        return assess_clusters(own, *self.inputs, no_progress)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ready]:
    project = open_project(linked_world().write(tmp_path_factory.mktemp("linked")))
    ledger = Ledger(project.quality.max_refused, strict=False)
    layers = read_layers(project, ledger, no_progress)
    with open_scratch() as scratch:
        network = count_network(project, layers, ledger, no_progress, scratch)
        expected = standardise_links(project, network, no_progress)
        measured = measure_clusters(layers, network, expected, no_progress)
        yield Ready(project, (layers, network, expected, measured))


@pytest.fixture(scope="module")
def together(ready: Ready) -> Assessment:
    return ready.score("balanced")


@pytest.fixture
def alone(ready: Ready, monkeypatch: pytest.MonkeyPatch) -> Ready:
    """Return what scores by the project's own profile and by no other."""
    monkeypatch.setattr(scoring, "read_others", lambda _: ())
    return ready


def test_every_other_profile_is_a_scenario_of_its_name(together: Assessment) -> None:
    assert sorted(PROFILES) == ["balanced", *OTHERS]
    assert [profile.name for profile in together.profiles] == ["balanced", *OTHERS]
    assert set(together.scored.scores["scenario"]) == {"default"}
    for name, other in zip(OTHERS, together.others, strict=True):
        assert set(other.scores["scenario"]) == set(other.subscores["scenario"]) == {name}
        assert (other.drawn, other.explanations) == (None, {})
        assert other.scores["cluster"].to_list() == [f"C{number}" for number in range(1, 7)]
        assert other.scores["rated"].sum() == 6


def test_the_own_scores_are_those_of_a_run_of_one_profile(
    together: Assessment, alone: Ready
) -> None:
    own = alone.score("balanced")
    assert own.others == ()
    assert own.scored.scores["high"].notna().all()
    exactly = {"check_exact": True}
    pd.testing.assert_frame_equal(together.scored.scores, own.scored.scores, **exactly)
    pd.testing.assert_frame_equal(together.scored.subscores, own.scored.subscores, **exactly)
    assert together.scored.explanations == own.scored.explanations
    assert together.tables.keys() == own.tables.keys()
    for name, table in own.tables.items():
        pd.testing.assert_frame_equal(together.tables[name], table, **exactly)


@pytest.mark.parametrize("name", OTHERS)
def test_a_scenario_is_what_its_profile_would_say_as_the_own(
    together: Assessment, alone: Ready, name: str
) -> None:
    other, own = together.others[OTHERS.index(name)], alone.score(name).scored
    for table, expected in ((other.scores, own.scores), (other.subscores, own.subscores)):
        named = expected.assign(scenario=name)
        pd.testing.assert_frame_equal(table, named, check_exact=True)
    assert (other.notes, other.unrated, other.top) == (own.notes, own.unrated, own.top)


def test_the_own_profile_is_not_repeated(ready: Ready) -> None:
    found = ready.score("eu_stars")
    named = [profile.name for profile in found.profiles]
    assert named == ["eu_stars", "balanced", "core_technology", "us_strong"]
    scenarios = [set(other.scores["scenario"]) for other in found.others]
    assert scenarios == [{"balanced"}, {"core_technology"}, {"us_strong"}]
    # C3 is the largest of its industry and all of it (two stars), the others are as large as any in
    # theirs (one).
    assert found.scored.scores["score"].to_list() == [34, 34, 67, 34, 34, 34]
    assert found.others[0].scores["high"].notna().all()


def test_profiles_differ_in_what_they_say(together: Assessment) -> None:
    ranks = {
        name: scored.scores["rank"].to_list()
        for name, scored in zip(["own", *OTHERS], (together.scored, *together.others), strict=True)
    }
    assert sorted(ranks["own"]) == sorted(ranks["core_technology"]) == [1, 2, 3, 4, 5, 6]
    own, core = together.scored.scores, together.others[OTHERS.index("core_technology")].scores
    assert (own["score"] != core["score"]).all()
    assert ranks["eu_stars"] == [2, 2, 1, 2, 2, 2]
    assert ranks["us_strong"] == [2, 2, 1, 2, 2, 2]
    values = [scored.subscores["value"].to_numpy() for scored in together.others]
    np.testing.assert_array_equal(values[1], together.scored.subscores["value"])
    assert (values[0] != values[1]).any()


def test_a_run_tells_of_its_own_scores_and_writes_all(tmp_path: Path) -> None:
    done = score_clusters(open_project(linked_world().write(tmp_path)))
    assert (done.summary["clusters"], done.summary["rated"]) == (6, 6)
    assert done.scores["scenario"].to_list() == ["default"] * 6
    for table, rows in ((SCORES, 6), (SUBSCORES, 36)):
        written = pd.read_parquet(tmp_path / "out" / "tables" / f"{table.name}.parquet")
        counts = written.groupby("scenario", sort=False).size()
        assert list(counts.items()) == [(name, rows) for name in ("default", *OTHERS)]
        assert not written.duplicated(list(table.key)).any()


def test_without_links_no_profile_rates_anyone(tmp_path: Path) -> None:
    world = build_small_world()
    world.pairs = [row | {"kind": "mobility"} for row in world.pairs if row["target"] == "P1"]
    tables = list_tables(
        find(open_project(world.write(tmp_path)), strict=False, progress=no_progress)
    )
    assert set(tables["scores"]["reason"]) == {NO_RECORDS}
    assert tables["scores"]["scenario"].to_list() == [
        name for name in ("default", *OTHERS) for _ in range(6)
    ]
