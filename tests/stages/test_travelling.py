"""Roads of a small world, from its files to tables, page, memo and explanation.

Nodes stand in the middle of each cluster of the small world, C1 to C3 in a row and C4 to C6 20 km
north of them; times are in seconds:

    4 === 600 === 5 === 600 === 6
    ^
    1200, one way
    |
    1 === 600 === 2 === 1500 == 3

Institutes stand 950 m west and south of the middle: 1,343.5 m, at 20 km/h another 241.8 s. Firms
stand in a row, 900, 750, 600, 450, 300, 150, 0, 150, 300, 450 m from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import clustermap
from clustermap.errors import TableFault
from clustermap.messages import Message, say
from clustermap.network.roads import ACCESS_KPH
from clustermap.pipeline import find
from clustermap.project import open_project
from clustermap.publish.suppression import Rules
from clustermap.publish.travel import release_travel
from clustermap.render.advice import describe_advice
from clustermap.selection.advise import Advised
from clustermap.stages.ledger import Ledger, no_progress, say_quarantine
from clustermap.stages.publishing import build_record, list_tables, release_findings
from clustermap.stages.roads import read_roads
from clustermap.tables import OUTPUT_TABLES
from tests.small_world import CLUSTERS, SOUTH, WEST, build_small_world
from tests.sources.test_roads import edge, node, spell

if TYPE_CHECKING:
    from pathlib import Path

    from clustermap.project import Project
    from clustermap.stages.publishing import Findings

WAYS = [(1, 2, 600), (2, 1, 600), (2, 3, 1500), (3, 2, 1500), (1, 4, 1200)]
WAYS += [(4, 5, 600), (5, 4, 600), (5, 6, 600), (6, 5, 600)]
NAMES = ("travel", "travel_firms", "next_sites_by_kind", "intermediaries", "next_sites")
INSTITUTE_S = np.hypot(950, 950) / (ACCESS_KPH / 3.6)


def spell_roads(ways: list[tuple[int, int, int]]) -> str:
    nodes = [
        node(n + 1, WEST + 10_000 * (n % 3) + 1000, SOUTH + 20_000 * (n // 3) + 1000)
        for n in range(CLUSTERS)
    ]
    roads = [edge(a, b, travel_time=seconds) for a, b, seconds in ways]
    return spell('<data key="crs">epsg:5179</data>' + "".join([*nodes, *roads]))


def write_world(folder: Path, ways: list[tuple[int, int, int]]) -> Path:
    world = build_small_world()
    world.project += '[roads]\npath = "roads.graphml"\nlicence = "ODbL"\nattribution = "Ours"\n'
    world.project += '[select]\nbudget = 2\ncost = 1\nunrated = "typical"\nmust = ["C2"]\n'
    file = world.write(folder)
    (folder / "roads.graphml").write_text(spell_roads(ways), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return open_project(write_world(tmp_path_factory.mktemp("roads"), WAYS))


@pytest.fixture(scope="module")
def findings(project: Project) -> Findings:
    return find(project, strict=True, progress=no_progress)


@pytest.fixture(scope="module")
def tables(findings: Findings) -> dict[str, pd.DataFrame]:
    return list_tables(findings)


def test_tables_are_as_declared(tables: dict[str, pd.DataFrame]) -> None:
    declared = {table.name: table for table in OUTPUT_TABLES}
    for name in NAMES:
        assert list(tables[name]) == [column.name for column in declared[name].columns]
        assert not tables[name].duplicated(list(declared[name].key)).any()


def test_times_by_hand(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["travel"].set_index(["kind", "cluster"])
    assert list(table.loc["support"].index) == ["C1", "C2", "C3", "C4", "C5", "C6"]
    assert set(table.index.get_level_values("kind")) == {"university", "support"}
    # C1 may drive to C4, but C2 is nearer; nobody drives from C4 to C1.
    road_s = {"support": [600, 0, 1500, 0, 600, 0], "university": [0, 600, 0, 600, 0, 600]}
    for kind, seconds in road_s.items():
        wanted = (np.array(seconds) + INSTITUTE_S) / 60
        assert table.loc[kind, "minutes"].tolist() == pytest.approx(wanted, rel=1e-3)
        # Half of the firms stand within 375 m of the middle.
        median = wanted + 375 / (ACCESS_KPH / 3.6) / 60
        assert table.loc[kind, "median_minutes"].tolist() == pytest.approx(median, rel=1e-3)
    # Of C3, 58 s are left for the way to the road: 323 m.
    assert table.loc["support", "near_firms"].tolist() == [10, 10, 5, 10, 10, 10]
    assert table.loc["support", "near_share"].tolist() == [1, 1, 0.5, 1, 1, 1]
    assert (table["firms"] == 10).all()
    assert (table["left_out"] == 0).all()
    firms = tables["travel_firms"].set_index("firm")
    assert firms.loc["00306", "to_road"] == pytest.approx(0, abs=0.01)
    assert firms.loc["00300", "to_support"] == pytest.approx(
        (1500 + INSTITUTE_S + 900 / (ACCESS_KPH / 3.6)) / 60, rel=1e-3
    )
    assert firms[["to_hospital", "to_other", "to_public_institute"]].isna().all(axis=None)


def test_the_scorecard_counts_by_road(tables: dict[str, pd.DataFrame]) -> None:
    card = tables["intermediaries"].set_index("institute")
    # I4 in C4 is reached from C1, too, and so are those of C6: 1200 s, 242 s and at most 162 s.
    assert card["near_firms"].to_dict() == {"I2": 25, "I4": 40, "I6": 30}
    assert card["near_linked"].to_dict() == {"I2": 10, "I4": 10, "I6": 10}


def test_the_best_next_site_by_hand(tables: dict[str, pd.DataFrame]) -> None:
    (site,) = tables["next_sites_by_kind"].to_dict("records")
    assert list(site.items()) == [
        *(("kind", "support"), ("cluster", "C2"), ("added", 5), ("ties", 1)),
        *(("second", "C3"), ("second_added", 5), ("firms_covered", 55), ("firms_in_all", 60)),
    ]
    assert tables["next_sites"].to_numpy().tolist() == [[1, "C2", 5, 60, 60]]


def test_the_record_and_the_release_tell_it(project: Project, findings: Findings) -> None:
    release, record = release_findings(project, findings), build_record(project, findings)
    advice = describe_advice(release, {f"C{n + 1}": n for n in range(CLUSTERS)})
    assert advice
    assert advice["bodies"]["reach_minutes"] == 30
    assert Message("note.roads") in release.notes
    assert "Ours · ODbL" in release.attribution
    assert record["tables"]["roads"]["read"] == len(WAYS) + CLUSTERS
    (read,) = [each for each in record["inputs"] if each["table"] == "roads"]
    assert read["file"] == "roads.graphml"
    assert record["parameters"]["roads"]["path"] == "roads.graphml"


def test_a_cluster_is_told_of(findings: Findings) -> None:
    told = release_travel(findings.advised, Rules(), internal=True)
    assert told
    assert [say(message, "en") for message in told.tell("C2")] == SAID


SAID = [
    "University: the nearest is 14 minutes away; 100% of the firms reach one within 30 minutes.",
    "Support body: the nearest is 4 minutes away; 100% of the firms reach one within 30 minutes.",
    "Support body: one more would reach most firms here, 5 that have none within 30 minutes now.",
    "Times are approximate, by car on an empty road.",
]


@pytest.mark.slow
def test_a_whole_run_tells_it(project: Project) -> None:
    done = clustermap.run(project)
    assert done.memo
    assert say(Message("travel.free_flow"), "ko") in done.memo.read_text(encoding="utf-8")
    assert {f"{name}.parquet" for name in NAMES} <= {path.name for path in done.outputs}
    told = clustermap.explain_cluster(project, "C2", language="en")
    assert told["Travel by road"] == SAID


@pytest.mark.slow
def test_without_roads_nothing_is_said_of_them(tmp_path: Path) -> None:
    project = open_project(build_small_world().write(tmp_path))
    findings = find(project, strict=True, progress=no_progress)
    assert findings.advised.travel == {}
    assert "roads" not in project.parameters()
    assert release_travel(findings.advised, Rules(), internal=True) is None


def test_roads_without_linkages(tmp_path: Path) -> None:
    file = write_world(tmp_path, WAYS)
    text = file.read_text(encoding="utf-8")
    start, end = text.index("[[linkages]]"), text.index("[quality]")
    file.write_text(text[:start] + text[end : text.index("[select]")], encoding="utf-8")
    done = clustermap.score_clusters(open_project(file))
    assert "intermediaries" not in done.tables
    assert done.tables["travel"]["near_firms"].sum() == 55 + 60


def test_roads_that_are_all_bad_are_a_fault(tmp_path: Path) -> None:
    file = write_world(tmp_path, WAYS)
    (tmp_path / "roads.graphml").write_text(
        spell(node("a", "west") + node("b", "east")), encoding="utf-8"
    )
    with pytest.raises(TableFault, match="west"):
        clustermap.check_project(open_project(file))
    (tmp_path / "roads.graphml").write_text(spell(node("a", 9) + node("b", 9)), encoding="utf-8")
    with pytest.raises(TableFault) as caught:
        clustermap.check_project(open_project(file))
    assert caught.value.reason == "misplaced_layer"
    (tmp_path / "roads.graphml").write_text(spell(""), encoding="utf-8")
    with pytest.raises(TableFault) as caught:
        clustermap.check_project(open_project(file))
    assert caught.value.reason == "empty_layer"


def test_quarantined_roads_are_told(tmp_path: Path) -> None:
    file = write_world(tmp_path, WAYS)
    roads = tmp_path / "roads.graphml"
    text = roads.read_text(encoding="utf-8")
    roads.write_text(text.replace(">1500<", ">soon<", 1), encoding="utf-8")
    ledger = Ledger(0.2, strict=False)
    found = read_roads(open_project(file), (120, 30, 140, 40), ledger, no_progress)
    assert found
    assert found.times.nnz == len(WAYS) - 1
    assert ledger.summary()["roads"]["reasons"] == {"not_a_number": 1}
    assert "soon" in say(say_quarantine(ledger.faults())[0], "en")


TRAVEL = pd.DataFrame(
    [
        # Of D, two are not near; of E, two are left out; F shares firms; G has two.
        ("A", "support", 4.0, 20, 6.0, 10, 0.5, 0),
        ("D", "support", 4.0, 20, 6.0, 18, 0.9, 0),
        ("E", "support", 4.0, 20, 6.0, 10, 0.5, 2),
        ("F", "support", 4.0, 20, 6.0, 10, 0.5, 0),
        ("G", "support", 4.0, 2, 6.0, 2, 1.0, 0),
    ],
    columns=[
        *("cluster", "kind", "minutes", "firms", "median_minutes"),
        *("near_firms", "near_share", "left_out"),
    ],
)
SITES = pd.DataFrame(
    [
        ("hospital", "A", 20, 0, "D", 10, 30, 100),
        ("support", "A", 20, 0, "D", 19, 30, 100),
        ("university", "A", 2, 0, "D", 1, 97, 100),
        ("other", "A", 69, 0, None, None, 30, 100),
    ],
    columns=[
        *("kind", "cluster", "added", "ties", "second", "second_added"),
        *("firms_covered", "firms_in_all"),
    ],
).astype({"second_added": "Int64"})


def test_numbers_of_few_firms_do_not_leave() -> None:
    advised = Advised(
        travel={"travel": TRAVEL, "next_sites_by_kind": SITES}, sharing=frozenset({"F"})
    )
    told = release_travel(advised, Rules(), internal=False)
    inside = release_travel(advised, Rules(), internal=True)
    assert told
    assert inside
    pd.testing.assert_frame_equal(inside.clusters, TRAVEL)
    clusters = told.clusters.set_index("cluster")
    assert clusters["minutes"].tolist() == [4.0] * 5
    known = clusters[["firms", "median_minutes", "near_firms", "near_share", "left_out"]].notna()
    assert known.loc["A"].all()
    assert known.loc["D"].tolist() == [True, True, False, False, True]
    assert not known.loc[["E", "F", "G"]].any(axis=None)
    sites = told.sites.set_index("kind")
    assert sites["added"].fillna(-1).tolist() == [20, 20, -1, -1]
    assert sites["second_added"].notna().tolist() == [True, False, False, False]
    assert sites["firms_covered"].notna().to_dict()["university"]
    assert [message.key for message in told.tell("A")] == [
        *("travel.near_firms", "travel.site", "travel.site", "travel.free_flow")
    ]
    assert [message.key for message in told.tell("G")] == ["travel.near", "travel.free_flow"]
    assert told.tell("nowhere") == ()


def test_no_road_is_said_so() -> None:
    cut = TRAVEL.assign(minutes=np.nan)
    advised = Advised(travel={"travel": cut, "next_sites_by_kind": SITES.iloc[:0]})
    told = release_travel(advised, Rules(), internal=True)
    assert told
    assert [message.key for message in told.tell("A")] == ["travel.none", "travel.free_flow"]
