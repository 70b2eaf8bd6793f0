"""Files of users: every encoding, line end and format, the same rows whatever the chunks."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clustermap import tables
from clustermap.errors import TableFault
from clustermap.sources.files import (
    FileSource,
    find_encoding,
    geometries,
    parquet,
    read_chunks,
)
from clustermap.sources.files import (
    text as text_files,
)
from tests.sources.packages import add_view

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clustermap.tables import Table

NO_ROWS = {"wrong_number_of_fields", "quote_over_lines", "quote_over_rows"}
FIRMS, CLUSTERS, INSTITUTES = tables.FIRMS, tables.CLUSTERS, tables.INSTITUTES


def read(
    *paths: Path, table: Table = FIRMS, **stated: Any
) -> tuple[dict[int, dict[str, Any]], list[tuple[int, str]]]:
    """Return rows by line, and lines that are no rows."""
    rows: dict[int, dict[str, Any]] = {}
    faults = []
    for item in read_chunks(FileSource(table, paths, **stated)):
        if isinstance(item, pa.Table):
            assert set(item["reason"].to_pylist()) <= NO_ROWS
            faults += list(zip(item["line"].to_pylist(), item["value"].to_pylist(), strict=True))
        else:
            lines = item.lines.to_pylist()
            rows |= dict(zip(lines, item.rows.to_pylist(), strict=True))
    return rows, faults


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def refuse(path: Path, reason: str, table: Table = FIRMS, **stated: Any) -> TableFault:
    with pytest.raises(TableFault) as caught:
        read(path, table=table, **stated)
    assert caught.value.reason == reason
    assert path.stem in str(caught.value)
    return caught.value


# Text files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_korean_text_in_every_dress(
    tmp_path: Path, encoding: str, ending: str, delimiter: str
) -> None:
    lines = [["firm", "회사명"], ["007", "㈜가나다"], ["3120010000000000001", "뷁 공업"]]
    text = "".join(delimiter.join(line) + ending for line in lines)
    path = write(tmp_path / "공장.csv", text, encoding)
    rows, faults = read(path, columns={"name": "회사명"})
    assert rows == {
        2: {"firm": "007", "name": "㈜가나다"},
        3: {"firm": "3120010000000000001", "name": "뷁 공업"},
    }
    assert faults == []


def test_tab_files_by_any_name(tmp_path: Path) -> None:
    for name in ("a.tsv", "a.tab", "a.txt", "A.CSV"):
        rows, _ = read(write(tmp_path / name, "firm\tname\n1\ta,b\n"))
        assert rows == {2: {"firm": "1", "name": "a,b"}}


def test_lines_are_exact_past_breaks_blanks_and_broken_rows(tmp_path: Path) -> None:
    text = 'firm,name\n1,a\n\n2,"b\nc"\n3\n4,d\n5,e,f\n"6\n6"\n7,"x ""y"""\n\n\n'
    #       1         2    3 4  5    6  7    8      9 10   11
    rows, faults = read(write(tmp_path / "f.csv", text))
    assert {line: row["name"] for line, row in rows.items()} == {
        2: "a",
        4: "b\nc",
        7: "d",
        11: 'x "y"',
    }
    assert faults == [(6, "3"), (8, "5,e,f"), (9, '"6\n6"')]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_quote_that_swallows_lines_is_told_where_it_opens(tmp_path: Path, ending: str) -> None:
    text = ending.join(["firm,name", "1,a", '"2,b', "3,c", '4,"d"', "5", "6,f", ""])
    path = write(tmp_path / "f.csv", text)
    items = list(read_chunks(FileSource(FIRMS, (path,))))
    faults = pa.concat_tables(item for item in items if isinstance(item, pa.Table))
    assert faults.select(["line", "value", "reason"]).to_pylist() == [
        {
            "line": 3,
            "value": ending.join(['"2,b', "3,c", '4,"d"']),
            "reason": "quote_over_lines",
        },
        {"line": 6, "value": "5", "reason": "wrong_number_of_fields"},
    ]
    assert list(read(path)[0]) == [2, 7]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_quote_that_swallows_whole_rows_is_told_though_the_fields_are_as_many(
    tmp_path: Path, ending: str
) -> None:
    header = "firm,name,industry,x,y"
    whole = [f"{n},판교{n},C26,127.{n},37.4" for n in range(1, 8)]
    swallowing = ['2,"판교2,C26,127.2,37.4', "3,판교3,C26,127.3,37.4", '4,판교4",C26,127.4,37.4']
    address = '6,"판교, 6층, 앞' + ending + '뒤, 7, 8",C26,127.6,37.4'  # four commas, as a row has
    lines = [header, whole[0], *swallowing, whole[4], address, whole[6], ""]
    path = write(tmp_path / "f.csv", ending.join(lines))
    items = list(read_chunks(FileSource(FIRMS, (path,))))
    faults = pa.concat_tables(item for item in items if isinstance(item, pa.Table))
    assert faults.select(["line", "column", "value", "reason"]).to_pylist() == [
        {
            "line": 3,
            "column": "name",
            "value": ending.join(["판교2,C26,127.2,37.4", whole[2], "4,판교4"]),
            "reason": "quote_over_rows",
        }
    ]
    assert {line: row["name"] for line, row in read(path)[0].items()} == {
        2: "판교1",
        6: "판교5",
        7: f"판교, 6층, 앞{ending}뒤, 7, 8",
        9: "판교7",
    }


def test_a_parquet_page_that_is_not_what_its_checksum_says_is_refused(tmp_path: Path) -> None:
    names = [f"{n:08}" for n in range(5_000)]
    path = tmp_path / "firms.parquet"
    pq.write_table(pa.table({"firm": names}), path, compression="none", write_page_checksum=True)
    assert sum(item.rows.num_rows for item in read_chunks(FileSource(FIRMS, (path,)))) == 5_000
    content = path.read_bytes()
    path.write_bytes(content.replace(b"00004321", b"00004322", 1))
    with pytest.raises(TableFault) as caught:
        list(read_chunks(FileSource(FIRMS, (path,))))
    assert caught.value.reason == "unreadable_file"
    assert "could not verify page integrity" in str(caught.value.values["why"])


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_quoted_breaks_count_as_the_file_writes_them(tmp_path: Path, ending: str) -> None:
    text = ending.join(["firm,name", '1,"a', 'b"', "2", "3,c", ""])
    rows, faults = read(write(tmp_path / "f.csv", text))
    assert rows == {2: {"firm": "1", "name": f"a{ending}b"}, 5: {"firm": "3", "name": "c"}}
    assert faults == [(4, "2")]


@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "utf-16"])
@pytest.mark.parametrize("swallowing", ['2,"나', '"2,나', '2,x,"나'])
def test_a_quote_that_never_closes_is_told(tmp_path: Path, encoding: str, swallowing: str) -> None:
    text = f"firm,name\n1,가\n{swallowing}\n3,다\n4,라\n"
    stated = {"encoding": encoding} if encoding == "utf-16" else {}
    fault = refuse(write(tmp_path / "f.csv", text, encoding), "open_quote", **stated)
    assert fault.row == 3
    closed = f'{text[:-1]}"\n'
    read(write(tmp_path / "g.csv", closed, encoding), **stated)


def test_a_header_may_be_quoted_broken_and_below_blank_lines(tmp_path: Path) -> None:
    text = '\n\n"firm","회사\n이름", employees \n1,a,5\n2,b\n'
    rows, faults = read(write(tmp_path / "f.csv", text), columns={"name": "회사 이름"})
    assert rows == {5: {"firm": "1", "name": "a", "employees": "5"}}
    assert faults == [(6, "2,b")]


@pytest.mark.parametrize("text", ["", "\ufeff", "\n\n"])
def test_an_empty_file_is_no_table(tmp_path: Path, text: str) -> None:
    refuse(write(tmp_path / "f.csv", text), "empty_layer")


@pytest.mark.parametrize("text", ["firm,name", "firm,name\n", "firm,name\r\n\r\n"])
def test_a_header_alone_has_no_rows(tmp_path: Path, text: str) -> None:
    assert read(write(tmp_path / "f.csv", text)) == ({}, [])


def test_files_are_read_one_after_the_other(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{n}.csv", f"firm\n{n}\n") for n in (1, 2)]
    items = [
        c
        for c in read_chunks(FileSource(FIRMS, tuple(paths)))
        if not isinstance(c, pa.Table) and c.rows.num_rows
    ]
    assert [(c.file, c.rows["firm"].to_pylist()) for c in items] == [
        ("1.csv", ["1"]),
        ("2.csv", ["2"]),
    ]


def test_a_wrong_encoding_names_the_line(tmp_path: Path) -> None:
    korean = "firm,name\n1,a\n2,똠방각하\n"
    assert refuse(write(tmp_path / "f.csv", korean), "wrong_encoding", encoding="ascii").row == 3
    cp949 = write(tmp_path / "g.csv", korean, "cp949")
    assert refuse(cp949, "wrong_encoding", encoding="utf-8").row == 3
    neither = tmp_path / "h.csv"
    neither.write_bytes(b"firm,name\n1,a\n2,\xff\xfe\xff\n")
    assert refuse(neither, "unknown_text").row == 3
    refuse(cp949, "unknown_encoding", encoding="klingon")
    assert find_encoding(cp949, "", "firms") == "cp949"


def test_unicode_text_of_a_spreadsheet_is_known_by_its_mark(tmp_path: Path) -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        file = tmp_path / f"{encoding}.csv"
        file.write_bytes("\ufefffirm,name\n1,똠방각하\n".encode(encoding))
        assert find_encoding(file, "", "firms") == "utf-16"
        assert read(file)[0][2]["name"] == "똠방각하"


def test_stated_encodings_are_taken(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", "firm,name\n1,가\n", "utf-16")
    assert read(path, encoding="utf-16")[0] == {2: {"firm": "1", "name": "가"}}


def test_a_missing_column_is_named_with_its_neighbours(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", "회사번호,name\n1,a\n")
    fault = refuse(path, "missing_column")
    assert (fault.column, fault.values["found"]) == ("firm", "회사번호, name")
    fault = refuse(path, "missing_column", columns={"firm": "회사 번호"})
    assert (fault.column, fault.values["found"]) == ("회사 번호", "회사번호")
    # A column that is not required must be there once the project file names it.
    rows = {"firm": "회사번호"}
    assert read(path, columns=rows)[0] == {2: {"firm": "1", "name": "a"}}
    refuse(path, "missing_column", columns=rows | {"employees": "종업원합계"})


def test_a_repeated_column_is_refused_only_where_it_is_wanted(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", "firm,x1,x1,,\n1,a,b,c,d\n")
    assert read(path)[0] == {2: {"firm": "1"}}
    assert refuse(path, "repeated_column", columns={"name": "x1"}).column == "x1"


def test_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    refuse(tmp_path / "none.csv", "missing_file")
    fault = refuse(write(tmp_path / "f.doc", "<html></html>"), "unknown_format")
    assert ".csv" in fault.values["known"]
    for name in ("korea.osm.pbf", "KOREA.OSM", "korea.pbf"):
        fault = refuse(write(tmp_path / name, "x"), "openstreetmap_extract")
        assert f"clustermap fetch osm --file {name} FOLDER" in fault.line("en")
        assert f"clustermap fetch osm --file {name} 폴더" in fault.line("ko")
    vrt = "<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>"
    for name in ("v.geojson", "v.json", "v.shp", "v.gpkg", "v.parquet", "v.geoparquet"):
        refuse(write(tmp_path / name, vrt), "unreadable_file", CLUSTERS)
    for name in ("t.parquet", "t.gpkg", "t.geojson"):
        start = {"t.parquet": "PAR1", "t.gpkg": "SQLite format 3\0", "t.geojson": "{"}[name]
        refuse(write(tmp_path / name, f"{start}nonsense"), "unreadable_file", CLUSTERS)


RECORDS = st.lists(
    st.one_of(
        st.tuples(st.just("row"), st.text("가a,\n ", max_size=5)),
        st.tuples(st.just("broken"), st.sampled_from(["x", "x,y,z", "한글"])),
        st.tuples(st.just("blank"), st.just("")),
    ),
    max_size=30,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RECORDS, st.integers(24, 90))
def test_a_block_boundary_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, records: list[tuple[str, str]], block: int
) -> None:
    text, rows, faults, line = "firm,name\n", {}, [], 2
    for number, (form, value) in enumerate(records):
        if form == "row":
            text += f'{number},"{value}"\n'
            rows[line] = {"firm": str(number), "name": value}
        else:
            text += f"{value}\n"
        if form == "broken":
            faults.append((line, value))
        line += 1 + value.count("\n")
    path = write(tmp_path / "f.csv", text)
    for size in (block, 1 << 20):
        monkeypatch.setattr(text_files, "_BLOCK_BYTES", size)
        assert read(path) == (rows, faults)


# Parquet and geometry files


def clusters(crs: str | None = "EPSG:5179") -> gpd.GeoDataFrame:
    shapes = [shapely.box(x, 1_950_000, x + 1000, 1_951_000) for x in (950_000, 960_000)]
    rows = {"cluster": ["001", "002"], "name": ["가나 국가산업단지", "똠방 농공단지"]}
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=crs)


def institutes() -> gpd.GeoDataFrame:
    shapes = [
        shapely.Point(127, 37),
        None,
        shapely.MultiPoint([(128, 36)]),
        shapely.box(129, 35, 130, 36),
    ]
    rows = {"institute": ["007", "3120010000000000001", "a", "b"], "name": list("가나다라")}
    return gpd.GeoDataFrame(rows | {"kind": ["university"] * 4}, geometry=shapes, crs="EPSG:4326")


def save(frame: gpd.GeoDataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path, engine="pyogrio")
    return path


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet", ".shp"])
def test_polygons_of_every_format(tmp_path: Path, suffix: str) -> None:
    frame = clusters()
    path = save(frame, tmp_path / f"단지{suffix}")
    (chunk,) = [
        c for c in read_chunks(FileSource(CLUSTERS, (path,))) if not isinstance(c, pa.Table)
    ]
    assert chunk.rows["name"].to_pylist() == frame["name"].to_list()
    assert chunk.rows["cluster"].to_pylist() == ["001", "002"]
    assert chunk.lines.to_pylist() == [1, 2]
    shapes = shapely.from_wkb(chunk.rows["geometry"].to_pylist())
    assert shapely.equals(shapes, frame.geometry.to_numpy()).all()
    stated = gpd.GeoSeries([], crs=chunk.crs).crs
    assert stated == frame.crs


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet"])
def test_points_become_columns(tmp_path: Path, suffix: str) -> None:
    rows, _ = read(save(institutes(), tmp_path / f"기관{suffix}"), table=INSTITUTES)
    assert [(r["institute"], r["name"], r["x"], r["y"]) for r in rows.values()] == [
        ("007", "가", 127, 37),
        ("3120010000000000001", "나", None, None),
        ("a", "다", 128, 36),
        ("b", "라", 129.5, 35.5),  # an area stands for a point inside it
    ]


def test_plain_parquet_keeps_its_columns(tmp_path: Path) -> None:
    pq.write_table(pa.table({"firm": ["1"], "x": [127.5], "y": [37.5]}), tmp_path / "f.parquet")
    assert read(tmp_path / "f.parquet")[0] == {1: {"firm": "1", "x": 127.5, "y": 37.5}}
    pq.write_table(pa.table({"firm": pa.array([], pa.string())}), tmp_path / "g.parquet")
    assert read(tmp_path / "g.parquet") == ({}, [])


@pytest.mark.parametrize(
    "told",
    [
        "{",
        "{}",
        "[]",
        '{"primary_column": "none", "columns": {"none": {"encoding": "WKB"}}}',
        '{"primary_column": "geometry", "columns": {"geometry": {"encoding": "point"}}}',
    ],
)
def test_geoparquet_that_lies_about_itself_is_refused(tmp_path: Path, told: str) -> None:
    rows = pa.table({"institute": ["1"], "name": ["a"], "kind": ["other"], "geometry": [b""]})
    pq.write_table(rows.replace_schema_metadata({"geo": told}), tmp_path / "f.parquet")
    refuse(tmp_path / "f.parquet", "unreadable_file", INSTITUTES)


def test_geoparquet_without_crs_is_longitude_and_latitude_and_null_is_unknown(
    tmp_path: Path,
) -> None:
    rows = pa.table(
        {"cluster": ["1"], "name": ["a"], "geometry": [shapely.to_wkb(shapely.box(0, 0, 1, 1))]}
    )
    for crs, stated in (({}, "OGC:CRS84"), ({"crs": None}, "")):
        column = {"encoding": "WKB", **crs}
        geo = json.dumps({"primary_column": "geometry", "columns": {"geometry": column}})
        pq.write_table(rows.replace_schema_metadata({"geo": geo}), tmp_path / "f.parquet")
        chunks = list(read_chunks(FileSource(CLUSTERS, (tmp_path / "f.parquet",))))
        assert [c.crs for c in chunks if not isinstance(c, pa.Table)] == [stated]


@pytest.mark.parametrize("suffix", [".gpkg", ".parquet"])
def test_a_chunk_boundary_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = save(institutes(), tmp_path / f"f{suffix}")
    whole = read(path, table=INSTITUTES)
    for module in (geometries, parquet):
        monkeypatch.setattr(module, "CHUNK_ROWS", 1)
    assert len(list(read_chunks(FileSource(INSTITUTES, (path,))))) == 4
    assert read(path, table=INSTITUTES) == whole


def test_a_geopackage_with_several_layers_wants_one_named(tmp_path: Path) -> None:
    path = tmp_path / "f.gpkg"
    for layer in ("단지", "구역"):
        clusters().to_file(path, layer=layer, engine="pyogrio")
    assert refuse(path, "which_layer", CLUSTERS).values["found"] == "단지, 구역"
    assert refuse(path, "missing_layer", CLUSTERS, layer="지구").value == "지구"
    assert len(read(path, table=CLUSTERS, layer="구역")[0]) == 2


@pytest.mark.parametrize("name", ["끝없는", "Endless"])
def test_a_layer_that_is_a_view_is_refused_before_it_is_computed(tmp_path: Path, name: str) -> None:
    path = tmp_path / "f.gpkg"
    clusters().to_file(path, layer="단지", engine="pyogrio")
    add_view(path, "단지", name)
    fault = refuse(path, "layer_is_view", CLUSTERS, layer=name)
    assert fault.line("en") == (
        f"clusters (f.gpkg), key layer, value '{name}': this layer is a view, which is a query and "
        "not a table, and is not read. Export it as a table to another GeoPackage and name that "
        "file."
    )
    assert len(read(path, table=CLUSTERS, layer="단지")[0]) == 2
    with closing(sqlite3.connect(path)) as package, package:
        package.execute("DELETE FROM gpkg_contents WHERE table_name = '단지'")
        package.execute("DROP TABLE '단지'")
    assert refuse(path, "layer_is_view", CLUSTERS).value == name


def test_topojson_states_no_crs(tmp_path: Path) -> None:
    shape = {"type": "Polygon", "arcs": [[0]], "properties": {"cluster": "1", "name": "가"}}
    topology = {
        "type": "Topology",
        "objects": {"a": {"type": "GeometryCollection", "geometries": [shape]}},
        "arcs": [[[127, 37], [128, 37], [128, 38], [127, 37]]],
    }
    path = write(tmp_path / "f.json", json.dumps(topology))
    (chunk,) = read_chunks(FileSource(CLUSTERS, (path,)))
    assert not isinstance(chunk, pa.Table)
    assert (chunk.crs, chunk.rows["name"].to_pylist()) == ("", ["가"])


# Shapefiles


def save_shapefile(path: Path, encoding: str, cpg: str | None, copies: int = 1) -> None:
    frame = gpd.pd.concat([clusters()] * copies, ignore_index=True)
    pyogrio.write_dataframe(frame, path, driver="ESRI Shapefile", encoding=encoding)
    page = path.with_suffix(".cpg")
    page.unlink(missing_ok=True)
    if cpg is not None:
        page.write_text(cpg, encoding="ascii")


@pytest.mark.parametrize(
    ("encoding", "cpg"),
    [
        ("cp949", "949"),
        ("cp949", "EUC-KR"),
        ("cp949", " "),
        ("utf-8", "UTF-8"),
        ("cp949", None),
        ("utf-8", None),
    ],
)
# 200 is a byte that neither encoding holds: it stands in the header as the number of rows.
@pytest.mark.parametrize("copies", [1, 100])
def test_shapefiles_in_both_encodings_with_and_without_cpg(
    tmp_path: Path, encoding: str, cpg: str | None, copies: int
) -> None:
    save_shapefile(tmp_path / "f.shp", encoding, cpg, copies)
    rows, _ = read(tmp_path / "f.shp", table=CLUSTERS)
    assert [row["name"] for row in rows.values()] == clusters()["name"].to_list() * copies


def test_a_stated_encoding_wins_over_the_cpg(tmp_path: Path) -> None:
    save_shapefile(tmp_path / "f.shp", "cp949", "UTF-8")
    rows, _ = read(tmp_path / "f.shp", table=CLUSTERS, encoding="cp949")
    assert rows[2]["name"] == "똠방 농공단지"


def test_a_text_cut_inside_a_letter_does_not_hide_the_encoding(tmp_path: Path) -> None:
    save_shapefile(tmp_path / "f.shp", "utf-8", None)
    table = tmp_path / "f.dbf"
    content = table.read_bytes()
    name = "가나 국가산업단지".encode()
    assert name in content
    table.write_bytes(content.replace(name, name[:-1] + b" "))
    assert geometries._guess_dbf_encoding(table, "clusters") == "utf-8-sig"


def test_a_dbf_in_no_known_encoding_is_refused(tmp_path: Path) -> None:
    save_shapefile(tmp_path / "f.shp", "utf-8", None)
    table = tmp_path / "f.dbf"
    table.write_bytes(table.read_bytes().replace("똠방".encode(), b"\xff\xfe\xff\xfe\xff\xfe"))
    assert refuse(tmp_path / "f.shp", "wrong_encoding", CLUSTERS).row == 2


def test_names_in_capitals_are_the_same_shapefile(tmp_path: Path) -> None:
    save_shapefile(tmp_path / "f.shp", "cp949", None)
    for suffix in (".shp", ".shx", ".dbf", ".prj"):
        (tmp_path / f"f{suffix}").rename(tmp_path / f"F{suffix.upper()}")
    rows, _ = read(tmp_path / "F.SHP", table=CLUSTERS)
    assert rows[2]["name"] == "똠방 농공단지"


@pytest.mark.parametrize(
    ("suffix", "reason"), [(".dbf", "missing_file"), (".shx", "unreadable_file")]
)
def test_a_shapefile_without_its_other_files_is_refused(
    tmp_path: Path, suffix: str, reason: str
) -> None:
    save_shapefile(tmp_path / "f.shp", "utf-8", "UTF-8")
    (tmp_path / f"f{suffix}").unlink()
    refuse(tmp_path / "f.shp", reason, CLUSTERS)


def cut_dbf(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def understate_dbf(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4] + (1).to_bytes(4, "little") + content[8:])


def behead_dbf(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:7])


def exchange_dbf(path: Path) -> None:
    save_shapefile(path.with_name("g.shp"), "utf-8", None, copies=2)
    path.with_name("g.dbf").rename(path)


@pytest.mark.parametrize(
    ("spoil", "records"), [(cut_dbf, 1), (understate_dbf, 1), (behead_dbf, 0), (exchange_dbf, 4)]
)
@pytest.mark.parametrize("cpg", ["UTF-8", None])
def test_a_shapefile_with_another_number_of_records_than_shapes_is_refused(
    tmp_path: Path, spoil: Callable[[Path], None], records: int, cpg: str | None
) -> None:
    save_shapefile(tmp_path / "f.shp", "utf-8", cpg)
    spoil(tmp_path / "f.dbf")
    fault = refuse(tmp_path / "f.shp", "uneven_shapefile", CLUSTERS)
    assert fault.line("en") == (
        f"clusters (f.shp): it has 2 shapes, but its .dbf has {records} records. "
        "Copy all files of this name again (.shp, .shx, .dbf)."
    )


def test_bytes_after_the_last_record_are_no_records(tmp_path: Path) -> None:
    save_shapefile(tmp_path / "f.shp", "utf-8", "UTF-8")
    table = tmp_path / "f.dbf"
    table.write_bytes(table.read_bytes().rstrip(b"\x1a") + b"\x1a" * 1000)
    assert len(read(tmp_path / "f.shp", table=CLUSTERS)[0]) == 2
