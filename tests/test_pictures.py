"""The pictures of the docs: they are what the code draws, and what they show was measured."""

from __future__ import annotations

import re
import runpy
import tomllib
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from scipy import special, stats

from clustermap.messages import LANGUAGES

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("size", "shrinkage", "reach", "quadrants")
HANGUL = re.compile("[가-힣]")


@pytest.fixture(scope="module")
def drawing(root: Path) -> dict[str, Any]:
    return runpy.run_path(str(root / "scripts" / "draw_docs"))


def texts(picture: str) -> list[str]:
    return [part.text or "" for part in ET.fromstring(picture).iter() if part.tag.endswith("}text")]  # noqa: S314


def test_pictures_are_what_the_code_draws(drawing: dict[str, Any], root: Path) -> None:
    folder = root / "docs" / "pictures"
    drawn = drawing["draw_all"]()
    committed = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.svg")}
    assert sorted(drawn) == sorted(
        f"{name}.{language}.svg" for name in NAMES for language in LANGUAGES
    )
    old = [name for name in drawn if committed.get(name) != drawn[name]]
    assert old == [], "run scripts/draw_docs"
    assert sorted(committed) == sorted(drawn)


def test_every_word_is_said_in_both_languages(drawing: dict[str, Any], root: Path) -> None:
    table = tomllib.loads((root / "docs" / "pictures" / "words.toml").read_text(encoding="utf-8"))
    assert tuple(table) == NAMES
    for name, said in table.items():
        pictures = {of: texts(drawing["draw_all"]()[f"{name}.{of}.svg"]) for of in LANGUAGES}
        for key, words in said.items():
            assert bool(HANGUL.search(words["ko"])) or words["ko"].isascii(), key
            assert not HANGUL.search(words["en"]), key
            # Numbers stand in the place of names in braces.
            for language in LANGUAGES:
                form = re.escape(words[language])
                pattern = re.compile(re.sub(r"\\\{\w+\\\}", r"\\d+", form))
                assert any(pattern.fullmatch(text) for text in pictures[language]), key


def test_bars_are_as_long_as_what_was_found(drawing: dict[str, Any]) -> None:
    rows = drawing["read_measured"]()
    assert [row["ranking"] for row in rows] == ["links", "share", "per_actor", "ratio"]
    root = ET.fromstring(drawing["draw_all"]()["size.en.svg"])  # noqa: S314
    boxes = [part for part in root.iter() if part.tag.endswith("}rect") and part.get("x")]
    whole, found = boxes[::2], boxes[1::2]
    for row, one, other in zip(rows, whole, found, strict=True):
        share = float(other.get("width", "nan")) / float(one.get("width", "nan"))
        assert share == pytest.approx(int(row["found"]) / int(row["planted"]), abs=0.001)


def test_what_is_believed_leans_on_all_clusters(drawing: dict[str, Any]) -> None:
    believe = drawing["believe"]
    middles = [believe(2 * expected, expected)[0][1] for expected in (1, 3, 10, 22, 100)]
    # By quadrature of two gammas and Poisson's law over the logarithm of the ratio.
    ratio = np.exp(np.linspace(-6, 6, 20_001))
    prior = drawing["PRIOR"]
    known = sum(
        share * stats.gamma.pdf(ratio, shape, scale=1 / np.exp(special.digamma(shape)))
        for share, shape in (
            (1 - prior["share"], prior["narrow"]), (prior["share"], prior["wide"]),
        )
    )  # fmt: skip
    for expected, middle in zip((1, 3, 10, 22, 100), middles, strict=True):
        after = known * stats.poisson.pmf(2 * expected, ratio * expected) * ratio
        assert middle == pytest.approx(np.exp((after * np.log(ratio)).sum() / after.sum()))
    assert middles == sorted(middles)
    assert middles[0] < 1.1
    assert middles[-1] == pytest.approx(1.9669, abs=5e-5)
    assert [believe(2 * e, e)[1] for e in (1, 3, 10, 22, 100)] == [False, False, True, True, True]
    for expected in (3, 22, 100):
        low, middle, high = believe(2 * expected, expected)[0]
        assert low < middle < high
    # Few links alone leave much open; what all clusters say leaves less.
    low, _, high = believe(6, 3)[0]
    alone = drawing["alone"](6, 3)
    assert high - low < alone[1] - alone[0]


@pytest.mark.slow
def test_what_the_first_picture_shows_is_measured(drawing: dict[str, Any]) -> None:
    assert drawing["measure"]() == drawing["read_measured"]()
