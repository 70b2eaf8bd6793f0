"""Measure travel by road: reading GraphML, and the search itself, on a road grid of any size.

    python -m scripts.benchmark.roads --edges 500000 1000000 --osmnx

Seconds are those of the processor, so that other programs count little; memory is what the highest
mark rises by. The grid is invented: junctions 400 m apart, shaken and numbered at random as those
of OpenStreetMap are, three streets in five kept, one in seven one-way.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scripts.benchmark.tell import Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from clustermap.network.roads import Roads

    Numbers = npt.NDArray[np.float64]
    Positions = npt.NDArray[np.int64]

FIRMS, INSTITUTES, INTERMEDIARIES, CLUSTERS, KINDS = 1_000_000, 5_000, 500, 1_900, 6
GOAL_S = 30.0
STEP = 0.004
EDGES_A_NODE = 2 * 0.6 * 1.85
KEYS = {
    **dict.fromkeys(["x", "y", "street_count"], "node"),
    **dict.fromkeys(["osmid", "highway", "lanes", "maxspeed", "oneway", "reversed"], "edge"),
    **dict.fromkeys(["length", "geometry", "speed_kph", "travel_time"], "edge"),
}
Grid = tuple["Numbers", "Numbers", "Positions", "Positions", "Numbers"]


def draw_grid(edges: int, seed: int = 1) -> Grid:
    """Return longitude and latitude of nodes, and source, target and seconds of about n edges."""
    rng = np.random.default_rng(seed)
    side = round(math.sqrt(edges / EDGES_A_NODE))
    size = side * side
    row, column = np.divmod(np.arange(size), side)
    lon = 127 + (column + rng.uniform(-0.3, 0.3, size)) * STEP
    lat = 35 + (row + rng.uniform(-0.3, 0.3, size)) * STEP
    east, north = np.flatnonzero(column < side - 1), np.flatnonzero(row < side - 1)
    here, there = np.concatenate([east, north]), np.concatenate([east + 1, north + side])
    kept = rng.random(len(here)) < 0.6
    here, there = here[kept], there[kept]
    seconds = 400 / (rng.choice([30, 50, 50, 80], len(here)) / 3.6)
    both = rng.random(len(here)) < 0.85
    number = rng.permutation(size)
    spot = np.argsort(number)
    source, target = np.append(here, there[both]), np.append(there, here[both])
    return (
        lon[spot],
        lat[spot],
        number[source],
        number[target],
        np.append(seconds, seconds[both]),
    )


def spell_graphml(grid: Grid) -> Iterator[str]:
    lon, lat, source, target, seconds = (part.tolist() for part in grid)
    yield "<?xml version='1.0' encoding='utf-8'?>\n"
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for name, of in (("crs", "graph"), *KEYS.items()):
        yield f'  <key id="{name}" for="{of}" attr.name="{name}" attr.type="string" />\n'
    yield '  <graph edgedefault="directed">\n    <data key="crs">epsg:4326</data>\n'
    for at, (x, y) in enumerate(zip(lon, lat, strict=True)):
        yield f'    <node id="{10**9 + at}">\n' + spell_data({"y": y, "x": x, "street_count": 4})
        yield "    </node>\n"
    for at, (a, b, time_s) in enumerate(zip(source, target, seconds, strict=True)):
        told = {"osmid": at, "highway": "residential", "lanes": 2, "maxspeed": 50}
        line = f"{lon[a]} {lat[a]}, {lon[a]} {lat[b]}, {lon[b]} {lat[b]}"
        told |= {"oneway": False, "reversed": False, "length": 400.0}
        told |= {"geometry": f"LINESTRING ({line})", "speed_kph": 50.0, "travel_time": time_s}
        yield f'    <edge source="{10**9 + a}" target="{10**9 + b}" id="0">\n{spell_data(told)}'
        yield "    </edge>\n"
    yield "  </graph>\n</graphml>\n"


def spell_data(told: dict[str, Any]) -> str:
    return "".join(f'      <data key="{key}">{value}</data>\n' for key, value in told.items())


def clock(start: float) -> float:
    return round(time.process_time() - start, 2)


def peak_mb() -> float:
    """Return the highest mark of this program's memory (Linux; a child's own, not its parent's)."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def read(file: Path, by: str) -> dict[str, float]:
    """Read a file in this process; return what it took."""
    if by == "osmnx":
        import osmnx

        reader: Any = osmnx.load_graphml
    else:
        from clustermap.sources.roads import read_road_graph as reader
    before, start = peak_mb(), time.process_time()
    kept = reader(file)  # noqa: F841 -- counts as memory
    return {"seconds": clock(start), "memory_mb": round(peak_mb() - before)}


def measure_reading(file: Path, by: str) -> dict[str, float]:
    command = [sys.executable, "-m", "scripts.benchmark.roads", "--read", str(file), "--by", by]
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")  # noqa: S603
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure_search(roads: Roads, seed: int = 2) -> dict[str, Any]:
    """Search for everybody at the size of the nation; return what each step took."""
    from clustermap.network.roads import count_within, find_nearest, find_stops

    rng = np.random.default_rng(seed)
    size = FIRMS + INSTITUTES + CLUSTERS
    start = time.process_time()
    lon = rng.uniform(roads.lon.min(), roads.lon.max(), size)
    lat = rng.uniform(roads.lat.min(), roads.lat.max(), size)
    stops = find_stops(roads, lon, lat)
    firms = stops.take(np.arange(FIRMS))
    institutes = stops.take(FIRMS + np.arange(INSTITUTES))
    clusters = stops.take(FIRMS + INSTITUTES + np.arange(CLUSTERS))
    found: dict[str, Any] = {"snap_s": clock(start)}
    start, near = time.process_time(), np.zeros((FIRMS, KINDS), dtype=np.int64)
    for kind in range(KINDS):
        times = find_nearest(roads, institutes.take(np.arange(kind, INSTITUTES, KINDS)))
        near[:, kind] = times[firms.node] + firms.seconds <= 1800
    found["nearest_s"] = clock(start)
    start = time.process_time()
    bodies = institutes.take(np.arange(INTERMEDIARIES))
    reached = count_within(roads, bodies, firms, np.ones(FIRMS, np.int64), 1800)
    found["intermediaries_s"] = clock(start)
    start = time.process_time()
    count_within(roads, clusters, firms, 1 - near, 1800)
    found["candidates_s"] = clock(start)
    found["search_s"] = round(sum(value for name, value in found.items()), 2)
    return {**found, "firms_a_body": round(float(reached.mean()))}


def measure(edges: int, folder: Path, *, osmnx: bool) -> dict[str, Any]:
    """Measure a grid of about so many edges."""
    from clustermap.network.roads import join_roads

    grid = draw_grid(edges)
    file = folder / f"{edges}.graphml"
    with file.open("w", encoding="utf-8") as written:
        written.writelines(spell_graphml(grid))
    found: dict[str, Any] = {"nodes": len(grid[0]), "edges": len(grid[2])}
    found["file_mb"] = round(file.stat().st_size / 1e6)
    found["read"] = measure_reading(file, "clustermap")
    if osmnx:
        found["read_osmnx"] = measure_reading(file, "osmnx")
    file.unlink()
    before, start = peak_mb(), time.process_time()
    roads = join_roads(*grid)
    found["join_s"] = clock(start)
    found |= measure_search(roads)
    found["search_memory_mb"] = round(peak_mb() - before)
    return {**found, "goal_s": GOAL_S, "met": found["search_s"] <= GOAL_S}


def tell(found: dict[str, Any]) -> None:
    """Tell as all measured processes do."""
    steps = {"reading": found["read"]["seconds"], "search": found["search_s"]}
    Told(steps, {name: found[name] for name in ("nodes", "edges", "firms_a_body")}).close()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edges", type=int, nargs="+", default=[500_000, 1_000_000])
    parser.add_argument("--osmnx", action="store_true", help="read with OSMnx as well (GB of RAM)")
    parser.add_argument("--told", action="store_true", help="tell steps and sums in a last line")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--by", default="clustermap", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.read:
        print(json.dumps(read(asked.read, asked.by)))
        return 0
    met = True
    for edges in asked.edges:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(edges, Path(folder), osmnx=asked.osmnx)
        met &= bool(found["met"])
        print(json.dumps(found, indent=2), flush=True)
        if asked.told:
            tell(found)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
