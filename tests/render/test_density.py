"""Firm density packed into little text and read back, in Python and by the page's script."""

from __future__ import annotations

import json
from base64 import b64decode
from importlib import resources
from math import cos, radians
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import quickjs

from clustermap.layers.industries import CodedIndustries
from clustermap.publish.density import Density, Leaves, count_density
from clustermap.publish.squares import COARSEST, FINEST, split_codes
from clustermap.publish.suppression import Rules
from clustermap.render.density import pack_density
from tests.render.test_outlines import unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Leaf = tuple[int, int, int, int, int]

# What of a browser the script needs to be read.
FRAME = """
let paint = null;
let zoom = 7;
const cm = {
  state: { shown: { density: true }, drawn: {}, industry: "" },
  payload: { density: packed, seam: -180 },
  underlays: [],
  model: { coast: [] },
  map: { getZoom: () => zoom, getPixelBounds: () => ({ min: { x: 0, y: 0 } }) },
  Canvas: class { constructor(painter) { paint = painter; } on() {} },
  run(script) { script(cm); },
};
const atob = (text) => decoded[text];
const pen = () => ({
  painted: [], save() {}, restore() {}, beginPath() {}, clip() {}, getTransform: () => ({ a: 1 }),
  fillRect(...box) { this.painted.push([this.fillStyle, ...box]); },
});
function draw(left, top) {
  const context = pen();
  paint(context, { zoom, scale: 256 * 2 ** zoom, left, top, width: 60, height: 40 });
  return context.painted;
}
"""


def nation(firms: int, least: int) -> Density:
    """Draw a nation: six firms in ten lie in or around one of 1,900 towns, the rest anywhere."""
    rng = np.random.default_rng(7)
    towns = rng.uniform((126.2, 34.6), (129.2, 38.0), (1900, 2))
    size = rng.pareto(1.2, 1900) + 1
    town = rng.choice(1900, firms, p=size / size.sum())
    spots = towns[town] + rng.normal(0, 0.015, (firms, 2)) * size[town, None] ** 0.3
    anywhere = rng.uniform((126.2, 34.6), (129.2, 38.0), (firms, 2))
    spots = np.where(rng.random((firms, 1)) < 0.6, spots, anywhere)
    group = np.where(rng.random(firms) < 0.3, rng.integers(1, 13, firms), 0).astype(np.int16)
    groups = ((), *((f"industry{number}",) for number in range(12)))
    coded = CodedIndustries(groups, group, ("",), np.zeros(firms, dtype=np.int16))
    return count_density(spots[:, 0], spots[:, 1], coded, Rules(min_firms=least))


def columns(leaves: Leaves) -> list[Leaf]:
    names = ("level", "x", "y", "quarters", "firms")
    return list(zip(*(getattr(leaves, name).tolist() for name in names), strict=True))


def read_leaves(text: str, *, joined: bool) -> Iterator[Leaf]:
    """Read leaves as the docstring of pack_density tells."""
    numbers = iter(unpack(text))
    for level in range(COARSEST, FINEST + 1):
        code = 0
        for _ in range(next(numbers)):
            code += next(numbers)
            quarters = next(numbers) if joined else 15
            x, y = (int(axis[0]) for axis in split_codes(np.array([code])))
            yield level, x, y, quarters, next(numbers)
    assert list(numbers) == []


def run_script(packed: dict[str, Any]) -> Callable[[str], Any]:
    """Return what evaluates an expression where the scripts have been read."""
    folder = resources.files("clustermap.render") / "page"
    texts = [layer[name] for layer in packed["layers"] for name in ("squares", "joined")]
    context = quickjs.Context()
    decoded = {text: b64decode(text).decode("latin-1") for text in texts}
    context.eval(f"const decoded = {json.dumps(decoded)};")
    context.eval(f"const packed = {json.dumps(packed)};")
    context.eval(FRAME)
    for name in ("unpack.js", "density.js"):
        context.eval((folder / name).read_text(encoding="utf-8"))
    return lambda expression: json.loads(context.eval(f"JSON.stringify({expression})"))


def leaves_of(*rows: Leaf, withheld: int = 0) -> Leaves:
    level, x, y, quarters, firms = np.array(rows, dtype=np.int64).reshape(-1, 5).T
    return Leaves(
        level.astype(np.uint8), x.astype(np.int32), y.astype(np.int32),
        quarters.astype(np.uint8), firms, withheld,
    )  # fmt: skip


SMALL = Density(
    {
        None: leaves_of(
            (11, 1, 0, 15, 5), (11, 2, 0, 6, 300), (12, 0, 0, 15, 3), (12, 0, 1, 15, 4), withheld=2
        ),
        "chips": leaves_of((16, 65535, 65535, 15, 9)),
    },
    unplaced=7,
)  # fmt: skip


def test_numbers_stand_as_told() -> None:
    packed = pack_density(SMALL)
    assert {name: packed[name] for name in ("coarsest", "unplaced", "withheld")} == {
        "coarsest": 11, "unplaced": 7, "withheld": 2,
    }  # fmt: skip
    every, chips = packed["layers"]
    assert (every["industry"], chips["industry"]) == (None, "chips")
    # Column 2 of row 0 has the Morton code 4; row 1 of column 0 has 2.
    assert unpack(every["squares"]) == [1, 1, 5, 2, 0, 3, 2, 4, 0, 0, 0, 0]
    assert unpack(every["joined"]) == [1, 4, 6, 300, 0, 0, 0, 0, 0]
    assert unpack(chips["squares"]) == [0, 0, 0, 0, 0, 1, 2**32 - 1, 9]


def test_leaves_come_back() -> None:
    density = nation(20_000, 3)
    for layer, packed in zip(density.layers.values(), pack_density(density)["layers"], strict=True):
        found = [
            *read_leaves(packed["squares"], joined=False),
            *read_leaves(packed["joined"], joined=True),
        ]
        assert sorted(found) == sorted(columns(layer))
        assert len(found) > 20


@pytest.mark.parametrize("least", [0, 3])
def test_the_script_reads_the_same(least: int) -> None:
    density = nation(5_000, least)
    told = run_script(pack_density(density))
    for industry, leaves in density.layers.items():
        found = told(f"cm.unpackDensity(packed, {json.dumps(industry)})")
        assert sorted(zip(*found.values(), strict=True)) == sorted(columns(leaves))
    assert told("cm.unpackDensity(packed, 'none of these')") is None


def test_the_script_reads_the_last_square_of_the_map() -> None:
    told = run_script(pack_density(SMALL))
    assert told("cm.unpackDensity(packed, 'chips')") == {
        "level": [16], "x": [65535], "y": [65535], "quarters": [15], "firms": [9],
    }  # fmt: skip


def test_joined_quarters_are_drawn_in_parts_and_finer_squares_summed_up() -> None:
    told = run_script(pack_density(SMALL))
    drawn = told("cm.squaresOf(cm.unpackDensity(packed, null), 12)")
    rows = list(zip(drawn["level"], drawn["x"], drawn["y"], drawn["firms"], strict=True))
    # The quarters 2 and 4 of the square 2, 0: north-east and south-west.
    assert rows == [(11, 1, 0, 5), (12, 5, 0, 300), (12, 4, 1, 300), (12, 0, 0, 3), (12, 0, 1, 4)]
    drawn = told("cm.squaresOf(cm.unpackDensity(packed, null), 11)")
    assert sorted(zip(drawn["x"], drawn["firms"], strict=True)) == [(0, 7), (1, 5), (2, 300)]
    drawn = told("cm.squaresOf(cm.unpackDensity(packed, null), 10)")
    assert sorted(zip(drawn["x"], drawn["firms"], strict=True)) == [(0, 12), (1, 300)]


@pytest.mark.parametrize("level", [8, 11, 13, 16])
def test_no_firm_is_lost_on_any_level(level: int) -> None:
    density = nation(5_000, 3)
    told = run_script(pack_density(density))
    drawn = told(f"cm.squaresOf(cm.unpackDensity(packed, null), {level})")
    km2 = [told_km2(*square) for square in zip(drawn["level"], drawn["y"], strict=True)]
    # Each part of a joined leaf stands for its share of the leaf's area.
    firms = np.array(drawn["firms"]) * np.array(km2) / np.array(drawn["km2"])
    assert firms.sum() == pytest.approx(density.layers[None].firms.sum(), rel=1e-3)
    assert min(drawn["firms"]) >= 3
    assert max(drawn["level"]) <= level


def told_km2(level: int, y: int) -> float:
    """Return the area of a square on a sphere: the side of the world over 2^level, at its row."""
    lat = np.arctan(np.sinh(np.pi * (1 - 2 * (y + 0.5) / 2**level)))
    return float((40075.017 / 2**level * np.cos(lat)) ** 2)


def test_areas_follow_the_latitude() -> None:
    told = run_script(pack_density(SMALL))
    assert told("cm.squareKm2(1, 0)") == pytest.approx(told_km2(1, 0))
    seoul = (40075.017 / 2**16 * cos(radians(37.5666))) ** 2
    assert told("cm.squareKm2(16, 25378)") == pytest.approx(seoul, rel=1e-4)  # 0.235 km2


def test_classes_end_at_plain_numbers() -> None:
    told = run_script(pack_density(SMALL))
    squares = {"firms": list(range(1, 101)), "km2": [10.0] * 100}
    # 3.0, 6.0, 8.0 and 9.3 firms a km2 are 3, twice 7 and 10.
    assert told(f"cm.densityBreaks({json.dumps(squares)})") == [3, 7, 10]
    assert told("cm.densityBreaks({ firms: [], km2: [] })") == []


def test_squares_of_a_zoom_are_painted_without_gaps() -> None:
    told = run_script(pack_density(SMALL))
    told("zoom = 8")
    # Level 12 is 16 pixels wide: 11/1/0 is 32, and 11/2/0 has the quarters 12/5/0 and 12/4/1.
    boxes = sorted(box[1:] for box in told("draw(0, 0)"))
    assert boxes == [[0, 0, 16, 16], [0, 16, 16, 16], [32, 0, 32, 32]]
    boxes = sorted(box[1:] for box in told("draw(40.4, 0.4)"))
    assert boxes == [[-8, 0, 32, 32], [24, 16, 16, 16], [40, 0, 16, 16]]
    assert told("cm.state.drawn.squares") == 3
    told("cm.state.shown.density = false")
    assert told("draw(0, 0)") == []


def test_darker_is_denser() -> None:
    told = run_script(pack_density(SMALL))
    colours = told("cm.DENSITY_COLOURS")
    shades = {box[1]: colours.index(box[0]) for box in told("draw(0, 0)")}
    # At zoom 7 squares of level 11 with 7, 5 and 300 firms stand side by side.
    assert shades[16] <= shades[0] <= shades[32]
    assert shades[16] < shades[32]


def test_classes_are_those_of_the_layer_shown() -> None:
    density = nation(5_000, 3)
    told = run_script(pack_density(density))
    classes = told("cm.densityClasses()")
    assert classes["breaks"] == sorted(set(classes["breaks"]))
    assert classes["colours"] == told("cm.DENSITY_COLOURS")[: len(classes["breaks"]) + 1]
    told("cm.state.industry = 'industry3'")
    assert told("cm.densityClasses()") != classes
    told("cm.state.industry = 'none of these'")
    assert told("cm.densityClasses()") == {"colours": [], "breaks": []}


def test_the_firms_under_a_point() -> None:
    told = run_script(pack_density(SMALL))
    assert told("cm.densityAt({ x: 20, y: 5 })")["firms"] == 5
    assert told("cm.densityAt({ x: 5, y: 5 })")["firms"] == 7  # two squares of level 12
    assert told("cm.densityAt({ x: 20, y: 20 })") is None
    told("zoom = 8")
    # Joined quarters are told together, with the area of both.
    assert told("cm.densityAt({ x: 83, y: 3 })") == told("cm.densityAt({ x: 67, y: 19 })")
    joined = told("cm.densityAt({ x: 83, y: 3 })")
    assert joined["firms"] == 300
    assert joined["km2"] == pytest.approx(told_km2(11, 0) / 2)
    assert told("cm.densityAt({ x: 67, y: 3 })") is None
    told("cm.state.shown.density = false")
    assert told("cm.densityAt({ x: 83, y: 3 })") is None


@pytest.mark.parametrize("least", [0, 3])
def test_a_million_firms_take_less_than_two_megabytes(least: int) -> None:
    packed = pack_density(nation(1_000_000, least))
    assert len(json.dumps(packed)) < 1_800_000
