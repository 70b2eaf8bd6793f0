"""Counting: the same tables from any chunks, and from pairs or projects alike."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from clustermap.network import running
from clustermap.network.observed import BOUNDARIES
from clustermap.pipeline import find
from clustermap.project import open_project
from clustermap.sources.files import geometries, parquet, text
from clustermap.stages.counting import Network, count_network
from clustermap.stages.ledger import Ledger, no_progress
from clustermap.stages.reading import read_layers
from clustermap.tables import ACTOR_TYPES, SHARE_UNIT
from tests.small_world import SmallWorld, build_small_world

if TYPE_CHECKING:
    from pathlib import Path


def count(world: SmallWorld, folder: Path) -> tuple[Network, Ledger]:
    project = open_project(world.write(folder))
    ledger = Ledger(project.quality.max_refused, strict=False)
    layers = read_layers(project, ledger, no_progress)
    scratch = folder / "scratch"
    scratch.mkdir()
    return count_network(project, layers, ledger, no_progress, scratch), ledger


def assert_equal(one: Network, other: Network, *, ordered: bool = True) -> None:
    """Assert that two networks are equal; edges name actors by the order of their rows."""
    pd.testing.assert_frame_equal(one.flows, other.flows)
    for name in ("actors", "by_sector", "by_industry", "nation_by_industry", "links", "linked"):
        pd.testing.assert_frame_equal(getattr(one.counts, name), getattr(other.counts, name))
    assert one.observed.flows.combine_chunks().equals(other.observed.flows.combine_chunks())
    for boundary in BOUNDARIES:
        parts = [getattr(network.observed, boundary) for network in (one, other)]
        assert (parts[0].members == parts[1].members).all()
        for name in ("ends", "squares"):
            tables = [getattr(part, name).combine_chunks() for part in parts]
            assert tables[0].equals(tables[1])
    assert len(one.edges) == len(other.edges)
    for name, column in one.edges.columns().items() if ordered else ():
        assert np.array_equal(column, other.edges.columns()[name])
    for name in ("bins", "near", "shares", "x", "y"):
        arrays = [getattr(network.observed.space, name) for network in (one, other)]
        assert np.array_equal(*arrays, equal_nan=True)
    edges = [sorted(network.counts.network.edges(keys=True)) for network in (one, other)]
    assert edges[0] == edges[1]


def test_every_link_of_the_small_world(tmp_path: Path) -> None:
    network, ledger = count(build_small_world(), tmp_path)
    links = network.counts.links.set_index(["cluster", "kind"])
    # Of 10 firms each: a ring inside, one link each to the next cluster and from the last.
    for cluster in ("C1", "C4"):
        row = links.loc[(cluster, "firm_firm")]
        assert (row["internal"], row["external"], row["linked"]) == (10, 20, 10)
    assert links.loc[("C1", "research"), "internal"] == 10
    assert links.loc[("C1", "research"), "linked"] == 11
    assert links.loc[("C2", "support"), "internal"] == 10
    assert links.loc[("C3", "transfer"), ["external", "abroad"]].to_list() == [2, 2]
    assert links.loc[("C3", "transfer"), "external_weight"] == SHARE_UNIT
    assert network.flows["links"].sum() == len(build_small_world().pairs) == 192
    assert ledger.summary()["linkages_1"]["links_unlike_their_kind"] == 0


SQUARES = ("95_195", "95_197", "96_195", "96_197", "97_195", "97_197")


def test_what_the_null_model_is_held_against(tmp_path: Path) -> None:
    network, _ = count(build_small_world(), tmp_path)
    observed = network.observed
    drawn, cells = observed.drawn, observed.cells
    assert observed.radii_m == (0, 10_000, 30_000)
    # 60 firms of three divisions and three size classes, 6 institutes of two types.
    assert drawn.members.sum() == 66
    assert dict(zip(cells.names, drawn.members.sum(axis=1).tolist(), strict=True)) == {
        **{f"C{number}": 11 for number in range(1, 7)},
        "abroad:독일": 0,
        # Of a smaller C1 to C6 the outermost actors stand in these.
        **{f"outside:{square}": 0 for square in SQUARES},
    }
    types = [ACTOR_TYPES[code] for code in observed.strata.type]
    assert types == ["firm"] * 3 + ["university", "support"]
    assert observed.strata.size_class.tolist()[:3] == [1, 1, 1]  # 10 to 19 employees
    assert observed.strata.sector.tolist()[:3] == [0, 1, 2]  # 21, 26, 29
    # All but the 12 links with the partner abroad.
    assert drawn.ends["links"].to_numpy().sum() == 192 - 12
    assert observed.flows["credit"].to_numpy().sum() == 192 * SHARE_UNIT
    squares = drawn.squares.to_pandas().set_index(["cluster", "kind", "reach"])
    for reach, links in ((0, 20), (1, 30), (2, 40), (3, 0)):
        # A ring and an institute inside; C2 is 10 km off; C6, whence links come, 28 km.
        row = squares["squares"].get((0, -1, reach), 0)
        assert row == links * 10**6
    assert observed.regions.tolist() == [-1] * (7 + len(SQUARES))


@pytest.mark.parametrize("block", [150, 1000])
def test_chunks_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    whole, _ = count(build_small_world(), tmp_path / "whole")
    monkeypatch.setattr(text, "_BLOCK_BYTES", block)
    for module in (geometries, parquet):
        monkeypatch.setattr(module, "CHUNK_ROWS", 2)
    monkeypatch.setattr(running, "_WAITING", 3)
    parts, _ = count(build_small_world(), tmp_path / "parts")
    assert_equal(whole, parts)


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    whole, _ = count(build_small_world(), tmp_path / "whole")
    world = build_small_world()
    for rows in (world.firms, world.institutes, world.pairs):
        rows.reverse()
    turned, _ = count(world, tmp_path / "turned")
    assert_equal(whole, turned, ordered=False)


def test_the_order_of_clusters_changes_no_flow(tmp_path: Path) -> None:
    whole, _ = count(build_small_world(), tmp_path / "whole")
    world = build_small_world()
    world.clusters.reverse()
    turned, _ = count(world, tmp_path / "turned")
    pd.testing.assert_frame_equal(whole.flows, turned.flows)
    assert list(turned.counts.clusters) == list(whole.counts.clusters)[::-1]


def test_projects_and_pairs_stand_side_by_side(tmp_path: Path) -> None:
    world = build_small_world()
    world.project += '[[linkages]]\npath = "projects.csv"\nform = "projects"\n'
    rows = ["project,participant,kind,year"]
    rows += [f"J1,{who},," for who in ("00100", "00101", "I1", "nobody")]
    rows += [f"J2,{who},," for who in ("00100", "00200")]
    rows += ["J3,00300,,2020"]
    tmp_path.joinpath("projects.csv").write_text("\n".join(rows), encoding="utf-8")
    network, ledger = count(world, tmp_path)
    plain, _ = count(build_small_world(), tmp_path / "plain")
    summary = ledger.summary()["linkages_2"]
    assert (summary["read"], summary["kept"], summary["quarantined"]) == (7, 6, 1)
    assert (summary["projects"], summary["links"]) == (3, 4)
    both, alone = (found.counts.links.set_index(["cluster", "kind"]) for found in (network, plain))
    added = both[["internal", "external", "units"]] - alone[["internal", "external", "units"]]
    assert added.loc[("C1", "firm_firm")].to_list() == [1, 1, 2]  # J1 inside, J2 to C2: 2 projects
    assert added.loc[("C1", "research")].to_list() == [2, 0, 1]  # J1 twice, one project
    assert added.loc[("C2", "firm_firm")].to_list() == [0, 1, 1]
    assert added.loc[("C3", "firm_firm")].to_list() == [0, 0, 0]  # alone in J3: no link
    weight = both["internal_weight"] - alone["internal_weight"]
    third = round(SHARE_UNIT / 3)  # 4 listed in J1
    assert weight[("C1", "research")] == 2 * third


def add_units(world: SmallWorld, folder: Path, form: str, unit: str, kind: str = "") -> None:
    """Add a table: U1 of 00100, 00101 and I1, U2 of 00100 and 00200."""
    world.project += f'[[linkages]]\npath = "{form}.csv"\nform = "{form}"\n{kind}\n'
    rows = [f"{unit},participant"]
    rows += [f"U1,{who}" for who in ("00100", "00101", "I1")]
    rows += [f"U2,{who}" for who in ("00100", "00200")]
    folder.mkdir()
    folder.joinpath(f"{form}.csv").write_text("\n".join(rows), encoding="utf-8")


def test_documents_are_counted_as_projects_are(tmp_path: Path) -> None:
    found = []
    for form, unit in (("projects", "project"), ("documents", "document")):
        world = build_small_world()
        add_units(world, tmp_path / form, form, unit)
        network, ledger = count(world, tmp_path / form)
        found.append(network)
        summary = ledger.summary()["linkages_2"]
        assert (summary["kept"], summary[form], summary["links"]) == (5, 2, 4)
    assert_equal(*found)
    drawn = found[1].observed.drawn.squares.to_pandas().set_index(["cluster", "kind", "reach"])
    pairs, _ = count(build_small_world(), tmp_path / "pairs")
    alone = pairs.observed.drawn.squares.to_pandas().set_index(["cluster", "kind", "reach"])
    added = (drawn - alone).loc[(0, -1)]  # C1, all kinds: 1.5 inside by U1, 1 to C2 by U2
    assert added["credit"].to_list()[:2] == [1.5 * SHARE_UNIT, 2.5 * SHARE_UNIT]
    assert added["squares"].to_list()[:2] == [1.5**2 * 1e6, (1.5**2 + 1) * 1e6]


def test_every_edge_of_every_table_stands_in_one_sorted_list(tmp_path: Path) -> None:
    world = build_small_world()
    add_units(world, tmp_path / "world", "projects", "project")
    world.project += '[[linkages]]\npath = "projects.csv"\nform = "projects"\nkind = "transfer"\n'
    network, _ = count(world, tmp_path / "world")
    edges = network.edges
    assert len(edges) == 192 + 4 + 4
    assert edges.credit.sum() == (192 + 2 * (1.5 + 1)) * SHARE_UNIT
    keys = list(zip(edges.a, edges.b, edges.kind, edges.year, edges.unit, strict=True))
    assert keys == sorted(keys)
    assert (edges.a < edges.b)[~edges.directed].all()
    # The units of the second table follow those of the first; the same four links in each.
    units, links = np.unique(edges.unit, return_counts=True)
    assert (units.tolist(), links.tolist()) == ([-1, 0, 1, 2, 3], [192, 3, 1, 3, 1])
    assert network.memberships["participants"].to_pylist() == [2, 1, 1, 1, 2, 1, 1, 1]
    assert network.memberships["unit"].to_pylist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_the_edge_list_is_gone_when_the_run_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    project = open_project(build_small_world().write(tmp_path / "world"))
    findings = find(project, strict=False, progress=no_progress)
    assert len(findings.network.edges) == 0
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_project_without_linkages_or_actors(tmp_path: Path) -> None:
    world = build_small_world()
    world.project = world.project.split("[layers.institutes]")[0]
    network, ledger = count(world, tmp_path)
    assert network.flows.empty
    assert network.counts.links.empty
    assert network.counts.actors.empty
    assert len(network.edges) == network.memberships.num_rows == 0
    assert network.observed.drawn.members.shape == (6, 0)
    assert network.observed.space.near.shape == (0, 2)
    assert list(ledger.summary()) == ["clusters"]
