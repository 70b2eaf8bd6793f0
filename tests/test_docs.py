"""The docs: pages that follow from the code are current, and nothing public goes unsaid."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

import clustermap
from clustermap.cli import app
from clustermap.messages import LANGUAGES, Message, say
from clustermap.project import Project, model_in
from clustermap.scores import parse_profile

if TYPE_CHECKING:
    from pathlib import Path

LINK = re.compile(r"\[[^\]]+\]\(([^)#]*)(?:#[^)]*)?\)")


def pages(root: Path) -> list[Path]:
    return [root / "README.md", root / "CHANGELOG.md", *sorted((root / "docs").rglob("*.md"))]


def test_generated_pages_are_current(root: Path) -> None:
    command = [sys.executable, str(root / "scripts" / "make_docs"), "--check"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)  # noqa: S603
    assert (done.returncode, done.stdout.strip()) == (0, ""), "run scripts/make_docs"


def test_every_verb_is_documented(root: Path) -> None:
    text = (root / "docs" / "cli.md").read_text(encoding="utf-8")
    for command in app.registered_commands:
        assert f"## {command.name}\n" in text


@pytest.mark.parametrize("name", [name for name in clustermap.__all__ if name != "__version__"])
def test_every_public_function_is_documented(root: Path, name: str) -> None:
    pytest.importorskip("clustermap.pipeline", reason="the pipeline is not built yet")
    assert f"## {name}\n" in (root / "docs" / "library.md").read_text(encoding="utf-8")


def test_every_part_of_every_profile_is_documented(root: Path) -> None:
    text = (root / "docs" / "score.md").read_text(encoding="utf-8")
    for file in sorted((root / "data" / "profiles").glob("*.toml")):
        profile = parse_profile(file.read_text(encoding="utf-8"), file.stem)
        assert f"## {profile.name}\n" in text
        for pillar in profile.pillars:
            for part in ("label", "meaning"):
                for language in LANGUAGES:
                    assert say(Message(f"subscore.{pillar.key}.{part}"), language) in text
            assert all(f"`{measure.indicator}`" in text for measure in pillar.measures)


def test_every_section_is_documented(root: Path) -> None:
    text = (root / "docs" / "project_file.md").read_text(encoding="utf-8")
    for key, field in Project.model_fields.items():
        if model_in(field.annotation):
            assert f"[{key}" in text, key


def test_links_lead_somewhere(root: Path) -> None:
    broken = [
        f"{page.name}: {target}"
        for page in pages(root)
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if target and "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_the_project_files_of_the_readme_are_ones(root: Path, tmp_path: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    example, instead = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    for name in re.findall(r'"([^"]+\.(?:csv|geojson))"', example + instead):
        (tmp_path / name).write_text("", encoding="utf-8")
    file = tmp_path / "project.toml"
    file.write_text(example, encoding="utf-8")
    project = clustermap.open_project(file)
    assert project.linkages[0].independent_units == 26
    assert project.parameters()["schema"] == tomllib.loads(example)["schema"]
    file.write_text(example[: example.index("[[linkages]]")] + instead, encoding="utf-8")
    (linkage,) = clustermap.open_project(file).linkages
    assert (linkage.form, linkage.path) == ("projects", (tmp_path / "participations.csv",))


def test_the_readme_starts_with_the_two_commands(root: Path) -> None:
    head = (root / "README.md").read_text(encoding="utf-8").splitlines()[:4]
    assert head[2].strip().startswith("scripts/demo")
    assert head[3].strip().startswith("scripts/test")
