"""Hostile names, from the user's files to the page in a real browser: nothing executes."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest

import clustermap
from clustermap.render.offline import read_content
from tests.small_world import build_small_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.chromium import Visit
    from tests.small_world import SmallWorld

HOSTILE = {
    "image": "<img src=x onerror=alert(1)>",
    "script end": "</script><script>alert(1)</script>",
    "bare script end": "</script>",
    "template": "{{ 7007*7 }}",
    "template that runs": "{{ cycler.__init__.__globals__.os.getpid() }}",
    "statement": "{% for x in range(9) %}49049{% endfor %}",
    "backtick": "`",
    "interpolation": "${1}",
    "formula": "=cmd()",
    "long": "길" * 10_000,
    "emoji": "😀",
    "nul": "a\0b",
    "line separator": "a\u2028b",
}
SHOWN = 20
"""Characters of a name that no view cuts off."""


def name_everything(world: SmallWorld, name: str, *, internal: bool) -> None:
    world.clusters[0]["name"] = name
    world.clusters[0]["name_en"] = name
    world.clusters[0]["region"] = name
    world.firms[0]["name"] = name
    world.firms[0]["industry"] = name
    world.institutes[0]["name"] = name
    world.partners[0]["name"] = name
    world.partners[0]["country"] = name
    title = "".join(f"\\U{ord(c):08X}" for c in name)
    world.project = world.project.replace("작은 세계", title)
    world.project += f"[publish]\ninternal = {str(internal).lower()}\n"


@pytest.mark.parametrize("internal", [False, True], ids=["published", "internal"])
@pytest.mark.parametrize("case", HOSTILE)
def test_nothing_executes(
    tmp_path: Path, visit: Callable[..., Visit], case: str, *, internal: bool
) -> None:
    name = HOSTILE[case]
    world = build_small_world()
    name_everything(world, name, internal=internal)
    run = clustermap.run(clustermap.open_project(world.write(tmp_path)))
    visited = visit(run.page)
    shown = name.replace("\0", "\ufffd")[:SHOWN].replace("\u2028", "")
    for language in ("ko", "en"):
        visited.page.evaluate("language => cm.setLanguage(language)", language)
        visited.page.evaluate("cm.select('C1')")
        visited.page.wait_for_timeout(50)
        text = visited.page.evaluate("document.body.innerText")
        assert shown in text.replace("\u2028", "").replace("\n", "")
        # What stands for 7007 * 7, were the name a template; no number of this world holds it.
        assert ("49049" in text) == ("49049" in name)
    assert visited.state(".counts.firms") == (60 if internal else 0)
    visited.assert_quiet()


@pytest.mark.parametrize("case", HOSTILE)
def test_exports_give_the_name_back(tmp_path: Path, case: str) -> None:
    name = HOSTILE[case]
    world = build_small_world()
    name_everything(world, name, internal=True)
    clustermap.run(clustermap.open_project(world.write(tmp_path)))
    written = name.replace("\0", "\ufffd")
    frame = gpd.read_file(tmp_path / "out" / "export" / "clustermap.gpkg", layer="clusters")
    assert frame.loc[frame["cluster"] == "C1", "name"].item() == written
    with (tmp_path / "out" / "export" / "clusters.csv").open(
        encoding="utf-8-sig", newline=""
    ) as file:
        rows = {row["cluster"]: row for row in csv.DictReader(file)}
    cell = rows["C1"]["name"]
    assert cell == (f"'{written}" if written.startswith("=") else written)


def test_published_files_hold_no_firm(tmp_path: Path) -> None:
    world = build_small_world()
    run = clustermap.run(clustermap.open_project(world.write(tmp_path)))
    out = tmp_path / "out"
    leaving = [p for p in run.outputs if out / "tables" not in p.parents]
    assert any(path.suffix == ".html" for path in leaving)
    assert any(path.suffix == ".gpkg" for path in leaving)
    names = [row["name"].encode() for row in world.firms]
    for path in leaving:
        content = path.read_bytes()
        if path.name.startswith("planner"):
            content = json.dumps(read_content(content), ensure_ascii=False).encode()
        assert not [name for name in names if name in content], path
