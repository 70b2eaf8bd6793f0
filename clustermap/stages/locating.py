"""Locating: what complexes, columns of regions and districts, and addresses say of places.

It happens before actors get their cells, with the clusters as they then are, and costs as much as
there are different texts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyproj import CRS

from clustermap import tables
from clustermap.checks import FAULTS, FILE, LINE, check_chunk
from clustermap.errors import TableFault
from clustermap.layers import complexes, districts, projection
from clustermap.layers.points import Points, are_coarse, fill_points, read_points
from clustermap.sources.files import FileSource, read_chunks
from clustermap.sources.reference import read_complex_aliases, read_gazetteer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from clustermap.layers.cells import Assignment
    from clustermap.layers.districts import Found
    from clustermap.layers.gazetteer import Gazetteer
    from clustermap.project import Layer, Project

INDIVIDUAL, PLACED = "#individual", "#placed"
"""Columns beside the declared ones: who is said to stand in no complex; whose point is not its own.
"""
_KOREA = (124.0, 32.5, 132.5, 39.0)
_STATED = ("region", "district", "address")


@dataclass(frozen=True)
class Located:
    """What is stated of where the actors of a project are.

    Parameters
    ----------
    clusters
        Clusters, a region of theirs spelt in one way.
    rows
        By layer: rows by which cells are assigned, complex being a cluster's identifier, region
        and district what they are called today.
    districts
        By layer: the points of the districts of its rows.
    tables
        COMPLEX_MATCHES and DISTRICT_MATCHES.
    facts
        By layer: what the ledger takes note of.
    """

    clusters: gpd.GeoDataFrame
    rows: Mapping[str, pa.Table]
    districts: Mapping[str, Points]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def settle(self, name: str, rows: pa.Table, assigned: Assignment) -> pa.Table:
        """Return the rows of a layer with the place that each was found to have.

        Parameters
        ----------
        name
            Layer.
        rows
            Its rows as they were read.
        assigned
            Their cells.

        Returns
        -------
        pa.Table
            With region and district as called today where they are known, and a point where a
            complex or a district is.
        """
        if name not in self.districts:
            return rows
        own = read_points(rows)
        points, placed = fill_points(own, self.districts[name], assigned, self.clusters.geometry)
        if placed.any():
            for column, values in zip(Points._fields, points, strict=True):
                rows = _set(rows, column, pa.array(values, from_pandas=True))
        for column in ("region", "district"):
            if column in self.rows[name].column_names:
                found = self.rows[name][column]
                kept = pc.coalesce(found, rows[column]) if column in rows.column_names else found
                rows = _set(rows, column, kept)
        return rows.append_column(PLACED, pa.array(placed))


def locate(project: Project, clusters: gpd.GeoDataFrame, found: Mapping[str, pa.Table]) -> Located:
    """Find out what the rows of all layers of actors state of where they are.

    Parameters
    ----------
    project
        The project file.
    clusters
        Index cluster.
    found
        Rows of the layers of actors.

    Returns
    -------
    Located
        See there.

    Raises
    ------
    TableFault
        If a column of codes may be of either system.
    """
    korean = _in_korea(clusters)
    gazetteer = read_gazetteer() if korean and _state_places(clusters, found) else None
    own = _locate_clusters(project, clusters, gazetteer)
    clusters, spelt = _spell_regions(clusters, own, gazetteer)
    rows, points, told, facts = {}, {}, [], {}
    for name, table in found.items():
        if name == "partners":
            rows[name] = table
            continue
        located = table
        place = np.full(table.num_rows, districts.NOWHERE, dtype=np.int32)
        facts[name] = Counter[str]()
        if gazetteer is not None and set(_STATED) & set(table.column_names):
            ends = _find(name, table, gazetteer, getattr(project.layers, name))
            place, located = ends.place, _name_places(table, ends, gazetteer, spelt)
            told.append(_tell(name, ends.report))
            facts[name].update(_count_districts(ends))
        points[name] = _points(place, gazetteer, clusters)
        rows[name] = located
    matches = [_tell("", complexes.REPORT.empty_table())]
    for name in ("firms", "institutes"):
        if name in rows and "complex" in rows[name].column_names:
            rows[name], report = _match(project, rows[name], clusters, own, gazetteer)
            matches.append(_tell(name, report))
            facts[name].update(_count_complexes(report))
    reports = {
        tables.COMPLEX_MATCHES.name: pd.concat(matches, ignore_index=True),
        tables.DISTRICT_MATCHES.name: pd.concat(
            [_tell("", districts.REPORT.empty_table()), *told], ignore_index=True
        ),
    }
    return Located(clusters, rows, points, reports, facts)


def coarse_facts(name: str, rows: pa.Table) -> dict[str, int]:
    """Return how many points of a layer are too rough to measure metres from.

    Parameters
    ----------
    name
        Layer.
    rows
        Its rows with their points.

    Returns
    -------
    dict
        Fit for the ledger; empty where there are none.
    """
    coarse = 0 if name == "partners" else int(are_coarse(read_points(rows)).sum())
    return {"coarse_points": coarse} if coarse else {}


def _set(rows: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    if name in rows.column_names:
        return rows.set_column(rows.column_names.index(name), name, values)
    return rows.append_column(name, values)


def _in_korea(clusters: gpd.GeoDataFrame) -> bool:
    west, south, east, north = clusters.geometry.to_crs(projection.LONLAT).total_bounds
    return bool(
        _KOREA[0] <= west and _KOREA[1] <= south and east <= _KOREA[2] and north <= _KOREA[3]
    )


def _state_places(clusters: gpd.GeoDataFrame, found: Mapping[str, pa.Table]) -> bool:
    stated = {name for rows in found.values() for name in rows.column_names}
    return bool({*_STATED, "complex"} & stated) or "region" in clusters


def _column(rows: pa.Table, name: str) -> pa.Array:
    if name in rows.column_names:
        return rows[name].combine_chunks()
    return pa.nulls(rows.num_rows, pa.string())


# Regions and districts


def _find(name: str, rows: pa.Table, gazetteer: Gazetteer, layer: Layer) -> Found:
    stated = districts.Stated(*(_column(rows, column) for column in _STATED))
    found = districts.find_places(stated, gazetteer, layer.codes)
    if found.undecided == districts.BOTH:
        raise TableFault("ambiguous_codes", table=name, key="codes", value=found.code)
    return found


def _locate_clusters(
    project: Project, clusters: gpd.GeoDataFrame, gazetteer: Gazetteer | None
) -> Found | None:
    if gazetteer is None:
        return None
    columns = {
        name: pa.array(clusters[name].to_numpy(), pa.string(), from_pandas=True)
        if name in clusters
        else pa.nulls(len(clusters), pa.string())
        for name in ("region", "district")
    }
    return _find("clusters", pa.table(columns), gazetteer, project.layers.clusters)


def _spell_regions(
    clusters: gpd.GeoDataFrame, found: Found | None, gazetteer: Gazetteer | None
) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """Return how regions are spelt: as the clusters have them, or as today where these differ."""
    if found is None or gazetteer is None or "region" not in clusters:
        return clusters, {}
    known = np.flatnonzero((found.place >= 0) & clusters["region"].notna().to_numpy())
    written = clusters["region"].to_numpy(dtype=object).copy()
    today = np.array([gazetteer.regions[at] for at in found.place[known]], dtype=object)
    ways = pd.DataFrame({"today": today, "written": written[known]}).drop_duplicates()
    several = set(ways.loc[ways["today"].duplicated(), "today"])
    if several:
        differs = np.isin(today, list(several))
        written[known[differs]] = today[differs]
        clusters = clusters.assign(region=written)
    once = ways[~ways["today"].isin(several)]
    return clusters, dict(zip(once["today"], once["written"], strict=True))


def _name_places(
    rows: pa.Table, found: Found, gazetteer: Gazetteer, spelt: Mapping[str, str]
) -> pa.Table:
    regions = [spelt.get(region, region) for region in gazetteer.regions]
    at = pa.array(found.place, mask=found.place < 0)
    region = pa.array(regions, pa.string()).take(at)
    # A region that nobody knows is a name that the user has for it.
    rows = _set(rows, "region", pc.coalesce(region, _column(rows, "region")))
    named = pa.array([name or None for name in gazetteer.districts], pa.string())
    return _set(rows, "district", named.take(at))


def _points(
    place: districts.Positions, gazetteer: Gazetteer | None, clusters: gpd.GeoDataFrame
) -> Points:
    if gazetteer is None:
        nowhere = np.full(len(place), np.nan)
        return Points(nowhere, nowhere, nowhere)
    lonlat = CRS.from_user_input(projection.LONLAT)
    x, y = projection.transform(
        gazetteer.lon, gazetteer.lat, lonlat, CRS.from_user_input(clusters.crs)
    )
    # What is nowhere takes the last entry.
    return Points(*(np.append(v, np.nan)[place] for v in (x, y, gazetteer.radius_m)))


def _tell(name: str, report: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = report.to_pandas()
    frame.insert(0, "layer", pd.Series(name, frame.index, dtype=object))
    return frame


def _count_districts(found: Found) -> dict[str, int]:
    report = found.report.to_pandas()
    unmatched = report.loc[report["how"] == districts.UNMATCHED, "actors"].sum()
    partly = report.loc[(report["how"] != districts.UNMATCHED) & (report["note"] != ""), "actors"]
    counted = {
        "places_unmatched": int(unmatched),
        "places_in_part": int(partly.sum()),
        "codes_undecided": int(found.undecided == districts.NEITHER),
    }
    return {fact: count for fact, count in counted.items() if count}


# Complexes


def _match(
    project: Project,
    rows: pa.Table,
    clusters: gpd.GeoDataFrame,
    own: Found | None,
    gazetteer: Gazetteer | None,
) -> tuple[pa.Table, pa.Table]:
    """Return the rows with identifiers of clusters as complexes, and the report."""
    known = _describe(clusters, own, gazetteer)
    today = _unspell(rows, clusters, known)
    stated = _read_aliases(project)
    said = {complexes.normalise_complex(alias) for _, alias in stated}
    others = read_complex_aliases()
    aliases = stated + [a for a in others if complexes.normalise_complex(a[1]) not in said]
    matched = complexes.match_complexes(_column(rows, "complex"), today, known, aliases)
    at = pa.array(matched.cluster, mask=matched.cluster < 0)
    rows = _set(rows, "complex", pa.array(known.ids, pa.string()).take(at))
    return rows.append_column(INDIVIDUAL, pa.array(matched.individual)), matched.report


def _describe(
    clusters: gpd.GeoDataFrame, own: Found | None, gazetteer: Gazetteer | None
) -> complexes.Clusters:
    texts = {
        name: tuple(clusters[name].astype(object).fillna("").astype(str))
        if name in clusters
        else ("",) * len(clusters)
        for name in ("name", "kind", "region", "district")
    }
    if own is not None and gazetteer is not None:
        for column, named in (("region", gazetteer.regions), ("district", gazetteer.districts)):
            texts[column] = tuple(
                named[place] if place >= 0 else text
                for place, text in zip(own.place.tolist(), texts[column], strict=True)
            )
    ids = tuple(str(key) for key in clusters.index)
    return complexes.Clusters(ids, *texts.values())


def _unspell(
    rows: pa.Table, clusters: gpd.GeoDataFrame, known: complexes.Clusters
) -> tuple[pa.Array, pa.Array]:
    """Return region and district of rows, regions called as the clusters' are for matching."""
    region = _column(rows, "region")
    if "region" in clusters:
        written = clusters["region"].astype(object).fillna("").astype(str)
        names = dict(zip(written, known.regions, strict=True))
        at = pc.index_in(region, value_set=pa.array(list(names), pa.string()))
        region = pc.coalesce(pa.array(list(names.values()), pa.string()).take(at), region)
    return region, _column(rows, "district")


def _count_complexes(report: pa.Table) -> dict[str, int]:
    ways = complexes.count_ways(report)
    unmatched = report.filter(pc.equal(report["how"], complexes.UNMATCHED))
    facts = {f"complex_{way}": texts for way, texts in ways.items()}
    actors = int(pc.sum(unmatched["actors"]).as_py() or 0)
    return facts | ({"complex_unmatched_firms": actors} if actors else {})


def _read_aliases(project: Project) -> list[tuple[str, str]]:
    path = project.layers.clusters.aliases
    if path is None:
        return []
    table, parts, faults = tables.COMPLEX_ALIASES, [], [FAULTS.empty_table()]
    for item in read_chunks(FileSource(table, (path,))):
        if isinstance(item, pa.Table):
            faults.append(item)
            continue
        checked = check_chunk(table, item)
        parts.append(checked.rows.drop([FILE, LINE]))
        faults.append(checked.faults)
    for first in pa.concat_tables(faults).sort_by("line").slice(0, 1).to_pylist():
        raise TableFault("bad_aliases", table=path.name, column=first["column"], row=first["line"])
    rows = pa.concat_tables(parts)
    return list(zip(*(rows[name].to_pylist() for name in ("cluster", "alias")), strict=True))
