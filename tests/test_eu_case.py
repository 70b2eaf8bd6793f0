"""The real case: 26 semiconductor projects of the European Union, every number that is known."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from clustermap.pipeline import find
from clustermap.project import open_project
from clustermap.render.planner import draw_planner
from clustermap.stages.ledger import no_progress
from clustermap.stages.publishing import release_findings
from clustermap.tables import SHARE_UNIT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clustermap.network.observed import Boundary
    from clustermap.stages.publishing import Findings
    from tests.chromium import Visit

    Finder = Callable[..., Findings]

PROJECTS = """
[[linkages]]
path = "participations.csv"
form = "projects"
"""


@pytest.fixture(scope="module")
def folder(cases: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("case") / "eu"
    shutil.copytree(cases / "eu_semiconductors", copy)
    shutil.copy(
        root / "tests" / "cases" / "eu_semiconductors" / "project.toml", copy / "project.toml"
    )
    return copy


@pytest.fixture(scope="module")
def finder(folder: Path) -> Finder:
    """Call it with text to append to the project file, or to take the linkages' place."""
    written = (folder / "project.toml").read_text(encoding="utf-8")

    def run(added: str = "", *, linkages: str | None = None) -> Findings:
        text = written
        if linkages is not None:
            text = text.split("[[linkages]]")[0] + linkages
        path = folder / f"project_{len(list(folder.iterdir()))}.toml"
        path.write_text(f"{text}\n{added}\n[score]\ndraws = 2\n", encoding="utf-8")
        return find(open_project(path), strict=False, progress=no_progress)

    return run


@pytest.fixture(scope="module")
def strictly_inside(finder: Finder) -> Findings:
    return finder()


@pytest.fixture(scope="module")
def nearby(finder: Finder) -> Findings:
    return finder("[assign]\nnearest_m = 25000")


@pytest.fixture(scope="module")
def oracle(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "oracle_nuts2_semis26.csv", index_col="NUTS_ID")


def ways(findings: Findings) -> pd.Series[int]:
    hows = [rows["how"].to_pandas().astype(str) for rows in findings.layers.actors.values()]
    return pd.concat(hows).value_counts()


def pairs_in_regions(findings: Findings, column: str = "links") -> tuple[int, int]:
    """Return the links with both ends in a region, and those that stay inside one."""
    flows, regions = findings.network.flows, findings.layers.clusters.index
    both = flows[flows["source"].isin(regions) & flows["target"].isin(regions)]
    return int(both[column].sum()), int(both.loc[both["source"] == both["target"], column].sum())


def test_every_row_is_accounted_for(strictly_inside: Findings) -> None:
    summary = strictly_inside.ledger.summary()
    kept = {table: (row["read"], row["kept"]) for table, row in summary.items()}
    assert kept == {
        "clusters": (154, 154),
        "firms": (457, 457),
        "institutes": (301, 301),
        "linkages_1": (38_572, 38_572),
    }
    assert strictly_inside.ledger.faults().num_rows == 0


def test_the_kinds_of_the_pairs(strictly_inside: Findings) -> None:
    # 17,759 firm-institute, 7,569 institute-institute, 11,238 firm-firm, 2,006 other.
    links = strictly_inside.network.flows.groupby("kind")["links"].sum().to_dict()
    assert links == {"firm_firm": 11_238, "other": 2_006, "research": 17_759 + 7_569}


def test_671_organisations_lie_in_a_region(strictly_inside: Findings) -> None:
    found = ways(strictly_inside)
    assert found.to_dict() == {"inside": 671, "grid": 87}
    assert pairs_in_regions(strictly_inside) == (30_256, 763)


def test_24_more_lie_within_25_km(nearby: Findings) -> None:
    assert ways(nearby).to_dict() == {"inside": 671, "nearest": 24, "grid": 63}
    metres = np.concatenate(
        [
            rows["#nearest_m"].to_numpy()
            for rows in nearby.layers.actors.values()
            if "#nearest_m" in rows.column_names
        ]
    )
    metres = metres[np.isfinite(metres)]
    assert len(metres) == 24
    assert round(float(np.median(metres)), -2) == 1_600
    assert round(float(metres.max()), -2) == 8_200
    assert int(nearby.network.counts.actors["actors"].sum()) == 695
    assert pairs_in_regions(nearby) == (32_215, 810)


def squares_inside(boundary: Boundary) -> pd.DataFrame:
    rows = boundary.squares.to_pandas()
    return rows[(rows["kind"] >= 0) & (rows["reach"] == 0)]


def test_what_the_null_model_is_held_against(strictly_inside: Findings) -> None:
    observed = strictly_inside.network.observed
    drawn = observed.drawn
    assert drawn.members.sum() == 758
    assert drawn.members[:154].sum() == 671
    assert drawn.ends["links"].to_numpy().sum() == 38_572
    inside = squares_inside(drawn)
    assert inside["credit"].sum() == 763 * SHARE_UNIT
    # All 38,572 pairs come from 26 projects: a pair weighs as many squares as a project has pairs.
    squares = inside["squares"].sum() / 1e6
    assert squares == pytest.approx(763 * 38_572 / 26, rel=1e-9)
    # Of regions some hundred kilometres wide, 500 m of doubt change a dozen members.
    moved = [boundary.members[:154].sum() for boundary in (observed.smaller, observed.larger)]
    assert moved == [666, 680]
    np.testing.assert_allclose(observed.space.shares.sum(axis=1), 1)


def test_actors_of_every_region(strictly_inside: Findings, oracle: pd.DataFrame) -> None:
    actors = strictly_inside.network.counts.actors
    table = actors.pivot_table(index="cluster", columns="type", values="actors", fill_value=0)
    table = table.reindex(strictly_inside.layers.clusters.index, fill_value=0).astype(int)
    counted = pd.DataFrame(
        {
            "n_firms": table["firm"],
            "n_institutes": table["university"] + table["public_institute"],
        }
    )
    assert len(oracle) == 150
    expected = oracle[["n_firms", "n_institutes"]].reindex(counted.index, fill_value=0)
    pd.testing.assert_frame_equal(counted, expected, check_names=False, check_dtype=False)
    assert set(table.index[table.sum(axis=1) > 0]) == set(oracle.index)


def between_regions(findings: Findings) -> pd.DataFrame:
    """Return links and weight of each region, inside and to the other regions."""
    flows, regions = findings.network.flows, findings.layers.clusters.index
    flows = flows[flows["source"].isin(regions) & flows["target"].isin(regions)]
    inside = flows[flows["source"] == flows["target"]].groupby("source")[["links", "weight"]].sum()
    outside = flows[flows["source"] != flows["target"]]
    ends = pd.concat(
        [outside.groupby(end)[["links", "weight"]].sum() for end in ("source", "target")]
    )
    outside = ends.groupby(level=0).sum()
    columns = {
        "intra_pairs": inside["links"],
        "inter_pairs": outside["links"],
        "intra_weight": inside["weight"],
        "inter_weight": outside["weight"],
    }
    return pd.DataFrame({n: c.reindex(regions, fill_value=0) for n, c in columns.items()})


LINKS = ["intra_pairs", "inter_pairs", "intra_weight", "inter_weight"]


def test_pairs_of_every_region(strictly_inside: Findings, oracle: pd.DataFrame) -> None:
    counted = between_regions(strictly_inside)
    counted[["intra_weight", "inter_weight"]] //= SHARE_UNIT
    expected = oracle[LINKS].reindex(counted.index, fill_value=0)
    pd.testing.assert_frame_equal(counted, expected, check_names=False, check_dtype=False)
    # The counts that indicators start from say the same of what stays inside.
    links = strictly_inside.network.counts.links.groupby("cluster")["internal"].sum()
    assert links.to_dict() == expected["intra_pairs"].to_dict()


def test_participations_give_the_same_pairs(finder: Finder, oracle: pd.DataFrame) -> None:
    findings = finder(linkages=PROJECTS)
    row = findings.ledger.summary()["linkages_1"]
    assert (row["read"], row["kept"], row["projects"]) == (1_068, 1_068, 26)
    assert row["links"] == 40_539
    # A pair counts once a project here, and its weight in the file is its number of projects.
    counted = between_regions(findings)
    expected = oracle[["intra_weight", "inter_weight"]].reindex(counted.index, fill_value=0)
    assert counted["intra_pairs"].to_dict() == expected["intra_weight"].to_dict()
    assert counted["inter_pairs"].to_dict() == expected["inter_weight"].to_dict()
    # k participants hand out k/2 in all: 1,068 in 26 projects.
    assert findings.network.flows["weight"].sum() / SHARE_UNIT == pytest.approx(1_068 / 2, rel=1e-6)
    # The coded list was read while the run lasted; what it was summed up to stays.
    participants = findings.network.memberships["participants"].to_numpy()
    assert participants.sum() == 1_068
    inside = squares_inside(findings.network.observed.drawn)
    assert (inside["squares"] / 1e6).sum() < (inside["credit"] / SHARE_UNIT).sum()
    units = findings.network.counts.links["units"]
    assert units.max() <= 26
    assert (units == units.astype(int)).all()


def test_participations_are_38572_distinct_pairs(folder: Path) -> None:
    rows = pd.read_csv(folder / "participations.csv", dtype=str)
    joined = rows.merge(rows, on="project")
    joined = joined[joined["participant_x"] < joined["participant_y"]]
    assert len(joined) == 40_539
    distinct = set(zip(joined["participant_x"], joined["participant_y"], strict=True))
    pairs = pd.read_csv(folder / "linkages_semis26.csv", dtype=str)
    listed = {tuple(sorted(pair)) for pair in zip(pairs["source"], pairs["target"], strict=True)}
    assert len(distinct) == 38_572
    assert distinct == listed
    assert pairs["projects"].astype(int).sum() == 40_539


def decide(findings: Findings) -> pd.DataFrame:
    """Return the ratios that the score rests on: all kinds, the headline's null, as drawn."""
    table = findings.behind["ratios"]
    own = (table["null"] == "mass") & (table["boundary"] == "drawn") & (table["kind"] == "")
    return table[own].set_index(["reach", "cluster"])


def test_26_projects_decide_little(strictly_inside: Findings) -> None:
    units = strictly_inside.network.counts.links.groupby("cluster")["units"].sum()
    # All regions together cannot rest on more than their 26 projects, each with two ends a pair.
    assert units.sum() <= 2 * 26
    scores = strictly_inside.scored.scores
    assert len(scores) == 154
    # No region is rated: the links of each are worth less than three independent ones, and about
    # seven decide.
    assert units.max() < 3
    assert scores["rated"].sum() == 0
    assert scores["score"].isna().all()
    assert set(scores["quadrant"]) == {"undecided"}
    reasons = scores["reason"].value_counts().to_dict()
    assert reasons["reason.no_records"] == 5
    assert set(reasons) == {
        "reason.no_records",
        "reason.too_few_linked",
        "reason.local_undecided",
    }
    ratios = decide(strictly_inside)
    assert ratios["width"].min() > 2  # log2; what the links of any one region leave open
    assert ratios["data_weight"].max() < 0.5
    assert ratios["decided"].sum() == 0


def test_participations_decide_no_more(finder: Finder) -> None:
    findings = finder(linkages=PROJECTS)
    assert findings.scored.scores["rated"].sum() == 0
    ratios = decide(findings)
    # Projects counted as such narrow some intervals enough, but all regions together weigh more.
    assert ratios["width"].min() < 2
    assert ratios["data_weight"].max() < 0.5
    # Links beyond a region are raw size still: what is observed goes with what is expected.
    beyond = ratios.loc["beyond"]
    assert beyond["observed"].corr(beyond["expected"], method="spearman") > 0.9
    links = findings.network.counts.links.groupby("cluster")["external"].sum()
    rho = beyond["ratio"].corr(links.reindex(beyond.index), method="spearman")
    assert abs(rho) < 0.5


def test_the_page_of_a_case_in_which_nobody_is_rated(
    finder: Finder, folder: Path, visit: Callable[..., Visit]
) -> None:
    findings = finder()
    project = open_project(folder / "project.toml")
    seen = visit(draw_planner(release_findings(project, findings)))
    page = seen.page
    assert seen.state(".counts") == {
        "clusters": 154, "rated": 0, "unrated": 154,
        **{key: seen.state(f".counts.{key}") for key in ("institutes", "flows", "firms")},
    }  # fmt: skip
    assert page.is_visible("#none-rated")
    page.click("#tab-unrated")
    assert "For 154 of 154 clusters" in page.inner_text("#view-unrated")
    page.click("#tab-ranking")
    page.fill("#search", "lombardia")
    page.click("#rows th button")
    assert seen.state(".selected") == "ITC4"
    assert "Not rated" in page.inner_text("#card")
    assert seen.state(".drawn.flows") > 0
    seen.assert_quiet()
