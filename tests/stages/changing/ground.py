"""Ground: the small world that was read, and what a change makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from clustermap.change import open_change
from clustermap.errors import TableFault
from clustermap.messages import say
from clustermap.project import Project, open_project
from clustermap.stages.changing import Altered, Setup, apply_change
from clustermap.stages.counting import Network, count_network
from clustermap.stages.ledger import Ledger, no_progress
from clustermap.stages.reading import Unassigned, read_unassigned, settle_layers
from clustermap.store import open_scratch
from clustermap.tables import KINDS
from tests.small_world import SmallWorld, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from clustermap.network.edges import Edges

SELECT = """
[select]
budget = 3
[scenarios.rich]
budget = 6
[scenarios.open]
weights = { openness = 1, participation = 1 }
"""
PROJECTS = [
    {"project": "p1", "participant": name, "year": 2021} for name in ("00100", "00200", "I1")
] + [{"project": "p2", "participant": name, "year": 2021} for name in ("00100", "00101")]


@dataclass(frozen=True)
class Ground:
    """A world that was read, and where it lies."""

    folder: Path
    project: Project
    ledger: Ledger
    unassigned: Unassigned

    def change(self, text: str) -> tuple[Setup, Altered]:
        file = self.folder / "change.toml"
        file.write_text(f"schema = 1\n{text}", encoding="utf-8")
        opened = open_change(file)
        layers = settle_layers(self.project, self.unassigned, self.ledger.fork(), no_progress)
        setup = Setup(self.project, opened, self.unassigned, layers)
        return setup, apply_change(setup, self.ledger.fork(), no_progress)

    def refuse(self, text: str) -> str:
        with pytest.raises(TableFault) as caught:
            self.change(text)
        line = caught.value.line("en")
        assert "\n" not in line
        assert caught.value.line("ko") != line
        return line

    def count(self, altered: Altered) -> tuple[Network, list[tuple[str, str, str]]]:
        """Count the links, and name their ends and kind."""
        with open_scratch() as scratch:
            network = count_network(
                altered.project, altered.layers, altered.ledger, no_progress, scratch, altered.links
            )
            return network, name_edges(network.edges, altered.layers.register.ids)


def name_edges(edges: Edges, ids: pa.Array) -> list[tuple[str, str, str]]:
    names = ids.to_pylist()
    return sorted(
        (*sorted((names[a], names[b])), KINDS[kind])
        for a, b, kind in zip(edges.a, edges.b, edges.kind, strict=True)
    )


def read(world: SmallWorld, folder: Path) -> Ground:
    for at, row in enumerate(world.clusters):
        row |= {"region": "SN"[at // 3], "cost": 1.0, "industries": "bio" if at < 2 else "ai"}
    world.project += SELECT
    file = world.write(folder)
    (folder / "projects.csv").write_text(write_csv(PROJECTS), encoding="utf-8")
    linkage = '[[linkages]]\npath = "projects.csv"\nform = "projects"\n'
    text = file.read_text(encoding="utf-8").replace("[quality]", f"{linkage}[quality]")
    file.write_text(text, encoding="utf-8")
    project = open_project(file)
    ledger = Ledger(project.quality.max_refused, strict=False)
    return Ground(folder, project, ledger, read_unassigned(project, ledger, no_progress))


def told(altered: Altered) -> list[str]:
    assert all(say(line, "ko") for line in altered.told)
    return [say(line, "en") for line in altered.told]


def home(altered: Altered, actor: str) -> str:
    register, cells = altered.layers.register, altered.layers.cells
    return cells.names[register.cells[register.ids.index(actor).as_py()]]


def members(altered: Altered, cluster: str) -> int:
    codes = altered.layers.register.cells
    return int((codes == altered.layers.cells.names.index(cluster)).sum())
