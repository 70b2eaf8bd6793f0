"""Checkpoints of a run: what changes a stage misses its checkpoint, and results are the same."""

from __future__ import annotations

import hashlib
import os
import types
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

import numpy as np
import pandas as pd
import pytest

from clustermap import pipeline
from clustermap.checkpoints import CheckpointFolder
from clustermap.database import parse_address
from clustermap.errors import TableFault
from clustermap.network.standardise import Standardised
from clustermap.project import Project, Section, Select, Source, model_in, open_project
from clustermap.stages import keeping
from clustermap.stages.keeping import (
    IRRELEVANT,
    NULLS,
    PARTS,
    STAGES,
    TALLIES,
    TYPES,
    narrow,
    open_checkpoints,
)
from clustermap.stages.ledger import no_progress
from tests.stages.test_scoring import linked_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clustermap.messages import Message

CHAIN = (TALLIES, NULLS, PARTS)
OF_SOURCES = {"licence", "attribution"}
SELECT = """
[select]
budget = 3
cost = 1
reach = "firms"
draws = 59
[scenarios.open]
weights = { openness = 1, participation = 1 }
"""


def build(folder: Path) -> Project:
    world = linked_world()
    world.project = world.project.replace("draws = 50", "draws = 60") + SELECT
    return open_project(world.write(folder))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return build(tmp_path_factory.mktemp("keeping"))


def list_paths(model: type[Section] = Project, above: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield every key of the project file, e.g. "layers.firms.path"."""
    for name, field in model.model_fields.items():
        path, inner = (*above, (field.alias or name)), model_in(field.annotation)
        if inner is None or name in {"rules", "scenarios"}:
            yield ".".join(path)
        else:
            yield from list_paths(inner, path)


def is_within(path: str, declared: tuple[str, ...]) -> bool:
    return any(path == key or path.startswith(f"{key}.") for key in declared)


def is_declared(path: str) -> bool:
    """Return whether a stage is keyed by a key of the project file."""
    return is_within(path, PARTS.uses) and path.rsplit(".", maxsplit=1)[-1] not in OF_SOURCES


@pytest.mark.parametrize("path", list(list_paths()))
def test_every_key_is_declared_by_a_stage_or_declared_irrelevant(path: str) -> None:
    irrelevant = is_within(path, IRRELEVANT) or path.rsplit(".", maxsplit=1)[-1] in OF_SOURCES
    assert is_declared(path) != irrelevant


def test_each_stage_declares_what_those_before_it_do() -> None:
    assert set(TALLIES.uses) < set(NULLS.uses) <= set(PARTS.uses)
    assert set(TALLIES.rooms) == set(NULLS.rooms) < set(PARTS.rooms)
    code = Path(keeping.__file__).parents[1]
    assert [room for stage in STAGES for room in stage.rooms if not (code / room).exists()] == []
    assert len(STAGES) == 4
    assert len(set(TYPES)) == len(TYPES)


def offer(annotation: Any, value: object, file: Path) -> object:
    """Return another value that a key could have."""
    if get_origin(annotation) in {Union, types.UnionType}:
        annotation = next(part for part in get_args(annotation) if part is not type(None))
    if get_origin(annotation) is not None and hasattr(annotation, "__metadata__"):
        return offer(get_args(annotation)[0], value, file)
    if get_origin(annotation) is Literal:
        return next(choice for choice in get_args(annotation) if choice != value)
    if get_origin(annotation) is dict:
        return {"firm": "x"} if get_args(annotation)[1] is not float else {"openness": 1.0}
    if annotation is Path:
        return file
    if get_origin(annotation) is tuple:
        return (offer(get_args(annotation)[0], None, file),)
    number = value if isinstance(value, int | float) else 1
    return {bool: not value, int: int(number) + 1, float: number + 0.5, str: f"{value}x"}[
        annotation
    ]


def change(section: Any, path: list[str], file: Path) -> Any:
    """Return a section in which one key says something else."""
    if isinstance(section, tuple):
        return (change(section[0], path, file), *section[1:])
    name = next(n for n, f in type(section).model_fields.items() if path[0] in (n, f.alias))
    value, field = getattr(section, name), type(section).model_fields[name]
    if len(path) > 1:
        return section.model_copy(update={name: change(value, path[1:], file)})
    other = (file,) if name == "path" and isinstance(value, tuple) else None
    if other is None:
        whole = field.annotation
        if field.metadata and get_origin(whole) is None and whole is None:
            raise AssertionError(path)
        other = offer(whole, value, file)
    return section.model_copy(update={name: other})


SECTIONS = (
    *("project.", "score.", "assign.", "industries.", "quality.", "publish.", "select.", "export."),
    *("layers.clusters.", "layers.firms.", "linkages."),
)
ABSENT = "export.postgis"
PRESENT = [p for p in list_paths() if p.startswith(SECTIONS) and not p.startswith(ABSENT)]
"""Keys of sections that the small world has, other layers being as those of firms."""


def find_keys(project: Project, *, strict: bool = False) -> list[str | None]:
    kept = open_checkpoints(project, strict=strict, progress=no_progress)
    return [kept._find_key(stage, narrow(project, stage.uses)) for stage in CHAIN]


@pytest.mark.parametrize(
    "path", [path for path in PRESENT if path not in {"select.rules", "project.checkpoints"}]
)
def test_a_key_that_is_changed_misses_exactly_the_stages_that_declare_it(
    project: Project, tmp_path: Path, path: str
) -> None:
    file = tmp_path / "other.csv"
    file.write_text("other", encoding="utf-8")
    changed = change(project, path.split("."), file)
    assert changed != project
    owned = path.rsplit(".", maxsplit=1)[-1] in OF_SOURCES
    both = zip(find_keys(project), find_keys(changed), strict=True)
    missed = [old != new for old, new in both]
    assert missed == [is_within(path, stage.uses) and not owned for stage in CHAIN]


def test_strictness_content_and_version_are_in_the_key(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [find_keys(project), find_keys(project, strict=True)]
    firms = project.folder / "firms.csv"
    content = firms.read_bytes()
    firms.write_bytes(content + b"\n")
    keys.append(find_keys(project))
    firms.write_bytes(content)
    assert find_keys(project) == keys[0]
    keeping._find_version.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(keeping, "version", lambda _: "99")
        keys.append(find_keys(project))
    keeping._find_version.cache_clear()
    flat = [key for own in keys for key in own]
    assert len(set(flat)) == len(flat)


def test_what_a_database_sends_is_not_known_beforehand(project: Project) -> None:
    address = parse_address("postgresql://reader@localhost:1/geo")
    firms = project.layers.firms.model_copy(update={"path": address, "table": "firms"})
    layers = project.layers.model_copy(update={"firms": firms})
    changed = project.model_copy(update={"layers": layers})
    assert find_keys(changed) == [None] * 3


def test_files_beside_a_shapefile_are_in_the_key(project: Project, tmp_path: Path) -> None:
    for suffix in ("shp", "dbf", "prj"):
        (tmp_path / f"단지[1].{suffix}").write_text(suffix, encoding="utf-8")
    layer = project.layers.clusters.model_copy(update={"path": (tmp_path / "단지[1].shp",)})
    layers = project.layers.model_copy(update={"clusters": layer})
    changed = project.model_copy(update={"layers": layers})
    before = find_keys(changed)
    (tmp_path / "단지[1].dbf").write_text("other", encoding="utf-8")
    assert find_keys(changed) != before


def test_a_stage_sees_nothing_that_it_does_not_declare(project: Project) -> None:
    seen = narrow(project, TALLIES.uses)
    assert seen.project.name == ""
    assert seen.select is None
    assert seen.score.draws == 1000
    assert seen.project.crs == project.project.crs
    assert [linkage.path for linkage in seen.linkages] == [one.path for one in project.linkages]
    owned = project.layers.firms.model_copy(update={"licence": "x"})
    layers = project.layers.model_copy(update={"firms": owned})
    sources = narrow(project.model_copy(update={"layers": layers}), TALLIES.uses).layers.firms
    assert isinstance(sources, Source)
    assert sources.licence == ""


def snapshot(out: Path) -> dict[str, str]:
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name != "run.log"
    }


def read_value(message: Message, name: str) -> Any:
    return dict(message.values)[name]


def tell(kept: tuple[Message, ...]) -> list[tuple[str, str]]:
    stages = [read_value(line, "stage").key for line in kept]
    keys = [line.key for line in kept]
    return [
        (key.split(".")[1], stage.split(".")[1]) for key, stage in zip(keys, stages, strict=True)
    ]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, str]]:
    project = build(tmp_path_factory.mktemp("done"))
    first = pipeline.select_clusters(project)
    assert first.kept == ()
    return project, snapshot(project.project.out)


def test_a_rerun_with_only_weights_changed_takes_all_that_does_not_depend_on_them(
    done: tuple[Project, dict[str, str]],
) -> None:
    project, before = done
    score = project.score.model_copy(update={"profile": "core_technology"})
    found = pipeline.score_clusters(project.model_copy(update={"score": score}))
    assert tell(found.kept) == [("taken", stage.name) for stage in CHAIN]
    told = (project.project.out / "run.log").read_text(encoding="utf-8")
    assert "Taken from the checkpoint: tallies and edges." in told
    written = snapshot(project.project.out)
    assert written["tables/scores.parquet"] != before["tables/scores.parquet"]
    again = pipeline.select_clusters(project)
    assert tell(again.kept) == [
        *(("taken", stage.name) for stage in CHAIN),
        *[("taken", "selection")] * 2,
    ]
    assert snapshot(project.project.out) == before


@pytest.mark.slow
def test_damaged_ones_are_told_in_a_line_and_computed_again(
    done: tuple[Project, dict[str, str]],
) -> None:
    project, before = done
    folder = project.folder / ".out.checkpoints"
    for file in folder.glob("*.checkpoint"):
        content = file.read_bytes()
        file.write_bytes(content[:-100] if file.name.startswith("p") else b"not ours")
    found = pipeline.select_clusters(project)
    assert {how for how, _ in tell(found.kept)} == {"damaged"}
    assert snapshot(project.project.out) == before


def test_a_damaged_one_is_told_and_written_anew(tmp_path: Path) -> None:
    project = build(tmp_path)

    def take(content: Standardised) -> tuple[Standardised, list[tuple[str, str]]]:
        kept = open_checkpoints(project, strict=False, progress=no_progress)
        with kept.settled():
            found = kept.take(NULLS, lambda _: content)
        return found, tell(tuple(kept.told))

    first = Standardised({}, "mass", np.ones(2), {}, {}, {}, pd.DataFrame())
    other = replace(first, headline="no_size")
    assert take(first)[1] == []
    assert take(other)[0].headline == "mass"
    (file,) = (tmp_path / ".out.checkpoints").glob("*.checkpoint")
    file.write_bytes(file.read_bytes()[:-1])
    found, told = take(other)
    assert (found.headline, told) == ("no_size", [("damaged", "nulls")])
    found, told = take(first)
    assert (found.headline, told) == ("no_size", [("taken", "nulls")])
    folder = CheckpointFolder(tmp_path / ".out.checkpoints", TYPES)
    narrowed = narrow(project, NULLS.uses)
    kept = open_checkpoints(project, strict=False, progress=no_progress)
    folder.keep("nulls", str(kept._find_key(NULLS, narrowed)), "of another type")
    assert take(first)[1] == [("damaged", "nulls")]


def test_a_check_writes_nothing_and_others_folders_are_left_alone(tmp_path: Path) -> None:
    project = build(tmp_path / "p")
    present = sorted(path.name for path in project.folder.iterdir())
    kept = open_checkpoints(project, strict=False, progress=no_progress, write=False)
    assert kept.take(NULLS, lambda _: "computed") == "computed"
    assert sorted(path.name for path in project.folder.iterdir()) == present
    (project.folder / ".out.checkpoints").mkdir()
    kept = open_checkpoints(project, strict=False, progress=no_progress)
    assert [line.key for line in kept.told] == ["checkpoint.foreign"]
    assert kept.take(NULLS, lambda _: "computed") == "computed"
    assert list((project.folder / ".out.checkpoints").iterdir()) == []


def test_a_file_that_changes_while_it_is_read_is_not_kept(tmp_path: Path) -> None:
    project = build(tmp_path)
    kept = open_checkpoints(project, strict=False, progress=no_progress)

    def read(_: Project) -> str:
        with (tmp_path / "firms.csv").open("a", encoding="utf-8") as file:
            file.write("\n")
        return "computed"

    kept.take(TALLIES, read)
    kept.settle()
    assert not (tmp_path / ".out.checkpoints").exists()


def test_where_nothing_can_be_written_a_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = build(tmp_path)

    def refuse(_: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", refuse)
    kept = open_checkpoints(project, strict=False, progress=no_progress)
    assert kept.take(NULLS, lambda _: "computed") == "computed"
    kept.settle()
    assert [line.key for line in kept.told] == ["checkpoint.unkept"]
    assert read_value(kept.told[0], "why") == os.strerror(28)


def update(project: Project, section: str, **keys: object) -> Project:
    own = getattr(project, section).model_copy(update=keys)
    return project.model_copy(update={section: own})


CHANGES: dict[str, Any] = {
    "profile": ("score", {"profile": "core_technology"}),
    "null": ("score", {"null": "no_distance"}),
    "allowance": ("score", {"allow_for": ()}),
    "radii": ("score", {"local_m": (0.0, 3000.0)}),
    "region": ("score", {"local_by": "region"}),
    "draws": ("score", {"draws": 70}),
    "seed": ("project", {"seed": 2}),
    "language": ("project", {"language": "en"}),
    "synthetic": ("project", {"synthetic": True}),
    "nearest": ("assign", {"nearest_m": 3000.0}),
    "refused": ("quality", {"max_refused": 0.3}),
    "internal": ("publish", {"internal": True}),
    "budget": ("select", {"budget": 2.0}),
    "no selection": ("select", {}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGES)
def test_with_and_without_checkpoints_every_file_is_the_same(
    done: tuple[Project, dict[str, str]], tmp_path: Path, name: str
) -> None:
    project, _ = done
    section, keys = CHANGES[name]
    changed = update(project, section, **keys)
    if not keys:
        changed = project.model_copy(update={"select": None, "scenarios": {}})
    pipeline.run(changed)
    pipeline.run(changed.changed(out=tmp_path / "out", checkpoints=False))
    ours = snapshot(project.project.out)
    # What was written before and is not written now stays in the folder, and in its list of files.
    afresh = snapshot(tmp_path / "out")
    afresh.pop(".clustermap.json")
    assert {path: ours[path] for path in afresh} == afresh


@pytest.mark.slow
def test_a_selection_is_known_by_its_content(done: tuple[Project, dict[str, str]]) -> None:
    project, _ = done
    assert isinstance(project.select, Select)
    pipeline.select_clusters(project)
    select = project.select.model_copy(update={"capability": 0.25})
    other = project.scenarios["open"].model_copy(update={"budget": 2.5})  # asked for nowhere else
    changed = project.model_copy(update={"scenarios": {"open": other}})
    found = pipeline.select_clusters(changed)
    assert [stage for _, stage in tell(found.kept)].count("selection") == 1
    found = pipeline.select_clusters(project.model_copy(update={"select": select}))
    assert [stage for _, stage in tell(found.kept)].count("selection") == 0


def test_faults_are_told_from_checkpoints_as_without(
    done: tuple[Project, dict[str, str]],
) -> None:
    project, _ = done
    assert isinstance(project.select, Select)
    select = project.select.model_copy(update={"must": ("C9",)})
    with pytest.raises(TableFault) as caught:
        pipeline.select_clusters(project.model_copy(update={"select": select}))
    assert caught.value.reason == "select_unknown"
