"""The door: a release holds what may leave, and no firm's name anywhere."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pytest

from clustermap.messages import Message
from clustermap.pipeline import find
from clustermap.project import open_project
from clustermap.publish.coverage import count_coverage
from clustermap.publish.names import MASK
from clustermap.publish.suppression import EMPLOYEES_WITHHELD, SUPPRESSED, Rules, hide_kinds
from clustermap.scores.rating import TOO_FEW_LINKED
from clustermap.scores.score import join_scenarios
from clustermap.stages.ledger import no_progress
from clustermap.stages.publishing import Findings, release_findings
from tests.small_world import build_small_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clustermap.publish.density import Leaves
    from clustermap.publish.release import Release
    from clustermap.scores import Scored

SCENARIOS = ("default", "core_technology", "eu_stars", "us_strong")


def strings(value: Any) -> Iterator[str]:
    """Yield every text that a value holds, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, pd.DataFrame):
        plain = pd.DataFrame(value.drop(columns="geometry", errors="ignore")).reset_index()
        for column in plain:
            yield str(column)
            yield from plain[column].dropna().astype(str)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from strings(key)
            yield from strings(part)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from strings(part)
    elif is_dataclass(value):
        yield from strings([getattr(value, field.name) for field in fields(value)])


def everything(release: Release) -> set[str]:
    return {text for field in fields(release) for text in strings(getattr(release, field.name))}


def run(folder: Path, publish: str = "", crs: str = "EPSG:5179") -> tuple[Findings, Release]:
    world = build_small_world()
    # C1 keeps two firms; in C2 one firm is nearly all.
    keep = [row for row in world.firms if not ("00102" <= row["firm"] < "00200")]
    world.firms = [row | ({"employees": 9000} if row["firm"] == "00200" else {}) for row in keep]
    gone = {f"001{n:02d}" for n in range(2, 10)}
    world.pairs = [row for row in world.pairs if not gone & {row["source"], row["target"]}]
    extra = {"kind": "other", "x": world.institutes[0]["x"], "y": world.institutes[0]["y"]}
    world.institutes += [
        {"institute": "N1", "name": "김철수", **extra},
        {"institute": "N2", "name": "(주)가나다연구", **extra},
    ]
    world.project = world.project.replace("EPSG:5179", crs, 1) + f"[publish]\n{publish}\n"
    project = open_project(world.write(folder))
    findings = find(project, strict=False, progress=no_progress)
    return findings, release_findings(project, findings)


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> tuple[Findings, Release]:
    return run(tmp_path_factory.mktemp("outside"))


@pytest.fixture(scope="module")
def internal(tmp_path_factory: pytest.TempPathFactory) -> tuple[Findings, Release]:
    return run(tmp_path_factory.mktemp("internal"), "internal = true")


def test_no_firm_leaves(
    outside: tuple[Findings, Release], internal: tuple[Findings, Release]
) -> None:
    findings, release = outside
    names = set(findings.layers.actors["firms"]["name"].to_pylist())
    ids = set(findings.layers.actors["firms"]["firm"].to_pylist())
    assert len(names) == 52
    assert release.firms is None
    assert everything(release).isdisjoint(names | ids)
    assert not any(name in text for text in everything(release) for name in names)
    # The search does find them where they may stand.
    assert everything(internal[1]) >= names | ids


def test_people_are_masked_and_types_speak_for_institutes(
    outside: tuple[Findings, Release], internal: tuple[Findings, Release]
) -> None:
    shown = outside[1].institutes.set_index("institute")["name"]
    assert shown["N1"] == MASK
    assert shown["N2"] == "(주)가나다연구"
    assert shown["I1"] == "기관 1"  # a university says so by its type
    assert outside[1].withheld["names"] == 1
    assert internal[1].institutes.set_index("institute")["name"]["N1"] == "김철수"


def test_small_cells_are_withheld_and_counted(outside: tuple[Findings, Release]) -> None:
    findings, release = outside
    clusters = release.clusters
    assert isinstance(clusters, gpd.GeoDataFrame)
    assert clusters.crs == findings.layers.clusters.crs
    assert pd.isna(clusters.loc["C1", "firms"])  # two firms
    assert pd.isna(clusters.loc["C1", "employees"])
    assert clusters.loc["C2", "firms"] == 10
    assert pd.isna(clusters.loc["C2", "employees"])  # one firm holds 98 %
    assert clusters.loc["C3", "employees"] == sum(range(10, 20))
    by_cluster = release.indicators.query("kind == ''")
    table = by_cluster.set_index(["cluster", "indicator", "industry"])
    hidden = release.indicators["note"] == SUPPRESSED
    assert release.withheld["cells"] == hidden.sum() > 0
    assert release.indicators.loc[hidden, ["value", "low", "high", "basis"]].isna().all(axis=None)
    assert table.loc[("C1", "firms", ""), "note"] == SUPPRESSED
    assert table.loc[("C2", "employees", ""), "note"] == SUPPRESSED
    assert table.loc[("C3", "employees", ""), "value"] == 145
    # What was computed stays as it was.
    assert (findings.indicators["note"] != SUPPRESSED).all()


def test_small_flows_are_left_out_and_counted(outside: tuple[Findings, Release]) -> None:
    findings, release = outside
    assert release.flows["links"].min() >= 3
    summed = findings.network.flows.groupby(["source", "target", "kind"])["links"].sum()
    assert len(release.flows) + release.withheld["flows"] == len(summed)
    hidden = hide_kinds(findings.network.counts, Rules())
    ends = summed.reset_index()
    of_hidden = [
        any(hidden.get((row[end], row["kind"]), default=False) for end in ("source", "target"))
        for _, row in ends.iterrows()
    ]
    withheld = (ends["links"] < 3) | pd.Series(of_hidden)
    assert release.withheld["flows"] == withheld.sum() > (summed < 3).sum() > 0


def test_inside_the_house_nothing_is_withheld(internal: tuple[Findings, Release]) -> None:
    findings, release = internal
    assert dict(release.withheld) == {"cells": 0, "flows": 0, "names": 0, "density": 0}
    pd.testing.assert_frame_equal(release.indicators, findings.indicators)
    scores, subscores = join_scenarios([findings.scored, *findings.others])
    assert len(scores) == 4 * 6
    pd.testing.assert_frame_equal(release.subscores, subscores)
    pd.testing.assert_frame_equal(release.scores, scores)
    assert release.profiles == findings.profiles
    assert release.clusters.loc["C1", "firms"] == 2
    assert release.flows["links"].sum() == findings.network.flows["links"].sum()
    assert set(release.firms["cluster"]) == {f"C{n}" for n in range(1, 7)}
    links = release.ratios.pivot_table(
        index=["cluster", "reach"], columns="kind", values="observed"
    )
    assert links.columns.to_list() == ["", "firm_firm", "research", "support"]
    assert (links[""] == links.iloc[:, 1:].sum(axis=1)).all()
    assert links.loc[("C1", "10 km")].to_list() == [5, 3, 2, 0]


def rate(scored: Scored) -> Scored:
    """Give every cluster a score, as if its links decided one."""
    numbers = {"score": 60.0, "low": 51.0, "high": 70.0, "rank": 1, "rank_low": 1, "rank_high": 6}
    scores = scored.scores.assign(
        **numbers,
        alike=1,
        top_share=0.5,
        gap=20.0,
        rated=1,
        reason="",
        quadrant="local",
        confidence="low",
    )
    subscores = scored.subscores.assign(value=60.0, contribution=0.7, weight=1 / 6, decided=1)
    return replace(scored, scores=scores, subscores=subscores)


def rate_all(findings: Findings) -> Findings:
    """Give every cluster a score by every profile."""
    others = tuple(rate(other) for other in findings.others)
    return replace(findings, scored=rate(findings.scored), others=others)


def of_scenario(table: pd.DataFrame, scenario: str = "default") -> pd.DataFrame:
    return table[table["scenario"] == scenario].set_index("cluster")


def test_scores_that_rest_on_few_linked_actors_stay_inside(tmp_path: Path) -> None:
    findings, told = run(tmp_path, "min_firms = 12")
    few = findings.network.counts.linked.set_index("cluster")["linked"]
    small = set(few.index[few < 12])
    assert small == {f"C{n}" for n in range(1, 7)}
    project = open_project(tmp_path / "project.toml")
    release = release_findings(project, rate_all(findings))
    # By every profile alike.
    scenarios = release.scores.groupby("scenario", sort=False).size()
    assert list(scenarios.items()) == [(name, 6) for name in SCENARIOS]
    assert release.scores["rated"].sum() == 0
    hidden = ["score", "low", "high", "rank", "alike", "top_share", "gap"]
    assert release.scores[hidden].isna().all(axis=None)
    assert set(release.scores["quadrant"]) == {"undecided"}
    assert set(release.scores["confidence"]) == {""}
    assert set(release.scores["reason"]) == {TOO_FEW_LINKED}
    assert len(release.subscores) == 4 * 36
    assert release.subscores[["value", "contribution", "measure"]].isna().all(axis=None)
    assert set(release.subscores["reason"]) == {TOO_FEW_LINKED}
    assert release.ratios[["observed", "expected", "ratio", "low"]].isna().all(axis=None)
    assert release.ratios.groupby("kind").size().to_dict() == {
        **dict.fromkeys(("", "firm_firm", "research", "support"), 24)
    }
    assert (len(release.brokers), release.flags["raised"].sum()) == (0, 0)
    assert release.flags[["share", "links"]].isna().all(axis=None)
    assert list(told.explanations.values()) == [(Message("note.withheld"),)] * 6
    assert len(findings.behind["quality"]) > 0
    assert release.sheet.quality.empty
    assert release.sheet.findings == (Message("sheet.words.withheld"),)


def test_scores_that_rest_on_many_leave(tmp_path: Path) -> None:
    findings, _ = run(tmp_path, "min_firms = 2")
    release = release_findings(open_project(tmp_path / "project.toml"), rate_all(findings))
    for scenario in ("default", "core_technology"):
        assert of_scenario(release.scores, scenario)["score"].to_list() == [60.0] * 6
    assert set(release.scores["quadrant"]) == {"local"}
    assert findings.scored.scores["gap"].isna().all()  # where nothing is rated
    assert release.scores["gap"].to_list() == [20.0] * 24
    assert release.subscores["value"].to_list() == [60.0] * 36 * 4
    sheet, quality = release.sheet, findings.quality
    assert quality
    assert (sheet.profile, sheet.null, sheet.draws) == ("balanced", "mass", 50)
    assert (sheet.units, sheet.findings) == (quality.units, quality.findings)
    pd.testing.assert_frame_equal(sheet.quality, findings.behind["quality"])
    pd.testing.assert_frame_equal(sheet.sensitivity, findings.behind["sensitivity"])


def leaves_of(release: Release, layer: str | None = None) -> Leaves:
    assert release.density
    return release.density.layers[layer]


def test_density_tells_of_no_few_firms(
    outside: tuple[Findings, Release], internal: tuple[Findings, Release]
) -> None:
    findings, release = outside
    every = leaves_of(release)
    assert every.firms.sum() + every.withheld == 52
    assert every.firms.min() >= 3
    assert release.withheld["density"] == every.withheld
    # Four of ten firms are of 26110 and three of 29271; of the two of C1 one.
    (chips,) = findings.layers.taxonomy.claim("26110")
    assert (chips,) == findings.layers.taxonomy.claim("29271")
    own = leaves_of(release, chips)
    assert own.firms.sum() + own.withheld == 5 * 7 + 1
    assert own.firms.min() >= 3
    inside = leaves_of(internal[1])
    assert set(inside.level) == {16}
    assert (inside.firms.sum(), inside.withheld) == (52, 0)
    assert leaves_of(internal[1], chips).firms.sum() == 36


def test_density_is_the_same_on_a_geographic_map(
    outside: tuple[Findings, Release], tmp_path: Path
) -> None:
    release = run(tmp_path, crs="EPSG:4326")[1]
    assert release.clusters.crs.is_geographic
    for name in ("level", "x", "y", "quarters", "firms"):
        assert (getattr(leaves_of(release), name) == getattr(leaves_of(outside[1]), name)).all()


def test_firms_without_a_location_are_counted_apart(tmp_path: Path) -> None:
    findings, _ = run(tmp_path, "internal = true")
    project = open_project(tmp_path / "project.toml")

    def release(actors: dict[str, pa.Table]) -> Release:
        layers = replace(findings.layers, actors=actors)
        return release_findings(project, replace(findings, layers=layers))

    actors = dict(findings.layers.actors)
    firms = actors["firms"]
    x = pa.array([None, *firms["x"].to_pylist()[1:]], pa.float64())
    at = firms.column_names.index("x")
    told = release(actors | {"firms": firms.set_column(at, "x", x)})
    assert told.density
    assert told.density.unplaced == 1
    assert leaves_of(told).firms.sum() == 51
    assert release({"institutes": actors["institutes"]}).density is None


@pytest.mark.parametrize("scenario", ["eu_stars", "us_strong"])
def test_comparators_tell_no_employees_that_are_withheld(tmp_path: Path, scenario: str) -> None:
    findings, _ = run(tmp_path, "min_firms = 2")
    release = release_findings(open_project(tmp_path / "project.toml"), rate_all(findings))
    scores = of_scenario(release.scores, scenario)
    # In C2 one firm is nearly all; its links are told nevertheless.
    reasons = ["", EMPLOYEES_WITHHELD, "", "", "", ""]
    assert scores["reason"].to_list() == reasons
    assert scores["rated"].to_list() == [1, 0, 1, 1, 1, 1]
    assert scores.loc["C2", ["score", "rank", "rank_high", "alike"]].isna().all()
    assert scores.loc["C3", "score"] == 60
    assert of_scenario(release.subscores, scenario).loc["C2", "value"].to_list() == [60.0] * 6


def test_a_comparator_as_the_own_profile_tells_no_more(tmp_path: Path) -> None:
    findings, _ = run(tmp_path, "min_firms = 2")
    stars = of_scenario(findings.others[1].scores, "eu_stars").reset_index()
    own = replace(findings.scored, scores=stars.assign(scenario="default"))
    profiles = (findings.profiles[2],)
    alone = rate_all(replace(findings, scored=own, others=(), profiles=profiles))
    release = release_findings(open_project(tmp_path / "project.toml"), alone)
    assert release.scores["rated"].to_list() == [1, 0, 1, 1, 1, 1]
    why = Message("explain.why.too_few_to_tell", {"reason": Message(EMPLOYEES_WITHHELD)})
    assert release.explanations["C2"] == (why,)
    assert why not in release.explanations["C3"]
    # So few clusters beside one that is withheld: no figure of quality would keep it.
    assert release.sheet.quality.empty


def test_capability_tells_no_employees_that_are_withheld(
    outside: tuple[Findings, Release], internal: tuple[Findings, Release]
) -> None:
    for scenario in SCENARIOS:
        told = of_scenario(outside[1].scores, scenario)["capability"]
        assert told.isna().to_list() == [True, True, False, False, False, False]
    shown = of_scenario(outside[1].scores)["capability"]
    own = outside[0].scored.scores.set_index("cluster")["capability"]
    # C1 has two firms, in C2 one firm is nearly all.
    assert shown.isna().to_list() == [True, True, False, False, False, False]
    assert shown["C3":].to_list() == own["C3":].round().to_list()
    assert own.notna().all()
    pd.testing.assert_series_equal(
        of_scenario(internal[1].scores)["capability"],
        internal[0].scored.scores.set_index("cluster")["capability"],
    )


def test_brokers_leave_without_names(
    outside: tuple[Findings, Release], internal: tuple[Findings, Release]
) -> None:
    brokers = outside[1].brokers
    assert len(brokers) == len(outside[0].behind["brokers"]) > 10
    assert set(brokers["name"]) == {MASK}
    assert set(brokers["type"]) <= {"firm", "university", "support"}
    assert set(brokers["role"]) <= {"gatekeeper", "representative", "either"}
    assert brokers[["roles", "gatekeeper", "representative", "either"]].isna().all(axis=None)
    assert brokers.groupby("cluster")["place"].min().to_list() == [1] * brokers["cluster"].nunique()
    inside = internal[1].brokers
    assert all(name.startswith(("(주)기업", "기관")) for name in inside["name"])
    counts = inside[["gatekeeper", "representative", "either"]].sum(axis=1)
    assert (counts > 0).all()


def test_coverage_tells_kinds_and_years(outside: tuple[Findings, Release]) -> None:
    coverage = outside[1].coverage.set_index("kind")
    assert set(coverage.index) == {"firm_firm", "research", "support", "transfer"}
    assert coverage.loc["transfer", ["links", "inside"]].to_list() == [
        coverage.loc["transfer", "links"],
        0,  # all lead abroad
    ]
    assert coverage["first_year"].to_list() == [2020, 2020, 2020, 2021]
    flows = outside[0].network.flows
    pd.testing.assert_frame_equal(count_coverage(flows), outside[1].coverage)
    assert coverage["links"].sum() == flows["links"].sum()


def test_years_and_pairs_are_told_of_released_flows_alone(
    outside: tuple[Findings, Release], internal: tuple[Findings, Release]
) -> None:
    findings, release = outside
    keys = ["source", "target", "kind"]
    assert release.periods == ((2020, 2020), (2021, 2021))
    told, flows = (
        table.set_index(keys)["links"] for table in (release.period_flows, release.flows)
    )
    # All links of a kind are of one year.
    pd.testing.assert_series_equal(told, flows, check_index_type=False)
    # Of research, two links of C1 would be left beside the flows of the year.
    assert release.years["kind"].to_list() == release.coverage["kind"].to_list()
    links = [95, pd.NA, 30, 11]
    pd.testing.assert_series_equal(
        release.years["links"], pd.Series(links, dtype="Int64"), check_names=False
    )
    years = internal[1].years
    assert years["links"].to_list() == internal[1].coverage["links"].to_list()
    assert years["year"].to_list() == [2020, 2020, 2020, 2021]
    pairs = release.typical.set_index(["low", "high", "kind"])
    assert set(pairs.index) <= {(min(a, b), max(a, b), kind) for a, b, kind in flows.index}
    table = findings.behind["expected"].astype({"kind": "str"})
    inside = table[(table["source"] == "C3") & (table["target"] == "C3")].set_index("kind")
    own = pairs.loc[("C3", "C3")]
    assert own.index.to_list() == ["research"]
    pd.testing.assert_frame_equal(own, inside.loc[["research"], ["observed", "expected"]])
    every = internal[1].typical
    assert len(every) > len(pairs)
    assert every["observed"].sum() == table["observed"].sum()


def test_regions_tell_what_is_told_of_their_clusters(outside: tuple[Findings, Release]) -> None:
    covered = outside[1].regions_covered.set_index("kind")
    assert set(covered["region"]) == {""}
    assert set(covered["clusters"]) == {6}
    assert set(covered["firms"]) == {50}  # without the two of C1
    # Ten firms and their institute in each of C2, C4, C6; the other kinds are hidden everywhere.
    assert covered.loc[["support", "research"], "links"].to_list() == [30, 22]
    assert covered.loc[["firm_firm", "transfer"], "links"].isna().all()
    assert covered["withheld"].to_list() == [6, 0, 0, 6]
