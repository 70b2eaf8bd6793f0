"""Write a fictional world as the files that a planner would have, with its project file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import shapely

from clustermap.errors import TableFault
from clustermap.sources.reference import data_root

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from clustermap.sources.world.build import World

TAXONOMY = "strategic12.csv"
_DECIMALS = 7  # of a degree: about a centimetre, so that no firm slips over its fence
_COLUMNS = {
    "clusters": {
        "cluster": "단지번호",
        "name": "단지명",
        "name_en": "영문명",
        "kind": "단지유형",
        "region": "시도",
        "district": "시군구",
        "area_km2": "지정면적_km2",
        "cost": "지원비용_원",
        "industries": "지정산업",
    },
    "firms": {
        "firm": "업체번호",
        "name": "업체명",
        "industry": "업종코드",
        "revision": "차수",
        "employees": "종업원수",
        "sales": "매출액_원",
        "exports": "수출액_원",
        "rnd": "연구개발비_원",
        "founded": "설립연도",
        "group": "기업집단",
        "site": "사업장유형",
        "region": "시도",
        "x": "X좌표",
        "y": "Y좌표",
    },
    "institutes": {
        "institute": "기관번호",
        "name": "기관명",
        "kind": "기관유형",
        "region": "시도",
        "fields": "분야",
        "x": "X좌표",
        "y": "Y좌표",
    },
    "partners": {"partner": "기관번호", "name": "기관명", "country": "국가", "kind": "기관유형"},
    "pairs": {
        "source": "보낸곳",
        "target": "받은곳",
        "kind": "연계유형",
        "weight": "가중치",
        "year": "연도",
    },
    "participations": {
        "project": "과제번호",
        "participant": "참여기관",
        "kind": "연계유형",
        "year": "연도",
    },
    "grants": {
        "programme": "사업명",
        "beneficiary": "수혜자",
        "amount": "지원금_원",
        "start": "시작연도",
        "end": "종료연도",
        "joint": "수행방식",
        "funder": "재원",
    },
}
INSTITUTE_KINDS = {
    "university": "대학",
    "public_institute": "공공연구기관",
    "hospital": "병원",
    "support": "지원기관",
}
_WAYS = {"joint": "공동", "solo": "단독"}
_FUNDERS = {"public": "공공", "private": "민간"}
LINKAGE_KINDS = {
    "firm_firm": "기업간협력",
    "research": "공동연구",
    "support": "기업지원",
    "transfer": "기술이전",
    "mobility": "인력이동",
}


def write_world(world: World, folder: Path) -> Path:
    """Write a world's files and the project file that reads them.

    Parameters
    ----------
    world
        The world.
    folder
        Where to write; made if it is not there.

    Returns
    -------
    Path
        The project file, ``folder / "project.toml"``.

    Raises
    ------
    TableFault
        If a file of the same name holds anything but this very world: somebody's data, or a
        world that was edited since. Nothing is written then.
    """
    texts = _spell_world(world)
    for name, text in texts.items():
        path = folder / name
        if path.exists() and not (path.is_file() and path.read_bytes() == text.encode()):
            raise TableFault("world_in_the_way", table=str(folder), value=name)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        _write(folder / name, text)
    return folder / "project.toml"


def _spell_world(world: World) -> dict[str, str]:
    """Return the files of a world by their names."""
    institutes = world.institutes.assign(kind=world.institutes["kind"].map(INSTITUTE_KINDS))
    pairs = world.pairs.assign(kind=world.pairs["kind"].map(LINKAGE_KINDS))
    kinds = world.participations["kind"].map(LINKAGE_KINDS).fillna("")
    grants = world.grants.assign(
        joint=world.grants["joint"].map(_WAYS), funder=world.grants["funder"].map(_FUNDERS)
    )
    tables = {
        "firms": world.firms,
        "institutes": institutes,
        "partners": world.partners,
        "pairs": pairs,
        "participations": world.participations.assign(kind=kinds),
        "grants": grants,
    }
    written = {
        f"{name}.csv": _spell_table(table[list(_COLUMNS[name])].rename(columns=_COLUMNS[name]))
        for name, table in tables.items()
    }
    return {
        "clusters.geojson": _spell_clusters(world.clusters),
        **written,
        "truth.csv": _spell_table(world.truth.round(6)),
        TAXONOMY: (data_root() / "taxonomies" / TAXONOMY).read_text(encoding="utf-8"),
        "project.toml": _spell_project(world),
    }


def _write(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_text(text, encoding="utf-8", newline="\n")
    unfinished.replace(path)


def _spell_table(table: pd.DataFrame) -> str:
    return str(table.to_csv(index=False, lineterminator="\n"))


def _spell_clusters(clusters: gpd.GeoDataFrame) -> str:
    degrees = clusters.to_crs(4326)
    corners = shapely.transform(degrees.geometry.array, lambda points: np.round(points, _DECIMALS))
    shapes = shapely.to_geojson(shapely.orient_polygons(corners))
    columns = _COLUMNS["clusters"]
    rows = clusters[list(columns)].rename(columns=columns).to_dict("records")
    features = [
        f'{{"type":"Feature","properties":{json.dumps(row, ensure_ascii=False)},'
        f'"geometry":{shape}}}'
        for row, shape in zip(rows, shapes, strict=True)
    ]
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n"


def _spell_mapping(mapping: dict[str, str]) -> str:
    return (
        "{ " + ", ".join(f'{_quote(ours)} = "{theirs}"' for ours, theirs in mapping.items()) + " }"
    )


def _quote(key: str) -> str:
    return key if key.isascii() and key.isidentifier() else f'"{key}"'


def _spell_columns(name: str) -> str:
    return _spell_mapping(_COLUMNS[name])


def _turn(mapping: dict[str, str]) -> str:
    return _spell_mapping({theirs: ours for ours, theirs in mapping.items()})


def _spell_project(world: World) -> str:
    return _PROJECT.format(
        clusters=f"{len(world.clusters):,}",
        seed=world.seed,
        taxonomy=TAXONOMY,
        cluster_columns=_spell_columns("clusters"),
        firm_columns=_spell_columns("firms"),
        institute_columns=_spell_columns("institutes"),
        partner_columns=_spell_columns("partners"),
        pair_columns=_spell_columns("pairs"),
        project_columns=_spell_columns("participations"),
        institute_kinds=_turn(INSTITUTE_KINDS),
        linkage_kinds=_turn(LINKAGE_KINDS),
        grant_columns=_spell_columns("grants"),
        grant_kinds=_turn({**_WAYS, **_FUNDERS}),
    )


_PROJECT = """\
# 가상 대한민국: 씨앗값 하나에서 만들어 낸 합성 데이터입니다. 실제 지명 위에 놓였을 뿐,
# 단지·기업·기관·연계는 모두 지어낸 것이므로 결과를 사실로 인용하지 마십시오.
#
# A fictional Korea made from one seed. Complexes, firms, institutes and linkages are invented:
# nothing found here is a finding. truth.csv, which the run does not read, says what was planted.
#
# 경로는 이 파일이 있는 폴더를 기준으로 합니다. columns는 "우리 이름 = 파일의 열 이름"입니다.

schema = 1

[project]
name = "가상 대한민국 {clusters}개 클러스터 (합성 데이터)"
out = "out"
crs = "EPSG:5179"        # 거리와 면적을 재는 미터 좌표계
synthetic = true         # 지도·표·내보낸 파일 모두에 '합성'이라고 표시됩니다
language = "ko"
seed = {seed}
currency = "KRW"

[layers.clusters]
path = "clusters.geojson"
crs = "EPSG:4326"
columns = {cluster_columns}
licence = "synthetic"
attribution = "synthetic"

[layers.firms]
path = "firms.csv"
encoding = "utf-8"
crs = "EPSG:5179"
columns = {firm_columns}
licence = "synthetic"
attribution = "synthetic"

[layers.institutes]
path = "institutes.csv"
encoding = "utf-8"
crs = "EPSG:5179"
columns = {institute_columns}
kinds = {institute_kinds}
licence = "synthetic"
attribution = "synthetic"

[layers.partners]        # 지도 밖(해외) 협력기관
path = "partners.csv"
encoding = "utf-8"
columns = {partner_columns}
licence = "synthetic"
attribution = "synthetic"

[layers.support]         # 지원사업: 누가 어느 사업에서 얼마를 받았는지
path = "grants.csv"
encoding = "utf-8"
columns = {grant_columns}
kinds = {grant_kinds}
licence = "synthetic"
attribution = "synthetic"

[[linkages]]             # 두 주체 사이의 연계: 한 줄이 하나
path = "pairs.csv"
form = "pairs"
encoding = "utf-8"
columns = {pair_columns}
kinds = {linkage_kinds}
licence = "synthetic"
attribution = "synthetic"

[[linkages]]             # 과제 참여: 유형이 비어 있으면 참여기관의 종류에서 정합니다
path = "participations.csv"
form = "projects"
encoding = "utf-8"
columns = {project_columns}
kinds = {linkage_kinds}
licence = "synthetic"
attribution = "synthetic"

[industries]             # 업종코드 -> 전략산업 (앞자리가 가장 길게 맞는 것)
path = "{taxonomy}"
code = "KSIC10"

[select]                 # 예산과 규칙 안에서 가치가 가장 큰 조합 (지원 효과의 추정은 아닙니다)
budget = 40_000_000_000
rules = [
    {{ by = "region", max = 3 }},            # 시도마다 최대 3곳
    {{ by = "industry", max_share = 0.3 }},  # 전략산업마다 지원금의 최대 30 %
]

[scenarios."시도 상한 없음"]
rules = [{{ by = "industry", max_share = 0.3 }}]

[scenarios."연계만 (규모와 역량 무시)"]
capability = 0
exponent = 0
"""
