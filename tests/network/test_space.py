"""Space: bins of cells and of links by hand, exact for few members, whatever the order of rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from pyproj import CRS, Geod

from clustermap.layers.actors import Register
from clustermap.network.space import (
    SAMPLE,
    Ground,
    Space,
    bin_distances,
    build_edges,
    build_space,
    mean_distance_m,
)
from tests.network.worlds import METRES, draw

if TYPE_CHECKING:
    import numpy.typing as npt

EDGES = build_edges()
UNKNOWN = len(EDGES) + 1
KM = {edge / 1000: at for at, edge in enumerate(EDGES)}
"""Bin by its upper end in km."""
A, B, C, US, OUT = range(5)


def stand(
    cell: list[int], x: list[float], y: list[float] | None = None, *, vague: tuple[int, ...] = ()
) -> Register:
    """Return actors in cells; those listed as vague are not known well."""
    size = len(cell)
    precise = ~np.isin(np.arange(size), vague) & ~np.isnan(x)
    return Register(
        pa.array([str(n) for n in range(size)]),
        np.zeros(size, np.uint8),
        np.array(cell, np.int32),
        np.array(x, float),
        np.zeros(size) if y is None else np.array(y, float),
        precise,
        np.zeros(size, np.int16),
    )


def measure(
    register: Register, cells: int, spread_m: npt.NDArray[np.float64] | None = None
) -> Space:
    nowhere = np.full(cells, np.nan)
    ground = Ground(nowhere, nowhere, nowhere if spread_m is None else spread_m, METRES)
    return build_space([register.cells], register, ground, EDGES, seed=1)


def share(space: Space, a: int, b: int) -> dict[int, float]:
    """Return the bins of a near pair that are not empty."""
    (row,) = np.flatnonzero((space.near == (a, b)).all(axis=1))
    return {int(at): float(space.shares[row, at]) for at in np.flatnonzero(space.shares[row])}


def test_cells_of_the_small_world() -> None:
    space = draw().space
    assert space.x.tolist()[:3] == [300, 8250, 50_000]
    assert np.isnan(space.x[US])
    assert space.bins[A, A] == KM[1]
    assert space.bins[A, B] == space.bins[B, A] == KM[8.5]  # 7.95 km
    assert space.bins[A, C] == KM[53]  # 49.7 km
    assert space.bins[C, OUT] == KM[40]  # 35 km east, 15 km south: 38.1 km
    assert set(space.bins[US]) == {UNKNOWN}
    near = [tuple(pair) for pair in space.near.tolist()]
    assert near == [(A, A), (A, B), (A, OUT), (B, B), (B, OUT), (C, C), (OUT, OUT)]


def test_pairs_of_near_cells_fall_into_bins() -> None:
    space = draw().space
    assert share(space, A, A) == {KM[1]: 1}  # 300, 300 and 600 m
    assert share(space, A, B) == {KM[8.5]: 0.5, UNKNOWN: 0.5}  # s1 is not known well
    assert share(space, A, OUT) == {KM[23]: 1}  # 20.8 to 21.2 km
    assert share(space, B, OUT) == {KM[17]: 0.5, UNKNOWN: 0.5}  # f3-f5: 16.6 km
    assert share(space, B, B) == {UNKNOWN: 1}  # one of two is known well, no area
    np.testing.assert_allclose(space.shares.sum(axis=1), 1)


def test_links_have_the_bin_of_their_own_distance_only_where_it_matters() -> None:
    world = draw()
    space, register = world.space, world.register
    at = {str(name): number for number, name in enumerate(register.ids.to_pylist())}

    def band(one: str, other: str) -> int:
        ends = (np.array([at[who]], np.int32) for who in (one, other))
        return int(space.find_bands(*ends, register)[0])

    assert band("f1", "f2") == KM[1]
    assert band("u1", "f3") == band("f3", "u1") == KM[8.5]
    assert band("f2", "s1") == UNKNOWN
    assert band("f4", "f5") == KM[40]
    assert band("f1", "f4") == KM[53]
    assert band("u1", "p1") == UNKNOWN


def test_a_link_within_a_cell_of_an_actor_known_badly_is_where_most_pairs_are() -> None:
    # Three within 1 km, one 6 km off: half of the six pairs within 1 km, half within 7 km.
    register = stand([0] * 5, [0, 100, 200, 6_000, 0], vague=(4,))
    space = measure(register, 1)
    assert share(space, 0, 0) == {KM[1]: 0.5, KM[7]: 0.5}
    link = np.array([4], np.int32), np.array([3], np.int32)
    assert space.find_bands(*link, register).tolist() == [KM[1]]


def test_near_is_30_km_and_both_radii() -> None:
    # Cell 0: 1 km to either side of 0, cell 1: 2 km to either side of its middle: 33 km in all.
    for middle, count in ((33_000, 1), (33_010, 0)):
        register = stand([0, 0, 1, 1], [-1000, 1000, middle - 2000, middle + 2000])
        near = measure(register, 2).near.tolist()
        assert near.count([0, 1]) == count
    register = stand([0, 0, 1, 1], [-1000, 1000, 31_000, 35_000])
    # 30, 32, 34 and 36 km; the end of a bin belongs to it.
    assert share(measure(register, 2), 0, 1) == {KM[30]: 0.25, KM[35]: 0.5, KM[40]: 0.25}


def test_cells_whose_members_are_not_located_have_the_spread_of_their_area() -> None:
    nan = float("nan")
    register = stand([0, 0, 1, 1, 2], [nan] * 5, [nan] * 5)
    area = np.array([np.pi * 9, np.nan, np.nan])  # a disc of 3 km: 2.7 km between random points
    spread = mean_distance_m(area)
    assert spread[0] == pytest.approx(2716, abs=1)
    space = measure(register, 3, spread)
    assert [share(space, cell, cell) for cell in range(3)] == [
        {KM[3]: 1},
        {UNKNOWN: 1},
        {UNKNOWN: 1},
    ]
    assert (space.bins == UNKNOWN).all()


def test_a_cell_without_located_members_stands_at_its_own_middle() -> None:
    nan = float("nan")
    register = stand([0, 0, 1], [nan, nan, 0], [nan, nan, 0])
    ground = Ground(np.array([4e3, 9e9]), np.array([0, 9e9]), np.full(2, nan), METRES)
    space = build_space([register.cells], register, ground, EDGES, seed=1)
    assert space.x.tolist() == [4000, 0]
    assert space.bins[0, 1] == KM[4]
    assert share(space, 0, 1) == {UNKNOWN: 1}


def test_a_moved_boundary_lends_its_members_to_cells_that_it_alone_knows() -> None:
    register = stand([0, 0, 0], [0, 100, 5_000])
    moved = np.array([0, 0, 1], np.int32)
    ground = Ground(*np.full((3, 2), np.nan), METRES)
    space = build_space([register.cells, moved], register, ground, EDGES, seed=1)
    assert space.x.tolist() == [1700, 5000]
    assert share(space, 0, 0) == {KM[1]: 1 / 3, KM[5]: 2 / 3}
    assert [0, 1] in space.near.tolist()


def test_actors_that_take_no_part_are_not_there() -> None:
    register = stand([0, 0], [0, 100])
    space = measure(replace(register, stratum=np.array([0, -1], np.int16)), 1)
    assert share(space, 0, 0) == {UNKNOWN: 1}
    assert space.x.tolist() == [0]


def crowd(seed: int, size: int) -> Register:
    chance = np.random.default_rng(seed)
    cell = chance.integers(0, 4, size)
    x = np.array([0, 6_000, 14_000, 80_000])[cell] + chance.normal(0, 1500, size).round(-2)
    y = chance.normal(0, 1500, size).round(-2)  # many stand at one point
    return stand(cell.tolist(), x.tolist(), y.tolist(), vague=tuple(range(0, size, 9)))


@pytest.mark.parametrize("size", [7, 300, 3000])
def test_the_order_of_actors_changes_nothing(size: int) -> None:
    register = crowd(1, size)
    order = np.random.default_rng(2).permutation(size)
    turned = Register(
        register.ids.take(pa.array(order)),
        *(getattr(register, name)[order] for name in ("types", "cells", "x", "y", "precise")),
        register.stratum[order],
    )
    one, other = measure(register, 4), measure(turned, 4)
    for name in ("bins", "near", "shares", "x", "y"):
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)


def test_a_sample_tells_the_shares_of_all() -> None:
    register = crowd(3, 5000)
    space = measure(register, 4)
    exact = np.flatnonzero(register.precise)
    for a, b in ((0, 0), (0, 1), (1, 2)):
        ends = [exact[register.cells[exact] == cell] for cell in (a, b)]
        assert min(len(end) for end in ends) > SAMPLE
        gaps = [np.subtract.outer(v[ends[0]], v[ends[1]]) for v in (register.x, register.y)]
        metres = np.hypot(*gaps)
        metres = metres[np.triu_indices_from(metres, 1)] if a == b else metres.ravel()
        all_ = np.bincount(bin_distances(metres, EDGES), minlength=UNKNOWN + 1) / len(metres)
        (row,) = np.flatnonzero((space.near == (a, b)).all(axis=1))
        found = space.shares[row] / space.shares[row, :-1].sum()
        np.testing.assert_allclose(found[:-1], all_[:-1], atol=0.07)


def test_members_at_one_point_are_no_clump_in_the_sample() -> None:
    # 1000 in one house, 1000 spread over 2 km: half of the sample comes from the house.
    spread = np.linspace(1000, 3000, 1000)
    register = stand([0] * 2000, [*np.zeros(1000), *spread])
    found = share(measure(register, 1), 0, 0)
    metres = np.abs(np.subtract.outer(register.x, register.x))[np.triu_indices(2000, 1)]
    exact = np.bincount(bin_distances(metres, EDGES)) / len(metres)
    assert found[KM[1]] == pytest.approx(exact[KM[1]], abs=0.06)


def test_distances_are_geodesic_where_the_map_is_in_degrees() -> None:
    lonlat = CRS.from_epsg(4326)
    chance = np.random.default_rng(5)
    size = 60
    lon, lat = 127 + chance.uniform(0, 2, size), 36 + chance.uniform(0, 2, size)
    register = stand(list(range(size)), lon.tolist(), lat.tolist())
    ground = Ground(*np.full((3, size), np.nan), lonlat)
    space = build_space([register.cells], register, ground, EDGES, seed=1)
    a, b = (grid.ravel() for grid in np.indices((size, size)))
    metres = Geod(ellps="WGS84").inv(lon[a], lat[a], lon[b], lat[b])[2]
    assert (space.bins.ravel() == bin_distances(metres, EDGES)).all()
    wanted = {(int(i), int(j)) for i, j, m in zip(a, b, metres, strict=True) if i <= j and m <= 3e4}
    assert {tuple(pair) for pair in space.near.tolist()} == wanted


def test_radii_are_ends_of_bins() -> None:
    edges = build_edges((0, 10_000, 12_500, 500_000))
    assert len(edges) == len(EDGES) + 2
    assert set(edges) == {*EDGES, 12_500, 500_000}
    assert bin_distances(np.array([12_500, 12_501]), edges).tolist() == [9, 10]
