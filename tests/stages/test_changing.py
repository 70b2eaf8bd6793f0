"""Changing: every kind of change on the small world, before anything long is computed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clustermap.change import open_change
from clustermap.errors import TableFault
from clustermap.messages import say
from clustermap.project import Project, open_project
from clustermap.stages.changing import Altered, Setup, apply_change
from clustermap.stages.counting import Network, count_network
from clustermap.stages.ledger import Ledger, no_progress
from clustermap.stages.reading import Unassigned, read_unassigned, settle_layers
from clustermap.store import open_scratch
from clustermap.tables import ACTOR_TYPES, KINDS
from tests.small_world import SOUTH, WEST, SmallWorld, build_small_world, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from clustermap.network.edges import Edges

SELECT = """
[select]
budget = 3
[scenarios.rich]
budget = 6
[scenarios.open]
weights = { openness = 1, participation = 1 }
"""
PROJECTS = [
    {"project": "p1", "participant": name, "year": 2021} for name in ("00100", "00200", "I1")
] + [{"project": "p2", "participant": name, "year": 2021} for name in ("00100", "00101")]


@dataclass(frozen=True)
class Ground:
    """A world that was read, and where it lies."""

    folder: Path
    project: Project
    ledger: Ledger
    unassigned: Unassigned

    def change(self, text: str) -> tuple[Setup, Altered]:
        file = self.folder / "change.toml"
        file.write_text(f"schema = 1\n{text}", encoding="utf-8")
        opened = open_change(file)
        layers = settle_layers(self.project, self.unassigned, self.ledger.fork(), no_progress)
        setup = Setup(self.project, opened, self.unassigned, layers)
        return setup, apply_change(setup, self.ledger.fork(), no_progress)

    def refuse(self, text: str) -> str:
        with pytest.raises(TableFault) as caught:
            self.change(text)
        line = caught.value.line("en")
        assert "\n" not in line
        assert caught.value.line("ko") != line
        return line

    def count(self, altered: Altered) -> tuple[Network, list[tuple[str, str, str]]]:
        """Count the links, and name their ends and kind."""
        with open_scratch() as scratch:
            network = count_network(
                altered.project, altered.layers, altered.ledger, no_progress, scratch, altered.links
            )
            return network, name_edges(network.edges, altered.layers.register.ids)


def name_edges(edges: Edges, ids: pa.Array) -> list[tuple[str, str, str]]:
    names = ids.to_pylist()
    return sorted(
        (*sorted((names[a], names[b])), KINDS[kind])
        for a, b, kind in zip(edges.a, edges.b, edges.kind, strict=True)
    )


def read(world: SmallWorld, folder: Path) -> Ground:
    for at, row in enumerate(world.clusters):
        row |= {"region": "SN"[at // 3], "cost": 1.0, "industries": "bio" if at < 2 else "ai"}
    world.project += SELECT
    file = world.write(folder)
    (folder / "projects.csv").write_text(write_csv(PROJECTS), encoding="utf-8")
    linkage = '[[linkages]]\npath = "projects.csv"\nform = "projects"\n'
    text = file.read_text(encoding="utf-8").replace("[quality]", f"{linkage}[quality]")
    file.write_text(text, encoding="utf-8")
    project = open_project(file)
    ledger = Ledger(project.quality.max_refused, strict=False)
    return Ground(folder, project, ledger, read_unassigned(project, ledger, no_progress))


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return read(build_small_world(), tmp_path_factory.mktemp("changing"))


@pytest.fixture(scope="module")
def plain(ground: Ground) -> list[tuple[str, str, str]]:
    """Every link as it is."""
    _, altered = ground.change("")
    return ground.count(altered)[1]


def told(altered: Altered) -> list[str]:
    assert all(say(line, "ko") for line in altered.told)
    return [say(line, "en") for line in altered.told]


def home(altered: Altered, actor: str) -> str:
    register, cells = altered.layers.register, altered.layers.cells
    return cells.names[register.cells[register.ids.index(actor).as_py()]]


def members(altered: Altered, cluster: str) -> int:
    codes = altered.layers.register.cells
    return int((codes == altered.layers.cells.names.index(cluster)).sum())


# An empty change


def test_an_empty_change_changes_nothing(ground: Ground, plain: list[Any]) -> None:
    setup, altered = ground.change("")
    assert altered.project == setup.project
    assert altered.links.added.num_rows == len(altered.links.closed) == 0
    assert (altered.links.removed, altered.weights) == ({}, None)
    assert altered.layers.register.ids.equals(setup.layers.register.ids)
    assert altered.layers.clusters.equals(setup.layers.clusters)
    assert told(altered) == ["Nothing is changed."]
    # 192 pairs, three of the project of three, one of the project of two.
    assert len(plain) == 192 + 3 + 1


# Closings


def test_the_lead_by_employees_closes_with_all_its_links(
    ground: Ground, plain: list[tuple[str, str, str]]
) -> None:
    # Firm k of a cluster has 10 + k employees: the tenth has most.
    setup, altered = ground.change('[[close]]\nlead_of = "C1"')
    assert altered.links.closed.to_pylist() == ["00109"]
    assert told(altered) == [
        "The firm with most employees in 단지 1 (C1) closes: 00109. All its links go with it."
    ]
    assert "00109" not in altered.layers.register.ids.to_pylist()
    assert len(altered.layers.register.ids) == len(setup.layers.register.ids) - 1
    network, left = ground.count(altered)
    assert left == [edge for edge in plain if "00109" not in edge[:2]]
    entry = altered.ledger.entries["linkages_1"]
    assert (entry.read, entry.left_out) == (192, len(plain) - len(left))
    assert (altered.ledger.entries["firms"].read, entry.kept) == (59, 192 - entry.left_out)
    assert altered.ledger.faults().num_rows == 0  # what closes is no fault of a row
    firms = network.counts.by_sector.groupby("cluster")["firms"].sum()
    assert firms["C1"] == 9


def test_the_lead_by_links_is_the_one_with_most(ground: Ground) -> None:
    # Every firm has five links; 00100 has one with a partner abroad and three of projects besides.
    _, altered = ground.change('[[close]]\nlead_of = "C1"\nby = "links"')
    assert altered.links.closed.to_pylist() == ["00100"]
    # The next time it is the next: 00101 of a project and 00105 with the partner have six.
    _, altered = ground.change('[[close]]\nlead_of = "단지 1"\nby = "links"\n' * 2)
    assert altered.links.closed.to_pylist() == ["00100", "00101"]


def test_what_a_firm_has_is_told_inside_the_house_alone(ground: Ground) -> None:
    publish = ground.project.publish.model_copy(update={"internal": True})
    inside = replace(ground, project=ground.project.model_copy(update={"publish": publish}))
    _, altered = inside.change('[[close]]\nlead_of = "C1"')
    assert "00109 (19 persons)" in told(altered)[0]


def test_a_project_loses_the_closed_as_if_it_had_never_been_there(ground: Ground) -> None:
    _, altered = ground.change('[[close]]\nactor = "00200"')
    network, left = ground.count(altered)
    assert [edge for edge in left if edge == ("00100", "I1", "research")] == [
        ("00100", "I1", "research")
    ] * 2
    # Of three participants each pair had half a share; of two it has all.
    edges = network.edges
    assert edges.credit[edges.unit >= 0].tolist() == [10**9, 10**9]


def test_institutes_and_partners_close_too(ground: Ground, plain: list[Any]) -> None:
    _, altered = ground.change('[[close]]\nactor = "I1"\n[[close]]\nactor = "P1"')
    left = ground.count(altered)[1]
    assert left == [edge for edge in plain if not {"I1", "P1"} & {*edge[:2]}]


# Institutes


def test_an_institute_is_founded_in_the_middle_of_a_cluster(ground: Ground) -> None:
    text = '[[institutes]]\ninstitute = "NEW"\nkind = "hospital"\ncluster = "C2"\nname = "병원"'
    setup, altered = ground.change(text)
    register = altered.layers.register
    at = register.ids.index("NEW").as_py()
    assert ACTOR_TYPES[register.types[at]] == "hospital"
    assert home(altered, "NEW") == "C2"
    assert (register.x[at], register.y[at]) == (WEST + 11_000, SOUTH + 1000)
    assert altered.layers.actors["institutes"]["name"].to_pylist()[-1] == "병원"
    assert members(altered, "C2") == 12
    # All others stay where they are.
    others = [name for name in register.ids.to_pylist() if name != "NEW"]
    assert others == setup.layers.register.ids.to_pylist()
    assert altered.ledger.entries["institutes"].kept == 7
    assert told(altered) == ["NEW (Hospital) is founded at C2."]


def test_an_institute_may_stand_anywhere(ground: Ground) -> None:
    text = f'[[institutes]]\ninstitute = "NEW"\nkind = "support"\nx = {WEST + 5000}\ny = {SOUTH}'
    _, altered = ground.change(text)
    assert home(altered, "NEW").startswith("outside:")


def test_a_world_without_institutes_gets_its_first(tmp_path: Path) -> None:
    world = build_small_world()
    section = '[layers.institutes]\npath = "institutes.csv"\ncrs = "EPSG:5179"\n'
    world.project = world.project.replace(section, "").replace("max_refused = 0.2", "max_refused=1")
    bare = read(world, tmp_path)
    text = '[[institutes]]\ninstitute = "NEW"\nkind = "university"\ncluster = "C2"\n'
    links = '[[add_links]]\nbetween = ["NEW", "C1"]\nkind = "research"\nlinks = 5'
    _, altered = bare.change(text + links)
    assert home(altered, "NEW") == "C2"
    assert altered.links.added.num_rows == 5
    assert list(altered.layers.actors) == ["firms", "institutes", "partners"]


def test_founded_and_closed_is_as_if_nothing_had_been(ground: Ground, plain: list[Any]) -> None:
    text = '[[institutes]]\ninstitute = "NEW"\nkind = "hospital"\ncluster = "C2"\n'
    setup, altered = ground.change(f'{text}[[close]]\nactor = "NEW"')
    assert altered.layers.register.ids.equals(setup.layers.register.ids)
    assert ground.count(altered)[1] == plain


# Boundaries


def test_a_wider_boundary_takes_in_who_stood_outside(tmp_path: Path) -> None:
    world = build_small_world()
    world.firms[0] |= {"x": WEST - 300, "y": SOUTH + 1000}
    wide = read(world, tmp_path)
    setup, altered = wide.change('[[boundaries]]\ncluster = "C1"\nbuffer_m = 400')
    before = Altered(setup.project, setup.layers, wide.ledger)
    assert (members(before, "C1"), members(altered, "C1")) == (10, 11)
    assert home(altered, "00100") == "C1"
    # A square of 2 km with a margin of 400 m: 4 + 4 x .8 + a circle of .4 km (of 64 corners).
    area = altered.layers.clusters.loc["C1", "area_km2"]
    assert area == pytest.approx(4 + 3.2 + np.pi * 0.16, abs=0.005)
    assert told(altered) == [
        "The boundary of 단지 1 (C1) moves outward by 400.0 m: 4.00 km² become 7.70 km²."
    ]
    _, back = wide.change('[[boundaries]]\ncluster = "C1"\nbuffer_m = -900')
    assert members(back, "C1") == 1  # of the firms at y 1000, x -300, 250, 400 .. the one at 1000


def test_a_boundary_comes_from_a_file(ground: Ground) -> None:
    shapes = {
        "C1": shapely.box(WEST, SOUTH, WEST + 1000, SOUTH + 2000),
        "C9": shapely.Point(WEST, SOUTH),
    }
    frame = gpd.GeoDataFrame(
        {"cluster": list(shapes)}, geometry=list(shapes.values()), crs="EPSG:5179"
    )
    path = ground.folder / "half.geojson"
    path.write_text(frame.to_json(drop_id=True), encoding="utf-8")
    text = '[[boundaries]]\ncluster = "C1"\npath = "half.geojson"\ncrs = "EPSG:5179"'
    _, altered = ground.change(text)
    # Firms stand at x = 100, 250, ..., 1450; seven of ten are within 1000, and so is I1 at 50.
    assert members(altered, "C1") == 8
    assert altered.layers.clusters.loc["C1", "area_km2"] == 2
    assert "C2" in altered.layers.clusters.index
    line = ground.refuse(text.replace("C1", "C2"))
    assert "half.geojson" in line
    assert "(0 found)" in line
    frame.drop(columns="cluster").to_file(path, driver="GeoJSON")
    assert "(2 found)" in ground.refuse(text)
    frame.iloc[1:].to_file(path, driver="GeoJSON")
    line = ground.refuse(text.replace('"C1"', '"C3"'))
    assert "(0 found)" in line
    frame.iloc[1:].drop(columns="cluster").to_file(path, driver="GeoJSON")
    line = ground.refuse(text)
    assert line.startswith("change.toml [[boundaries]] 1: it holds points or lines")


def test_merged_clusters_are_one(tmp_path: Path) -> None:
    world = build_small_world()
    for row in world.firms:
        row["complex"] = ""
    world.firms[10] |= {"x": "", "y": "", "complex": "C2"}
    world.firms[11] |= {"x": "", "y": "", "complex": "단지 2"}
    two = read(world, tmp_path)
    setup, altered = two.change('[[boundaries]]\ncluster = "C1"\nmerge = ["C2"]')
    assert list(altered.layers.clusters.index) == ["C1", "C3", "C4", "C5", "C6"]
    assert members(altered, "C1") == 22
    assert home(altered, "00200") == home(altered, "00201") == "C1"
    merged = altered.layers.clusters.loc["C1"]
    assert (merged["area_km2"], merged["cost"], merged["industries"]) == (8, 2, "bio")
    assert told(altered) == ["단지 1 (C1) takes in 단지 2 (C2)."]
    # One after the other: all three end up in the last.
    chain = '[[boundaries]]\ncluster="C1"\nmerge=["C2"]\n[[boundaries]]\ncluster="C3"\nmerge=["C1"]'
    _, altered = two.change(chain)
    assert members(altered, "C3") == 33
    assert altered.layers.clusters.loc["C3", "industries"] == "ai;bio"
    assert "C2" in two.refuse(chain + '\n[[boundaries]]\ncluster="C2"\nbuffer_m=1')
    assert len(setup.unassigned.clusters) == 6  # what was read stays as it was


def test_clusters_that_may_not_overlap_are_told_before_anything(ground: Ground) -> None:
    layers = ground.project.layers
    clusters = layers.clusters.model_copy(update={"overlaps": "error"})
    strict = ground.project.model_copy(
        update={"layers": layers.model_copy(update={"clusters": clusters})}
    )
    text = '[[boundaries]]\ncluster = "C1"\nbuffer_m = 9000'
    assert "overlap" in replace(ground, project=strict).refuse(text)


def test_grants_follow_those_who_got_them(tmp_path: Path) -> None:
    world = build_small_world()
    section = '[layers.support]\npath = "grants.csv"\n'
    world.project = world.project.replace("[quality]", f"{section}[quality]")
    grants = [{"programme": "p", "beneficiary": name, "amount": 1} for name in ("C2", "00100")]
    (tmp_path / "grants.csv").write_text(write_csv(grants), encoding="utf-8")
    given = read(world, tmp_path)
    text = '[[boundaries]]\ncluster = "C1"\nmerge = ["C2"]\n'
    _, altered = given.change(text)
    assert altered.layers.grants is not None
    assert altered.layers.grants["beneficiary"].to_list() == ["C1", "00100"]
    _, altered = given.change(f'{text}[[close]]\nactor = "00100"')
    assert altered.layers.grants is not None
    assert altered.layers.grants["beneficiary"].to_list() == ["C1"]
    assert altered.ledger.entries["support"].read == 1
    assert altered.ledger.faults().num_rows == 0


# Money and weights


def test_budgets_and_weights_change_the_project(ground: Ground) -> None:
    _, altered = ground.change("budget_times = 0.5")
    assert altered.project.select is not None
    assert altered.project.select.budget == 1.5
    assert altered.project.scenarios["rich"].budget == 3
    assert altered.project.scenarios["open"].budget is None
    assert told(altered) == ["The budget is 1.5 instead of 3."]
    _, altered = ground.change("budget = 5")
    assert altered.project.select is not None
    assert (altered.project.select.budget, altered.project.scenarios["rich"].budget) == (5, 6)
    _, altered = ground.change("weights_times = { openness = 2 }")
    assert altered.weights is not None
    assert altered.weights["openness"] == pytest.approx(2 * altered.weights["embeddedness"])
    assert "Openness 29 %" in told(altered)[0]  # two of seven
    _, altered = ground.change("weights = { openness = 1, diversity = 3, brokerage = 2 }")
    assert altered.weights == {"openness": 1, "diversity": 3, "brokerage": 2}
    _, altered = ground.change('profile = "eu_stars"')
    assert altered.project.score.profile == "eu_stars"
    assert told(altered) == ["The profile is eu_stars instead of balanced."]


# Links


def test_links_are_added_between_members(ground: Ground, plain: list[Any]) -> None:
    text = '[[add_links]]\nbetween = ["C1", "C3"]\nkind = "research"\nlinks = 50\nyear = 2025'
    _, altered = ground.change(text)
    left = list(plain)
    network, found = ground.count(altered)
    for edge in left:
        found.remove(edge)
    # C1 and C3 have a university each: research joins a firm with the other's, or the two.
    assert len(found) == 50
    firms = {f"{number}{firm:02d}" for number in ("001", "003") for firm in range(10)}
    assert all(kind == "research" and {a, b} & {"I1", "I3"} for a, b, kind in found)
    assert all({a, b} <= firms | {"I1", "I3"} for a, b, _ in found)
    between = {("C1", "C3"), ("C3", "C1")}
    rows = network.flows[network.flows["year"] == 2025]
    assert rows["links"].sum() == 50
    assert {*zip(rows["source"], rows["target"], strict=True)} <= between
    assert ground.change(text)[1].links.added.equals(altered.links.added)  # the seed decides


def test_links_of_one_actor_and_within_a_cluster(ground: Ground) -> None:
    _, altered = ground.change(
        '[[add_links]]\nbetween = ["00100", "P1"]\nkind = "transfer"\nlinks = 3\nweight = 0.25\n'
        '[[add_links]]\nbetween = ["C2", "C2"]\nkind = "firm_firm"\nlinks = 4'
    )
    names = altered.layers.register.ids.to_pylist()
    ends = [
        (names[a], names[b])
        for a, b in zip(*(altered.links.added[end].to_pylist() for end in "ab"), strict=True)
    ]
    assert ends[:3] == [("00100", "P1")] * 3
    assert all(a != b and {a[:3], b[:3]} == {"002"} for a, b in ends[3:])
    assert altered.links.added["share"].to_pylist()[:3] == [250_000_000] * 3


def test_links_are_removed_by_pair_actor_and_kind(
    ground: Ground, plain: list[tuple[str, str, str]]
) -> None:
    def left_by(text: str) -> list[tuple[str, str, str]]:
        _, altered = ground.change(text)
        return ground.count(altered)[1]

    assert left_by('[[remove_links]]\nof = "I1"') == [e for e in plain if "I1" not in e[:2]]
    assert left_by('[[remove_links]]\nkind = "transfer"') == [
        edge for edge in plain if edge[2] != "transfer"
    ]
    between = left_by('[[remove_links]]\nbetween = ["C1", "C2"]\nkind = "firm_firm"')
    gone = [e for e in plain if {e[0][:3], e[1][:3]} == {"001", "002"} and e[2] == "firm_firm"]
    assert len(plain) - len(between) == len(gone) == 10 + 1  # and one of the project p1
    some = left_by('[[remove_links]]\nbetween = ["C1", "C2"]\nlinks = 4')
    assert len(plain) - len(some) == 4
    assert not [edge for edge in some if edge not in plain]
    twice = left_by('[[remove_links]]\nbetween = ["C1", "C2"]\nlinks = 4\n' * 2)
    assert len(plain) - len(twice) == 8


def test_added_and_removed_is_as_if_nothing_had_been(ground: Ground, plain: list[Any]) -> None:
    add = '[[add_links]]\nbetween = ["C1", "C3"]\nkind = "research"\nlinks = 7\n'
    remove = add.replace("add_", "remove_")
    _, altered = ground.change(add + remove)
    assert altered.links.added.num_rows == 0
    assert altered.links.removed == {}
    assert ground.count(altered)[1] == plain
    # Of fourteen added the last go first.
    _, once = ground.change(add)
    _, half = ground.change(add + add + remove)
    assert half.links.added.equals(once.links.added)


@given(
    pair=st.tuples(*[st.sampled_from(["C1", "C2", "C5", "00100", "I2", "P1"])] * 2),
    kind=st.sampled_from(KINDS),
    links=st.integers(1, 40),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_added_and_removed_leaves_no_trace(
    ground: Ground, pair: tuple[str, str], kind: str, links: int
) -> None:
    add = f'[[add_links]]\nbetween = ["{pair[0]}", "{pair[1]}"]\nkind = "{kind}"\nlinks = {links}\n'
    try:
        _, added = ground.change(add)
    except TableFault as fault:
        assert fault.reason == "change_no_pair"  # noqa: PT017 -- most pairs can have a link
        return
    assert added.links.added.num_rows == links
    _, altered = ground.change(add + add.replace("add_", "remove_"))
    assert altered.links.added.num_rows == 0
    assert altered.links.removed == {}


def test_a_table_of_links_is_read_as_the_projects_are(ground: Ground, plain: list[Any]) -> None:
    rows = [{"a": "00100", "b": "00300", "what": "협력"}, {"a": "I1", "b": "I3", "what": "연구"}]
    (ground.folder / "more.csv").write_text(write_csv(rows), encoding="utf-8")
    text = """
[[linkages]]
path = "more.csv"
form = "pairs"
columns = { source = "a", target = "b", kind = "what" }
kinds = { "협력" = "firm_firm", "연구" = "research" }
"""
    _, altered = ground.change(text)
    found = ground.count(altered)[1]
    for edge in plain:
        found.remove(edge)
    assert found == [("00100", "00300", "firm_firm"), ("I1", "I3", "research")]
    assert told(altered) == ["2 links of more.csv are added."]
    rows[1]["b"] = "00399"
    (ground.folder / "more.csv").write_text(write_csv(rows), encoding="utf-8")
    line = ground.refuse(text)
    assert line.startswith("change.toml [[linkages]] 1 (more.csv), column target, row 3")
    assert "00399" in line


# What cannot be applied is told before anything long

REFUSED = {
    "no polygons at all": (
        '[[boundaries]]\ncluster = "C1"\npath = "firms.csv"',
        "[[boundaries]] 1",
        "geometry",
    ),
    "another format": (
        '[[boundaries]]\ncluster = "C1"\npath = "project.toml"',
        "project.toml",
        "cannot be read",
    ),
    "unknown cluster": ('[[close]]\nlead_of = "C7"', "key lead_of, value 'C7'", "near it: C"),
    "unknown actor": ('[[close]]\nactor = "00110"', "[[close]] 1, key actor", "near it: 00109"),
    "unknown end": (
        '[[add_links]]\nbetween = ["C1", "NEW"]\nkind = "research"',
        "[[add_links]] 1, key between, value 'NEW'",
        "near it:",
    ),
    "a closed end": (
        '[[close]]\nactor = "I1"\n[[add_links]]\nbetween = ["C1", "I1"]\nkind = "research"',
        "value 'I1'",
        "what closes has no links",
    ),
    "no such cluster and no actor": ('[[remove_links]]\nof = "cluster:I1"', "cluster:I1", "near"),
    "no pair": (
        '[[add_links]]\nbetween = ["C2", "C4"]\nkind = "research"',
        "C2 – C4",
        "Joint research needs",
    ),
    "with itself": ('[[add_links]]\nbetween = ["I1", "I1"]\nkind = "other"', "I1 – I1", "no pair"),
    "no links": (
        '[[remove_links]]\nbetween = ["C1", "C6"]\nkind = "mobility"',
        "C1 – C6",
        "no such",
    ),
    "few links": (
        '[[remove_links]]\nof = "P1"\nlinks = 13',
        "key links, value '13'",
        "only 12 such links",
    ),
    "taken": ('[[institutes]]\ninstitute="I1"\nkind="hospital"\ncluster="C1"', "'I1'", "already"),
    "the id of a cluster": (
        '[[institutes]]\ninstitute="C1"\nkind="hospital"\ncluster="C1"',
        "'C1'",
        "already",
    ),
    "twice": (
        '[[institutes]]\ninstitute="N"\nkind="hospital"\ncluster="C1"\n' * 2,
        "[[institutes]] 2",
        "already",
    ),
    "nowhere": ('[[institutes]]\ninstitute="N"\nkind="hospital"\ncluster="C11"', "'C11'", "C1"),
    "nothing left": ('[[boundaries]]\ncluster="C1"\nbuffer_m=-1000', "-1000", "less far inward"),
    "itself": ('[[boundaries]]\ncluster="C1"\nmerge=["C1"]', "key merge", "merged with itself"),
    "no profile": ('profile = "balance"', "value 'balance'", "balanced"),
    "no weights": (
        'profile = "eu_stars"\nweights_times = { openness = 2 }',
        "key weights_times, value 'eu_stars'",
        "does not weigh",
    ),
    "too heavy": ("weights_times = { openness = 9 }", "key weights_times", "Expected"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_applied_is_one_line(ground: Ground, name: str) -> None:
    text, place, cure = REFUSED[name]
    line = ground.refuse(text)
    assert place in line
    assert cure in line


def test_a_name_of_two_things_must_say_which(tmp_path: Path) -> None:
    world = build_small_world()
    world.institutes[0]["institute"] = "C1"
    for row in world.pairs:
        row |= {end: "C1" for end in ("source", "target") if row[end] == "I1"}
    both = read(world, tmp_path)
    line = both.refuse('[[remove_links]]\nof = "C1"')
    assert 'Write "cluster:C1" or "actor:C1"' in line
    sizes = []
    for name in ("actor:C1", "cluster:C1"):
        _, altered = both.change(f'[[remove_links]]\nof = "{name}"')
        sizes.append(sum(len(at) for at in altered.links.removed.values()))
    # Ten links with its firms; all of its firms: 10 within, 10 with the body, 20 with C2 and C6, 2
    # abroad, and four of projects of which I1 is not known any more.
    assert sizes[0] == 10
    assert sizes[1] > 40


def test_without_a_lead_there_is_nobody_to_close(tmp_path: Path) -> None:
    world = build_small_world()
    for row in world.firms[:10]:
        row["employees"] = ""
    nobody = read(world, tmp_path)
    assert "(employees)" in nobody.refuse('[[close]]\nlead_of = "C1"')
    _, altered = nobody.change('[[close]]\nlead_of = "C1"\nby = "links"')
    assert altered.links.closed.to_pylist() == ["00100"]


def test_without_a_budget_none_can_change(ground: Ground) -> None:
    bare = ground.project.model_copy(update={"select": None, "scenarios": {}})
    assert "[select]" in replace(ground, project=bare).refuse("budget_times = 2")
