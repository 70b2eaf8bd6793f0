"""Space: how far cells lie from each other, and how the pairs of their actors spread over distance.

Distances are told in bins. Cells far apart have one bin, that of their mean positions; where cells
lie near each other their actors' pairs fall into several, in shares that a sample of their members
tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from pyproj import Geod

from clustermap.layers.projection import distances_m, unit_m
from clustermap.side_by_side import do_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from pyproj import CRS

    from clustermap.layers.actors import Register

    Numbers = npt.NDArray[np.float64]
    Codes = npt.NDArray[np.int32]
    Points = tuple[Numbers, Numbers, Numbers, Numbers]

EDGES_M = tuple(
    1000.0 * km
    for km in (
        *(1, 2, 3, 4, 5, 7, 8.5, 10, 12, 14, 17, 20, 23, 26, 30, 35, 40, 46, 53, 60),
        *(70, 80, 95, 110, 130, 150, 175, 200, 250, 300, 400),
    )
)
"""Upper ends of the distance bins, to which the radii of the project file are added."""

SAMPLE = 200
"""Members of a cell whose distances stand for those of all."""

_NEAR_M = 30_000.0
_NEAR_EACH_OTHER = np.uint8(255)
"""Stands for no bin but for cells whose actors' pairs fall into several."""
_FEW_PAIRS = 200
_PAIRS_WITHIN = 5_000
_PAIRS_AT_ONCE = 50_000
_CELLS_AT_ONCE = 50_000
_SPHERE_ERROR = 0.006
"""Distances on the sphere differ from those on the ellipsoid by less than this share."""
_IN_DISC = 128 / (45 * np.pi)
"""Mean distance of two random points in a disc of radius 1."""


def build_edges(radii_m: Sequence[float] = ()) -> Numbers:
    """Return the upper ends of the distance bins.

    Parameters
    ----------
    radii_m
        Local radii of the project file, metres; 0 is the fence, which is no distance.

    Returns
    -------
    Numbers
        Ascending, metres.

    Examples
    --------
    >>> build_edges((0, 10_000, 12_500))[7:10].tolist()
    [10000.0, 12000.0, 12500.0]
    """
    return np.array(sorted({*EDGES_M, *(float(r) for r in radii_m if r > 0)}))


def bin_distances(metres: Numbers, edges_m: Numbers) -> npt.NDArray[np.uint8]:
    """Return the distance bins of distances.

    Parameters
    ----------
    metres
        Distances; NaN where unknown.
    edges_m
        Upper ends of the bins, which belong to them.

    Returns
    -------
    np.ndarray
        uint8; len(edges_m) beyond the last end, len(edges_m) + 1 where unknown.

    Examples
    --------
    >>> bin_distances(np.array([0, 1000, 1001, 9e9, np.nan]), np.array([1000.0, 2000.0])).tolist()
    [0, 0, 1, 2, 3]
    """
    bins = np.searchsorted(edges_m, metres, side="left").astype(np.uint8)
    bins[np.isnan(metres)] = len(edges_m) + 1
    return bins


@dataclass(frozen=True)
class Ground:
    """What is known of the cells themselves, whoever stands in them.

    Parameters
    ----------
    x, y
        A point of each cell on the map, for cells none of whose members is located; NaN where
        there is none.
    spread_m
        Mean distance of two random points in each cell, metres; NaN where its area is unknown.
    crs
        The map's coordinate system.
    """

    x: Numbers
    y: Numbers
    spread_m: Numbers
    crs: CRS


def mean_distance_m(area_km2: Numbers) -> Numbers:
    """Return the mean distance of two random points in discs.

    Parameters
    ----------
    area_km2
        Areas of the discs.

    Returns
    -------
    Numbers
        Metres: 128 R / (45 pi) for the radius R.

    Examples
    --------
    >>> round(float(mean_distance_m(np.array([np.pi]))[0]))
    905
    """
    found: Numbers = _IN_DISC * np.sqrt(area_km2 / np.pi) * 1000
    return found


@dataclass(frozen=True)
class Space:
    """Distances between cells.

    Parameters
    ----------
    edges_m
        Upper ends of the distance bins, metres. Two bins more follow: farther, and unknown.
    bins
        uint8, shape (cells, cells): bin of the distance of mean positions.
    near
        int32, shape (pairs, 2): cells so near each other that their actors' pairs fall into
        several bins, the smaller code first; every cell with members stands with itself, and
        cells without any do not stand there.
    shares
        float64, shape (pairs, bins): share of the pairs of actors of ``near`` in each bin.
    x, y
        Mean position of each cell's located members on the map, else a point of the cell; NaN
        where nothing is known.
    crs
        The map's coordinate system; None for a plane in metres.
    """

    edges_m: Numbers
    bins: npt.NDArray[np.uint8]
    near: Codes
    shares: Numbers
    x: Numbers
    y: Numbers
    crs: CRS | None = None

    @property
    def unknown(self) -> int:
        """Bin of unknown distances."""
        return len(self.edges_m) + 1

    @cached_property
    def _keys(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Near pairs as ascending whole numbers, and their rows."""
        keys = self.near[:, 0].astype(np.int64) * len(self.bins) + self.near[:, 1]
        order = np.argsort(keys)
        return keys[order], order

    def find_near(self, a: Codes, b: Codes) -> npt.NDArray[np.int64]:
        """Return the rows of ``near`` that pairs of cells stand in.

        Parameters
        ----------
        a, b
            Codes of cells, in any order.

        Returns
        -------
        np.ndarray
            int64; -1 for pairs that are not near.
        """
        keys, order = self._keys
        found = np.full(np.broadcast(a, b).shape, -1, dtype=np.int64)
        # Most pairs are not near: one look at a matrix is cheaper than a search in a list.
        near = np.flatnonzero(self._are_near[a, b])
        first, second = np.minimum(a, b)[near].astype(np.int64), np.maximum(a, b)[near]
        found[near] = order[np.searchsorted(keys, first * len(self.bins) + second)]
        return found

    @cached_property
    def _are_near(self) -> npt.NDArray[np.bool_]:
        marks = np.zeros(self.bins.shape, dtype=bool)
        one, other = self.near.T
        marks[one, other] = marks[other, one] = True
        return marks

    @cached_property
    def _neighbours(
        self,
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Codes, npt.NDArray[np.int64]]:
        """Where each cell's near pairs begin; the cell, the other cell, and the row in ``near``."""
        one, other = self.near.T
        apart = one != other
        cell = np.concatenate([one, other[apart]])
        rows = np.arange(len(self.near))
        order = np.argsort(cell, kind="stable")
        cell = cell[order].astype(np.int64)
        starts = np.searchsorted(cell, np.arange(len(self.bins) + 1))
        partner = np.concatenate([other, one[apart]])[order]
        return starts, cell, partner, np.concatenate([rows, rows[apart]])[order]

    def near_of(
        self, cells: npt.NDArray[np.integer]
    ) -> tuple[npt.NDArray[np.int64], Codes, npt.NDArray[np.int64]]:
        """Return the near pairs of some cells.

        Parameters
        ----------
        cells
            Codes of cells.

        Returns
        -------
        tuple
            One entry a near pair of a cell, its pair with itself included: position in ``cells``,
            the other cell, and the row of ``near``.
        """
        starts, _, partner, rows = self._neighbours
        many = starts[cells + 1] - starts[cells]
        at = np.repeat(np.arange(len(cells)), many)
        step = np.arange(len(at)) - np.repeat(np.cumsum(many) - many, many)
        place = starts[cells][at] + step
        return at, partner[place], rows[place]

    def near_beside(
        self, part: slice
    ) -> tuple[npt.NDArray[np.int64], Codes, npt.NDArray[np.int64]]:
        """Return the near pairs of adjacent cells.

        Parameters
        ----------
        part
            The cells.

        Returns
        -------
        tuple
            As :meth:`near_of` of the same cells.
        """
        starts, cell, partner, rows = self._neighbours
        span = slice(starts[part.start], starts[min(part.stop, len(self.bins))])
        return cell[span] - part.start, partner[span], rows[span]

    def find_bands(self, a: Codes, b: Codes, register: Register) -> npt.NDArray[np.uint8]:
        """Return the distance bins of links.

        The distance of two actors is told only where it matters: between cells that are not near
        each other it is that of the cells. Within one cell a link of an actor whose place is not
        known well is where most pairs of that cell are.

        Parameters
        ----------
        a, b
            Positions of the two ends in the register.
        register
            Cells and places of all actors.

        Returns
        -------
        np.ndarray
            uint8.
        """
        source, target = register.cells.take(a), register.cells.take(b)
        bands = self._bands.ravel().take(source.astype(np.int64) * len(self.bins) + target)
        near = np.flatnonzero(bands == _NEAR_EACH_OTHER)
        a, b, source, target = a[near], b[near], source[near], target[near]
        own = source == target
        found = np.where(own, self._commonest_within[source], np.uint8(self.unknown))
        # Points of complexes and districts tell nothing of distances within them.
        alike = own & (register.placed[a] | register.placed[b])
        exact = np.flatnonzero(register.precise[a] & register.precise[b] & ~alike)
        one, other = a[exact], b[exact]
        points = register.x[one], register.y[one], register.x[other], register.y[other]
        found[exact] = _bins_between(points, self.edges_m, self.crs)
        bands[near] = found
        return bands

    @cached_property
    def _bands(self) -> npt.NDArray[np.uint8]:
        """Bins of cells; of those near each other that they are."""
        return np.where(self._are_near, _NEAR_EACH_OTHER, self.bins)

    @cached_property
    def _commonest_within(self) -> npt.NDArray[np.uint8]:
        """Bin that most pairs within each cell fall into."""
        commonest = np.full(len(self.bins), self.unknown, dtype=np.uint8)
        own = np.flatnonzero(self.near[:, 0] == self.near[:, 1])
        commonest[self.near[own, 0]] = self.shares[own].argmax(axis=1)
        return commonest


def _bins_between(points: Points, edges_m: Numbers, crs: CRS | None) -> npt.NDArray[np.uint8]:
    """Return the distance bins of pairs of points."""
    about = _rough_m(points, crs)
    if crs is None or not crs.is_geographic:
        return bin_distances(about, edges_m)
    # Most pairs lie so far from the end of a bin that the sphere tells their bin as well.
    bins = bin_distances(about * (1 - _SPHERE_ERROR), edges_m)
    open_ = np.flatnonzero(bins != bin_distances(about * (1 + _SPHERE_ERROR), edges_m))
    x, y, to_x, to_y = (np.broadcast_to(v, about.shape).flat[open_] for v in points)
    bins.flat[open_] = bin_distances(distances_m(x, y, to_x, to_y, crs), edges_m)
    return bins


def _rough_m(points: Points, crs: CRS | None) -> Numbers:
    """Return distances: exact on a plane, on the sphere where the system is geographic."""
    x, y, to_x, to_y = points
    if crs is None or not crs.is_geographic:
        flat: Numbers = np.sqrt((x - to_x) ** 2 + (y - to_y) ** 2)
        return flat if crs is None else flat * unit_m(crs)
    geod = crs.get_geod() or Geod(ellps="WGS84")
    radius_m = (2 * geod.a + geod.b) / 3
    lon, lat, to_lon, to_lat = (np.radians(v) for v in points)
    north = np.sin((to_lat - lat) / 2) ** 2
    east = np.cos(lat) * np.cos(to_lat) * np.sin((to_lon - lon) / 2) ** 2
    sphere: Numbers = 2 * radius_m * np.arcsin(np.sqrt(np.minimum(north + east, 1)))
    return sphere


@dataclass(frozen=True)
class _Members:
    """Located actors, ordered by cell and then in an order that no row order decides.

    ``first`` and ``size`` tell where the members of a cell stand, and how many they are.
    """

    cell: Codes
    x: Numbers
    y: Numbers
    first: npt.NDArray[np.int64]
    size: npt.NDArray[np.int64]


def _stand(cell: Codes, x: Numbers, y: Numbers, cells: int) -> _Members:
    size = np.bincount(cell, minlength=cells)
    return _Members(cell, x, y, np.cumsum(size) - size, size)


def _order_places(cell: Codes, x: Numbers, y: Numbers) -> npt.NDArray[np.int64]:
    """Return the order by cell, x and y: as np.lexsort, which sorts three times, and slowly."""
    order = np.argsort(x)
    codes = cell.astype(np.uint16) if cell.max(initial=0) < 2**16 else cell
    order = order[np.argsort(codes[order], kind="stable")]
    alike = (np.diff(cell[order]) == 0) & (np.diff(x[order]) == 0)
    rows = np.flatnonzero(np.append(False, alike) | np.append(alike, False))
    some = order[rows]
    order[rows] = some[np.lexsort((y[some], x[some], cell[some]))]
    return order


def _shuffle(members: _Members, seed: int) -> _Members:
    """Return members in a random order within their cells.

    The order follows from where they stand, so that it is the same for any order of rows; members
    at one point are told apart by their number, which makes them no clump.
    """
    cell, x, y = members.cell, members.x, members.y
    new = np.ones(len(cell), dtype=bool)
    new[1:] = (np.diff(cell) != 0) | (np.diff(x) != 0) | (np.diff(y) != 0)
    starts = np.flatnonzero(new)
    number = np.arange(len(cell)) - np.repeat(starts, np.diff(np.append(starts, len(cell))))
    key = _mix(np.full(len(cell), seed, dtype=np.uint64))
    for part in ((x + 0.0).view(np.uint64), (y + 0.0).view(np.uint64), number.astype(np.uint64)):
        key = _mix(key ^ part)
    # One number of cell and key: sorting by it is many times as fast as by both.
    bits = max(len(members.size) - 1, 1).bit_length()
    order = np.argsort(cell.astype(np.uint64) << np.uint64(64 - bits) | key >> np.uint64(bits))
    return _stand(cell[order], x[order], y[order], len(members.size))


def _mix(key: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return whole numbers scattered over 64 bits (the finaliser of splitmix64)."""
    key = key + np.uint64(0x9E3779B97F4A7C15)
    key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return key ^ (key >> np.uint64(31))


def find_members(
    codes: Sequence[Codes], register: Register, cells: int
) -> tuple[Codes, npt.NDArray[np.int64]]:
    """Return who stands in which cell, of everyone in the null model.

    A cell that only a moved boundary knows has the members that it has there.

    Parameters
    ----------
    codes
        Cell of every actor by each boundary, the drawn one first.
    register
        Strata of all actors.
    cells
        Number of cells.

    Returns
    -------
    tuple
        Cells and actors, one entry a member.
    """
    held = np.flatnonzero(register.stratum >= 0)
    cell, actor = codes[0][held], held
    drawn = np.bincount(cell, minlength=cells) > 0
    others = [(code[held], held) for code in codes[1:]]
    more = [np.column_stack([c[~drawn[c]], at[~drawn[c]]]) for c, at in others]
    if more:
        added = np.unique(np.concatenate(more), axis=0)
        cell = np.concatenate([cell, added[:, 0].astype(np.int32)])
        actor = np.concatenate([actor, added[:, 1]])
    return cell, actor


def build_space(
    codes: Sequence[Codes],
    register: Register,
    ground: Ground,
    edges_m: Numbers,
    seed: int,
) -> Space:
    """Measure the distances between the cells of a run.

    Parameters
    ----------
    codes
        Cell of every actor by each boundary, the drawn one first.
    register
        Places and strata of all actors; those without a stratum are left out.
    ground
        The cells themselves.
    edges_m
        From build_edges.
    seed
        Of the sample of members.

    Returns
    -------
    Space
        The same for any order of the actors.
    """
    cells = len(ground.x)
    cell, actor = find_members(codes, register, cells)
    populated = np.bincount(cell, minlength=cells)
    precise = np.bincount(cell[register.precise[actor]], minlength=cells)
    located = np.isfinite(register.x[actor]) & np.isfinite(register.y[actor])
    cell, actor = cell[located], actor[located]
    # Sums of fractions depend on their order: it is that of the places, not of the rows.
    order = _order_places(cell, register.x[actor], register.y[actor])
    cell, actor = cell[order], actor[order]
    all_ = _stand(cell, register.x[actor], register.y[actor], cells)
    x, y, radius_m = _find_middles(all_, ground)
    bins = _bin_cells(x, y, edges_m, ground.crs)
    own = np.flatnonzero(populated)
    other = own[_find_near(x[own], y[own], radius_m[own], ground.crs)]
    found = np.concatenate([other, np.column_stack([own, own])]).astype(np.int32)
    near: Codes = found[np.lexsort((found[:, 1], found[:, 0]))]
    exact = register.precise[actor]
    sampled = _shuffle(_stand(cell[exact], all_.x[exact], all_.y[exact], cells), seed)
    within = near[:, 0] == near[:, 1]
    apart = exact & ~register.placed[actor]
    alone = sampled
    if (apart != exact).any():
        alone = _shuffle(_stand(cell[apart], all_.x[apart], all_.y[apart], cells), seed)
    shares = np.empty((len(near), len(edges_m) + 2))
    shares[~within] = _share_pairs(near[~within], sampled, edges_m, ground.crs)
    shares[within] = _share_pairs(near[within], alone, edges_m, ground.crs)
    known = (precise / np.maximum(populated, 1))[near].prod(axis=1)
    known[within] = 1.0
    shares *= known[:, None]
    shares[:, -1] += 1 - known
    _fill_own(shares, near, alone, ground, edges_m)
    return Space(edges_m, bins, near, shares, x, y, ground.crs)


def _find_middles(members: _Members, ground: Ground) -> tuple[Numbers, Numbers, Numbers]:
    """Return mean positions, and how far members lie from them (root mean square, metres)."""
    some = np.maximum(members.size, 1)
    sums = [np.bincount(members.cell, v, len(some)) for v in (members.x, members.y)]
    empty = members.size == 0
    x, y = (np.where(empty, at, s / some) for at, s in zip((ground.x, ground.y), sums, strict=True))
    away = _rough_m((members.x, members.y, x[members.cell], y[members.cell]), ground.crs)
    return x, y, np.sqrt(np.bincount(members.cell, away**2, len(some)) / some)


def _bin_cells(x: Numbers, y: Numbers, edges_m: Numbers, crs: CRS) -> npt.NDArray[np.uint8]:
    bins = np.empty((len(x), len(x)), dtype=np.uint8)
    for rows in _blocks(len(x)):
        ends = x[rows, None], y[rows, None], x[None], y[None]
        bins[rows] = _bins_between(ends, edges_m, crs)
    return bins


def _blocks(cells: int) -> list[slice]:
    height = max(1, _CELLS_AT_ONCE // max(cells, 1))
    return [slice(start, start + height) for start in range(0, cells, height)]


def _find_near(x: Numbers, y: Numbers, radius_m: Numbers, crs: CRS) -> npt.NDArray[np.int64]:
    """Return pairs of different cells that lie within 30 km and both radii."""
    found = [np.zeros((0, 2), dtype=np.int64)]
    for rows in _blocks(len(x)):
        about = _rough_m((x[rows, None], y[rows, None], x[None], y[None]), crs)
        reach = _NEAR_M + radius_m[rows, None] + radius_m[None]
        first, second = np.nonzero(about * (1 - _SPHERE_ERROR) <= reach)
        first += rows.start
        once = first < second
        found.append(np.column_stack([first[once], second[once]]))
    pairs = np.concatenate(found)
    a, b = pairs.T
    within = distances_m(x[a], y[a], x[b], y[b], crs) <= _NEAR_M + radius_m[a] + radius_m[b]
    return np.asarray(pairs[within], dtype=np.int64)


def _share_pairs(near: Codes, members: _Members, edges_m: Numbers, crs: CRS) -> Numbers:
    """Return the shares of the pairs of sampled members in each bin; unknown where there is none.

    All pairs of few members are looked at; of more, each member meets as many others, in the
    random order that they stand in.
    """
    own = near[:, 0] == near[:, 1]
    sizes = np.minimum(members.size, SAMPLE).astype(np.int32)[near]
    swap = sizes[:, 1] > sizes[:, 0]
    long, short = (np.where(swap, near[:, at], near[:, 1 - at]) for at in (1, 0))
    most, least = sizes.max(axis=1), sizes.min(axis=1)
    pairs = np.where(
        own,
        np.minimum(most * (most - 1) // 2, _PAIRS_WITHIN),
        np.minimum(most * least, np.maximum(_FEW_PAIRS, most + least)),
    )
    counts = np.zeros((len(near), len(edges_m) + 2), dtype=np.int64)
    counts[pairs == 0, -1] = 1
    ends = np.cumsum(pairs)
    cuts = np.searchsorted(ends, np.arange(0, ends[-1] if len(ends) else 0, _PAIRS_AT_ONCE))

    def count(part: tuple[int, int]) -> None:
        rows = slice(*part)
        many = pairs[rows]
        # Whole numbers of 32 bits: they are divided twice as fast.
        step = np.arange(many.sum(), dtype=np.int32)
        step -= np.repeat((np.cumsum(many) - many).astype(np.int32), many)
        turn, i = np.divmod(step, np.repeat(most[rows], many))
        turn += i
        turn += np.repeat(own[rows], many)
        j = turn % np.repeat(least[rows], many)
        i += np.repeat(members.first[long[rows]].astype(np.int32), many)
        j += np.repeat(members.first[short[rows]].astype(np.int32), many)
        points = members.x[i], members.y[i], members.x[j], members.y[j]
        at = _bins_between(points, edges_m, crs).astype(np.int64)
        width = counts.shape[1]
        at += np.repeat(width * np.arange(len(many)), many)
        counts[rows] += np.bincount(at, minlength=len(many) * width).reshape(-1, width)

    do_each(count, list(pairwise(np.unique([*cuts, len(near)]).tolist())))
    shares: Numbers = counts / counts.sum(axis=1, keepdims=True)
    return shares


def _fill_own(
    shares: Numbers, near: Codes, members: _Members, ground: Ground, edges_m: Numbers
) -> None:
    """Put cells of whose members fewer than two are known well where their area says."""
    cell = near[:, 0]
    rows = np.flatnonzero((cell == near[:, 1]) & (members.size[cell] < 2))
    shares[rows] = 0.0
    shares[rows, bin_distances(ground.spread_m[cell[rows]], edges_m)] = 1.0
