"""The page on OpenStreetMap: its example is run, its columns and tags are those of the code."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
from typer.testing import CliRunner

from clustermap.cli import app
from clustermap.sources.osm import read_tags
from clustermap.sources.osm.elements import COLUMNS, MEANINGS
from tests.sources.osm.extracts import find_extracts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "docs" / "sources" / "openstreetmap.md").read_text(encoding="utf-8")


def test_the_example_runs_and_finds_what_it_says(
    text: str,
    require: Callable[[str, bool, str], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copy(find_extracts(require) / "Helsinki.osm.pbf", tmp_path)
    monkeypatch.chdir(tmp_path)
    block = re.findall(r"A test runs these lines. -->\n```sh\n(.*?)```", text, re.DOTALL)
    output = ""
    for line in block[0].splitlines():
        name, *arguments = line.split()
        assert name == "clustermap"
        done = CliRunner().invoke(app, [*arguments, "--language", "en"])
        assert done.exit_code == 0, done.output
        output += done.output
    told = text.split("It finds")[1].split("\n\n", maxsplit=1)[0]
    found = re.findall(
        r"(\d+) blocks|(\d+) universities|(\d+) firms|(\d+) junctions|(\d+) stretches|(\d+) of the",
        told,
    )
    blocks, universities, firms, junctions, stretches, inside = (
        next(filter(None, group)) for group in found
    )
    assert re.search(rf"clusters +commercial +{blocks}\n", output)
    assert re.search(rf"institutes +university +{universities}\n", output)
    assert f"Roads: {junctions} junctions, {stretches} stretches." in output
    assert re.search(rf"firms +{firms} +{firms} +0 +{inside}\n", output)
    for layer, columns in COLUMNS.items():
        frame = gpd.read_file(tmp_path / "helsinki" / "osm.gpkg", layer=layer)
        assert [*frame.columns] == [*columns, "geometry"]


def test_every_column_and_tag_is_told(text: str) -> None:
    assert {name for columns in COLUMNS.values() for name in columns} == set(MEANINGS)
    for name, meaning in MEANINGS.items():
        assert f"| `{name}` |" in text
        assert meaning in text
    for tag in read_tags(commercial=True):
        assert f"| `{tag.written}` |" in text
        assert tag.meaning in text
