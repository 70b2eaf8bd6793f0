"""The docs: pages that follow from the code are current, and nothing public goes unsaid."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from itertools import product
from typing import TYPE_CHECKING

import pytest

import clustermap
from clustermap.cli import app
from clustermap.messages import LANGUAGES, Message, say
from clustermap.project import Project, model_in
from clustermap.scores import parse_goalposts, parse_profile
from clustermap.scores.profile import PARTS
from clustermap.scores.score import tell_note

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


def test_every_part_of_the_score_is_documented(root: Path) -> None:
    text = (root / "docs" / "score.md").read_text(encoding="utf-8")
    for part, name, language in product(PARTS, ("label", "meaning"), LANGUAGES):
        assert say(Message(f"subscore.{part}.{name}"), language) in text


def test_every_profile_is_documented(root: Path) -> None:
    text = (root / "docs" / "score.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    for file in sorted((root / "data" / "profiles").glob("*.toml")):
        profile = parse_profile(file.read_text(encoding="utf-8"), file.stem)
        told = sections[profile.name]
        for message in tell_note(profile):
            assert all(say(message, language) in told for language in LANGUAGES)
        assert all(f"`{industry}`" in told for industry in profile.industries)
        if profile.method == "linkage":
            shares = profile.parts | profile.kinds
            assert all(f"`{name}` {shares[name]:.3g}" in told for name in shares)
        else:
            assert "References" not in told
            assert "percentile" in told


def test_every_goalpost_is_documented(root: Path) -> None:
    text = (root / "docs" / "score.md").read_text(encoding="utf-8")
    for file in sorted((root / "data" / "goalposts").glob("*.toml")):
        found = parse_goalposts(file.read_text(encoding="utf-8"), file.stem)
        assert f"## Goalposts: {found.name}, version {found.version}\n" in text
        for name, post in found.posts.items():
            assert f"| `{name}` | {post.low:g} | {post.high:g} | {post.transform} |" in text


def test_the_page_for_planners_says_the_same_in_both_languages(root: Path) -> None:
    pages = [root / "docs" / f"how_the_score_works{end}.md" for end in ("", ".ko")]
    english, korean = (page.read_text(encoding="utf-8") for page in pages)
    assert english.count("\n## ") == korean.count("\n## ")
    assert re.findall(r"\((pictures/\w+)\.en\.svg\)", english) == re.findall(
        r"\((pictures/\w+)\.ko\.svg\)", korean
    )
    for part, (text, language) in product(PARTS, ((english, "en"), (korean, "ko"))):
        assert say(Message(f"subscore.{part}.label"), language) in text


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
    example, instead, select = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
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
    file.write_text(example + select, encoding="utf-8")
    chosen = clustermap.open_project(file)
    assert [rule.by for rule in chosen.scenarios["no cap on regions"].rules or ()] == ["industry"]
    assert list(chosen.scenarios) == ["no cap on regions"]


def test_the_readme_starts_with_the_two_commands(root: Path) -> None:
    head = (root / "README.md").read_text(encoding="utf-8").splitlines()[:4]
    assert head[2].strip().startswith("scripts/demo")
    assert head[3].strip().startswith("scripts/test")
