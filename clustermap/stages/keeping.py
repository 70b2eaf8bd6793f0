"""Keeping: what each stage found is kept beside the output, and taken again where nothing changed.

A stage is given a project file in which every key that it does not declare stands at its default.
So its result cannot depend on such a key, and the key of its checkpoint need not.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from clustermap.checkpoints import (
    CheckpointFolder,
    Damaged,
    Fingerprints,
    WrittenFiles,
    hash_sources,
    hash_value,
)
from clustermap.layers.actors import Register
from clustermap.layers.cells import Cells
from clustermap.layers.industries import CodedIndustries, Taxonomy
from clustermap.layers.names import NamedRegister
from clustermap.memory import give_back
from clustermap.messages import Message
from clustermap.network.brokerage import Brokerage
from clustermap.network.comparison import Comparison
from clustermap.network.counts import Counts
from clustermap.network.edges import Edges
from clustermap.network.empirical_bayes import Estimate
from clustermap.network.flags import Flag
from clustermap.network.involvement import Involvement
from clustermap.network.null import Channel, Fit
from clustermap.network.observed import Boundary, Observed
from clustermap.network.posterior import Posterior
from clustermap.network.ratios import Ratios
from clustermap.network.resilience import Resilience
from clustermap.network.roads import Roads
from clustermap.network.shrinkage import Alone, Prior
from clustermap.network.space import Space
from clustermap.network.standardise import Standardised
from clustermap.network.strata import Strata
from clustermap.project import Project, Section, Source
from clustermap.publish.density import Density, Leaves
from clustermap.publish.grounds import Grounds
from clustermap.scores.parts import Flags, Parts
from clustermap.selection.advise import Groundwork
from clustermap.selection.budget import Path as BudgetPath
from clustermap.selection.choice import Choice
from clustermap.selection.comparators import Setting
from clustermap.selection.portfolio import Portfolio, Problem
from clustermap.selection.robustness import Standings
from clustermap.selection.rules import Budget, Cap, Exclusive, Floor, Ineligible, Must, MustNot
from clustermap.sources.reference import data_root
from clustermap.stages.counting import Network
from clustermap.stages.ledger import Entry, Ledger
from clustermap.stages.measuring import Measured
from clustermap.stages.preparing import Prepared
from clustermap.stages.reading import Layers
from clustermap.stages.travelling import Travelled
from clustermap.store import hash_file

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from concurrent.futures import Future

    from clustermap.stages.ledger import Progress

T = TypeVar("T")

_FOLDER = ".{name}.checkpoints"
_HASHES = "hashes.json"
_WRITTEN = "written.json"
_PACKAGES = (
    *("geopandas", "networkx", "numpy", "pandas", "pyarrow", "pyogrio", "pyproj", "scipy"),
    "shapely",
)
_DATA = ("goalposts", "profiles", "reference", "taxonomies")
_READ = (
    "checkpoints",
    "checks.py",
    "database.py",
    "errors.py",
    "layers",
    "network",
    "project.py",
    "side_by_side.py",
)
_WRITE = ("pipeline.py", "store.py", "tables")
_COUNT = (*_READ, "engine", "sources", "stages", "tables")


@dataclass(frozen=True)
class Counted:
    """What is known of a run once its linkages are counted.

    Parameters
    ----------
    ledger
        What became of every row.
    layers
        Clean layers, actors in their cells.
    network
        Counts, flows, and the edges, which lie on disk.
    """

    ledger: Ledger
    layers: Layers
    network: Network


@dataclass(frozen=True)
class Stage(Generic[T]):
    """A stage whose result is kept.

    Parameters
    ----------
    name
        Its name, in files and in messages.
    holds
        Type of its result.
    uses
        Sections and keys of the project file that it, and those before it, depend on.
    rooms
        Where its code stands, and that of those before it: their content is its version.
    told
        Whether it is told that its result was taken.
    """

    name: str
    holds: type[T]
    uses: tuple[str, ...]
    rooms: tuple[str, ...]
    told: bool = True


TALLIES = Stage(
    "tallies",
    Counted,
    (
        *("project.crs", "project.countries", "project.seed"),
        *("layers", "assign", "linkages", "industries", "roads", "score.local_m", "score.local_by"),
        "quality",
    ),
    _COUNT,
)
"""Layers, tallies and edges."""

NULLS = Stage(
    "nulls", Standardised, (*TALLIES.uses, "score.null", "score.allow_for"), TALLIES.rooms
)
"""Expected links."""

PARTS = Stage(
    "parts",
    Measured,
    (*NULLS.uses, "score.advice"),
    (*TALLIES.rooms, "indicators", "scores", "selection", "publish"),
)
"""All that does not depend on weights: parts of the score, indicators, most of the advice."""

GROUNDS = Stage("grounds", Grounds, (*PARTS.uses, "publish"), PARTS.rooms, told=False)
"""Density of firms and flows as they may leave."""

SELECTION = Stage("selection", Choice, (), ("checkpoints", "selection", "stages", "tables"))
"""What one scenario chooses. It depends on its problem alone, whose content is its key."""

LAYERS = Stage("layers", np.ndarray, (), ("checkpoints", "formats", "messages"), told=False)
"""Layers of a GeoPackage that no weight changes, as a file. Their content is their key."""

STAGES: tuple[Stage[Any], ...] = (TALLIES, NULLS, PARTS, SELECTION)

IRRELEVANT = (
    *("schema", "project.name", "project.out", "project.synthetic", "project.language"),
    *("project.currency", "project.checkpoints", "score.profile", "score.draws", "select"),
    *("scenarios", "publish", "export", "licence", "attribution"),
)
"""What of the project file no checkpoint of a score depends on: it is computed every time."""

TYPES: tuple[type, ...] = (
    *(Alone, Boundary, BudgetPath, Budget, Brokerage, Cap, Cells, Channel, Choice, CodedIndustries),
    *(Comparison, Counted, Counts, Edges, Entry, Estimate, Exclusive, Fit, Flag, Flags, Floor),
    *(Groundwork, Ineligible, Involvement, Layers, Ledger, Measured, Message, Must, MustNot),
    *(NamedRegister, Network, Observed, Parts, Portfolio, Posterior, Prepared, Prior, Problem),
    *(Ratios, Register, Resilience, Setting, Space, Standardised, Standings, Strata, Taxonomy),
    *(Roads, Travelled, Density, Grounds, Leaves),
)
"""Classes that a checkpoint may hold; whatever else one names is refused."""


def narrow(project: Project, uses: Collection[str]) -> Project:
    """Return a project file in which all that is not named stands at its default.

    Parameters
    ----------
    project
        The project file.
    uses
        Sections ("layers") and keys ("score.null") that keep what they say.

    Returns
    -------
    Project
        Without owner and licence of the data, which change no result.
    """
    update: dict[str, object] = {}
    for name, declared in Project.model_fields.items():
        section = getattr(project, name)
        if name in uses:
            update[name] = _disown(section)
        elif isinstance(section, Section) and any(key.startswith(f"{name}.") for key in uses):
            keys = type(section).model_fields
            blank = {
                key: "" if own.is_required() else own.get_default()
                for key, own in keys.items()
                if f"{name}.{key}" not in uses
            }
            update[name] = section.model_copy(update=blank)
        elif not declared.is_required():
            update[name] = declared.get_default()
    return project.model_copy(update=update)


def _disown(section: Any) -> Any:  # noqa: ANN401 -- a section, several, or a plain value
    if isinstance(section, tuple):
        return tuple(map(_disown, section))
    if not isinstance(section, Section):
        return section
    if isinstance(section, Source):
        return section.model_copy(update={"licence": "", "attribution": ""})
    return section.model_copy(
        update={key: _disown(getattr(section, key)) for key in type(section).model_fields}
    )


class Checkpoints:
    """The checkpoints of one run.

    Parameters
    ----------
    project
        The project file.
    strict
        Whether the first faulty row stops the run.
    progress
        Hears what is taken.
    write
        Whether what is found is kept, too.
    folder
        Where; None for no checkpoints at all.
    """

    def __init__(
        self,
        project: Project,
        *,
        strict: bool,
        progress: Progress,
        write: bool = True,
        folder: CheckpointFolder | None = None,
    ) -> None:
        self._project, self._strict, self._progress = project, strict, progress
        self._folder, self._write = folder, write
        self._hashes: Fingerprints | None = None
        self._keeper: ThreadPoolExecutor | None = None
        self._pending: list[tuple[Stage[Any], Future[None]]] = []
        self.told: list[Message] = []
        if folder is not None:
            self._hashes = Fingerprints(folder.path / _HASHES, hash_file)

    def take(self, stage: Stage[T], compute: Callable[[Project], T]) -> T:
        """Return what a stage finds: what was kept of it, or computed and kept.

        Parameters
        ----------
        stage
            The stage.
        compute
            Computes it, from the project file as far as the stage declares to use it.

        Returns
        -------
        object
            The same in both cases.
        """
        narrowed = narrow(self._project, stage.uses)
        key = self._find_key(stage, narrowed)
        found, kept = self._take(stage, key, lambda: compute(narrowed))
        give_back()
        if key is not None and not kept:
            self._keep_beside(stage, key, found)
        return found

    def take_alike(
        self, stage: Stage[T], content: object, compute: Callable[[], T], most: int
    ) -> T:
        """Return what a stage finds of some content: what was kept of it, or computed and kept.

        Parameters
        ----------
        stage
            The stage.
        content
            All that its result depends on.
        compute
            Computes it.
        most
            How often it is asked for in a run.

        Returns
        -------
        object
            The same in both cases.
        """
        key = None
        if self._folder is not None:
            key = _hash({"content": hash_value(content, TYPES), **_find_version(stage)})
        found, kept = self._take(stage, key, compute)
        if key is not None and not kept and self._may_keep:
            self._tell_kept(stage, partial(self._keep, stage, key, found, most))
        return found

    @contextmanager
    def settled(self) -> Iterator[None]:
        """Do not leave before all that was found meanwhile is written, or is told to be not.

        Yields
        ------
        None
            Nothing.
        """
        try:
            yield
        finally:
            self.settle()

    def settle(self) -> None:
        """Wait until all that was found is written, and tell what could not be."""
        with self._keeper or nullcontext():
            for stage, writing in self._pending:
                self._tell_kept(stage, writing.result)
        self._pending.clear()
        self._keeper = None

    def change(self, project: Project, *, alike: bool) -> Checkpoints:
        """Return the checkpoints of the same run for a changed project.

        Parameters
        ----------
        project
            The project file, as changed.
        alike
            Whether it says all that was changed; else only selections, which are known by their
            content, are taken and kept.

        Returns
        -------
        Checkpoints
            What it tells is told here, too.
        """
        write, folder = self._write, self._folder
        changed = Checkpoints(
            project, strict=self._strict, progress=self._progress, write=write, folder=folder
        )
        changed.told = self.told
        if not alike:
            changed._hashes = None
        return changed

    def open_written(self, stage: Stage[Any], marks: Mapping[str, str]) -> WrittenFiles | None:
        """Return which files were written from what a stage finds.

        Parameters
        ----------
        stage
            The stage: nothing else that changes is in them but ``marks``.
        marks
            What each file says of itself.

        Returns
        -------
        WrittenFiles or None
            None where nothing is kept, or cannot be known beforehand.
        """
        key = self._find_key(stage, narrow(self._project, stage.uses))
        if self._folder is None or key is None or not self._write:
            return None
        writer = hash_sources(Path(__file__).parents[1], _WRITE)
        key = _hash({"stage": key, "code": writer, "marks": dict(marks)})
        return WrittenFiles(self._folder.path / _WRITTEN, key, hash_file)

    def note_written(self, written: WrittenFiles, files: dict[str, Path]) -> None:
        """Remember what files were written from, if what was read is still the same.

        Parameters
        ----------
        written
            From :meth:`open_written`.
        files
            Name of each to where it is.
        """
        if self._hashes is None or not self._hashes.unchanged:
            return
        with suppress(OSError):  # then they are written again
            written.remember(files)

    def hash_file(self, path: Path) -> str:
        """Return the SHA-256 of a file, which the run may know already.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        str
            64 hexadecimal digits.
        """
        return hash_file(path) if self._hashes is None else self._hashes.find(path)

    def _take(self, stage: Stage[T], key: str | None, compute: Callable[[], T]) -> tuple[T, bool]:
        """Return what a stage finds, and whether it was kept."""
        if self._folder is None or key is None:
            return compute(), False
        named = {"stage": Message(f"stage.{stage.name}")}
        try:
            found = self._folder.find(stage.name, key)
            if isinstance(found, stage.holds):
                if stage.told:
                    self._tell(Message("checkpoint.taken", named))
                return found, True
            self._tell(Message("checkpoint.damaged", named))
        except Damaged:
            self._tell(Message("checkpoint.damaged", named))
        except LookupError:
            pass  # nothing was kept under this key
        return compute(), False

    @property
    def _may_keep(self) -> bool:
        """Whether what was read is still what its hash is of, and anything is to be kept."""
        return self._write and (self._hashes is None or self._hashes.unchanged)

    def _keep_beside(self, stage: Stage[T], key: str, value: T) -> None:
        """Keep what a stage found while the next one is at work: hashing it takes a while."""
        if self._folder is None or not self._may_keep:
            return
        self._keeper = self._keeper or ThreadPoolExecutor(1)
        self._pending.append((stage, self._keeper.submit(self._keep, stage, key, value, 1)))

    def _keep(self, stage: Stage[T], key: str, value: T, most: int) -> None:
        if self._folder is not None:
            self._folder.keep(stage.name, key, value, most)

    def _tell_kept(self, stage: Stage[Any], keep: Callable[[], None]) -> None:
        """Keep something, and remember the hashes of files, or tell why that cannot be."""
        try:
            keep()
            if self._hashes is not None:
                self._hashes.remember()
        except OSError as error:
            why = {"stage": Message(f"stage.{stage.name}"), "why": error.strerror or str(error)}
            self._tell(Message("checkpoint.unkept", why))

    def _tell(self, message: Message) -> None:
        self.told.append(message)
        self._progress(message, 1, 1)

    def _find_key(self, stage: Stage[T], narrowed: Project) -> str | None:
        """Return the key of a stage; None where what it reads cannot be known beforehand."""
        if self._hashes is None or any(one.database is not None for one in _list_sources(narrowed)):
            return None
        try:
            files = [
                (narrowed.relative(path), self._hashes.find(path)) for path in _list_files(narrowed)
            ]
        except OSError:
            return None  # whoever reads it says what is wrong
        return _hash(
            {
                "files": files,
                "parameters": narrowed.parameters(),
                "strict": self._strict,
                **_find_version(stage),
            }
        )


def open_checkpoints(
    project: Project, *, strict: bool, progress: Progress, write: bool = True
) -> Checkpoints:
    """Open the checkpoints that lie beside the output of a project.

    Parameters
    ----------
    project
        The project file, which may say that there are to be none.
    strict
        Whether the first faulty row stops the run.
    progress
        Hears what is taken.
    write
        Whether what is found is kept, too.

    Returns
    -------
    Checkpoints
        For one run; what killed runs left half written is gone.
    """
    if not project.project.checkpoints:
        return Checkpoints(project, strict=strict, progress=progress)
    out = project.project.out
    folder = CheckpointFolder(out.with_name(_FOLDER.format(name=out.name)), TYPES)
    if not folder.usable:
        found = Checkpoints(project, strict=strict, progress=progress)
        found.told.append(Message("checkpoint.foreign", {"folder": folder.path.name}))
        return found
    if write:
        folder.clear()
    return Checkpoints(project, strict=strict, progress=progress, write=write, folder=folder)


def _list_sources(project: Project) -> Iterator[Source]:
    for _, layer in project.layers:
        if layer is not None:
            yield layer
    yield from project.linkages


def _list_files(project: Project) -> list[Path]:
    """Return every file that is read, with those that GIS formats keep beside them."""
    named = [path for source in _list_sources(project) for path in source.files]
    industries, roads = project.industries, project.roads
    others = [project.layers.clusters.aliases, industries.path, industries.concordance]
    others += [] if roads is None else [roads.path]
    named += [path for path in others if path is not None]
    beside = [
        other
        for path in named
        for other in path.parent.glob(f"{_escape(path.stem)}.*")
        if path.suffix.lower() == ".shp"
    ]
    journals = [path.with_name(f"{path.name}-wal") for path in named]
    return list(dict.fromkeys([*named, *sorted(beside), *(p for p in journals if p.is_file())]))


def _escape(stem: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in stem)


@cache
def _find_version(stage: Stage[Any]) -> dict[str, Any]:
    """Return what decides that another version of the program finds the same."""
    code = Path(__file__).parents[1]
    return {
        "stage": stage.name,
        "code": hash_sources(code, stage.rooms),
        "data": hash_sources(data_root(), _DATA, "*"),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _hash(content: object) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
