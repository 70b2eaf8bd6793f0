"""Reading: layers from a project file, messy ones too, with every row accounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely

from clustermap.errors import TableFault
from clustermap.project import open_project
from clustermap.stages.counting import Network, count_network
from clustermap.stages.ledger import Ledger, no_progress
from clustermap.stages.reading import Layers, read_layers
from clustermap.tables.choices import KINDS
from tests.certain import certain
from tests.small_world import SOUTH, WEST, SmallWorld, build_small_world, write_csv

if TYPE_CHECKING:
    from pathlib import Path


def read(
    world: SmallWorld, folder: Path, *, strict: bool = False, **replaced: str
) -> tuple[Ledger, Layers, Network]:
    """Read a world whose project file says something else: max_refused="..." and the like."""
    for old, new in replaced.items():
        assert SETTINGS[old] in world.project
        world.project = world.project.replace(SETTINGS[old], new, 1)
    project = open_project(world.write(folder))
    ledger = Ledger(project.quality.max_refused, strict=strict)
    layers = read_layers(project, ledger, no_progress)
    scratch = folder / "scratch"
    scratch.mkdir()
    return ledger, layers, count_network(project, layers, ledger, no_progress, scratch)


SETTINGS = {
    "map_crs": 'crs = "EPSG:5179"\nlanguage',
    "overlaps": "[layers.clusters]\n",
    "firms_crs": '"firms.csv"\ncrs = "EPSG:5179"\n',
    "assign": "[quality]",
    "form": 'form = "pairs"\n',
}


def refuse(world: SmallWorld, folder: Path, **changed: Any) -> TableFault:
    with pytest.raises(TableFault) as caught:
        read(world, folder, **changed)
    return caught.value


def make_a_mess() -> SmallWorld:
    """Return a world with a fault of every kind that a single row can have."""
    world = build_small_world()
    firms, institutes, pairs = world.firms, world.institutes, world.pairs
    firms[0] |= {"employees": "-1"}
    firms[11] |= {"x": "0", "y": "0"}
    firms[22] |= {"firm": firms[23]["firm"]}  # two rows of one identifier
    firms[34] |= {"y": ""}
    firms[45] |= {"x": "", "y": ""}  # no fault: kept, nobody knows where
    firms[56] |= {"firm": "I3"}  # an institute's
    institutes[5] |= {"kind": "학원"}
    pairs[10] |= {"weight": "viel"}
    pairs[50] |= {"target": pairs[50]["source"]}
    pairs[90] |= {"kind": "친분"}
    pairs[130] |= {"year": "20"}
    pairs[170] |= {"source": ""}
    x, y = WEST + 100_000, SOUTH
    twist = [(x, y), (x + 2000, y + 2000), (x + 2000, y), (x, y + 2000)]
    for key, shape in (
        ("C7", shapely.Polygon(twist)),
        ("C8", shapely.LineString(twist)),
        ("outside:1", shapely.box(x, y, x + 9, y + 9)),
    ):
        world.clusters.append({"cluster": key, "name": key, "geometry": shape})
    world.project = world.project.replace("max_refused = 0.2", "max_refused = 0.5")
    return world


def test_a_messy_world_loses_nothing(tmp_path: Path) -> None:
    ledger, layers, network = read(make_a_mess(), tmp_path)
    summary = ledger.summary()
    for row in summary.values():
        assert row["read"] == row["kept"] + row["quarantined"] + row["left_out"]
    reasons = {table: row["reasons"] for table, row in summary.items()}
    assert reasons["clusters"] == {"reserved_id": 1, "unusable_polygon": 1}
    assert reasons["firms"] == {
        "duplicate_id": 2,
        "half_coordinate": 1,
        "id_in_two_layers": 1,
        "negative": 1,
        "origin_coordinate": 1,
    }
    assert reasons["institutes"] == {"id_in_two_layers": 1, "unknown_choice": 1}
    assert set(reasons["linkages_1"]) == {
        "empty",
        "not_a_number",
        "self_link",
        "too_small",
        "unknown_actor",
        "unknown_choice",
    }
    assert summary["clusters"]["made_valid"] == 1
    assert summary["firms"]["assigned_unknown"] == 1
    assert (summary["clusters"]["read"], summary["firms"]["read"]) == (9, 60)
    assert network.flows["links"].sum() == summary["linkages_1"]["links"]
    assert summary["linkages_1"]["links"] == summary["linkages_1"]["kept"]
    # Every quarantined row is quoted with its own file and line.
    firm = next(r for r in ledger.faults().to_pylist() if r["reason"] == "negative")
    assert (firm["file"], firm["line"], firm["value"]) == ("firms.csv", 2, "-1")
    kept = [row["firm"] for row in make_a_mess().firms]
    assert layers.actors["firms"]["firm"].to_pylist() == [
        who for n, who in enumerate(kept) if n not in {0, 11, 22, 23, 34, 56}
    ]


def test_grants_are_kept_whose_beneficiary_is_known(tmp_path: Path) -> None:
    world = build_small_world()
    # One institute bears the name of a cluster: what "C2" gets may be meant for either.
    world.institutes[0] |= {"institute": "C2"}
    world.pairs = [row for row in world.pairs if row["target"] != "I1"]
    world.project += (
        '[layers.support]\npath = "grants.csv"\nunits = {amount = "1e6 KRW"}\n'
        'kinds = {"공동" = "joint", "민간" = "private"}\n'
    )
    world.project = world.project.replace("max_refused = 0.2", "max_refused = 0.7")
    names = ("programme", "beneficiary", "amount", "start", "end", "joint", "funder")
    rows = [
        ("P", "00100", "1.5", 2018, 2019, "공동", "public"),
        ("P", "P1", "2", 2018, 2018, "solo", "민간"),
        ("P", "C3", "", "", "", "", ""),
        ("P", "99999", "1", 2018, 2019, "", ""),
        ("P", "C2", "1", 2018, 2019, "", ""),
        ("P", "00101", "1", 2019, 2018, "", ""),
        ("P", "00101", "1", 2018, 2019, "public", ""),
        ("", "00101", "-1", 2018, 2019, "", ""),
    ]
    (tmp_path / "grants.csv").write_text(
        write_csv([dict(zip(names, row, strict=True)) for row in rows]), encoding="utf-8"
    )
    ledger, layers, _ = read(world, tmp_path)
    grants = certain(layers.grants)
    assert list(grants) == list(names)
    assert grants["beneficiary"].tolist() == ["00100", "P1", "C3"]
    assert grants["amount"].fillna(0).tolist() == [1.5e6, 2e6, 0]
    assert grants["funder"].fillna("").tolist() == ["public", "private", ""]
    entry = ledger.summary()["support"]
    assert (entry["read"], entry["kept"], entry["grants_to_clusters"]) == (8, 3, 1)
    assert entry["reasons"] == {
        "actor_and_cluster": 1,
        "empty": 1,
        "ends_before_start": 1,
        "unknown_beneficiary": 1,
        "unknown_choice": 1,
    }


def test_strict_stops_at_the_first_row(tmp_path: Path) -> None:
    fault = refuse(make_a_mess(), tmp_path, strict=True)
    assert fault.reason == "strict"
    assert fault.table == "clusters (clusters.geojson)"


def test_too_many_refused_rows_stop_the_run(tmp_path: Path) -> None:
    world = build_small_world()
    for row in world.firms[:13]:
        row["employees"] = "viele"
    fault = refuse(world, tmp_path)
    assert fault.reason == "too_many_refused"
    assert "13 of 60 rows (21.7 %) are faulty, more than 20 %" in str(fault)


@pytest.mark.parametrize("form", ["pairs", "projects"])
@pytest.mark.parametrize("named", [True, False])
def test_names_instead_of_identifiers_stop_the_run_with_their_cure(
    tmp_path: Path, form: str, *, named: bool
) -> None:
    world = build_small_world()
    names = {row["firm"]: row["name"] if named else f"누구 {row['firm']}" for row in world.firms}
    for number, row in enumerate(world.pairs):
        row["source"] = names[row["source"]]
        row |= {"project": f"p{number}", "participant": row["source"]}
    world.project = world.project.replace('form = "pairs"', f'form = "{form}"')
    fault = refuse(world, tmp_path)
    assert fault.reason == ("ends_are_names" if named else "too_many_refused")
    assert ('match = "name"' in str(fault)) == named
    assert (fault.row, fault.value) == (2, names["00100"])


@pytest.mark.parametrize("form", ["pairs", "projects"])
def test_kinds_that_are_not_ours_are_told_with_those_that_are(tmp_path: Path, form: str) -> None:
    world = build_small_world()
    words = ["인력교류", "공동연구", "자문", "납품", "임대", "기증", "견학"]
    for number, row in enumerate(world.pairs):
        row |= {"협력유형": words[number % 7]}
        row |= {"project": f"p{number}", "participant": row["source"]}
    form_line = f'form = "{form}"\ncolumns = {{ kind = "협력유형" }}'
    world.project = world.project.replace('form = "pairs"', form_line)
    fault, every = refuse(world, tmp_path), len(world.pairs)
    assert (fault.reason, fault.column, fault.row) == ("unknown_choices", "협력유형", 2)
    for line in (fault.line("ko"), fault.line("en")):
        assert line.count("'") == 12
        assert ", …" in line
        assert ", ".join(KINDS) in line
        assert "kinds = { " in line
        assert "max_refused" not in line
    assert f"{every} of {every} rows" in fault.line("en")


def test_the_commonest_words_that_are_not_ours_come_first(tmp_path: Path) -> None:
    world = build_small_world()
    for row, kind in zip(
        world.institutes, ["회사", "조합", "조합", "단체", "단체", "단체"], strict=True
    ):
        row["kind"] = kind
    fault = refuse(world, tmp_path)
    assert (fault.table, fault.column) == ("institutes (institutes.csv)", "kind")
    assert "In the file: '단체', '조합', '회사'. Allowed: " in str(fault)


def test_few_words_that_are_not_ours_are_no_matter_of_lists(tmp_path: Path) -> None:
    world = build_small_world()
    for row in world.firms[:13]:
        row["employees"] = "viele"
    world.institutes[0]["kind"] = "회사"
    assert refuse(world, tmp_path).reason == "too_many_refused"


def test_every_actor_has_its_cell(tmp_path: Path) -> None:
    _, layers, _ = read(build_small_world(), tmp_path)
    firms = layers.actors["firms"]
    expected = [f"C{1 + n // 10}" for n in range(60)]
    assert firms["cell"].to_pylist() == expected
    assert set(firms["how"].to_pylist()) == {"inside"}
    assert layers.actors["partners"]["cell"].to_pylist() == ["abroad:독일"]
    names = [layers.cells.names[code] for code in layers.register.cells]
    assert names == [*expected, *(f"C{n}" for n in range(1, 7)), "abroad:독일"]


def test_a_zone_over_two_clusters(tmp_path: Path) -> None:
    #  Z covers C1 and C2
    def zone() -> SmallWorld:
        world = build_small_world()
        shape = shapely.box(WEST - 100, SOUTH - 100, WEST + 12_100, SOUTH + 2_100)
        world.clusters.append({"cluster": "Z", "name": "특구", "geometry": shape})
        return world

    ledger, _, network = read(zone(), tmp_path / "smallest")
    assert ledger.summary()["clusters"]["overlapping_pairs"] == 2
    assert ledger.summary()["firms"]["in_several_clusters"] == 20
    assert "Z" not in set(network.counts.actors["cluster"])

    _, layers, network = read(
        zone(), tmp_path / "all", overlaps='[layers.clusters]\noverlaps = "all"\n'
    )
    actors = network.counts.actors.set_index(["cluster", "type"])["actors"].to_dict()
    assert actors["Z", "firm"] == actors["C1", "firm"] + actors["C2", "firm"] == 20
    links = network.counts.links.groupby("cluster")[["internal", "external"]].sum()
    # C1: 10 links in its ring, 10 to its institute; 10 on to C2, 10 in from C6, 2 abroad.
    assert links.loc["C1"].to_list() == [20, 22]
    # Z: both rings and institutes, and the 10 links from C1 to C2; in from C6, on to C3, abroad.
    assert links.loc["Z"].to_list() == [20 + 20 + 10, 10 + 10 + 2 + 2]
    assert set(layers.cells.names) >= {"C1 ∩ Z", "C2 ∩ Z"}

    fault = refuse(zone(), tmp_path / "error", overlaps='[layers.clusters]\noverlaps = "error"\n')
    assert (fault.reason, fault.value, fault.values["other"]) == ("overlapping_clusters", "C1", "Z")


def test_an_explicit_crs_wins_over_the_files(tmp_path: Path) -> None:
    # The file states EPSG:5179 for itself; read as 5186, the clusters lie far from the firms.
    _, layers, _ = read(build_small_world(), tmp_path / "a")
    moved = build_small_world()
    moved.project = moved.project.replace(
        '.geojson"\ncrs = "EPSG:5179"', '.geojson"\ncrs = "EPSG:5186"'
    )
    fault = refuse(moved, tmp_path / "b")
    assert fault.reason in {"unfit_crs", "misplaced_layer", "swapped_axes"}
    stated = build_small_world()
    stated.project = stated.project.replace('.geojson"\ncrs = "EPSG:5179"', '.geojson"')
    _, same, _ = read(stated, tmp_path / "c")
    assert same.clusters.geometry.geom_equals(layers.clusters.geometry).all()


def test_points_without_a_crs_are_refused(tmp_path: Path) -> None:
    fault = refuse(build_small_world(), tmp_path, firms_crs='"firms.csv"\n')
    assert (fault.reason, fault.table, fault.key) == ("unknown_crs", "firms", "crs")


def test_points_in_another_crs_than_stated_are_refused(tmp_path: Path) -> None:
    fault = refuse(build_small_world(), tmp_path, firms_crs='"firms.csv"\ncrs = "EPSG:4326"\n')
    assert (fault.reason, fault.value) == ("misplaced_layer", "EPSG:4326")


def test_a_map_in_degrees_is_measured_on_the_globe(tmp_path: Path) -> None:
    world = build_small_world()
    world.firms[0] |= {"x": WEST - 400}  # 400 m west of C1
    metric = read(world, tmp_path / "metric", assign="[assign]\nnearest_m = 450\n[quality]")[1]
    world.project = build_small_world().project
    degrees = read(
        world,
        tmp_path / "degrees",
        assign="[assign]\nnearest_m = 450\n[quality]",
        map_crs='crs = "EPSG:4326"\nlanguage',
    )[1]
    for layers in (metric, degrees):
        first = layers.actors["firms"].slice(0, 1).to_pylist()[0]
        assert (first["cell"], first["how"]) == ("C1", "nearest")
        assert first["#nearest_m"] == pytest.approx(400, abs=1)
    cells = [layers.actors["firms"]["cell"].to_pylist() for layers in (metric, degrees)]
    assert cells[0] == cells[1]
    areas = [layers.clusters["area_km2"].to_numpy() for layers in (metric, degrees)]
    assert areas[0] == pytest.approx(areas[1], rel=2e-3)  # the grid's scale there is .9997


def test_a_map_that_stretches_is_refused(tmp_path: Path) -> None:
    fault = refuse(build_small_world(), tmp_path, map_crs='crs = "EPSG:3857"\nlanguage')
    assert (fault.reason, fault.values["fitting"]) == ("unfit_crs", "EPSG:5179")


def test_years_are_left_out_and_counted(tmp_path: Path) -> None:
    ledger, _, network = read(build_small_world(), tmp_path, form='form = "pairs"\nsince = 2021\n')
    row = ledger.summary()["linkages_1"]
    assert (row["read"], row["kept"], row["left_out"]) == (192, 12, 180)
    assert set(network.flows["kind"]) == {"transfer"}


def test_weights_that_might_overflow_are_refused(tmp_path: Path) -> None:
    world = build_small_world()
    world.pairs[3]["weight"] = "4e9"
    fault = refuse(world, tmp_path)
    assert (fault.reason, fault.value) == ("weights_too_large", "4e+09")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("industry,prefix\n반도체,26\n,27\n", "bad_taxonomy"),
        ("industry,prefix\n반도체,26\nx,27,28\n", "bad_taxonomy"),
        ("industry,prefix\n", "empty_layer"),
    ],
)
def test_a_faulty_taxonomy_is_refused_whole(tmp_path: Path, text: str, reason: str) -> None:
    world = build_small_world()
    world.project += '[industries]\npath = "분류.csv"\n'
    tmp_path.joinpath("분류.csv").write_text(text, encoding="utf-8")
    fault = refuse(world, tmp_path)
    assert fault.reason == reason
    assert fault.table == "분류.csv"
    assert fault.row == (3 if reason == "bad_taxonomy" else None)


def test_files_that_disagree_on_their_crs_are_refused(tmp_path: Path) -> None:
    world = build_small_world()
    world.project = world.project.replace(
        'path = "clusters.geojson"\ncrs = "EPSG:5179"', 'path = ["clusters.geojson", "b.geojson"]'
    )
    shape = shapely.box(127, 37, 128, 38)
    frame = gpd.GeoDataFrame({"cluster": ["x"], "name": ["x"]}, geometry=[shape], crs="EPSG:4326")
    tmp_path.joinpath("b.geojson").write_text(frame.to_json(), encoding="utf-8")
    assert refuse(world, tmp_path).reason == "mixed_crs"


def test_a_layer_without_a_whole_row_is_refused(tmp_path: Path) -> None:
    world = build_small_world()
    path = world.write(tmp_path)
    tmp_path.joinpath("firms.csv").write_text("firm,name,x,y\n1\n2\n", encoding="utf-8")
    project = open_project(path)
    with pytest.raises(TableFault) as caught:
        read_layers(project, Ledger(0.2, strict=False), no_progress)
    assert (caught.value.reason, caught.value.row) == ("too_many_refused", 2)
