"""Which fictional worlds are drawn, and where what was found in each of them is kept."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from clustermap.sources.world import LAWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

NULL = "null"
REFIT = "refit"
"""A world whose links are drawn again and again, and the null fitted to each."""
MISSING = "missing"
"""A world whose links are deleted, and asked for again."""
METHOD = 8
"""Raised whenever worlds or what is recorded of them change: older records are made anew."""

CLUSTERS = 1_900
SEEDS, FEW_SEEDS = 10, 3
LINKS = (300_000, 1_000_000, 4_000_000)
USUAL = 1_000_000
MISSING_CLUSTERS = 600
MISSING_LAWS = ("base", "attachment", "heterogeneity")


@dataclass(frozen=True, order=True)
class World:
    """One fictional world: all that it follows from.

    Parameters
    ----------
    seed
        Seed of the actors, of what is planted and of the links.
    planted
        What is planted: linkage, brokerage, resilience; null for nothing; refit for linkage in a
        world whose links are drawn again and again.
    law
        Law of its links.
    links
        Number of its links.
    clusters
        Number of its clusters.
    """

    seed: int
    planted: str
    law: str
    links: int
    clusters: int = CLUSTERS

    @property
    def name(self) -> str:
        """Name of its record."""
        size = "" if self.clusters == CLUSTERS else f"-{self.clusters}"
        return f"{self.planted}-{self.law}-{self.links}{size}-{self.seed}"

    @property
    def group(self) -> str:
        """Worlds that differ in nothing but their seed."""
        return self.name.rsplit("-", 1)[0]

    @property
    def method(self) -> int:
        """Version of what is recorded of it."""
        return METHOD


def plan_worlds(seeds: int = SEEDS, only: str | None = None) -> list[World]:
    """Return the worlds that validation rests on, the first seed of each law first.

    Parameters
    ----------
    seeds
        Seeds of each law and number of links.
    only
        A law, or what is planted, that alone is wanted.

    Returns
    -------
    list of World
        Base law with three numbers of links and the other laws with one; then null worlds and those
        with planted brokers and hubs, of which there are fewer.
    """
    few = range(1, min(seeds, FEW_SEEDS) + 1)
    kinds = [("linkage", "base", links) for links in LINKS]
    kinds += [("linkage", law, USUAL) for law in LAWS if law != "base"]
    worlds = [World(seed, *kind) for seed, kind in product(range(1, seeds + 1), kinds)]
    rare = [(NULL, "base", links) for links in LINKS]
    rare += [(planted, "base", LINKS[0]) for planted in ("brokerage", "resilience")]
    worlds += [World(seed, *kind) for seed, kind in product(few, rare)]
    worlds.append(World(1, REFIT, "base", USUAL))
    wanted = [world for world in worlds if only in {None, world.law, world.planted}]
    return sorted(wanted, key=lambda world: world.seed)


def plan_missing(seeds: int = SEEDS, only: str | None = None) -> list[World]:
    """Return the worlds whose links are deleted, and asked for again.

    Parameters
    ----------
    seeds
        At most so many.
    only
        A law, or what is planted, that alone is wanted.

    Returns
    -------
    list of World
        Of the base law, which is that of the null, and of two that are not.
    """
    few = range(1, min(seeds, FEW_SEEDS) + 1)
    worlds = [
        World(seed, MISSING, law, LINKS[0], MISSING_CLUSTERS)
        for seed, law in product(few, MISSING_LAWS)
    ]
    return [world for world in worlds if only in {None, world.law, world.planted}]


class Records:
    """Records of worlds, one file each.

    Parameters
    ----------
    folder
        Where they are; made when the first is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, world: World) -> dict[str, Any] | None:
        """Return the record of a world; None where there is none of this method.

        Parameters
        ----------
        world
            The world.
        """
        path = self.folder / f"{world.name}.json"
        if not path.exists():
            return None
        record = json.loads(path.read_text(encoding="utf-8"))
        key = {"method": world.method, "world": asdict(world)}
        return record if {name: record.get(name) for name in key} == key else None

    def write(self, world: World, found: dict[str, Any]) -> None:
        """Write the record of a world, whole or not at all.

        Parameters
        ----------
        world
            The world.
        found
            What is to be recorded of it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        record = {"method": world.method, "world": asdict(world), **found}
        path = self.folder / f"{world.name}.json"
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        part.write_text(json.dumps(record, separators=(",", ":")) + "\n", encoding="utf-8")
        part.replace(path)

    def missing(self, worlds: Iterable[World]) -> list[World]:
        """Return the worlds without a record, in order.

        Parameters
        ----------
        worlds
            Worlds wanted.
        """
        return [world for world in worlds if self.read(world) is None]


def visit(
    worlds: list[World],
    records: Records,
    results: Callable[[list[World]], Iterator[tuple[World, dict[str, Any]]]],
) -> Iterator[str]:
    """Visit the worlds that have no record yet, and keep what is found.

    Parameters
    ----------
    worlds
        Worlds wanted.
    records
        Where records are kept.
    results
        Visits worlds and yields each with what is found, in any order; error says why nothing is.

    Yields
    ------
    str
        One line a world, with the time that is left at this pace.
    """
    todo = records.missing(worlds)
    done, began = len(worlds) - len(todo), time.monotonic()
    for number, (world, found) in enumerate(results(todo), start=1):
        if "error" in found:
            yield f"{world.name} failed: {found['error']}"
            continue
        records.write(world, found)
        left = (time.monotonic() - began) / number * (len(todo) - number)
        yield f"{done + number}/{len(worlds)}  {world.name}  about {left / 60:.0f} min left"
