"""Research registers as they are published: ROR, CORDIS, projects of NTIS, patents.

Every organisation here is invented; columns and fields are those of the publishers.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from typer.testing import CliRunner

from clustermap import tables
from clustermap.checks import check_chunk
from clustermap.cli import app
from clustermap.errors import TableFault
from clustermap.pipeline import check_project
from clustermap.project import open_project
from clustermap.sources.dialects.cordis import CORDIS
from clustermap.sources.dialects.patents import PATENTS as DOCUMENTS
from clustermap.sources.dialects.projects import PROJECTS
from clustermap.sources.dialects.ror import ROR
from clustermap.sources.files import FileSource, read_chunks
from clustermap.stages.rows import note_dialect

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Record = dict[str, Any]

KOREA = frozenset({"KR"})
SOURCES = {
    "institutes": FileSource(tables.INSTITUTES, ()),
    "firms": FileSource(tables.FIRMS, ()),
    "partners": FileSource(tables.PARTNERS, ()),
    "projects": FileSource(tables.PROJECTS, (), form="projects"),
    "documents": FileSource(tables.DOCUMENTS, (), form="documents"),
}


def read(name: str, *paths: Path, **stated: Any) -> tuple[list[Record], Counter[str]]:
    """Return the rows of a table as the checks leave them, and what is told of the reading."""
    source = replace(SOURCES[name], paths=paths, **stated)
    rows: list[Record] = []
    told: Counter[str] = Counter()
    for item in read_chunks(source):
        if isinstance(item, pa.Table):
            told.update(item["reason"].to_pylist())
            continue
        checked = check_chunk(source.table, item, source.kinds)
        told.update(checked.faults["reason"].to_pylist())
        told.update(note_dialect(item))
        found = checked.rows.to_pylist()
        rows += [{n: v for n, v in row.items() if v is not None and n[0] != "#"} for row in found]
    return rows, told


def write_json(path: Path, records: object) -> Path:
    path.write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
    return path


def write_csv(path: Path, rows: Iterable[Record], delimiter: str = ",") -> Path:
    rows = list(rows)
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(stream.getvalue(), encoding="utf-8")
    return path


# ROR

ORGANISATIONS: list[Record] = [
    {"id": "01", "en": "Gaon University", "ko": "가온대학교", "types": ["education", "funder"]},
    {"id": "02", "en": "Narae Institute", "ko": "나래연구원", "types": ["facility", "nonprofit"]},
    {"id": "03", "en": "Dasom Semiconductor", "ko": "", "types": ["company"]},
    {"id": "04", "en": "Rium Hospital", "ko": "리움병원", "types": ["healthcare"]},
    {"id": "05", "en": "Closed Institute", "ko": "", "types": ["facility"], "status": "withdrawn"},
    {"id": "06", "en": "Berlin Works", "ko": "", "types": ["company"], "country": "DE"},
    {"id": "07", "en": "Mir Foundation", "ko": "미르재단", "types": ["nonprofit"]},
]


def filled(one: Record) -> Record:
    found = {"status": "active", "country": "KR", "lat": 36.3512, "lng": 127.3854, **one}
    return found | {"id": f"https://ror.org/0{found['id']}"}


def ror_two(one: Record) -> Record:
    one = filled(one)
    names = [
        {"lang": None, "types": ["acronym"], "value": "X"},
        {"lang": "en", "types": ["label", "ror_display"], "value": one["en"]},
    ]
    if one["ko"]:
        names.append({"lang": "ko", "types": ["label"], "value": one["ko"]})
    details = {"country_code": one["country"], "lat": one["lat"], "lng": one["lng"]}
    return {
        "admin": {"created": {"date": "2020-01-01", "schema_version": "1.0"}},
        "domains": [],
        "established": None,
        "external_ids": [{"all": ["grid.1"], "preferred": None, "type": "grid"}],
        "id": one["id"],
        "links": [],
        "locations": [{"geonames_details": details, "geonames_id": 1835235}],
        "names": names,
        "relationships": [],
        "status": one["status"],
        "types": one["types"],
    }


def ror_two_row(one: Record) -> Record:
    one = filled(one)
    labels = f"en: {one['en']}" + (f"; ko: {one['ko']}" if one["ko"] else "")
    return {
        "id": one["id"],
        "locations.geonames_details.country_code": one["country"],
        "locations.geonames_details.lat": one["lat"],
        "locations.geonames_details.lng": one["lng"],
        "names.types.label": labels,
        "names.types.ror_display": one["en"],
        "status": one["status"],
        "types": "; ".join(one["types"]),
    }


def ror_one(one: Record) -> Record:
    one = filled(one)
    return {
        "id": one["id"],
        "name": one["en"],
        "types": [name.capitalize() for name in one["types"]],
        "status": one["status"],
        "labels": [{"iso639": "ko", "label": one["ko"]}] if one["ko"] else [],
        "addresses": [{"lat": one["lat"], "lng": one["lng"], "city": "Daejeon"}],
        "country": {"country_code": one["country"], "country_name": "South Korea"},
    }


def ror_one_row(one: Record) -> Record:
    one = filled(one)
    return {
        "id": one["id"],
        "name": one["en"],
        "types": "; ".join(name.capitalize() for name in one["types"]),
        "status": one["status"],
        "labels": f"ko: {one['ko']}" if one["ko"] else "",
        "addresses[0].lat": one["lat"],
        "addresses[0].lng": one["lng"],
        "country.country_code": one["country"],
    }


def write_ror(folder: Path, layout: str) -> Path:
    make = {"2": (ror_two, ror_two_row), "1": (ror_one, ror_one_row)}[layout[0]]
    if layout.endswith("csv"):
        return write_csv(folder / "ror.csv", map(make[1], ORGANISATIONS))
    if layout.endswith("lines"):
        path = folder / "ror.jsonl"
        lines = [json.dumps(make[0](one), ensure_ascii=False) for one in ORGANISATIONS]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path
    return write_json(folder / "ror.json", [make[0](one) for one in ORGANISATIONS])


ROR_LAYOUTS = ("2 json", "2 lines", "2 csv", "1 json", "1 csv")


@pytest.mark.parametrize("layout", ROR_LAYOUTS)
def test_ror_gives_institutes_of_the_country(tmp_path: Path, layout: str) -> None:
    path = write_ror(tmp_path, layout)
    rows, told = read("institutes", path, countries=KOREA)
    assert [(row["institute"][-2:], row["name"], row["kind"]) for row in rows] == [
        ("01", "가온대학교", "university"),
        ("02", "나래연구원", "public_institute"),
        ("04", "리움병원", "hospital"),
        ("07", "미르재단", "other"),
    ]
    assert {(row["x"], row["y"], row["precision_m"]) for row in rows} == {
        (127.3854, 36.3512, 10_000.0)
    }
    assert told == {"dialect_ror": 4, "rows_elsewhere": 2, "rows_inactive": 1}


@pytest.mark.parametrize("layout", ROR_LAYOUTS)
def test_ror_gives_firms_and_partners(tmp_path: Path, layout: str) -> None:
    path = write_ror(tmp_path, layout)
    (firm,), told = read("firms", path, countries=KOREA)
    assert (firm["name"], firm["precision_m"]) == ("Dasom Semiconductor", 10_000.0)
    assert told["rows_elsewhere"] == 5
    (partner,), _ = read("partners", path, countries=KOREA)
    assert (partner["name"], partner["country"], partner["kind"]) == ("Berlin Works", "DE", "firm")


def test_without_a_country_all_are_at_home_and_nobody_is_abroad(tmp_path: Path) -> None:
    path = write_ror(tmp_path, "2 json")
    assert {row["name"] for row in read("firms", path)[0]} == {
        "Dasom Semiconductor",
        "Berlin Works",
    }
    with pytest.raises(TableFault) as fault:
        read("partners", path)
    assert fault.value.reason == "countries_unknown"


def test_kinds_of_the_project_win(tmp_path: Path) -> None:
    path = write_ror(tmp_path, "2 csv")
    stated = {"countries": KOREA, "kinds": {"nonprofit": "support", "facility": "firm"}}
    rows, _ = read("institutes", path, **stated)
    assert [row["kind"] for row in rows] == ["university", "hospital", "support"]
    rows, _ = read("firms", path, **stated)
    assert [row["name"] for row in rows] == ["나래연구원", "Dasom Semiconductor"]


def test_a_type_that_nobody_knows_is_no_firm_and_a_fault(tmp_path: Path) -> None:
    odd = ror_two_row(ORGANISATIONS[0]) | {"types": "guild"}
    path = write_csv(tmp_path / "ror.csv", [odd, ror_two_row(ORGANISATIONS[2])])
    rows, told = read("institutes", path)
    assert (rows, told["unknown_choice"], told["rows_elsewhere"]) == ([], 1, 1)


# CORDIS

PARTS: list[Record] = [
    # project, organisation, name, type, country, town, point
    {"projectID": "101", "organisationID": "9001", "name": "ALPHA UNI", "activityType": "HES"},
    {"projectID": "101", "organisationID": "9002", "name": "BETA GMBH", "activityType": "PRC"},
    {"projectID": "101", "organisationID": "9002", "name": "BETA GMBH", "role": "thirdParty",
     "activityType": "PRC"},
    {"projectID": "102", "organisationID": "9002", "name": "BETA AG", "activityType": "PRC"},
    {"projectID": "102", "organisationID": "9003", "name": "GAMMA LAB", "activityType": "REC",
     "geolocation": "48.2,16.4"},
    {"projectID": "103", "organisationID": "9003", "name": "GAMMA LAB", "activityType": "REC",
     "geolocation": "48.3,16.5"},
    {"projectID": "103", "organisationID": "9004", "name": "DELTA OE", "activityType": "",
     "country": "EL", "geolocation": ""},
]  # fmt: skip
HEADER = {
    "projectID": "", "projectAcronym": "X", "organisationID": "", "vatNumber": "", "name": "",
    "shortName": "", "SME": "false", "activityType": "", "street": "Way 1", "postCode": "1",
    "city": "WIEN", "country": "AT", "nutsCode": "AT130", "geolocation": "48.1,16.3",
    "organizationURL": "", "contactForm": "https://example.org", "contentUpdateDate": "2024-01-01",
    "rcn": "1", "order": "1", "role": "participant", "ecContribution": "1000.5",
    "netEcContribution": "", "totalCost": "", "endOfParticipation": "false", "active": "",
}  # fmt: skip
STARTS = [
    {"id": "101", "acronym": "A", "status": "SIGNED", "title": "T; one", "startDate": "2022-09-01",
     "endDate": "2025-08-31", "ecMaxContribution": "1", "objective": "text"},
    {"id": "102", "acronym": "B", "status": "CLOSED", "title": "T", "startDate": "",
     "endDate": "", "ecMaxContribution": "1", "objective": "text"},
    {"id": "103", "acronym": "C", "status": "SIGNED", "title": "T", "startDate": "2023-01-01",
     "endDate": "", "ecMaxContribution": "1", "objective": "text"},
]  # fmt: skip


def write_cordis(folder: Path, layout: str, parts: list[Record] = PARTS) -> tuple[Path, Path]:
    rows = [HEADER | part for part in parts]
    if layout == "json":
        return (
            write_json(folder / "organization.json", rows),
            write_json(folder / "project.json", STARTS),
        )
    return (
        write_csv(folder / "organization.csv", rows, ";"),
        write_csv(folder / "project.csv", STARTS, ";"),
    )


@pytest.mark.parametrize("layout", ["csv", "json"])
def test_cordis_gives_every_organisation_once(tmp_path: Path, layout: str) -> None:
    organisations, _ = write_cordis(tmp_path, layout)
    rows, told = read("institutes", organisations)
    assert rows == [
        {"institute": "9001", "name": "ALPHA UNI", "kind": "university", "x": 16.3, "y": 48.1,
         "region": "AT130"},
        {"institute": "9003", "name": "GAMMA LAB", "kind": "public_institute", "x": 16.4,
         "y": 48.2, "region": "AT130"},
        {"institute": "9004", "name": "DELTA OE", "kind": "other", "region": "AT130"},
    ]  # fmt: skip
    assert told == {
        "dialect_cordis": 3,
        "rows_elsewhere": 1,
        "rows_of_same_actor": 3,
        "actors_of_several_names": 1,
        "actors_of_several_points": 1,
    }
    (firm,), _ = read("firms", organisations)
    assert (firm["firm"], firm["name"]) == ("9002", "BETA GMBH")
    stated = {"countries": frozenset({"AT"})}
    (partner,), told = read("partners", organisations, **stated)
    assert (partner["country"], partner["kind"]) == ("GR", "other")
    assert told["rows_elsewhere"] == 6


def test_what_most_rows_say_does_not_depend_on_their_order(tmp_path: Path) -> None:
    (tmp_path / "turned").mkdir()
    forth, _ = write_cordis(tmp_path, "csv")
    back, _ = write_cordis(tmp_path / "turned", "csv", PARTS[::-1])
    for name in ("institutes", "firms"):
        key = name[:-1]
        found = [sorted(read(name, path)[0], key=lambda row: row[key]) for path in (forth, back)]
        assert found[0] == found[1]


def test_points_that_many_share_are_no_addresses(tmp_path: Path) -> None:
    parts = [
        {"projectID": "1", "organisationID": str(n), "name": "N", "activityType": "REC",
         "geolocation": point, "city": town}
        for n, (point, town) in enumerate(
            [("51.08,10.42", town) for town in ("HOLZHEIM", "BOBINGEN", "JENA")]
            + [("41.38,2.17", "BARCELONA")] * 3
            + [("50.0,8.0", "MAINZ")] * 2
        )
    ]  # fmt: skip
    organisations, _ = write_cordis(tmp_path, "csv", parts)
    rows, told = read("institutes", organisations)
    assert [row.get("precision_m") for row in rows] == [1e5] * 3 + [1e4] * 3 + [None] * 2
    assert told["actors_on_shared_points"] == 6


@pytest.mark.parametrize("point", ["POINT(16 48)", "48,1,16,3", "a,b"])
def test_a_point_that_is_none_is_a_fault(tmp_path: Path, point: str) -> None:
    organisations, _ = write_cordis(tmp_path, "csv", [PARTS[0] | {"geolocation": point}])
    assert read("institutes", organisations)[1]["not_a_number"] == 1


@pytest.mark.parametrize("layout", ["csv", "json"])
@pytest.mark.parametrize("turned", [False, True])
def test_cordis_gives_parts_with_years_from_the_file_beside(
    tmp_path: Path, layout: str, *, turned: bool
) -> None:
    paths = write_cordis(tmp_path, layout)
    rows, told = read("projects", *(paths[::-1] if turned else paths))
    assert [(row["project"], row["participant"], row.get("year")) for row in rows] == [
        ("101", "9001", 2022),
        ("101", "9002", 2022),
        ("102", "9002", None),
        ("102", "9003", None),
        ("103", "9003", 2023),
        ("103", "9004", 2023),
    ]
    assert told == {
        "dialect_cordis": 6,
        "rows_repeated": 1,
        "rows_beside": 3,
        "rows_without_year": 2,
    }


def test_without_the_projects_there_are_no_years(tmp_path: Path) -> None:
    organisations, projects = write_cordis(tmp_path, "csv")
    rows, told = read("projects", organisations)
    assert all("year" not in row for row in rows)
    assert told["rows_without_year"] == len(rows) == 6
    with pytest.raises(TableFault) as fault:
        read("projects", projects)
    assert fault.value.reason == "no_participants"


def test_organisations_without_an_identifier_are_quarantined_one_by_one(tmp_path: Path) -> None:
    nobody = PARTS[0] | {"organisationID": ""}
    organisations, _ = write_cordis(tmp_path, "csv", [nobody, nobody, PARTS[4]])
    rows, told = read("institutes", organisations)
    assert (len(rows), told["empty"]) == (1, 2)
    rows, told = read("projects", organisations)
    assert (len(rows), told["empty"]) == (1, 2)


# NTIS

NTIS: list[Record] = [
    {"과제고유번호": "1711000001", "기준연도": "2021", "과제명": "가", "연구책임자명": "홍길동",
     "과제수행기관명": "가온대학교", "공동연구기관": "(주)다솜;나래연구원", "참여기업": "",
     "정부연구비": "100,000", "6T분류": "IT"},
    {"과제고유번호": "1711000002", "기준연도": "2022", "과제명": "나", "연구책임자명": "김철수",
     "과제수행기관명": "(주)다솜", "공동연구기관": "가온대학교 | (주)다솜",
     "참여기업": "(주)라온\n(주)마루", "정부연구비": "", "6T분류": ""},
    {"과제고유번호": "1711000003", "기준연도": "2022", "과제명": "다", "연구책임자명": "이영희",
     "과제수행기관명": "", "공동연구기관": "", "참여기업": "", "정부연구비": "", "6T분류": "BT"},
]  # fmt: skip


@pytest.mark.parametrize("year", ["기준연도", "기준년도"])
@pytest.mark.parametrize("lead", ["과제수행기관명", "주관연구기관"])
def test_every_organisation_of_a_project_is_a_row(tmp_path: Path, year: str, lead: str) -> None:
    names = {"기준연도": year, "과제수행기관명": lead}
    rows = [{names.get(name, name): value for name, value in row.items()} for row in NTIS]
    found, told = read("projects", write_csv(tmp_path / "과제.csv", rows))
    assert [(row["project"][-1], row["participant"], row["year"]) for row in found] == [
        ("1", "가온대학교", 2021),
        ("1", "(주)다솜", 2021),
        ("1", "나래연구원", 2021),
        ("2", "(주)다솜", 2022),
        ("2", "가온대학교", 2022),
        ("2", "(주)라온", 2022),
        ("2", "(주)마루", 2022),
    ]
    assert {row.get("field") for row in found} == {"IT", None}
    assert told == {"dialect_ntis": 8, "rows_of_several": 5, "empty": 1}


def test_lines_are_those_of_the_file_and_nobody_is_named(tmp_path: Path) -> None:
    source = replace(SOURCES["projects"], paths=(write_csv(tmp_path / "n.csv", NTIS),))
    chunks = [item for item in read_chunks(source) if not isinstance(item, pa.Table)]
    assert [line for chunk in chunks for line in chunk.lines.to_pylist()] == [2] * 3 + [3] * 4 + [5]
    said = " ".join(str(chunk.rows.to_pylist()) for chunk in chunks)
    assert not any(name in said for name in ("홍길동", "김철수", "이영희"))


# Patents

PATENTS: list[Record] = [
    {"출원번호": "1020190000001", "출원일자": "2019.03.04", "발명의명칭": "반도체",
     "출원인": "(주)다솜|가온대학교 산학협력단|홍길동", "발명자": "홍길동|김철수",
     "IPC분류": "H01L 21/02|C30B 25/00"},
    {"출원번호": "1020200000002", "출원일자": "20200101", "발명의명칭": "전지",
     "출원인": "김철수", "발명자": "김철수", "IPC분류": "H01M 10/05"},
    {"출원번호": "1020200000003", "출원일자": "모름", "발명의명칭": "로봇",
     "출원인": "나래연구원", "발명자": "", "IPC분류": ""},
]  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_applicants_of_patents_without_people(tmp_path: Path, kind: str) -> None:
    if kind == "json":
        path = write_json(tmp_path / "p.json", PATENTS)
    else:
        path = write_csv(tmp_path / "p.csv", PATENTS)
    rows, told = read("documents", path)
    first = {"document": "1020190000001", "year": 2019, "field": "H01L"}
    assert rows == [
        first | {"participant": "(주)다솜"},
        first | {"participant": "가온대학교 산학협력단"},
    ]
    assert told == {
        "dialect_kipris": 3,
        "rows_of_several": 2,
        "persons_left_out": 2,
        "not_a_number": 1,
    }


def test_regpat_takes_year_and_field_from_the_table_of_classes(tmp_path: Path) -> None:
    applicants = write_csv(
        tmp_path / "reg.txt",
        [
            {"app_nbr": "EP1", "appln_id": "1", "person_id": "7", "app_name": "BETA GMBH",
             "address": "Weg 1", "reg_code": "AT130", "ctry_code": "AT", "app_share": "0.5"},
            {"app_nbr": "EP1", "appln_id": "1", "person_id": "8", "app_name": "Kim, Minsu",
             "address": "", "reg_code": "", "ctry_code": "KR", "app_share": "0.5"},
        ],
        "|",
    )  # fmt: skip
    classes = write_csv(
        tmp_path / "ipc.txt",
        [{"appln_id": "1", "prio_year": "2014", "app_year": "2015", "IPC": code}
         for code in ("H01L21/02", "C30B25/00")],
        "|",
    )  # fmt: skip
    rows, told = read("documents", applicants, classes)
    assert rows == [{"document": "1", "participant": "BETA GMBH", "year": 2015, "field": "H01L"}]
    assert (told["persons_left_out"], told["rows_beside"]) == (1, 2)


def test_inventors_of_patstat_are_not_read(tmp_path: Path) -> None:
    people = [
        # name, sector, sequence as applicant and as inventor
        ("BETA GMBH", "COMPANY", "1", "0"),
        ("OLDEST OF ALL", "COMPANY", "2", "0"),
        ("MINSU KIM", "INDIVIDUAL", "3", "1"),
        ("KIM ACADEMY", "UNKNOWN", "4", "0"),
        ("CHULSU PARK", "", "0", "2"),
    ]
    rows = [
        {"appln_id": "5", "appln_filing_year": "2018", "person_id": str(n), "person_name": name,
         "psn_sector": sector, "applt_seq_nr": one, "invt_seq_nr": two}
        for n, (name, sector, one, two) in enumerate(people)
    ]  # fmt: skip
    path = write_csv(tmp_path / "p.csv", rows)
    found, told = read("documents", path)
    assert [row["participant"] for row in found] == ["BETA GMBH", "OLDEST OF ALL", "KIM ACADEMY"]
    assert (told["persons_left_out"], told["inventors_left_out"]) == (1, 1)
    found, _ = read("documents", path, columns={"participant": "person_id"})
    assert [row["participant"] for row in found] == ["0", "1", "3"]
    with pytest.raises(TableFault) as fault:
        read("documents", write_csv(tmp_path / "inv.txt", [{"appln_id": "1", "inv_name": "A B"}]))
    assert fault.value.reason == "missing_column"


# The page of docs


def test_the_page_names_every_column(root: Path) -> None:
    page = (root / "docs" / "sources" / "registers.md").read_text(encoding="utf-8")
    for dialect in (*ROR, *CORDIS, *PROJECTS, *DOCUMENTS):
        named = {*dialect.columns.values(), *dialect.also, *dialect.columns}
        assert {name for name in named if f"`{name}`" not in page} == set(), dialect.name
        assert f"`{dialect.name}`" in page or f'"{dialect.name}"' in page


def test_the_project_of_the_page_is_one(root: Path, tmp_path: Path) -> None:
    page = (root / "docs" / "sources" / "registers.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    file = write_world(tmp_path)
    file.write_text(example, encoding="utf-8")
    found = check_project(open_project(file)).summary["tables"]
    assert (found["institutes"]["kept"], found["firms"]["kept"]) == (40, 19)


@pytest.mark.parametrize(
    ("name", "form", "found"),
    [
        ("role", "projects", [("101", "9002")]),
        (
            "6T분류",
            "projects",
            [("1711000001", n) for n in ("가온대학교", "(주)다솜", "나래연구원")],
        ),
        (
            "IPC분류",
            "documents",
            [("1020190000001", n) for n in ("(주)다솜", "가온대학교 산학협력단")],
        ),
    ],
)
def test_the_rows_of_the_page_are_read(
    root: Path, tmp_path: Path, name: str, form: str, found: list[tuple[str, str]]
) -> None:
    page = (root / "docs" / "sources" / "registers.md").read_text(encoding="utf-8")
    examples = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    (example,) = [text for text in examples if text.splitlines()[0].endswith(name)]
    path = tmp_path / "example.csv"
    path.write_text(example, encoding="utf-8")
    rows, _ = read(form, path)
    assert [(row[form[:-1]], row["participant"]) for row in rows] == found


# Whole projects

WORLD = """
schema = 1
[project]
name = "등록부"
language = "en"
countries = ["KR"]
[layers.clusters]
path = "clusters.geojson"
[layers.institutes]
path = ["ror.json", "organization.csv"]
[layers.firms]
path = ["ror.json", "organization.csv"]
[layers.partners]
path = "organization.csv"
[[linkages]]
path = ["organization.csv", "project.csv"]
form = "projects"
since = 2020
[quality]
max_refused = 0.2
[score]
draws = 20
"""


def write_world(folder: Path) -> Path:
    """Write four squares around Daejeon, with organisations of both registers in them."""
    squares = [shapely.box(127 + 0.2 * n, 36.3, 127.15 + 0.2 * n, 36.4) for n in range(4)]
    clusters = gpd.GeoDataFrame(
        {"cluster": list("abcd"), "name": list("abcd")}, geometry=squares, crs="EPSG:4326"
    )
    (folder / "clusters.geojson").write_text(clusters.to_json(drop_id=True), encoding="utf-8")
    write_ror(folder, "2 json")
    parts = []
    for number in range(60):
        kind = ("PRC", "HES", "REC")[number % 3]
        lon = 127.02 + 0.2 * (number % 4) + number / 1000
        one = {"organisationID": str(9000 + number), "name": f"ORG {number}", "activityType": kind}
        one |= {"country": "KR" if number % 10 else "UK", "geolocation": f"36.35,{lon:.4f}"}
        parts += [one | {"projectID": str(101 + (number * k) % 3)} for k in (1, 2)]
    write_cordis(folder, "csv", parts)
    file = folder / "project.toml"
    file.write_text(WORLD, encoding="utf-8")
    return file


def test_a_project_reads_registers_as_they_are(tmp_path: Path) -> None:
    file = write_world(tmp_path)
    run = check_project(open_project(file))
    found = run.summary["tables"]
    assert {name: found[name]["kept"] for name in ("institutes", "firms", "partners")} == {
        "institutes": 4 + 36,
        "firms": 1 + 18,
        "partners": 6,
    }
    institutes = found["institutes"]
    assert (institutes["dialect_ror"], institutes["dialect_cordis"]) == (4, 36)
    assert (institutes["assigned_inside"], institutes["assigned_grid"]) == (36, 4)
    links = found["linkages_1"]
    assert links["read"] == links["kept"] + links["quarantined"] + links["left_out"]
    assert (links["projects"], links["quarantined"], links["rows_beside"]) == (3, 0, 3)


@pytest.mark.parametrize("verb", ["check", "score"])
def test_the_command_line_tells_how_registers_were_read(tmp_path: Path, verb: str) -> None:
    file = write_world(tmp_path)
    done = CliRunner().invoke(app, [verb, str(file)])
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    for words in (
        "institutes: read as ROR (Research Organization Registry) (4 rows)",
        "institutes: read as CORDIS (research projects of the European Union) (36 rows)",
        "linkages_1: year or field come from 3 rows of the file beside.",
        "institutes: 1 organisations are no longer active and were not read.",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("ror.json", b'[{"id": "1",', "broken_json"),
        ("ror.json", b"", "empty_layer"),
        ("ror.json", b"[[1], 2]", "missing_column"),
        ("ror.json", b"\xff\xfe\x00[", "unreadable_file"),
        ("organization.csv", b"projectID;name\n1;a\n", "missing_column"),
        ("organization.csv", b"PK\x03\x04", "missing_column"),
        ("project.csv", b"id;acronym\n1;A\n", "missing_column"),
    ],
)
def test_a_broken_register_is_one_line(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    file = write_world(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TableFault) as fault:
        check_project(open_project(file))
    assert (fault.value.reason, name in str(fault.value)) == (reason, True)
    done = CliRunner().invoke(app, ["check", str(file)])
    assert (done.exit_code, "Traceback" in done.output) == (1, False)


@pytest.mark.parametrize(
    ("stated", "words"),
    [('countries = ["Korea"]', "KR"), ("countries = 5", "countries"), ('countries = [""]', "KR")],
)
def test_a_country_is_two_letters(tmp_path: Path, stated: str, words: str) -> None:
    file = write_world(tmp_path)
    file.write_text(WORLD.replace('countries = ["KR"]', stated), encoding="utf-8")
    with pytest.raises(TableFault) as fault:
        open_project(file)
    assert words in str(fault.value)


def test_the_real_case_comes_out_of_the_file_as_published(tmp_path: Path, cases: Path) -> None:
    """Set up the file of organisations again from the case, and read it by its dialect."""
    folder = cases / "eu_semiconductors"
    names = ("firms", "institutes", "other_orgs")
    actors = pd.concat([pd.read_csv(folder / f"{name}.csv", dtype=str) for name in names])
    parts = pd.read_csv(folder / "participations.csv", dtype=str)
    codes = {
        "firm": "PRC",
        "university": "HES",
        "institute": "REC",
        "public_body": "PUB",
        "other": "OTH",
    }
    actors["activityType"] = actors["kind"].map(codes)
    actors["geolocation"] = actors["lat"] + "," + actors["lon"]
    published = parts.merge(actors, left_on="participant", right_on="organisationID")
    published = published.rename(columns={"project": "projectID"}).assign(role="participant")
    wanted = ["projectID", "organisationID", "name", "activityType", "city", "country"]
    path = tmp_path / "organization.csv"
    published[[*wanted, "geolocation", "role"]].to_csv(path, sep=";", index=False)
    firms, told = read("firms", path)
    rows, _ = read("projects", path)
    institutes, _ = read("institutes", path)
    assert (len(firms), len(institutes)) == (457, 301)
    assert told["actors_on_shared_points"] == 42
    assert Counter(row["kind"] for row in institutes) == {
        "university": 172,
        "public_institute": 100,
        "other": 29,
    }
    assert len(rows) == len(parts) == 1068
