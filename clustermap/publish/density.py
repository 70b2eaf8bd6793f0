"""Firm density: numbers of firms in squares of the map, none of which tells of a few firms.

A square is parted into quarters as long as no quarter would show fewer firms than the rules ask
for. Quarters with too few firms are joined with each other, or else with the least of the other
quarters, and are not parted further. So the leaves of a layer never overlap and hold every firm of
the coarsest squares shown, and no leaf is the difference of others.

There is a layer of all firms and one of each strategic industry. What all firms are more than the
industries shown, over any area for which both are known, is none or enough, too: where it is not,
the industry with the fewest firms there is not parted. That is checked for every set of quarters of
every square, which is enough: two areas of whatever layers are parts of one square, lie one in a
quarter of the other's square, or are apart, so whatever sums agree in area fall into such sets.

What remains: a firm of several industries is one firm in all firms and counts in each of them, so
that differences are then blurred; who knows all but one firm of an area knows the last; a square in
which all firms are of one industry says so of each; and outlines of clusters and regions whose
firms are told may cut squares.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from clustermap.publish.squares import COARSEST, build_levels, locate_squares, split_codes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from clustermap.layers.industries import CodedIndustries
    from clustermap.publish.squares import Level
    from clustermap.publish.suppression import Rules

    Whole = npt.NDArray[np.int64]
    Counts = npt.NDArray[np.int32]
    Marks = npt.NDArray[np.bool_]
    Sets = npt.NDArray[np.uint8]
    _Found = tuple[Whole, Sets, Counts]

WHOLE = 15
"""All four quarters, as bits: 1 north-west, 2 north-east, 4 south-west, 8 south-east."""

_BITS = np.array([1, 2, 4, 8], dtype=np.uint8)
_MANY = np.iinfo(np.int32).max
_BLOCK = 1 << 15  # squares looked at together: memory stays small, however many firms there are


@dataclass(frozen=True)
class Leaves:
    """Where the firms of a layer are: areas that do not overlap, with the firms in each.

    Parameters
    ----------
    level
        uint8, rising; level of the square in the quadtree of Mercator's map.
    x, y
        int32; column from the west and row from the north on that level; in Morton order.
    quarters
        uint8; the quarters of the square that the leaf is made of, as bits; WHOLE for a square.
    firms
        int64; number of firms.
    withheld
        Firms of the layer that no leaf holds, since they are too few in a square of the coarsest
        level.
    """

    level: npt.NDArray[np.uint8]
    x: npt.NDArray[np.int32]
    y: npt.NDArray[np.int32]
    quarters: Sets
    firms: Whole
    withheld: int


@dataclass(frozen=True)
class Density:
    """Firm density, as it may leave.

    One set of leaves serves all zooms: at zoom z the leaves up to level z + 4 are drawn as they
    are, and those of finer levels as the squares of level z + 4 around them, with summed firms.

    Parameters
    ----------
    layers
        None (all firms), then each strategic industry that any firm belongs to, to its leaves.
    unplaced
        Firms without a place on the map.
    """

    layers: Mapping[str | None, Leaves]
    unplaced: int


def count_density(
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    industries: CodedIndustries,
    rules: Rules,
) -> Density:
    """Count firms in squares of the map that may leave.

    Parameters
    ----------
    lon, lat
        Degrees in EPSG:4326, one a firm; NaN where unknown.
    industries
        Strategic industries of each firm.
    rules
        How many firms a leaf holds at least; 0 for the finest squares throughout.

    Returns
    -------
    Density
        The leaves of all firms and of each industry; the order of firms changes nothing.

    Notes
    -----
    The squares and the way in which quarters are joined are ours. That what can be found by
    subtracting published figures counts as published is a rule of disclosure control (Handbook on
    Statistical Disclosure Control, chapter 4).

    Examples
    --------
    Five firms at one spot, and one that is half a turn away: a single firm is never shown.

    >>> from clustermap.layers.industries import CodedIndustries
    >>> from clustermap.publish.suppression import Rules
    >>> nothing = np.zeros(6, dtype=np.int16)
    >>> lon, lat = np.array([127.0] * 5 + [-53.0]), np.full(6, 37.0)
    >>> coded = CodedIndustries(((),), nothing, ("",), nothing)
    >>> leaves = count_density(lon, lat, coded, Rules(min_firms=3)).layers[None]
    >>> (leaves.level.tolist(), leaves.firms.tolist(), leaves.withheld)
    ([16], [5], 1)
    """
    codes = locate_squares(lon, lat)
    placed = codes >= 0
    groups = industries.groups
    levels = build_levels(codes[placed], industries.group[placed], len(groups))
    present = np.flatnonzero(levels[0].firms.any(axis=0))
    keys = sorted({key for place in present for key in groups[place]})
    leaves = _part(levels, _claims(groups, keys), max(1, rules.min_firms))
    return Density(dict(zip((None, *keys), leaves, strict=True)), int((~placed).sum()))


def _claims(groups: Sequence[tuple[str, ...]], keys: Sequence[str]) -> Counts:
    """Return which groups count in which layer; every group counts in the first, of all firms."""
    claims = np.ones((len(groups), 1 + len(keys)), dtype=np.int32)
    claims[:, 1:] = [[key in group for key in keys] for group in groups]
    return claims


def _part(levels: Sequence[Level], claims: Counts, least: int) -> list[Leaves]:
    """Part the squares from coarse to fine and return the leaves of each layer."""
    shown = _show_squares(levels[0].firms, claims, least)
    found: list[list[_Found]] = [[] for _ in claims.T]
    for level, finer in pairwise(levels):
        joined = _part_level(level, finer, shown, claims, least)
        for layer, own in enumerate(found):
            numbers = finer.firms @ claims[:, layer]
            own.append(_find_leaves(level, shown[:, layer], joined[:, layer], numbers))
        shown = _show_quarters(level, finer, shown, joined) & (finer.firms @ claims > 0)
    last = levels[-1]
    for layer, own in enumerate(found):
        at = shown[:, layer]
        whole = np.full(int(at.sum()), WHOLE, dtype=np.uint8)
        own.append((last.codes[at], whole, last.firms[at] @ claims[:, layer]))
    totals = levels[0].firms.sum(axis=0) @ claims
    return [_gather(own, int(total)) for own, total in zip(found, totals, strict=True)]


def _gather(found: Sequence[_Found], total: int) -> Leaves:
    codes, quarters, firms = (np.concatenate(column) for column in zip(*found, strict=True))
    levels = np.arange(COARSEST, COARSEST + len(found), dtype=np.uint8)
    level = np.repeat(levels, [len(part[0]) for part in found])
    x, y = split_codes(codes)
    return Leaves(level, x, y, quarters, firms.astype(np.int64), total - int(firms.sum()))


def _show_squares(firms: Counts, claims: Counts, least: int) -> Marks:
    """Return which layers may tell of each square of the coarsest level."""
    shown: Marks = firms @ claims >= least
    rows = np.flatnonzero(shown[:, 1:].any(axis=1))
    while len(rows):
        telling, fewest = _find_telling(firms[rows], shown[rows], claims, least)
        rows = rows[telling]
        shown[rows, fewest[telling]] = False
    return shown


def _part_level(level: Level, finer: Level, shown: Marks, claims: Counts, least: int) -> Sets:
    """Return, by square and layer, the quarters that are joined: WHOLE where it is not parted."""
    joined = np.zeros(shown.shape, dtype=np.uint8)
    for start in range(0, len(shown), _BLOCK):
        rows = slice(start, start + _BLOCK)
        quarters = level.quarters[rows]
        held = np.where((quarters >= 0)[..., None], finer.firms[quarters], 0)
        sets = _join_quarters(held @ claims, least)
        _guard_rest(sets, held, shown[rows], claims, least)
        joined[rows] = sets
    return joined


def _join_quarters(numbers: Counts, least: int) -> Sets:
    """Return which quarters are joined, from numbers by square, quarter and layer."""
    small = (numbers > 0) & (numbers < least)
    pool = np.where(small, numbers, 0).sum(axis=1, keepdims=True)
    enough = np.where(numbers >= least, numbers, _MANY)
    nearest = np.arange(4)[:, None] == enough.argmin(axis=1)[:, None, :]
    joined = small | (nearest & (enough < _MANY) & (pool > 0) & (pool < least))
    whole = (joined | (numbers == 0)).all(axis=1)
    sets = np.where(joined, _BITS[:, None], 0).sum(axis=1)
    return np.where(whole, WHOLE, sets).astype(np.uint8)


def _guard_rest(sets: Sets, held: Counts, shown: Marks, claims: Counts, least: int) -> None:
    """Leave industries whole, in place, where all firms less the industries would be a few."""
    parted = shown & (sets != WHOLE)
    rows = np.flatnonzero(parted[:, 0] & parted[:, 1:].any(axis=1))
    while len(rows):
        again = np.zeros(len(rows), dtype=bool)
        for area in range(1, WHOLE):
            inside = sets[rows] & area
            known = shown[rows] & ((inside == 0) | (inside == sets[rows]))
            firms = held[rows][:, (area & _BITS) > 0].sum(axis=1)
            telling, fewest = _find_telling(firms, known, claims, least)
            sets[rows[telling], fewest[telling]] = WHOLE
            again |= telling
        # Where firms count in several industries, one left whole may bare another rest.
        rows = rows[again]


def _find_telling(
    firms: Counts, known: Marks, claims: Counts, least: int
) -> tuple[Marks, npt.NDArray[np.intp]]:
    """Return for which areas the rest is a few firms, and the industry with the fewest there."""
    covered = known[:, 1:].astype(np.int32) @ claims[:, 1:].T > 0
    rest = np.where(covered, 0, firms).sum(axis=1)
    numbers = firms @ claims[:, 1:]
    fewest = np.where(known[:, 1:] & (numbers > 0), numbers, _MANY).argmin(axis=1) + 1
    return known[:, 0] & (rest > 0) & (rest < least), fewest


def _find_leaves(level: Level, shown: Marks, joined: Sets, numbers: Counts) -> _Found:
    """Return the squares of a layer whose quarters, some or all, are not parted further."""
    at = np.flatnonzero(shown & (joined > 0))
    quarters, sets = level.quarters[at], joined[at]
    inside = (quarters >= 0) & ((sets[:, None] & _BITS) > 0)
    return level.codes[at], sets, np.where(inside, numbers[quarters], 0).sum(axis=1)


def _show_quarters(level: Level, finer: Level, shown: Marks, joined: Sets) -> Marks:
    """Return which layers are known of each square of the next level."""
    on = np.zeros((len(finer.codes), shown.shape[1]), dtype=bool)
    for place, bit in enumerate(_BITS):
        held = level.quarters[:, place] >= 0
        on[level.quarters[held, place]] = shown[held] & ((joined[held] & bit) == 0)
    return on
