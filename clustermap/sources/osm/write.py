"""What a fetch leaves: layers, roads, where they come from, and a project file that reads them."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from clustermap.errors import TableFault, one_line
from clustermap.layers.projection import suggest_crs
from clustermap.sources.osm.elements import IDS
from clustermap.sources.osm.tags import ATTRIBUTION, LICENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import geopandas as gpd

    from clustermap.messages import Language

LAYERS_FILE = "osm.gpkg"
ROADS_FILE = "roads.graphml"
FACTS_FILE = "fetch.json"
PROJECT_FILE = "project.toml"
COPYRIGHT = "https://www.openstreetmap.org/copyright"
_NO_CLOCK = "1970-01-01T00:00:00.000Z"  # two equal downloads give equal files
_SHAPES = {"clusters": "MultiPolygon", "institutes": "Point", "firms": "Point"}


@dataclass(frozen=True)
class Fetched:
    """What a fetch found and wrote.

    Parameters
    ----------
    facts
        What fetch.json holds.
    outputs
        Files written.
    project
        The project file; None where there is no cluster, without which there is no project.
    kept_project
        Whether a project file was there already, and was left as it is.
    """

    facts: Mapping[str, Any]
    outputs: list[Path] = field(default_factory=list)
    project: Path | None = None
    kept_project: bool = False


def refuse_others(folder: Path) -> None:
    """Refuse to write over files that no fetch has written.

    Parameters
    ----------
    folder
        Where to write.

    Raises
    ------
    TableFault
        If a file of such a name is there without the facts that a fetch leaves beside it.
    """
    if (folder / FACTS_FILE).exists():
        return
    for name in (LAYERS_FILE, ROADS_FILE):
        if (folder / name).exists():
            raise TableFault("osm_in_the_way", table=str(folder), value=name)


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Give a folder to write into; what is there in the end takes the place of the last fetch.

    Parameters
    ----------
    folder
        Where the files are to stand; made if it is not there.

    Yields
    ------
    Path
        Folder within it. If anything goes wrong, the last fetch stays whole.
    """
    stage = folder / ".fetch.part"
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    try:
        yield stage
        written = {path.name for path in stage.iterdir()}
        # The facts go first: they are what tells our files from others.
        for name in sorted(written, key=lambda name: name != FACTS_FILE):
            (stage / name).replace(folder / name)
        for name in {LAYERS_FILE, ROADS_FILE} - written:  # of a fetch that found more
            (folder / name).unlink(missing_ok=True)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def write_layers(frames: Mapping[str, gpd.GeoDataFrame], path: Path) -> None:
    """Write all layers that have rows into one GeoPackage.

    Parameters
    ----------
    frames
        By name of the layer.
    path
        File that is not there yet.
    """
    import pyogrio  # noqa: PLC0415

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _NO_CLOCK})
    try:
        for name, frame in frames.items():
            if not frame.empty:
                _write_layer(name, frame, path)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _write_layer(name: str, frame: gpd.GeoDataFrame, path: Path) -> None:
    import pyogrio  # noqa: PLC0415

    if name == "clusters":
        single = shapely.get_type_id(frame.geometry) == shapely.GeometryType.POLYGON
        whole = frame.geometry.to_numpy().copy()
        whole[single] = [shapely.MultiPolygon([shape]) for shape in whole[single]]
        frame = frame.set_geometry(whole, crs=frame.crs)
    pyogrio.write_dataframe(
        frame,
        path,
        layer=name,
        driver="GPKG",
        append=path.exists(),
        geometry_type=_SHAPES[name],
        VERSION="1.3",  # QGIS 3.22 and R's sf warn at 1.4
        IDENTIFIER=f"{name} ({ATTRIBUTION})",
        DESCRIPTION=f"{ATTRIBUTION}, {LICENCE}, {COPYRIGHT}",
    )


def write_facts(facts: Mapping[str, Any], path: Path) -> None:
    """Write where the data come from and what was found.

    Parameters
    ----------
    facts
        Anything that JSON can hold.
    path
        File.
    """
    text = json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def spell_project(
    frames: Mapping[str, gpd.GeoDataFrame], label: str, language: Language, *, roads: bool
) -> str:
    """Return a project file that reads the layers.

    Parameters
    ----------
    frames
        By name of the layer; one without rows is left out.
    label
        What the area is called.
    language
        Language of pages and messages.
    roads
        Whether roads were written.

    Returns
    -------
    str
        TOML.
    """
    points = shapely.get_coordinates(shapely.centroid(frames["clusters"].geometry.to_numpy()))
    crs = suggest_crs(points[:, 0], points[:, 1]) if len(points) else "EPSG:4326"
    name = json.dumps(f"OpenStreetMap: {one_line(label)}", ensure_ascii=False)
    head = _HEAD.format(name=name, crs=crs, language=language)
    layers = [_spell_layer(layer) for layer in IDS if not frames[layer].empty]
    tail = [_ROADS + f'licence = "{LICENCE}"\nattribution = "{ATTRIBUTION}"\n'] if roads else []
    return "\n".join([head, *layers, *tail, _LINKAGES])


def _spell_layer(layer: str) -> str:
    return (
        f'[layers.{layer}]\npath = "{LAYERS_FILE}"\nlayer = "{layer}"\n'
        f'licence = "{LICENCE}"\nattribution = "{ATTRIBUTION}"\n'
    )


def count_kinds(frame: gpd.GeoDataFrame, columns: Iterable[str]) -> dict[str, dict[str, int]]:
    """Count the rows of a layer by kind and by tag.

    Parameters
    ----------
    frame
        The layer.
    columns
        Columns; those that it lacks are left out.

    Returns
    -------
    dict
        Column to value to rows.
    """
    found = {}
    for column in columns:
        if column in frame:
            values, counts = np.unique(frame[column].astype(str), return_counts=True)
            found[column] = dict(zip(values.tolist(), counts.tolist(), strict=True))
    return found


_HEAD = """\
# OpenStreetMap을 읽는 프로젝트 파일입니다. 자유롭게 고쳐 쓰십시오: 다시 받아도 덮어쓰지 않습니다.
# OpenStreetMap은 지역마다 조사 밀도가 다릅니다. 업체 수는 전수 조사가 아닙니다.
# A project that reads OpenStreetMap. Edit it freely: fetching again leaves it as it is.
# OpenStreetMap is drawn unevenly: its number of firms is no census.

schema = 1

[project]
name = {name}
crs = "{crs}"
language = "{language}"
"""
_LINKAGES = """\
# 연계(공동연구, 거래, 기술이전 …)는 지도에 없습니다. 가진 자료를 아래처럼 적으면 점수가 계산됩니다.
# 두 열에는 위 층의 식별자를 씁니다: "way/123", "node/45".
# No map knows linkages. Name yours as below, and clusters are scored; ends are identifiers of the
# layers above, e.g. "way/123" and "node/45".
#
# [[linkages]]
# path = "linkages.csv"
# form = "pairs"
# columns = { source = "from", target = "to", kind = "kind" }
"""
_ROADS = f"""\
# 찻길(길이 m, 속도 km/h, 소요 시간 s) / roads with length, speed and time.
[roads]
path = "{ROADS_FILE}"
"""
