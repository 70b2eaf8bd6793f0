"""Korean public files: each layout, in its own encoding, becomes firms or clusters of ours.

All firms and complexes are invented; only the layouts are those of the publishers.
"""

from __future__ import annotations

import csv
import io
import json
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pyarrow as pa
import pytest
import shapely
from typer.testing import CliRunner

from clustermap import tables
from clustermap.checks import Chunk, check_chunk
from clustermap.cli import app
from clustermap.project import open_project
from clustermap.sources.dialects import DIALECTS
from clustermap.sources.files import FileSource, read_chunks
from clustermap.stages.rows import file_source
from tests.certain import certain
from tests.small_world import PROJECT, SOUTH, WEST, build_small_world
from tests.sources.workbooks import write_workbook

if TYPE_CHECKING:
    from pathlib import Path

    from clustermap.tables import Table
    from tests.conftest import Require


@pytest.fixture(autouse=True)
def _excel(require: Require) -> None:
    for name in ("python_calamine", "lxml"):
        present = find_spec(name) is not None
        require("excel", present, 'pip install "clustermap[excel]"')


def names(*parts: str) -> list[str]:
    return " ".join(parts).split()


FULL = names(
    "시도명 시군구명 관리기관 회사명 공장구분 단지명 설립구분 입주형태 보유구분 최초승인일",
    "최초등록일 등록구분 등록일 전화번호 남자종업원 여자종업원 외국인남자종업원 외국인여자종업원",
    "종업원합계 생산품 원자재 공장규모 용도지역 지목 용지면적 제조시설면적 부대시설면적 건축면적",
    "지식산업센터명 대표업종 업종명 업종코드 차수 법인주소 필지수 공장주소 공장주소_지번",
    "공장관리번호",
)
LICENCES = names(
    "번호 개방서비스명 개방서비스아이디 개방자치단체코드 관리번호 인허가일자 영업상태구분코드",
    "영업상태명 상세영업상태명 폐업일자 소재지전화 소재지전체주소 도로명전체주소 사업장명",
    "업태구분명 좌표정보(x) 좌표정보(y)",
)
SHOPS = names(
    "상가업소번호 상호명 지점명 표준산업분류코드 표준산업분류명 시도코드 시도명 시군구코드",
    "시군구명 지번주소 도로명주소 경도 위도",
)
SHORT = names(
    "순번 단지명 회사명 대표자명 공장대표주소_도로명 공장대표주소_지번 대표업종번호 업종명",
    "전화번호 생산품",
)
LISTED = names("회사명 시장구분 종목코드 업종 주요제품 상장일 결산월 대표자명 홈페이지 지역")
FACTORY = {
    "시도명": "경상남도",
    "시군구명": "창원시 성산구",
    "회사명": "(주)가상정밀",
    "공장구분": "계획입지",
    "단지명": "가상국가산업단지",
    "설립구분": "일반",
    "전화번호": "000-0000-0000",
    "남자종업원": "30",
    "여자종업원": "12",
    "종업원합계": "43",
    "생산품": "협동로봇, 감속기",
    "대표업종": "29280",
    "업종명": "산업용 로봇 제조업 외 1 종",
    "업종코드": "29280, 29142",
    "차수": "9",
    "공장주소": "경상남도 창원시 성산구 가상로 1",
    "공장주소_지번": "경상남도 창원시 성산구 가상동 1-1",
    "공장관리번호": "4812720190000000001",
}


def write(
    path: Path,
    columns: list[str],
    rows: list[dict[str, str]],
    encoding: str = "cp949",
    end: str = "\n",
) -> Path:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="", lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(stream.getvalue().encode(encoding))
    return path


def read(
    path: Path, table: Table = tables.FIRMS, **stated: Any
) -> tuple[list[dict[str, Any]], Chunk]:
    """Return checked rows, and the first chunk for what it tells."""
    items = read_chunks(FileSource(table, (path,), **stated))
    chunks = [item for item in items if isinstance(item, Chunk) and item.lines]
    checked = [check_chunk(table, chunk) for chunk in chunks]
    assert sum(part.faults.num_rows for part in checked) == 0
    rows = pa.concat_tables(part.rows for part in checked)
    ours = [column.name for column in table.columns if column.name in rows.column_names]
    return rows.select(ours).to_pylist(), chunks[0]


def test_the_full_list_of_factories(tmp_path: Path) -> None:
    apart = FACTORY | {
        "공장관리번호": "0812720190000000002",
        "공장구분": "개별입지",
        "단지명": "",
        "종업원합계": "",
        "대표업종": "",
        "공장주소": "",
    }
    for encoding in ("cp949", "utf-8-sig", "utf-8"):
        path = write(tmp_path / "f.csv", FULL, [FACTORY, apart], encoding)
        (one, other), chunk = read(path)
        assert chunk.dialect == "factoryon"
        assert one == {
            "firm": "4812720190000000001",
            "name": "(주)가상정밀",
            "industry": "29280",
            "revision": "9",
            "employees": 43,
            "site": None,
            "complex": "가상국가산업단지",
            "region": "경상남도",
            "district": "창원시 성산구",
            "address": "경상남도 창원시 성산구 가상로 1",
            "products": "협동로봇, 감속기",
        }
        # 30 men and 12 women; the first of all codes; in no complex; the other address.
        assert (other["firm"], other["employees"]) == ("0812720190000000002", 42)
        assert (other["industry"], other["complex"]) == ("29280", "개별입지")
        assert other["address"] == "경상남도 창원시 성산구 가상동 1-1"


def test_what_a_factory_states_instead_of_a_code_is_kept(tmp_path: Path) -> None:
    bare = FACTORY | {"대표업종": "ZZZ", "업종코드": ""}
    (row,), _ = read(write(tmp_path / "f.csv", FULL, [bare], "utf-8"))
    assert row["industry"] == "ZZZ"


def test_phone_numbers_and_names_of_persons_are_never_read() -> None:
    read_ = {name for d in DIALECTS for name in (*d.columns.values(), *d.also, *d.signature)}
    for word in ("전화", "대표자", "연락처", "성명", "홈페이지", "팩스"):
        assert not [name for name in read_ if word in name]


def test_short_lists_get_identifiers_of_their_content(tmp_path: Path) -> None:
    row = {
        "순번": "1",
        "회사명": "가상정밀",
        "대표자명": "홍길동",
        "공장대표주소_도로명": "가상로 1",
        "대표업종번호": "25924",
        "업종명": "절삭가공 및 유사처리업",
        "생산품": "축",
    }
    rows = [row, row | {"순번": "2", "생산품": "기어"}]
    first, chunk = read(write(tmp_path / "a.csv", SHORT, rows))
    assert chunk.dialect == "factoryon_short"
    assert chunk.told == {"ids_made": 2}
    assert [r["industry"] for r in first] == ["25924"] * 2
    assert "홍길동" not in str(first)
    # The same firm has the same identifier in next year's file, whatever its number there.
    turned = [{**row, "순번": "7"} for row in reversed(rows)]
    second, _ = read(write(tmp_path / "b.csv", SHORT, turned, "utf-8"))
    assert [r["firm"] for r in second] == [r["firm"] for r in reversed(first)]
    assert len({r["firm"] for r in first}) == 2
    assert first[0]["firm"] == "factory-" + MADE


MADE = "00870954703701433572"


def test_the_national_list_of_factories(tmp_path: Path) -> None:
    rows = [
        {
            "순번": "1",
            "회사명": "가상정밀",
            "단지명": "가상단지",
            "생산품": "축",
            "공장주소": "가상로 1",
        },
        {"순번": "2", "회사명": "가상전자", "단지명": "", "생산품": "", "공장주소": "가상로 2"},
    ]
    found, chunk = read(write(tmp_path / "f.csv", list(rows[0]), rows, end="\r"))
    assert chunk.dialect == "factories_national"
    assert [row["complex"] for row in found] == ["가상단지", None]
    assert [row["address"] for row in found] == ["가상로 1", "가상로 2"]
    assert chunk.lines.to_pylist() == [2, 3]


def test_titles_above_the_header_of_a_text_file(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", FULL, [FACTORY])
    path.write_bytes(
        "공장등록현황\r\n\r\n기준일: 2024-12-31,,\r\n".encode("cp949") + path.read_bytes()
    )
    (row,), chunk = read(path)
    assert (row["firm"], chunk.lines.to_pylist()) == ("4812720190000000001", [5])


def test_factories_in_a_workbook(tmp_path: Path) -> None:
    cells = [[FACTORY.get(name, "") for name in FULL]]
    path = write_workbook(tmp_path / "f.xlsx", {"공장": [["공장등록현황"], FULL, *cells]})
    (row,), chunk = read(path)
    assert (row["firm"], chunk.dialect) == ("4812720190000000001", "factoryon")


def licence(number: str, state: str, **more: str) -> dict[str, str]:
    return {
        "개방서비스아이디": "07_24_04_P",
        "개방자치단체코드": "3000000",
        "관리번호": number,
        "사업장명": f"가상{number}",
        "영업상태명": state,
        "소재지전체주소": "서울특별시 종로구 가상동 1",
        "좌표정보(x)": "198000.5",
        "좌표정보(y)": "451000.25",
        **more,
    }


def test_licences_of_today(tmp_path: Path) -> None:
    rows = [
        licence("2001-1", "영업/정상"),
        licence("2001-2", "폐업"),
        licence("2001-3", "휴업", **{"좌표정보(x)": "", "좌표정보(y)": ""}),
        licence("2001-4", "취소/말소/만료/정지/중지"),
        licence("2001-5", "", 영업상태구분코드="03"),
        licence("2001-6", "", 영업상태구분코드="01"),
    ]
    path = write(tmp_path / "f.csv", LICENCES, rows)
    found, chunk = read(path)
    assert [row["firm"] for row in found] == [
        f"07_24_04_P-3000000-2001-{number}" for number in (1, 3, 6)
    ]
    assert (chunk.dialect, chunk.crs, chunk.told) == ("licences", "EPSG:5174", {"rows_closed": 3})
    assert chunk.lines.to_pylist() == [2, 4, 7]
    assert (found[0]["x"], found[1]["x"]) == (198000.5, None)
    upper = [name.replace("(x)", "(X)").replace("(y)", "(Y)") for name in LICENCES]
    rows = [{n.replace("(x)", "(X)").replace("(y)", "(Y)"): v for n, v in r.items()} for r in rows]
    assert read(write(tmp_path / "g.csv", upper, rows))[0] == found


def test_shops(tmp_path: Path) -> None:
    row = {
        "상가업소번호": "MA0101202210A0000001",
        "상호명": "가상커피",
        "표준산업분류코드": "I56221",
        "시도명": "서울특별시",
        "시군구명": "종로구",
        "지번주소": "서울특별시 종로구 가상동 1",
        "경도": "126.98",
        "위도": "37.57",
    }
    (found,), chunk = read(write(tmp_path / "f.csv", SHOPS, [row], "utf-8"))
    assert (chunk.dialect, chunk.crs) == ("shops", "EPSG:4326")
    assert found["industry"] == "56221"
    assert (found["x"], found["y"], found["district"]) == (126.98, 37.57, "종로구")


def test_listed_companies(tmp_path: Path) -> None:
    lines = [
        LISTED,
        [
            "가상전자",
            "코스닥",
            "0130H0",
            "반도체 제조업",
            "메모리",
            "2024-01-01",
            "12월",
            "홍길동",
            "",
            "경기도",
        ],
        [
            "가상화학",
            "유가증권",
            "005930",
            "기초 화학물질 제조업",
            "수지",
            "",
            "",
            "성춘향",
            "",
            "울산광역시",
        ],
    ]
    cells = "".join(f"<tr>{''.join(f'<td>{text}</td>' for text in line)}</tr>" for line in lines)
    page = f'<html><meta charset="EUC-KR"><table border="1">{cells}</table></html>'
    path = tmp_path / "상장법인목록.xls"
    path.write_bytes(page.encode("euc-kr"))
    found, chunk = read(path)
    assert chunk.dialect == "listed"
    assert found == [
        {
            "firm": "0130H0",
            "name": "가상전자",
            "site": "본사",
            "region": "경기도",
            "products": "메모리",
        },
        {
            "firm": "005930",
            "name": "가상화학",
            "site": "본사",
            "region": "울산광역시",
            "products": "수지",
        },
    ]
    # A spreadsheet that took the codes for numbers lost their zeros: they are put back.
    rows = [LISTED, [*lines[2][:2], 5930.0, *lines[2][3:]]]
    path = write_workbook(tmp_path / "f.xlsx", {"목록": rows})
    assert read(path)[0][0]["firm"] == "005930"


def test_boundaries_of_complexes(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {
            "DAN_ID": ["248010"],
            "DAN_NAME": ["가상국가산업단지"],
            "SIGUNGU_CD": ["48120"],
            "SIGUNGU_NM": ["창원시"],
            "TYPE": ["1"],
        },
        geometry=[shapely.box(WEST, SOUTH, WEST + 1000, SOUTH + 1000)],
        crs="EPSG:5179",
    )
    path = tmp_path / "DAM_DAN.shp"
    frame.to_file(path, encoding="cp949")
    (found,), chunk = read(path, tables.CLUSTERS)
    assert chunk.dialect == "complex_boundaries"
    assert shapely.from_wkb(found.pop("geometry")).area == 1e6
    assert found == {
        "cluster": "248010",
        "name": "가상국가산업단지",
        "kind": "1",
        "district": "창원시",
    }


COMPLEX = {
    "단지명": "가상일반산업단지",
    "시도": "경상남도",
    "시군구": "창원시",
    "유형": "일반",
    "지정면적": "1,500",
    "입주업체": "100",
    "고용": "2,000",
    "주요업종": "기계",
}


@pytest.mark.parametrize(
    ("column", "value", "area_km2", "told"),
    [
        ("지정면적", "1,500", 1.5, {"areas_in_1000_m2": 1}),
        ("지정면적", "1,500,000", 1.5, {"areas_in_m2": 1}),
        ("지정면적(천㎡)", "30000", 30, {}),
        ("지정면적(㎡)", "15000", 0.015, {}),
        ("지정면적(㎢)", "1.5", 1.5, {}),
    ],
)
def test_lists_of_complexes(
    tmp_path: Path, column: str, value: str, area_km2: float, told: dict[str, int]
) -> None:
    row = {name: text for name, text in COMPLEX.items() if name != "지정면적"} | {column: value}
    row |= {"경도": "128.7", "위도": "35.2"}
    path = write(tmp_path / "c.csv", list(row), [row])
    (found,), chunk = read(path, tables.CLUSTERS)
    assert (chunk.dialect, chunk.crs) == ("complexes", "EPSG:4326")
    assert chunk.told == {"ids_made": 1, "drawn_as_circles": 1, **told}
    assert found["area_km2"] == pytest.approx(area_km2, rel=1e-12)
    assert found["cluster"].startswith("complex-")
    assert shapely.from_wkb(found["geometry"]) == shapely.Point(128.7, 35.2)
    assert (found["kind"], found["region"], found["district"]) == ("일반", "경상남도", "창원시")


# End to end.


def check(file: Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["check", str(file), "--language", "ko"])
    return done.exit_code, done.stdout + done.stderr


def test_a_project_of_public_files(tmp_path: Path) -> None:
    """Factories of mixed revisions in listed complexes, one page of listed companies beside."""
    world = build_small_world()
    zones = [row["name"] for row in world.clusters]
    factories = [
        FACTORY
        | {
            "공장관리번호": row["firm"],
            "회사명": row["name"],
            "단지명": zones[position // 10],
            "차수": ("9", "10", "11")[position % 3],
            "대표업종": ("26110", "21210", "28202")[position % 3],
            "생산품": "수소 충전소 부품" if position % 10 == 0 else "",
        }
        for position, row in enumerate(world.firms)
    ]
    places = gpd.GeoSeries([row["geometry"].centroid for row in world.clusters], crs=5179)
    complexes = [
        COMPLEX | {"단지명": name, "지정면적": "4000", "경도": f"{point.x}", "위도": f"{point.y}"}
        for name, point in zip(zones, places.to_crs(4326), strict=True)
    ]
    world.project = PROJECT.replace(
        'path = "clusters.geojson"\ncrs = "EPSG:5179"', 'path = "산업단지.csv"'
    ).replace('path = "firms.csv"\ncrs = "EPSG:5179"', 'path = "공장.xlsx"')
    file = world.write(tmp_path)
    write(tmp_path / "산업단지.csv", list(complexes[0]), complexes)
    cells = [[row.get(name, "") for name in FULL] for row in factories]
    write_workbook(tmp_path / "공장.xlsx", {"공장": [["공장등록현황"], FULL, *cells]})
    status, said = check(file)
    assert status == 0, said
    for told in (
        "산업단지 현황표로 알아보고 읽었습니다(6행)",
        "팩토리온 공장등록현황(전체 항목)으로 알아보고 읽었습니다(60행)",
        "6곳은 좌표를 중심으로 지정면적만 한 원으로 그렸습니다",
        "식별자가 없어 내용으로 식별자를 만든 행이 6행",
        "지정면적 6건을 값의 크기로 보아 천㎡로",
        "업종코드 20건은 10차에서 나뉘었거나",
        "전략산업에 넣은 곳이 6곳",
    ):
        assert told in said, said
    done = CliRunner().invoke(app, ["run", str(file), "--language", "en"])
    assert done.exit_code == 0, done.stderr
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    firms = record["tables"]["firms"]
    assert (firms["read"], firms["kept"], firms["assigned_complex"]) == (60, 60, 60)
    assert (firms["codes_unchanged"], firms["codes_shortened"]) == (20, 20)


def test_a_list_without_points_tells_what_is_needed(tmp_path: Path) -> None:
    world = build_small_world()
    world.project = PROJECT.replace(
        'path = "clusters.geojson"\ncrs = "EPSG:5179"', 'path = "산업단지.csv"'
    )
    file = world.write(tmp_path)
    write(tmp_path / "산업단지.csv", list(COMPLEX), [COMPLEX])
    status, said = check(file)
    assert status == 1
    (line,) = [line for line in said.splitlines() if line]
    assert "경도, 위도, 지정면적" in line


def test_a_stated_dialect_wins_over_what_is_recognised(tmp_path: Path) -> None:
    world = build_small_world()
    world.project = PROJECT.replace(
        'path = "firms.csv"\n', 'path = "firms.csv"\ndialect = "factoryon"\n'
    )
    status, said = check(world.write(tmp_path))
    assert status == 1
    assert "'factoryon' 형식이 아닙니다" in said


def test_files_of_several_publishers_in_one_layer(tmp_path: Path) -> None:
    """Factories have no points and say nothing of a coordinate system; licences have one."""
    world = build_small_world()
    world.pairs = [{"source": "I1", "target": "I2", "kind": "support", "weight": "1", "year": 2020}]
    world.project = PROJECT.replace(
        'path = "firms.csv"\ncrs = "EPSG:5179"',
        'path = ["공장.csv", "인허가.csv"]\nunits = { sales = "1e6 KRW" }',
    )
    file = world.write(tmp_path)
    write(tmp_path / "공장.csv", FULL, [FACTORY | {"단지명": "단지 1"}])
    licences = [licence("1", "영업/정상"), licence("2", "폐업")]
    write(tmp_path / "인허가.csv", LICENCES, licences)
    status, said = check(file)
    assert status == 0, said
    assert "firms: 팩토리온 공장등록현황(전체 항목)으로 알아보고 읽었습니다(1행)" in said
    assert "firms: 지방행정 인허가 자료(LOCALDATA)로 알아보고 읽었습니다(1행)" in said
    assert "firms: 폐업·취소된 1곳은" in said
    layer = certain(open_project(file).layers.firms)
    assert file_source(tables.FIRMS, layer).units == {"sales"}


def test_the_example_of_the_page_runs(tmp_path: Path, root: Path) -> None:
    page = (root / "docs" / "sources" / "korea.md").read_text(encoding="utf-8")
    (project,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    file = tmp_path / "project.toml"
    file.write_text(project, encoding="utf-8")
    complex_ = {name: text for name, text in COMPLEX.items() if name != "지정면적"}
    complex_ |= {"지정면적(천㎡)": "4000", "경도": "128.7", "위도": "35.2"}
    write(tmp_path / "산업단지.csv", list(complex_), [complex_])
    cells = [FACTORY.get(name, "") for name in FULL]
    write_workbook(tmp_path / "공장등록현황.xlsx", {"공장": [["공장등록현황"], FULL, cells]})
    status, said = check(file)
    assert status == 0, said
    assert "firms: 팩토리온 공장등록현황(전체 항목)" in said
