"""The worlds that speed is measured on: fictional, from a seed, as Parquet with a project file."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely

from clustermap.sources.reference import data_root
from clustermap.sources.world import build_nation
from clustermap.sources.world.actors import ORDINARY_CODES, STRATEGIC_CODES
from clustermap.sources.world.drawing import CHANNEL_KINDS, draw_linkages
from clustermap.sources.world.law import FIRM, TYPES
from clustermap.sources.world.linkages import date_links
from clustermap.sources.world.nation import build_typical, plant_law, set_stage
from clustermap.sources.world.parameters import open_stream
from clustermap.sources.world.places import REGIONS
from clustermap.sources.world.plain import draw_plain_sizes, radius_m
from clustermap.sources.world.write import TAXONOMY
from clustermap.tables import KINDS
from scripts.benchmark.sizes import CORNERS, DRAWS, FILES, MARK, OUTSIDE, PROJECT, SEED, SIZES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from clustermap.sources.world import Nation
    from scripts.benchmark.sizes import Size

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.int64]


CRS = "EPSG:5179"
ROW_GROUP = 1_000_000
_FORM = 1  # of the files: another one where they are drawn differently
_JAGGED = (0.85, 1.2)  # of the radius: some firms of a cluster stand just outside its fence
_CORNER_M = (800_000.0, 1_600_000.0)  # of the plain: as near as Korea, so that nothing is misplaced
_WEIGHTS, _WEIGHT_SHARE = np.array([1.0, 0.5, 2.0]), (0.8, 0.1, 0.1)
_STRATEGIC = 0.3  # of the firms


def draw_clusters(nation: Nation) -> gpd.GeoDataFrame:
    """Draw the layer of clusters: an outline of many corners around every site."""
    count = nation.cells.clusters
    rng = np.random.default_rng([nation.seed, 1])
    radius = radius_m(draw_plain_sizes(open_stream(nation.seed, "clusters"), count))
    turn = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    across = radius[:, None] * rng.uniform(*_JAGGED, (count, CORNERS))
    east, north = (nation.cells.sites_km[:count] * 1000 + _CORNER_M).T
    x = east[:, None] + across * np.cos(turn)
    y = north[:, None] + across * np.sin(turn)
    outlines = shapely.polygons(np.round(np.stack((x, y), axis=-1), 2))
    number = [f"{place:04d}" for place in range(1, count + 1)]
    return gpd.GeoDataFrame(
        {
            "cluster": [f"C{one}" for one in number],
            "name": [f"단지 {one} (가상)" for one in number],
            "name_en": [f"Complex {one} (fictional)" for one in number],
            "kind": rng.choice(["국가", "일반", "농공"], count, p=(0.1, 0.55, 0.35)),
            "region": [REGIONS[region] for region in nation.cells.regions[:count]],
            "area_km2": np.round(shapely.area(outlines) / 1e6, 3),
        },
        geometry=outlines,
        crs=CRS,
    )


def spell_ids(letter: str, numbers: Indices) -> pa.Array:
    """Return numbers as identifiers, e.g. "F0000001"."""
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), 7, "0")
    return pc.binary_join_element_wise(letter, digits, "")


def name_actors(nation: Nation, rng: np.random.Generator) -> pa.Array:
    """Return the identifiers of all actors and partners, in the order of their positions.

    Files list actors in the order of their identifiers, which says nothing of where they are.
    """
    firm = nation.roster.types == FIRM
    number = np.empty(len(firm), dtype=np.int64)
    for mask in (firm, ~firm):
        number[mask] = rng.permutation(int(mask.sum())) + 1
    actors = pc.if_else(pa.array(firm), spell_ids("F", number), spell_ids("I", number))
    partners = spell_ids("P", np.arange(1, len(nation.partners.types) + 1))
    return pa.concat_arrays([actors, partners])


def list_firms(nation: Nation, ids: pa.Array, rng: np.random.Generator) -> Iterator[pa.Table]:
    """Yield the firms as tables of a million rows."""
    places = np.flatnonzero(nation.roster.types == FIRM)
    places = places[pc.array_sort_indices(ids.take(pa.array(places))).to_numpy()]
    pools = [*STRATEGIC_CODES.values(), ORDINARY_CODES]
    codes = pa.array([code for pool in pools for code in pool])
    regions = pa.array(REGIONS)
    ordinary = len(codes) - len(ORDINARY_CODES)
    for first in range(0, len(places), ROW_GROUP):
        here = places[first : first + ROW_GROUP]
        count = len(here)
        persons = nation.traits.employees[here]
        code = np.where(
            rng.random(count) < _STRATEGIC,
            rng.integers(0, ordinary, count),
            rng.integers(ordinary, len(codes), count),
        )
        sales = np.round(persons * rng.lognormal(np.log(220), 0.7, count)) * 1e6
        founded = 2023 - np.floor(np.minimum(rng.gamma(2.0, 7.0, count), 70))
        own = ids.take(pa.array(here))
        yield pa.table(
            {
                "firm": own,
                "name": pc.binary_join_element_wise("기업 ", own, " (가상)", ""),
                "industry": codes.take(pa.array(code)),
                "employees": pa.array(persons.astype(np.int32), mask=rng.random(count) < 0.04),
                "sales": pa.array(sales, mask=rng.random(count) < 0.25),
                "founded": founded.astype(np.int16),
                "region": regions.take(pa.array(nation.cells.regions[nation.roster.cells[here]])),
                **_locate(nation, here),
            }
        )


def _locate(nation: Nation, places: Indices) -> dict[str, Numbers]:
    east, north = _CORNER_M
    return {
        "x": np.round(nation.traits.x[places] + east, 2),
        "y": np.round(nation.traits.y[places] + north, 2),
    }


def list_institutes(nation: Nation, ids: pa.Array) -> Iterator[pa.Table]:
    """Yield the institutes as one table."""
    places = np.flatnonzero(nation.roster.types != FIRM)
    places = places[pc.array_sort_indices(ids.take(pa.array(places))).to_numpy()]
    own = ids.take(pa.array(places))
    yield pa.table(
        {
            "institute": own,
            "name": pc.binary_join_element_wise("기관 ", own, " (가상)", ""),
            "kind": pa.array(TYPES).take(pa.array(nation.roster.types[places])),
            **_locate(nation, places),
        }
    )


def list_partners(nation: Nation, ids: pa.Array) -> Iterator[pa.Table]:
    """Yield the partners abroad as one table."""
    types = nation.partners.types
    yield pa.table(
        {
            "partner": ids[len(ids) - len(types) :],
            "country": pa.array(nation.partners.countries),
            "kind": pa.array(TYPES).take(pa.array(types)),
        }
    )


def list_pairs(nation: Nation, ids: pa.Array, rng: np.random.Generator) -> Iterator[pa.Table]:
    """Draw all linkages and yield them as tables of a million rows, in no order."""
    law = plant_law(nation, build_typical(nation, None))
    pairs, _ = draw_linkages(nation.seed, set_stage(nation, law), nation.parameters.links, 0)
    count = len(pairs.source)
    years, _ = date_links(open_stream(nation.seed, "years"), count, 0, growing=False)
    order = rng.permutation(count)
    kinds = pa.array(KINDS)
    for first in range(0, count, ROW_GROUP):
        rows = order[first : first + ROW_GROUP]
        yield pa.table(
            {
                "source": ids.take(pa.array(pairs.source[rows])),
                "target": ids.take(pa.array(pairs.target[rows])),
                "kind": kinds.take(pa.array(CHANNEL_KINDS[pairs.channel[rows]])),
                "weight": rng.choice(_WEIGHTS, len(rows), p=_WEIGHT_SHARE),
                "year": years[rows].astype(np.int16),
            }
        )


def _write(path: Path, tables: Iterator[pa.Table]) -> None:
    first = next(tables)
    with pq.ParquetWriter(path, first.schema) as file:
        file.write_table(first, ROW_GROUP)
        for table in tables:
            file.write_table(table, ROW_GROUP)


def write_world(size: Size, folder: Path, tell: Callable[[str], None], seed: int = SEED) -> Path:
    """Write a world's files, unless they are there already; return the project file."""
    mark = folder / MARK
    wanted = json.dumps({**asdict(size), "seed": seed, "form": _FORM}, sort_keys=True)
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return folder / PROJECT
    if folder.exists() and not mark.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder}: holds something else than a world of ours")
    unfinished = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    tell(f"{folder.name}: drawing {size.firms:,} firms ...")
    nation = build_nation(
        clusters=size.clusters, links=size.links, firms=size.firms, outside=OUTSIDE, apart=True,
        seed=seed,
    )  # fmt: skip
    rng = np.random.default_rng([seed, 2])
    draw_clusters(nation).to_parquet(unfinished / "clusters.parquet")
    ids = name_actors(nation, rng)
    _write(unfinished / "firms.parquet", list_firms(nation, ids, rng))
    _write(unfinished / "institutes.parquet", list_institutes(nation, ids))
    _write(unfinished / "partners.parquet", list_partners(nation, ids))
    tell(f"{folder.name}: drawing {size.links:,} linkages ...")
    _write(unfinished / "pairs.parquet", list_pairs(nation, ids, rng))
    shutil.copyfile(data_root() / "taxonomies" / TAXONOMY, unfinished / TAXONOMY)
    (unfinished / PROJECT).write_text(spell_project(folder.name, seed), encoding="utf-8")
    (unfinished / MARK).write_text(wanted, encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
    return folder / PROJECT


def spell_project(name: str, seed: int) -> str:
    """Return the project file of a world."""
    marks = 'licence = "synthetic"\nattribution = "synthetic"\n'
    layers = "\n".join(
        f'[layers.{layer}]\npath = "{layer}.parquet"\n'
        + ("" if layer == "partners" else f'crs = "{CRS}"\n')
        + marks
        for layer in FILES[:-1]
    )
    return (
        _PROJECT.format(
            name=name, crs=CRS, seed=seed, taxonomy=TAXONOMY, draws=DRAWS, layers=layers
        )
        + marks
    )


_PROJECT = """\
schema = 1

[project]
name = "{name} (합성 데이터)"
out = "out"
crs = "{crs}"
synthetic = true
seed = {seed}

{layers}
[industries]
path = "{taxonomy}"
code = "KSIC10"

[score]
advice = false
draws = {draws}

[export]
formats = ["gpkg"]

[[linkages]]
path = "pairs.parquet"
form = "pairs"
"""


if __name__ == "__main__":
    write_world(SIZES[sys.argv[1]], Path(sys.argv[2]), lambda text: print(text, file=sys.stderr))
