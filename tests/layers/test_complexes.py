"""Complexes: names as firms state them, matched with clusters or left alone."""

from __future__ import annotations

import unicodedata

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.layers.complexes import (
    NO_CLUSTER,
    Clusters,
    Form,
    Matches,
    count_ways,
    match_complexes,
    normalise_complex,
)
from clustermap.sources.reference import data_root, read_complex_aliases


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("성서지방산업단지", "성서일반산업단지"),
        ("성서 일반산업단지", "성서일반산단"),
        ("신평·장림", "신평.장림(협업)"),
        ("신평‧장림", "신평장림산업단지"),
        ("천안제4일반산업단지", "천안4일반산업단지"),
        ("천안제4일반산업단지", "천안 4차 일반산업단지"),
        ("구미국가산업단지(1단지)", "구미제1국가산업단지"),
        ("하남일반산업단지(2차)", "하남2차일반산업단지"),
        ("아산국가산업단지(포승)", "아산국가산업단지 포승지구"),
        ("명지·녹산국가산업단지", "명지녹산국가공단"),
        ("정산농공단지", "정산전문농공단지"),
        ("ＬＣＤ일반산업단지", "lcd일반산업단지"),
        ("오창Ⅱ일반산업단지", "오창2일반산업단지"),
        (unicodedata.normalize("NFD", "성서일반산업단지"), "성서일반산업단지"),
    ],
)
def test_spellings_of_one_complex(one: str, other: str) -> None:
    assert normalise_complex(one).fits(normalise_complex(other))
    assert normalise_complex(one).stem == normalise_complex(other).stem != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("포항국가산업단지", "포항일반산업단지"),
        ("정산농공단지", "정산일반산업단지"),
        ("구미국가산업단지(1단지)", "구미국가산업단지(4단지)"),
        ("성서1차일반산업단지", "성서2차일반산업단지"),
        ("성서일반산업단지", "성서2차일반산업단지"),
        ("마산자유무역지역", "마산일반산업단지"),
    ],
)
def test_complexes_that_are_two(one: str, other: str) -> None:
    assert not normalise_complex(one).fits(normalise_complex(other))


@pytest.mark.parametrize("name", ["국가산업단지", "공단", "제1", "·", ""])
def test_a_kind_alone_names_no_complex(name: str) -> None:
    assert normalise_complex(name).stem in {"", "1"}
    assert matched([name]) == [(None, "unmatched", "unknown")] if name else True


CLUSTERS = {
    # id: name, kind, region, district
    "A": ("성서일반산업단지", "일반", "대구광역시", "달서구"),
    "B": ("포항국가산업단지", "국가", "경상북도", "포항시 남구"),
    "C": ("포항일반산업단지", "일반", "경상북도", "포항시 북구"),
    "D": ("중앙농공단지", "농공", "경상남도", "김해시"),
    "E": ("중앙농공단지", "농공", "전북특별자치도", "김제시"),
    "F": ("한빛단지", "", "", ""),
    "G": ("중앙 농공단지", "농공", "경상남도", "거제시"),
    "H": ("한국수출국가산업단지(서울디지털)", "국가", "서울특별시", "금천구"),
}


def match(
    stated: list[str | None],
    region: str | None = None,
    district: str | None = None,
    aliases: tuple[tuple[str, str], ...] = (),
) -> Matches:
    clusters = Clusters(tuple(CLUSTERS), *zip(*CLUSTERS.values(), strict=True))
    size = len(stated)
    places = pa.array([region] * size, pa.string()), pa.array([district] * size, pa.string())
    return match_complexes(pa.array(stated, pa.string()), places, clusters, aliases)


def matched(
    stated: list[str | None],
    region: str | None = None,
    district: str | None = None,
    aliases: tuple[tuple[str, str], ...] = (),
) -> list[tuple[str | None, str, str]]:
    report = match(stated, region, district, aliases).report.to_pylist()
    return [(row["cluster"], row["how"], row["note"]) for row in report]


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("A", (None, None), ("A", "identifier", "")),
        ("성서일반산업단지", (None, None), ("A", "name", "")),
        # The exact name stands, whatever the row says of its region: complexes cross borders.
        ("성서일반산업단지", ("경상북도", None), ("A", "name", "")),
        ("성서지방산업단지", (None, None), ("A", "normal", "")),
        ("성서지방산업단지", ("대구광역시", "북구"), ("A", "normal", "")),
        ("성서지방산업단지", ("경기도", None), (None, "unmatched", "elsewhere")),
        ("포항국가산단", (None, None), ("B", "normal", "")),
        ("포항지방산업단지", (None, None), ("C", "normal", "")),
        ("포항공단", (None, None), (None, "unmatched", "several")),
        ("포항공단", ("경상북도", "포항시 남구"), ("B", "normal", "")),
        ("포항공단", ("경상북도", "포항시"), (None, "unmatched", "several")),
        ("포항공단", ("경상북도", "경주시"), (None, "unmatched", "several")),
        ("중앙농공단지", (None, None), (None, "unmatched", "several")),
        ("중앙농공단지", ("전북특별자치도", None), ("E", "name", "")),
        ("중앙농공단지", ("경상남도", "김해시"), ("D", "name", "")),
        ("중앙농공단지", ("경기도", None), (None, "unmatched", "elsewhere")),
        ("중앙공단", ("경상남도", None), (None, "unmatched", "several")),
        ("중앙공단", ("경상남도", "거제시"), ("G", "normal", "")),
        ("한빛산업단지", ("경기도", None), (None, "unmatched", "unknown")),
        ("한빛 단지", ("경기도", None), ("F", "normal", "")),
        ("개별입지", (None, None), (None, "individual", "")),
        ("없는산업단지", (None, None), (None, "unmatched", "unknown")),
    ],
)
def test_a_text_means_one_cluster_or_none(
    text: str, place: tuple[str | None, str | None], expected: tuple[str | None, str, str]
) -> None:
    assert matched([text], *place) == [expected]


def test_other_names_lead_to_clusters() -> None:
    aliases = (
        ("A", "달구벌산단"),
        ("한국수출국가산업단지(서울디지털)", "구로공단"),
        ("포항국가산업단지", "포항공단"),
        ("없음", "허공단지"),
    )
    found = matched(["달구벌산단"], aliases=aliases)
    assert found == [("A", "alias", "")]
    assert matched(["달구벌 산업단지"], aliases=aliases) == [("A", "alias", "")]
    assert matched(["구로 공단"], aliases=aliases) == [("H", "alias", "")]
    # What a user says of a name comes before what the name looks like.
    assert matched(["포항공단"], aliases=aliases) == [("B", "alias", "")]
    assert matched(["허공단지"], aliases=aliases) == [(None, "unmatched", "unknown")]


def test_the_report_counts_firms_by_text() -> None:
    found = match(["성서공단", "개별입지", None, "성서공단", "", "A"])
    assert found.cluster.tolist() == [0, NO_CLUSTER, NO_CLUSTER, 0, NO_CLUSTER, 0]
    assert found.individual.tolist() == [False, True, False, False, False, False]
    assert [(row["text"], row["actors"]) for row in found.report.to_pylist()] == [
        ("성서공단", 2),
        ("A", 1),
        ("개별입지", 1),
    ]
    assert count_ways(found.report) == {"identifier": 1, "normal": 1, "individual": 1}
    # A text that one place decides and another does not counts once.
    stated, region = pa.array(["중앙농공단지"] * 2), pa.array(["전북특별자치도", None], pa.string())
    clusters = Clusters(tuple(CLUSTERS), *zip(*CLUSTERS.values(), strict=True))
    found = match_complexes(stated, (region, pa.nulls(2, pa.string())), clusters)
    assert found.report["how"].to_pylist() == ["unmatched", "name"]
    assert count_ways(found.report) == {"unmatched": 1}


def test_identifiers_and_kinds_of_the_layer_count() -> None:
    kinds = ("국가(조성중)", "농공단지")
    clusters = Clusters(("X", "Y"), ("포항", "포항 농공"), kinds, ("", ""), ("", ""))
    none = pa.array([None, None], pa.string())
    found = match_complexes(pa.array(["포항국가산업단지", "포항농공단지"]), (none, none), clusters)
    assert found.cluster.tolist() == [0, NO_CLUSTER]


TEXTS = st.lists(
    st.sampled_from(["A", "성서공단", "포항공단", "개별입지", "중앙농공단지", "없음", None]),
    max_size=9,
)


@given(texts=TEXTS, data=st.data())
def test_the_order_of_rows_changes_nothing(texts: list[str | None], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(texts))))
    one, other = match(texts, "경상남도"), match([texts[n] for n in order], "경상남도")
    assert one.cluster[order].tolist() == other.cluster.tolist()
    assert one.report.equals(other.report)


@given(text=st.text(max_size=20))
def test_form_does_not_depend_on_spaces_and_composition(text: str) -> None:
    form = normalise_complex(text)
    assert form == normalise_complex(unicodedata.normalize("NFD", text))
    assert form == normalise_complex(f" {text}\t")
    assert unicodedata.is_normalized("NFC", form.stem)
    assert form.fits(Form(form.stem, ""))


def test_complexes_that_are_shipped_have_forms_and_other_names_of_their_own() -> None:
    table = pd.read_csv(data_root() / "reference" / "complexes.csv", dtype=str)
    forms = {normalise_complex(name) for name in table["name_ko"]}
    assert len(forms) == len(table) == 70
    columns = (table[name] for name in ("id", "name_ko", "type", "sido", "sigungu"))
    clusters = Clusters(*(tuple(column) for column in columns))
    others = read_complex_aliases()
    none = pa.nulls(len(others), pa.string())
    found = match_complexes(pa.array([o for _, o in others]), (none, none), clusters, others)
    means = table["name_ko"].to_numpy()[found.cluster]
    assert means.tolist() == [name for name, _ in others]
    assert set(found.report["how"].to_pylist()) == {"alias"}
