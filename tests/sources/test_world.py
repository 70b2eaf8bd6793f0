"""Fictional worlds: same seed same world, counts as asked, on land, and the planting is there."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from clustermap.errors import TableFault
from clustermap.sources.reference import data_root
from clustermap.sources.world import FACTORS, World, build_world, redraw_linkages, write_world
from clustermap.sources.world.actors import STRATEGIC_CODES
from clustermap.sources.world.places import read_geography
from clustermap.tables import (
    CLUSTERS,
    FIRMS,
    INSTITUTES,
    PAIRS,
    PARTNERS,
    PROJECTS,
    SCORED_KINDS,
    SUPPORT,
)

if TYPE_CHECKING:
    from pathlib import Path

CSVS = ("firms", "institutes", "partners", "pairs", "participations", "grants", "truth")
PLANTED = [kind for kind in FACTORS if kind != "none"]


@pytest.fixture(scope="module")
def nation() -> World:
    return build_world()


@pytest.fixture(scope="module")
def small() -> World:
    return build_world(clusters=60, firms=2_000, links=4_000, seed=7)


def pair_ends(world: World) -> pd.DataFrame:
    """Both ends' cells of every pair and of every two participants of a project; NaN is abroad."""
    cell = world.actors.set_index("actor")["cell"]
    shared = world.participations[["project", "participant"]]
    met = shared.merge(shared, on="project")
    met = met[met["participant_x"] < met["participant_y"]]
    ends = pd.concat(
        [
            world.pairs[["source", "target"]],
            met[["participant_x", "participant_y"]].set_axis(["source", "target"], axis=1),
        ]
    )
    return pd.DataFrame({"a": ends["source"].map(cell), "b": ends["target"].map(cell)})


def count_links(world: World) -> pd.DataFrame:
    """Links inside and across the fence by cluster, beside the truth."""
    ends = pair_ends(world).dropna()
    inside = ends.loc[ends["a"] == ends["b"], "a"].value_counts()
    apart = ends[ends["a"] != ends["b"]]
    across = pd.concat([apart["a"], apart["b"]]).value_counts()
    truth = world.truth.set_index("cluster")
    return truth.assign(
        internal=inside.reindex(truth.index, fill_value=0),
        external=across.reindex(truth.index, fill_value=0),
    )


def test_same_seed_same_bytes(tmp_path: Path, small: World) -> None:
    again = build_world(clusters=60, firms=2_000, links=4_000, seed=7)
    other = build_world(clusters=60, firms=2_000, links=4_000, seed=8)
    for name, world in (("one", small), ("two", again), ("three", other)):
        write_world(world, tmp_path / name)
    for path in sorted((tmp_path / "one").iterdir()):
        first = path.read_bytes()
        assert first == (tmp_path / "two" / path.name).read_bytes(), path.name
        if path.name != "strategic12.csv":
            assert first != (tmp_path / "three" / path.name).read_bytes(), path.name


def test_counts_are_as_asked(nation: World) -> None:
    assert len(nation.clusters) == 1_900
    assert len(nation.firms) == 60_000
    assert len(nation.institutes) == 900
    assert len(nation.partners) == 200
    assert nation.links == pytest.approx(150_000, rel=0.05)
    assert len(nation.pairs) == pytest.approx(75_000, rel=0.05)
    outside = nation.actors.loc[nation.actors["type"] == "firm", "cell"].str.startswith("outside:")
    assert outside.mean() == pytest.approx(0.24, abs=0.02)


def test_sizes_are_heavy_tailed(nation: World) -> None:
    cells = nation.actors.loc[nation.actors["type"] == "firm", "cell"]
    sizes = cells.value_counts().reindex(nation.clusters["cluster"])
    assert sizes.min() >= 3
    assert sizes.max() > 10 * sizes.mean()
    assert sizes.median() < 0.6 * sizes.mean()


def test_clusters_lie_on_land_and_apart(nation: World) -> None:
    assert nation.clusters.crs.to_epsg() == 5179
    assert nation.clusters.is_valid.all()
    assert shapely.contains_properly(
        read_geography().land, nation.clusters.geometry.to_numpy()
    ).all()
    one, other = nation.clusters.sindex.query(nation.clusters.geometry, predicate="intersects")
    assert not (one < other).any()


def test_actors_stand_where_the_truth_says(nation: World) -> None:
    for table, key in ((nation.firms, "firm"), (nation.institutes, "institute")):
        points = gpd.GeoDataFrame(
            table[[key]], geometry=gpd.points_from_xy(table["x"], table["y"]), crs=5179
        )
        found = gpd.sjoin(points, nation.clusters[["cluster", "geometry"]], how="left")
        true = found[key].map(nation.actors.set_index("actor")["cell"])
        assert len(found) == len(table)
        assert (found["cluster"].fillna("outside") == true.str.split(":").str[0]).all()
        assert shapely.contains_xy(read_geography().land, table["x"], table["y"]).all()


def test_every_name_says_that_it_is_invented(nation: World) -> None:
    assert nation.clusters["name"].str.endswith("(가상)").all()
    assert nation.clusters["name_en"].str.endswith("(fictional)").all()
    assert nation.clusters["name"].is_unique
    assert nation.institutes["name"].str.endswith("(가상)").all()
    assert nation.partners["name"].str.endswith("(fictional)").all()
    company = nation.firms["name"].str.contains(r"\(주\)|㈜|주식회사")
    assert company.mean() == pytest.approx(0.97, abs=0.01)
    assert nation.firms.loc[company, "name"].str.endswith("(가상)").all()
    assert nation.firms.loc[~company, "name"].str.fullmatch("[가-힣]{3}").all()


def test_tables_hold_declared_columns(small: World) -> None:
    tables = (
        (small.clusters, CLUSTERS),
        (small.firms, FIRMS),
        (small.institutes, INSTITUTES),
        (small.partners, PARTNERS),
        (small.pairs, PAIRS),
        (small.participations, PROJECTS),
    )
    for table, declared in tables:
        names = {column.name for column in declared.columns}
        assert set(table.columns) <= names, declared.name
        assert set(declared.required) <= set(table.columns), declared.name
        assert table[list(declared.required)].notna().all().all(), declared.name
        if declared.key:
            assert not table.duplicated(list(declared.key)).any(), declared.name


def test_codes_belong_to_their_industry() -> None:
    table = pd.read_csv(data_root() / "taxonomies" / "strategic12.csv", dtype=str)
    table = table.dropna(subset="prefix")
    assert set(STRATEGIC_CODES) == set(table["industry"])
    for industry, codes in STRATEGIC_CODES.items():
        for code in codes:
            fitting = table[[code.startswith(prefix) for prefix in table["prefix"]]]
            longest = fitting["prefix"].str.len() == fitting["prefix"].str.len().max()
            assert industry in set(fitting.loc[longest, "industry"]), (industry, code)


def test_regions_carry_todays_names(nation: World) -> None:
    alias = pd.read_csv(data_root() / "reference" / "sido_alias.csv", dtype=str)
    assert set(nation.clusters["region"]) == set(alias["name_now"])
    assert set(nation.firms["region"]) == set(alias["name_now"])
    capital = nation.clusters["region"].isin(["서울특별시", "인천광역시", "경기도"])
    assert 0.2 < capital.mean() < 0.5


def test_linkages_have_known_ends(nation: World) -> None:
    known = {*nation.actors["actor"], *nation.partners["partner"]}
    assert {*nation.pairs["source"], *nation.pairs["target"]} <= known
    assert set(nation.participations["participant"]) <= known
    assert not (nation.pairs["source"] == nation.pairs["target"]).any()
    assert set(nation.pairs["kind"]) == set(SCORED_KINDS)
    assert "" in set(nation.participations["kind"]) <= {"", *SCORED_KINDS}
    assert set(nation.pairs["year"]) == set(nation.participations["year"]) == set(range(2018, 2025))
    abroad = nation.pairs["target"].isin(nation.partners["partner"])
    assert 0.02 < abroad.mean() < 0.06


def test_kinds_fit_the_types_of_their_ends(nation: World) -> None:
    kind = pd.concat(
        [
            nation.actors.set_index("actor")["type"],
            nation.partners.set_index("partner")["kind"],
        ]
    )
    ends = nation.pairs.assign(
        s=nation.pairs["source"].map(kind), t=nation.pairs["target"].map(kind)
    )
    assert (ends.loc[ends["kind"] == "support", "s"] == "support").all()
    research = ends[ends["kind"] == "research"]
    assert (
        research[["s", "t"]].isin(["university", "public_institute", "hospital"]).any(axis=1).all()
    )
    assert (ends.loc[ends["kind"] == "firm_firm", ["s", "t"]] == "firm").all().all()


def test_projects_have_two_to_ten_participants(nation: World) -> None:
    sizes = nation.participations.groupby("project").size()
    assert sizes.min() >= 2
    assert sizes.max() <= 10
    once = nation.participations.groupby("project")[["kind", "year"]].nunique()
    assert (once == 1).all().all()


def test_planted_clusters_are_counted_and_of_any_size(nation: World) -> None:
    assert nation.truth["planted"].value_counts()[PLANTED].tolist() == [57] * 4
    sizes = nation.actors["cell"].value_counts().reindex(nation.truth["cluster"]).to_numpy()
    planted = (nation.truth["planted"] != "none").to_numpy()
    assert 0.6 < np.median(sizes[planted]) / np.median(sizes[~planted]) < 1.6


def test_links_follow_the_law_and_the_planting() -> None:
    # Many links from pairs alone, so that the ratio of sums is near its mean.
    world = build_world(
        clusters=300, firms=12_000, links=400_000, seed=3, planted_share=0.1, project_share=0.0
    )
    sums = (
        count_links(world).drop(columns="planted").groupby(world.truth["planted"].to_numpy()).sum()
    )
    for side, number in (("internal", 0), ("external", 1)):
        ratio = sums[side] / sums[f"typical_{side}"]
        for kind, factors in FACTORS.items():
            assert ratio[kind] == pytest.approx(factors[number], rel=0.15), (side, kind)


def test_projects_follow_the_law_without_planting() -> None:
    world = build_world(
        clusters=600, firms=24_000, links=400_000, seed=3, planted_share=0.0, project_share=1.0
    )
    links = count_links(world)
    assert links["internal"].sum() == pytest.approx(links["typical_internal"].sum(), rel=0.12)
    assert links["external"].sum() == pytest.approx(links["typical_external"].sum(), rel=0.05)


def test_links_decay_with_distance(nation: World) -> None:
    spots = pd.concat(
        [
            nation.firms.set_index("firm")[["x", "y"]],
            nation.institutes.set_index("institute")[["x", "y"]],
        ]
    )
    apart = spots.reindex(nation.pairs["source"]).to_numpy() - spots.reindex(nation.pairs["target"])
    km = np.hypot(*apart.dropna().to_numpy().T) / 1000
    assert 15 < np.median(km) < 40
    assert (km > 200).mean() < 0.02
    far = build_world(clusters=60, firms=2_000, links=4_000, seed=7, decay_km=400.0)
    near = build_world(clusters=60, firms=2_000, links=4_000, seed=7, decay_km=20.0)
    inside = [pair_ends(w).eval("a == b").mean() for w in (near, far)]
    assert inside[0] > inside[1]


def test_redrawn_linkages_keep_the_places(small: World) -> None:
    again = redraw_linkages(small, seed=7)
    pd.testing.assert_frame_equal(again.pairs, small.pairs)
    pd.testing.assert_frame_equal(again.truth, small.truth)
    other = redraw_linkages(small, seed=99, planted=False)
    assert other.firms is small.firms
    assert not other.pairs.equals(small.pairs)
    assert set(other.truth["planted"]) == {"none"}
    assert (other.truth[["internal_factor", "external_factor"]] == 1).all().all()


def test_more_links_move_no_firm(small: World) -> None:
    more = build_world(
        clusters=60, firms=2_000, links=9_000, seed=7, planted_share=0.1, heterogeneity=0.25
    )
    pd.testing.assert_frame_equal(more.firms, small.firms)
    assert more.links == pytest.approx(9_000, rel=0.15)


@pytest.mark.parametrize(
    "wrong",
    [{"clusters": 1}, {"firms": 100}, {"outside": 0.9}, {"planted_share": 0.3}, {"links": -1}],
)
def test_impossible_worlds_are_refused(wrong: dict[str, float]) -> None:
    asked: dict[str, float] = {"clusters": 60, "firms": 2_000, "links": 100, **wrong}
    with pytest.raises(ValueError, match=next(iter(wrong))):
        build_world(**asked)


def test_project_file_maps_every_column(tmp_path: Path, small: World) -> None:
    path = write_world(small, tmp_path / "world")
    assert path == tmp_path / "world" / "project.toml"
    project = tomllib.loads(path.read_text(encoding="utf-8"))
    assert project["schema"] == 1
    assert project["project"]["synthetic"] is True
    assert "합성 데이터" in project["project"]["name"]
    sections = [*project["layers"].items(), *((row["form"], row) for row in project["linkages"])]
    declared = {
        t.name: t for t in (CLUSTERS, FIRMS, INSTITUTES, PARTNERS, PAIRS, PROJECTS, SUPPORT)
    }
    for name, section in sections:
        file = path.parent / section["path"]
        read = gpd.read_file(file) if file.suffix == ".geojson" else pd.read_csv(file, dtype=str)
        assert set(section["columns"].values()) == set(read.columns) - {"geometry"}, name
        assert set(section["columns"]) <= {column.name for column in declared[name].columns}, name
        if "kinds" in section:
            closed = [column.name for column in declared[name].columns if column.choices]
            closed = [name for name in closed if name in section["columns"]]
            theirs = [read[section["columns"][column]].dropna() for column in closed]
            assert {value for column in theirs for value in column} <= set(section["kinds"]), name
    assert (path.parent / project["industries"]["path"]).is_file()
    assert not list(path.parent.glob(".*"))


def test_written_files_read_back(tmp_path: Path, small: World) -> None:
    folder = write_world(small, tmp_path).parent
    clusters = gpd.read_file(folder / "clusters.geojson").to_crs(5179)
    apart = shapely.hausdorff_distance(
        clusters.geometry.to_numpy(), small.clusters.geometry.to_numpy()
    )
    assert apart.max() < 0.1
    firms = pd.read_csv(folder / "firms.csv", dtype={"업체번호": str, "업종코드": str})
    assert firms["업체번호"].tolist() == small.firms["firm"].tolist()
    assert firms["매출액_원"].sum() == small.firms["sales"].sum()
    assert {path.stem for path in folder.glob("*.csv")} == {*CSVS, "strategic12"}


def test_grants_are_fictional_and_go_to_who_is_there(small: World) -> None:
    grants = small.grants
    assert grants["programme"].str.startswith("(가상)").all()
    known = {*small.actors["actor"], *small.clusters["cluster"]}
    assert set(grants["beneficiary"]) <= known
    assert set(grants["beneficiary"]).isdisjoint(small.partners["partner"])
    assert (grants["amount"] >= 1_000_000).all()
    assert (grants["end"] >= grants["start"]).all()
    assert set(grants["joint"]) == {"joint", "solo"}
    assert set(grants["funder"]) == {"public", "private"}
    # They follow from the linkages: the same of the same, others of others.
    again = redraw_linkages(small, seed=small.seed)
    pd.testing.assert_frame_equal(again.grants, grants)
    pd.testing.assert_frame_equal(again.pairs, small.pairs)
    assert not redraw_linkages(small, seed=8).grants.equals(grants)


def test_writing_again_changes_nothing(tmp_path: Path, small: World) -> None:
    write_world(small, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write_world(small, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["firms.csv", "project.toml"])
def test_what_is_no_world_of_ours_is_never_replaced(
    tmp_path: Path, small: World, name: str
) -> None:
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(TableFault) as caught:
        write_world(small, tmp_path)
    assert (caught.value.reason, caught.value.value) == ("world_in_the_way", name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == "mine"
