"""Write a fictional world as the raw files that an analyst in Korea starts from.

The columns are those of the publishers' layouts, so that files are recognised as real ones are;
everything in them is invented. Some rows are spoilt, as they are in any register.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.sources.world.names import MARK_KO
from clustermap.sources.world.parameters import open_stream
from clustermap.sources.world.places import find_districts, read_geography
from clustermap.sources.world.write import INSTITUTE_KINDS, LINKAGE_KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from clustermap.sources.world.build import World

LEGAL_FORMS = ("(주)", "㈜", "주식회사")
_UNPLACED = 0.12  # share of factories of which nobody looked up the coordinates
_SYLLABLES = "가나다라마바사아자차카타파하"
_YEARS_BEFORE = 2  # that a project's number says it began before its year
_SHOPS = 200


def write_raw_files(world: World, folder: Path) -> list[Path]:
    """Write a world as an analyst's raw files: a shapefile, and tables in CP949.

    Parameters
    ----------
    world
        The world.
    folder
        Where to write; made if it is not there. Files of the same names are written over.

    Returns
    -------
    list of Path
        The files: boundaries of complexes (DAM_DAN.shp), FactoryOn's list of factories, a list of
        institutes, partners abroad, a table of national projects, pairs of a survey, and a register
        of shops.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = open_stream(world.seed, "noise")
    names = _name_actors(world)
    tables = {
        "공장등록현황.csv": _list_factories(world, names, rng),
        "기관목록.csv": _list_institutes(world, names),
        "해외기관.csv": _list_partners(world),
        "국가연구개발과제.csv": _list_projects(world, names, rng),
        "기업간거래_조사.csv": _list_pairs(world),
        "상가업소.csv": _list_shops(world, rng),
    }
    written = [_write_boundaries(world, folder / "DAM_DAN.shp")]
    for name, table in tables.items():
        written.append(folder / name)
        text = str(table.to_csv(index=False, lineterminator="\r\n"))
        written[-1].write_text(text, encoding="cp949", newline="")
    return written


def _write_boundaries(world: World, path: Path) -> Path:
    districts = _find(world.clusters["geometry"].centroid.get_coordinates().to_numpy())
    columns = {"cluster": "DAN_ID", "name": "DAN_NAME", "kind": "TYPE", "region": "SIDO_NM"}
    shapes = world.clusters[[*columns, "cost", "geometry"]].rename(columns=columns)
    shapes.insert(3, "SIGUNGU_NM", districts["district"].to_numpy())
    shapes["COST_WON"] = shapes.pop("cost").astype("int64")
    shapes.to_crs(5186).to_file(path, encoding="cp949", engine="pyogrio")
    return path


def _find(points: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> pd.DataFrame:
    return find_districts(read_geography(), points)


def _name_actors(world: World) -> pd.Series:
    """Return the name of every actor by its identifier, companies' made unique."""
    firms = world.firms.set_index("firm")["name"]
    bare = firms.str.replace("|".join(map(_escape, LEGAL_FORMS)), "", regex=True).str.strip()
    nth = bare.groupby(bare).cumcount()
    company = firms.str.endswith(MARK_KO)
    added = [
        _SYLLABLES[n % len(_SYLLABLES)] + _SYLLABLES[n // len(_SYLLABLES)] if n else "" for n in nth
    ]
    own = firms.str.removesuffix(MARK_KO)
    told = [
        _insert(name, more) + MARK_KO if is_company else name
        for name, more, is_company in zip(own, added, company, strict=True)
    ]
    institutes = world.institutes.set_index("institute")["name"]
    again = institutes.groupby(institutes).cumcount()
    marked = institutes.str.removesuffix(MARK_KO)
    numbered = [f"{n}{_SYLLABLES[k]}{MARK_KO}" for n, k in zip(marked, again, strict=True)]
    chosen = institutes.where(again == 0, pd.Series(numbered, institutes.index))
    partners = world.partners.set_index("partner")["name"]
    named: pd.Series = pd.concat([pd.Series(told, firms.index), chosen, partners])
    return named


def _escape(text: str) -> str:
    return text.replace("(", r"\(").replace(")", r"\)")


def _insert(name: str, syllables: str) -> str:
    """Put syllables in front of a company's own name, behind a legal form that stands first."""
    for form in LEGAL_FORMS:
        if name.startswith(form):
            rest = name.removeprefix(form)
            gap = " " if rest.startswith(" ") else ""
            return f"{form}{gap}{syllables}{rest.strip()}"
    return f"{syllables}{name}"


def _list_factories(world: World, names: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    firms = world.firms
    points = firms[["x", "y"]].to_numpy(dtype=np.float64)
    place = _find(points)
    homes = firms["firm"].map(world.actors.set_index("actor")["cell"])
    complexes = homes.map(world.clusters.set_index("cluster")["name"]).fillna("")
    lon, lat = _degrees(points)
    blank = rng.random(len(firms)) < _UNPLACED
    street = rng.integers(1, 400, len(firms))
    table = pd.DataFrame(
        {
            "순번": np.arange(1, len(firms) + 1),
            "시도명": place["region"],
            "시군구명": place["district"],
            "회사명": firms["firm"].map(names).to_numpy(),
            "공장구분": np.where(complexes == "", "개별입지", "계획입지"),
            "단지명": _respell(complexes.to_numpy()),
            "대표업종": firms["industry"].to_numpy(),
            "차수": firms["revision"].to_numpy(),
            "생산품": "",
            "종업원합계": firms["employees"].astype("string").fillna("").to_numpy(),
            "공장주소": [
                f"{region} {district} 가상로 {number}"
                for region, district, number in zip(
                    place["region"], place["district"], street, strict=True
                )
            ],
            "공장관리번호": firms["firm"].to_numpy(),
            "경도": _spell(lon, blank),
            "위도": _spell(lat, blank),
        }
    )
    return _spoil(table, rng)


def _degrees(
    points: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    from pyproj import Transformer  # noqa: PLC0415 -- only where files are written

    turn = Transformer.from_crs(5179, 4326, always_xy=True)
    lon, lat = turn.transform(points[:, 0], points[:, 1])
    return np.asarray(lon), np.asarray(lat)


def _spell(
    degrees: np.ndarray[tuple[int], np.dtype[np.float64]],
    blank: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> list[str]:
    return ["" if gone else f"{value:.6f}" for value, gone in zip(degrees, blank, strict=True)]


def _respell(names: np.ndarray[tuple[int], np.dtype[np.object_]]) -> list[str]:
    """Return names of complexes as registers have them: closed up, some by an old kind."""
    closed = [name.replace(" ", "") for name in names]
    old = [at % 5 == 0 for at in range(len(closed))]
    return [
        name.replace("일반산업단지", "지방산업단지") if is_old else name
        for name, is_old in zip(closed, old, strict=True)
    ]


def _spoil(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Spoil some rows: words for a number, axes swapped, and a factory that stands there twice."""
    at = rng.choice(len(table), 9, replace=False)
    spoilt = table.astype(object)
    spoilt.loc[at[:4], "종업원합계"] = "약 30명"
    spoilt.loc[at[4:7], ["경도", "위도"]] = ["36.350000", "127.380000"]
    twice = spoilt.loc[at[7:8]].assign(회사명="(주)두번적힌정밀(가상)")
    return pd.concat([spoilt, twice], ignore_index=True)


def _list_institutes(world: World, names: pd.Series) -> pd.DataFrame:
    institutes = world.institutes
    lon, lat = _degrees(institutes[["x", "y"]].to_numpy(dtype=np.float64))
    everywhere = np.zeros(len(institutes), dtype=bool)
    return pd.DataFrame(
        {
            "기관번호": institutes["institute"],
            "기관명": institutes["institute"].map(names),
            "기관유형": institutes["kind"].map(INSTITUTE_KINDS),
            "시도": institutes["region"],
            "경도": _spell(lon, everywhere),
            "위도": _spell(lat, everywhere),
        }
    )


def _list_partners(world: World) -> pd.DataFrame:
    columns = {
        "partner": "해외기관번호",
        "name": "해외기관명",
        "country": "국가",
        "kind": "기관유형",
    }
    partners = world.partners[list(columns)].rename(columns=columns)
    kinds = {**INSTITUTE_KINDS, "firm": "기업"}
    return partners.assign(기관유형=partners["기관유형"].map(kinds))


def _list_projects(world: World, names: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    """List projects as NTIS does: one row each, who takes part by name."""
    parts = world.participations.assign(name=world.participations["participant"].map(names))
    rows = parts.groupby("project", sort=True).agg(year=("year", "first"), names=("name", list))
    lead = [list_[0] for list_ in rows["names"]]
    others = [
        ";".join(dict.fromkeys(name for name in list_[1:] if name != list_[0]))
        for list_ in rows["names"]
    ]
    began = rows["year"] - rng.integers(0, _YEARS_BEFORE + 1, len(rows))
    number = np.arange(1, len(rows) + 1)
    return pd.DataFrame(
        {
            "과제고유번호": [f"17{y % 100:02d}{n:06d}" for y, n in zip(began, number, strict=True)],
            "기준연도": rows["year"].to_numpy(),
            "과제명": [f"가상 과제 {n}" for n in number],
            "연구책임자명": "홍길동",
            "과제수행기관명": _respell_forms(lead),
            "공동연구기관명": [";".join(_respell_forms(text.split(";"))) for text in others],
        }
    )


def _respell_forms(names: list[str]) -> list[str]:
    """Write every other 주식회사 as (주): a table of projects spells names in its own way."""
    return [name.replace("주식회사 ", "(주)") if at % 2 else name for at, name in enumerate(names)]


def _list_pairs(world: World) -> pd.DataFrame:
    columns = {"source": "보낸곳", "target": "받은곳", "kind": "연계유형", "year": "연도"}
    pairs = world.pairs[list(columns)].rename(columns=columns)
    pairs = pairs.assign(연계유형=pairs["연계유형"].map(LINKAGE_KINDS))
    gone = pairs.iloc[:6].assign(받은곳="F9999999")
    itself = pairs.iloc[6:8].assign(받은곳=pairs["보낸곳"])
    return pd.concat([pairs, gone, itself], ignore_index=True)


def _list_shops(world: World, rng: np.random.Generator) -> pd.DataFrame:
    at = rng.integers(0, len(world.firms), _SHOPS)
    points = world.firms[["x", "y"]].to_numpy(dtype=np.float64)[at]
    place, (lon, lat) = _find(points), _degrees(points)
    everywhere = np.zeros(_SHOPS, dtype=bool)
    return pd.DataFrame(
        {
            "상가업소번호": [f"MA{number:08d}" for number in range(_SHOPS)],
            "상호명": [f"가상상점{number}" for number in range(_SHOPS)],
            "표준산업분류코드": "I56111",
            "시도명": place["region"],
            "시군구명": place["district"],
            "도로명주소": place["region"] + " " + place["district"] + " 가상로 1",
            "경도": _spell(lon, everywhere),
            "위도": _spell(lat, everywhere),
        }
    )
