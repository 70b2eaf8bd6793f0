"""The house as a whole: floors, lazy root, tracked files, docstrings and the wheel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

import clustermap

if TYPE_CHECKING:
    from pathlib import Path

MACHINE = re.compile(r"(?<![\w.~])/(?:home|root|Users|work|opt)/\w|[A-Z]:\\Users\\\w")
REGISTRY = re.compile(r"pypi\.org|pythonhosted\.org|--(?:extra-)?index-url|registry\.npmjs")
URL = re.compile(r"https?://\S+")


def call(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 -- our own commands
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "PYTHONUTF8": "1", **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_each_floor_imports_only_those_below(root: Path) -> None:
    code = "from importlinter.cli import lint_imports_command as lint; lint()"
    done = call(["-c", code, "--no-cache", "--no-logo"], root)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_the_root_is_lazy(root: Path) -> None:
    code = "import sys, clustermap; print(*sorted(m for m in sys.modules if 'clustermap' in m))"
    done = call(["-c", code], root)
    assert done.stdout.split() == ["clustermap"], done.stderr
    code = "import sys, clustermap; clustermap.open_project; print('pandas' in sys.modules)"
    assert call(["-c", code], root).stdout.strip() == "False"


def test_the_root_knows_its_names() -> None:
    assert set(clustermap.__all__) <= set(dir(clustermap))
    assert callable(clustermap.open_project)
    assert clustermap.__version__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = clustermap.nothing


def tracked(root: Path) -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=root,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("not a git checkout: no list of tracked files")
    return [root / name for name in done.stdout.decode().split("\0") if name]


def test_tracked_files_name_no_machine_and_no_registry(root: Path) -> None:
    told = []
    for file in tracked(root):
        try:
            text = file.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):  # not text; deleted and not yet committed
            continue
        told += [f"{file.name}: {found}" for found in REGISTRY.findall(text)]
        told += [f"{file.name}: {found}" for found in MACHINE.findall(URL.sub("", text))]
    assert told == []


def test_a_docstring_without_its_sections_is_refused(root: Path, tmp_path: Path) -> None:
    # `python -m numpydoc.hooks.validate_docstrings` passes whatever it is given: a gate that
    # never closes looks like one that is always open.
    (tmp_path / "pyproject.toml").write_bytes((root / "pyproject.toml").read_bytes())
    bad = 'def links(cells: int) -> int:\n    """Return a thing."""\n    return cells\n'
    (tmp_path / "bad.py").write_text(f'"""For a test."""\n\n\n{bad}', encoding="utf-8")
    done = call(["-m", "numpydoc", "lint", "bad.py"], tmp_path)
    assert done.returncode == 1
    assert "PR01" in done.stdout + done.stderr


def test_the_wheel_holds_what_it_needs(root: Path, tmp_path: Path) -> None:
    done = call(["-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)], root)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        packed.extractall(tmp_path / "site")
    assert {"clustermap/py.typed", "clustermap/messages/cli.toml"} <= names
    for file in tracked(root):
        name = file.relative_to(root)
        if name.parts[0] == "data" and file.is_file():
            assert f"clustermap/_data/{'/'.join(name.parts[1:])}" in names
    assert not any(name.startswith(("tests/", "data/", "docs/")) for name in names)
    code = "import clustermap.cli, clustermap.project; print(clustermap.__file__)"
    found = call(["-c", code], tmp_path, PYTHONPATH=str(tmp_path / "site"))
    assert found.stdout.startswith(str(tmp_path / "site")), found.stderr
