"""Boundaries: the same links counted by clusters as drawn, a little smaller and a little larger.

Clusters are squares of 2 km: a circle of the same area has a radius of 1,128 m, and the boundary
is in doubt by a fifth of it, 226 m. In each, the institute stands 71 m inside its corner, the
first firm 100 m, the second 250 m inside the western border.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
import shapely

from clustermap.network.ends import count_ends
from clustermap.network.flows import count_flows
from clustermap.network.linkages import EDGES
from clustermap.network.observed import BOUNDARIES, MOVED, Boundary, Observed
from clustermap.network.units import build_reach, count_squares
from clustermap.project import open_project
from clustermap.stages.counting import count_network
from clustermap.stages.ledger import Ledger, no_progress
from clustermap.stages.reading import Layers, read_layers
from clustermap.tables import SHARE_UNIT
from tests.small_world import SOUTH, WEST, SmallWorld, build_small_world

if TYPE_CHECKING:
    from pathlib import Path


def observe(world: SmallWorld, folder: Path, added: str = "") -> tuple[Layers, Observed]:
    world.project = world.project.replace("[score]\n", f"[score]\n{added}\n")
    project = open_project(world.write(folder))
    ledger = Ledger(project.quality.max_refused, strict=False)
    layers = read_layers(project, ledger, no_progress)
    scratch = folder / "scratch"
    scratch.mkdir()
    network = count_network(project, layers, ledger, no_progress, scratch)
    return layers, network.observed


def settle(world: SmallWorld, x: float, **known: Any) -> str:
    """Add a firm so many metres east of the south-western corner of C1, and return its name."""
    name = f"X{len(world.firms)}"
    row = world.firms[0] | {"firm": name, "x": WEST + x, "y": SOUTH + 1000} | known
    world.firms.append(row)
    return name


def homes(layers: Layers, observed: Observed, firm: str) -> list[str]:
    """Return the cells of a firm by the smaller boundary, as drawn, and by the larger one."""
    at = layers.register.ids.to_pylist().index(firm)
    codes = [layers.moved["smaller"], layers.register.cells, layers.moved["larger"]]
    return [observed.cells.names[code[at]] for code in codes]


def fence(boundary: Boundary, observed: Observed) -> dict[str, int]:
    """Return links inside each cluster."""
    rows = boundary.squares.to_pandas()
    rows = rows[(rows["kind"] == -1) & (rows["reach"] == 0)]
    names = [observed.cells.names[code] for code in rows["cluster"]]
    return dict(zip(names, rows["squares"] // 10**6, strict=True))


def turned(boundary: Boundary) -> dict[tuple[int, ...], int]:
    """Return links by channel and strata, whichever way round."""
    links: dict[tuple[int, ...], int] = {}
    for row in boundary.ends.to_pylist():
        key = row["kind"], row["channel"], *sorted((row["first"], row["second"]))
        links[key] = links.get(key, 0) + row["links"]
    return links


def test_a_smaller_boundary_loses_who_stands_at_it(tmp_path: Path) -> None:
    layers, observed = observe(build_small_world(), tmp_path)
    clusters = slice(0, 6)
    assert observed.drawn.members[clusters].sum(axis=1).tolist() == [11] * 6
    assert observed.larger.members[clusters].sum(axis=1).tolist() == [11] * 6
    # The institute and the first firm stand in the background then; nobody is lost.
    assert observed.smaller.members[clusters].sum(axis=1).tolist() == [9] * 6
    assert [getattr(observed, name).members.sum() for name in BOUNDARIES] == [66] * 3
    # Ten links of the ring less two of the first firm; ten of the institute are gone.
    assert set(fence(observed.drawn, observed).values()) == {20}
    assert set(fence(observed.smaller, observed).values()) == {8}
    assert turned(observed.smaller) == turned(observed.larger) == turned(observed.drawn)
    assert observed.flows["credit"].to_numpy().sum() == 192 * SHARE_UNIT
    assert homes(layers, observed, "00100") == ["outside:95_195", "C1", "C1"]
    assert homes(layers, observed, "00101") == ["C1"] * 3
    assert homes(layers, observed, "P1") == ["abroad:독일"] * 3
    # What is written of the run knows no cell that only a moved boundary knows.
    assert set(layers.cells.names) < set(observed.cells.names)
    assert observed.cells.names[: len(layers.cells.names)] == layers.cells.names


def test_a_larger_boundary_takes_in_who_stands_near(tmp_path: Path) -> None:
    world = build_small_world()
    near, far = settle(world, -200), settle(world, -250)
    layers, observed = observe(world, tmp_path)
    assert homes(layers, observed, near) == ["outside:94_195"] * 2 + ["C1"]
    assert homes(layers, observed, far) == ["outside:94_195"] * 3
    assert observed.larger.members[0].sum() == 12


def test_who_states_a_complex_stays_there(tmp_path: Path) -> None:
    world = build_small_world()
    for row in world.firms:
        row["complex"] = "C1" if row["firm"] == "00100" else ""
    near = settle(world, -200, complex="C2")
    layers, observed = observe(world, tmp_path)
    assert homes(layers, observed, "00100") == ["C1"] * 3  # 100 m inside
    assert homes(layers, observed, "00200") == ["outside:96_195", "C2", "C2"]
    assert homes(layers, observed, near) == ["C2"] * 3


def test_neighbours_take_nobody_from_each_other(tmp_path: Path) -> None:
    world = build_small_world()
    world.clusters[1]["geometry"] = shapely.box(WEST + 2000, SOUTH, WEST + 4000, SOUTH + 2000)
    west, east = settle(world, 1900), settle(world, 2100)
    layers, observed = observe(world, tmp_path)
    assert homes(layers, observed, west) == ["outside:95_195", "C1", "C1"]
    assert homes(layers, observed, east) == ["outside:95_195", "C2", "C2"]


def test_neighbours_share_who_stands_between_where_clusters_may(tmp_path: Path) -> None:
    world = build_small_world()
    world.project = world.project.replace(
        "[layers.clusters]\n", '[layers.clusters]\noverlaps = "all"\n'
    )
    world.clusters[1]["geometry"] = shapely.box(WEST + 2000, SOUTH, WEST + 4000, SOUTH + 2000)
    west = settle(world, 1900)
    layers, observed = observe(world, tmp_path)
    assert homes(layers, observed, west) == ["outside:95_195", "C1", "C1 ∩ C2"]
    piece = observed.cells.names.index("C1 ∩ C2")
    held = observed.cells.held_cluster[observed.cells.held_cell == piece]
    assert held.tolist() == [0, 1]
    assert observed.larger.members[piece].sum() == 1
    assert observed.drawn.members[piece].sum() == 0
    # Its only member gives the piece its place.
    assert observed.space.x[piece] == WEST + 1900


def test_the_nearest_cluster_holds_on_to_its_own(tmp_path: Path) -> None:
    world = build_small_world()
    world.project = world.project.replace("[quality]", "[assign]\nnearest_m = 150\n[quality]")
    near = settle(world, -140)
    layers, observed = observe(world, tmp_path)
    assert homes(layers, observed, near) == ["outside:94_195", "C1", "C1"]
    # 100 m inside is 126 m outside of the smaller one.
    assert homes(layers, observed, "00100") == ["C1"] * 3


def test_regions_of_cells(tmp_path: Path) -> None:
    world = build_small_world()
    for number, row in enumerate(world.clusters):
        row["region"] = ["남", "남", None, "북", "북", "북"][number]
    for row in world.firms:
        row["region"] = "동" if row["firm"] < "00304" else "서"
    settle(world, -200, region="중")
    layers, observed = observe(world, tmp_path, 'local_by = "region"')
    names = {-1: None}
    names |= dict(enumerate(sorted(["남", "북", "동", "서", "중"])))
    regions = dict(
        zip(observed.cells.names, [names[code] for code in observed.regions.tolist()], strict=True)
    )
    # C3 says nothing: four of its firms lie in the east, six in the west.
    assert [regions[f"C{number}"] for number in range(1, 7)] == ["남", "남", "서", "북", "북", "북"]
    assert regions["outside:94_195"] == "중"
    # Nobody stands there but the institute and the first firm of a smaller C4.
    assert regions["outside:95_197"] == "서"
    assert regions["abroad:독일"] is None
    assert observed.radii_m == ()
    rows = observed.drawn.squares.to_pandas().set_index(["cluster", "kind", "reach"])["squares"]
    # C1: a ring and an institute inside, ten links to C2 of the same region, ten from C6.
    assert [rows[0, -1, reach] // 10**6 for reach in range(3)] == [20, 30, 10]
    assert len(layers.cells.names) == len(set(layers.cells.names))


def test_moved_boundaries_count_as_if_they_were_drawn(tmp_path: Path) -> None:
    # Two projects, one of which has a participant at the border of C1; the pairs of the world.
    world = build_small_world()
    world.project += '[[linkages]]\npath = "projects.csv"\nform = "projects"\n'
    rows = ["project,participant"]
    rows += [f"J1,{who}" for who in ("00100", "00103", "00104", "00203", "I1")]
    rows += [f"J2,{who}" for who in ("00103", "00104", "00203")]
    (tmp_path / "projects.csv").write_text("\n".join(rows), encoding="utf-8")
    settle(world, -200)
    project = open_project(world.write(tmp_path))
    ledger = Ledger(project.quality.max_refused, strict=False)
    layers = read_layers(project, ledger, no_progress)
    network = count_network(project, layers, ledger, no_progress, tmp_path)
    observed, edges = network.observed, network.edges
    columns = [edges.a, edges.b, edges.kind, edges.directed, edges.year, edges.unit, edges.credit]
    links = pa.table([pa.array(c).cast(f.type) for c, f in zip(columns, EDGES, strict=True)], EDGES)
    reach = build_reach(observed.radii_m, observed.space, observed.regions)
    flows = count_flows(links, layers.register, observed.space)
    assert observed.flows.to_pylist() == flows.to_pylist()
    for name in MOVED:
        register = replace(layers.register, cells=layers.moved[name])
        boundary = getattr(observed, name)
        assert boundary.ends.to_pylist() == count_ends(links, register).to_pylist()
        squares = count_squares(links, register, observed.cells, observed.space, reach)
        assert boundary.squares.to_pylist() == squares.to_pylist()


@pytest.mark.parametrize("crs", ["EPSG:5179", "EPSG:4326"])
def test_boundaries_move_by_metres_on_any_map(tmp_path: Path, crs: str) -> None:
    world = build_small_world()
    world.project = world.project.replace('crs = "EPSG:5179"\nlanguage', f'crs = "{crs}"\nlanguage')
    _, observed = observe(world, tmp_path)
    assert observed.smaller.members[:6].sum(axis=1).tolist() == [9] * 6
    # C5 lies 10 km east and 20 km north of C1: 22.4 km on either map.
    km = observed.space.edges_m[observed.space.bins[0, 4]] / 1000
    assert km == 23
