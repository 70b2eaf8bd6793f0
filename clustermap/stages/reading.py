"""Reading: from the project file to clean layers, every actor in its cell."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap import tables
from clustermap.checks import FAULTS, FILE, LINE, Checked, check_chunk, set_aside
from clustermap.errors import TableFault
from clustermap.layers import projection
from clustermap.layers.actors import Home, Register, place_points
from clustermap.layers.clusters import (
    CleanPolygons,
    clean_polygons,
    find_overlaps,
    refuse_overlaps,
)
from clustermap.layers.grants import settle_grants
from clustermap.layers.identity import find_duplicates, set_duplicates_aside
from clustermap.layers.industries import (
    CLAIMED_BY,
    CodedIndustries,
    Taxonomy,
    build_taxonomy,
    code_industries,
)
from clustermap.layers.names import NamedRegister, name_register
from clustermap.layers.revisions import AMONG, convert_codes
from clustermap.memory import give_back
from clustermap.messages import Message
from clustermap.network.strata import Strata, assign_strata, find_sites, taking_part
from clustermap.sources.concordance import KSIC, read_concordance, read_own_concordance
from clustermap.sources.files import FileSource, read_chunks
from clustermap.sources.reference import data_root, read_gazetteer
from clustermap.stages.assigning import ACTORS, assign_actors, join_actors, move_actors
from clustermap.stages.closed_lists import name_choices
from clustermap.stages.ledger import Entry, Ledger, Progress
from clustermap.stages.roads import read_roads
from clustermap.stages.rows import Rows, column_or_null, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import numpy.typing as npt
    import pandas as pd
    from pyproj import CRS

    from clustermap.layers.cells import Cells
    from clustermap.network.roads import Roads
    from clustermap.project import Layer, Linkage, Project
    from clustermap.tables import Table

REPEATED = ("region", "district", "industry")
"""Columns of actors whose texts are held as codes until they are written."""


@dataclass(frozen=True)
class Layers:
    """The layers of a run, clean and assigned.

    Parameters
    ----------
    clusters
        Index cluster; geometry on the map.
    regions
        Index region; or None.
    actors
        Rows of firms, institutes and partners with the columns cell and how.
    register
        All actors in one row of positions: firms, then institutes, then partners.
    cells
        All cells and the clusters that hold them.
    taxonomy
        Strategic industries.
    industries
        Industries of the firms.
    strata
        Strata of the register.
    moved
        By the name of a moved boundary: the cell of every actor, int32.
    all_cells
        Cells by any boundary; ``cells`` come first.
    grants
        Rows of the table SUPPORT whose beneficiary is known; None where the project has none.
    matches
        COMPLEX_MATCHES and DISTRICT_MATCHES, by their names.
    gone
        Names of actors that a what-if closes.
    roads
        Roads; None where the project has none.
    """

    clusters: gpd.GeoDataFrame
    regions: gpd.GeoDataFrame | None
    actors: dict[str, pa.Table]
    register: Register
    cells: Cells
    taxonomy: Taxonomy
    industries: CodedIndustries
    strata: Strata
    moved: Mapping[str, npt.NDArray[np.int32]]
    all_cells: Cells
    grants: pd.DataFrame | None = None
    matches: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    gone: pa.Array = field(default_factory=lambda: pa.nulls(0, pa.string()))
    roads: Roads | None = None

    @cached_property
    def named(self) -> NamedRegister:
        """The register, asked for names."""
        names = join_actors(self.actors, "name", pa.string())
        return name_register(self.register, names, read_gazetteer().stems, self.gone)

    def find_register(self, linkage: Linkage) -> Register:
        """Return the register that the ends of a table of linkages are looked up in.

        Parameters
        ----------
        linkage
            Its section of the project file.

        Returns
        -------
        Register
            By identifier or by name.
        """
        return self.named if linkage.match == "name" else self.register


@dataclass(frozen=True)
class Unassigned:
    """The layers of a run, clean, before any actor has its cell.

    Parameters
    ----------
    clusters, regions, roads
        As in :class:`Layers`.
    actors
        By layer: typed rows on the map with their faults, and how many rows were read.
    grants
        The same of grants of support programmes; None where the project has none.
    """

    clusters: gpd.GeoDataFrame
    regions: gpd.GeoDataFrame | None
    actors: Mapping[str, tuple[Checked, int]]
    grants: tuple[Checked, int] | None = None
    roads: Roads | None = None


def _find_crs(layer: Layer, rows: Rows, table: str) -> CRS:
    """Return the coordinate system of a layer: what the project file says wins."""
    return projection.check_crs(layer.crs or rows.crs, table)


def _read_polygons(
    table: Table, layer: Layer, crs: CRS, ledger: Ledger, progress: Progress
) -> CleanPolygons:
    rows = read_rows(table, layer, progress, ledger)
    if "geometry" not in rows.checked.rows.column_names:
        raise TableFault("no_geometry_column", table=table.name, column="geometry")
    clean = clean_polygons(table, rows.checked, _find_crs(layer, rows, table.name), crs)
    facts = {**rows.facts, "made_valid": clean.made_valid}
    ledger.close(table.name, Entry(rows.read, len(clean.frame), 0, facts), clean.faults)
    return clean


def _has_points(rows: pa.Table) -> bool:
    if not {"x", "y"} & set(rows.column_names):
        return False
    columns = [rows[name] for name in ("x", "y") if name in rows.column_names]
    return any(rows.num_rows > column.null_count for column in columns)


def _read_actors(
    name: str, layer: Layer, home: Home, ledger: Ledger, progress: Progress
) -> tuple[Checked, int]:
    """Return the actors of a layer on the map, and how many rows were read."""
    table = tables.LAYERS[name]
    rows = read_rows(table, layer, progress, ledger, home.countries)
    ledger.note(name, rows.facts)
    checked = rows.checked
    if name != "partners" and _has_points(checked.rows):
        checked = place_points(name, checked, _find_crs(layer, rows, name), home)
    unique = set_duplicates_aside(name, checked.rows, ACTORS[name])
    faults = pa.concat_tables([checked.faults, unique.faults])
    return Checked(unique.rows, faults, checked.mended), rows.read


def _part_shared_ids(found: dict[str, tuple[Checked, int]]) -> dict[str, tuple[Checked, int]]:
    """Set aside actors whose identifier stands in two layers: a linkage could mean either."""
    ids = [checked.rows[ACTORS[name]].combine_chunks() for name, (checked, _) in found.items()]
    shared = find_duplicates(pa.concat_arrays(ids)) if ids else np.zeros(0, dtype=bool)
    parted, start = {}, 0
    for name, (checked, read) in found.items():
        mask = shared[start : start + checked.rows.num_rows]
        start += checked.rows.num_rows
        held = set_aside(name, checked.rows, mask, column=ACTORS[name], reason="id_in_two_layers")
        faults = pa.concat_tables([checked.faults, held.faults])
        parted[name] = (Checked(held.rows, faults, checked.mended), read)
    return parted


def _read_taxonomy(project: Project, progress: Progress) -> Taxonomy:
    path = project.industries.path or data_root() / "taxonomies" / "strategic12.csv"
    parts, faults = [], [FAULTS.empty_table()]
    for item in read_chunks(FileSource(tables.TAXONOMY, (path,))):
        if isinstance(item, pa.Table):
            faults.append(item)
            continue
        checked = check_chunk(tables.TAXONOMY, item)
        parts.append(checked.rows.drop([FILE, LINE]))
        faults.append(checked.faults)
    for first in pa.concat_tables(faults).sort_by("line").slice(0, 1).to_pylist():
        raise TableFault("bad_taxonomy", table=path.name, column=first["column"], row=first["line"])
    rows = sum(part.num_rows for part in parts)
    progress(Message("step.read", {"table": "taxonomy"}), rows, 0)
    if not rows:
        raise TableFault("empty_layer", table=path.name)
    return build_taxonomy(pa.concat_tables(parts))


def _home(clusters: gpd.GeoDataFrame, crs: CRS, countries: tuple[str, ...]) -> Home:
    lonlat = clusters.geometry.to_crs(projection.LONLAT)
    west, south, east, north = (float(v) for v in lonlat.total_bounds)
    return Home(crs, (west, south, east, north), frozenset(countries))


def read_layers(project: Project, ledger: Ledger, progress: Progress) -> Layers:
    """Read, clean and assign all layers of a project.

    Parameters
    ----------
    project
        The project file.
    ledger
        Takes note of every row.
    progress
        Hears how far it is.

    Returns
    -------
    Layers
        Clean layers; see there.

    Raises
    ------
    TableFault
        If a table as a whole is at fault.
    """
    return settle_layers(project, read_unassigned(project, ledger, progress), ledger, progress)


def read_unassigned(project: Project, ledger: Ledger, progress: Progress) -> Unassigned:
    """Read and clean all layers of a project.

    Parameters
    ----------
    project
        The project file.
    ledger
        Takes note of the rows of clusters and regions; of actors where they are settled.
    progress
        Hears how far it is.

    Returns
    -------
    Unassigned
        Clean layers.

    Raises
    ------
    TableFault
        If a table as a whole is at fault.
    """
    crs = projection.check_crs(project.project.crs, "project")
    clusters = _read_polygons(tables.CLUSTERS, project.layers.clusters, crs, ledger, progress).frame
    overlaps = find_overlaps(clusters.geometry.to_numpy())
    ledger.entries["clusters"].facts["overlapping_pairs"] = len(overlaps)
    if project.layers.clusters.overlaps == "error":
        refuse_overlaps(clusters, overlaps)
    regions = None
    if project.layers.regions:
        regions = _read_polygons(
            tables.REGIONS, project.layers.regions, crs, ledger, progress
        ).frame
    home = _home(clusters, crs, project.project.countries)
    wanted = {name: getattr(project.layers, name) for name in ACTORS}
    found = _part_shared_ids(
        {n: _read_actors(n, layer, home, ledger, progress) for n, layer in wanted.items() if layer}
    )
    own = project.industries.concordance
    if "firms" in found and (own or project.industries.code == KSIC):
        checked, read = found["firms"]
        turned = read_own_concordance(own, project.industries.revision) if own else None
        rows, told = convert_codes(checked.rows, turned or read_concordance())
        ledger.note("firms", {fact: count for fact, count in told.items() if count})
        found["firms"] = (replace(checked, rows=rows), read)
    grants = _read_grants(project, ledger, progress)
    give_back()
    return Unassigned(
        clusters, regions, found, grants, read_roads(project, home.bounds, ledger, progress)
    )


def settle_layers(
    project: Project, unassigned: Unassigned, ledger: Ledger, progress: Progress
) -> Layers:
    """Assign all actors to their cells, and number and code them.

    Parameters
    ----------
    project
        The project file.
    unassigned
        Clean layers.
    ledger
        Takes note of the rows of actors.
    progress
        Hears how far it is.

    Returns
    -------
    Layers
        See there.

    Raises
    ------
    TableFault
        If a table as a whole is at fault.
    """
    held = assign_actors(project, unassigned.clusters, unassigned.actors, ledger, progress)
    moved = move_actors(project, held)
    actors, register, cells = held.actors, held.register, held.cells
    taxonomy = _read_taxonomy(project, progress)
    firms = actors.get("firms")
    industries = _code_firms(firms, taxonomy, ledger)
    strata, stratum = _assign_strata(firms, register, cells, industries)
    register = replace(register, stratum=stratum)
    actors = {name: _code_repeated(rows) for name, rows in actors.items()}
    give_back()
    return Layers(
        held.clusters,
        unassigned.regions,
        actors,
        register,
        cells,
        taxonomy,
        industries,
        strata,
        moved.codes,
        moved.cells,
        _settle_grants(project.layers.support, unassigned, register, ledger),
        held.matches,
        roads=unassigned.roads,
    )


def _code_repeated(rows: pa.Table) -> pa.Table:
    """Return rows whose texts that repeat are codes: of millions of firms, they are long."""
    for name in (column for column in REPEATED if column in rows.column_names):
        at = rows.column_names.index(name)
        coded = rows[name].combine_chunks().dictionary_encode()
        fits = (pa.int8(), pa.int16())[len(coded.dictionary) > np.iinfo(np.int8).max]
        if len(coded.dictionary) <= np.iinfo(np.int16).max:
            coded = coded.cast(pa.dictionary(fits, coded.dictionary.type))
            rows = rows.set_column(at, name, coded)
    return rows


def _read_grants(
    project: Project, ledger: Ledger, progress: Progress
) -> tuple[Checked, int] | None:
    layer = project.layers.support
    if layer is None:
        return None
    rows = read_rows(tables.SUPPORT, layer, progress, ledger)
    ledger.note(tables.SUPPORT.name, rows.facts)
    return rows.checked, rows.read


def _settle_grants(
    layer: Layer | None, unassigned: Unassigned, register: Register, ledger: Ledger
) -> pd.DataFrame | None:
    if layer is None or unassigned.grants is None:
        return None
    (checked, read), name = unassigned.grants, tables.SUPPORT.name
    clusters = [str(key) for key in unassigned.clusters.index]
    settled = settle_grants(name, checked, register, clusters)
    kept = settled.rows.drop([FILE, LINE])
    whole = pc.sum(pc.is_in(kept["beneficiary"], value_set=pa.array(clusters, pa.string())))
    facts = {"grants_to_clusters": int(whole.as_py() or 0)}
    with name_choices(tables.SUPPORT, layer, settled.faults):
        ledger.close(name, Entry(read, kept.num_rows, 0, facts), settled.faults)
    frame: pd.DataFrame = kept.to_pandas()
    return frame


def _code_firms(firms: pa.Table | None, taxonomy: Taxonomy, ledger: Ledger) -> CodedIndustries:
    if firms is None:
        return code_industries(pa.nulls(0, pa.string()), taxonomy)
    codes = AMONG if AMONG in firms.column_names else "industry"
    coded, products = (column_or_null(firms, n, pa.string()) for n in (codes, "products"))
    industries = code_industries(coded, taxonomy, products, firms["firm"].combine_chunks())
    if any(industries.ways[way] for way in CLAIMED_BY[1:]):
        ledger.note("firms", {way: count for way, count in industries.ways.items() if count})
    return industries


def _assign_strata(
    firms: pa.Table | None, register: Register, cells: Cells, industries: CodedIndustries
) -> tuple[Strata, npt.NDArray[np.int16]]:
    size = 0 if firms is None else firms.num_rows
    employees = None if firms is None else column_or_null(firms, "employees", pa.int64())
    # Firms are the first layer of the register where there are any.
    return assign_strata(
        register.types,
        employees,
        industries,
        np.arange(size),
        taking_part(register.cells, cells),
        find_sites(register.types, register.group, register.site),
    )
