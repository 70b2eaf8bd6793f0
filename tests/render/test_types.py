"""The scripts of the page against their declared types."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from clustermap.render.planner import SCRIPTS
from tests.javascript_tools import FOLDER, NODE, TSC

if TYPE_CHECKING:
    from tests.conftest import Require

PAGE = Path(str(resources.files("clustermap.render") / "page"))


def check(project: Path) -> subprocess.CompletedProcess[str]:
    command = [str(NODE), str(TSC), "--project", str(project)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


def test_scripts_fit_their_types(require: Require) -> None:
    require("javascript", TSC.exists(), "scripts/test installs TypeScript with npm")
    done = check(FOLDER / "tsconfig.json")
    assert (done.returncode, done.stdout) == (0, "")


def test_a_wrong_name_would_be_found(require: Require, tmp_path: Path) -> None:
    require("javascript", TSC.exists(), "scripts/test installs TypeScript with npm")
    shutil.copytree(PAGE, tmp_path / "page")
    script = tmp_path / "page" / "flows.js"
    script.write_text(script.read_text("utf-8").replace("pair.expected", "pair.expectd"), "utf-8")
    settings = json.loads((FOLDER / "tsconfig.json").read_text("utf-8"))
    settings["include"] = ["page/*"]
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings), "utf-8")
    done = check(tmp_path / "tsconfig.json")
    assert done.returncode != 0
    assert "Property 'expectd' does not exist on type 'Pair'" in done.stdout


def test_every_script_is_listed_once() -> None:
    of_analysts = {"explore.js"}
    assert set(SCRIPTS) | of_analysts == {path.name for path in PAGE.glob("*.js")}
    assert len(set(SCRIPTS)) == len(SCRIPTS)
