"""Strategic industries: the longest prefix decides, and one code may belong to several."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from clustermap.layers.industries import Taxonomy, build_taxonomy, code_industries
from clustermap.sources.reference import data_root

ROWS = [
    {"industry": "chips", "name_ko": "반도체", "name_en": "Chips", "prefix": "26"},
    {"industry": "chips", "name_ko": "반도체", "name_en": "Chips", "prefix": "2611"},
    {"industry": "ai", "name_ko": "인공지능", "name_en": None, "prefix": "2611"},
    {"industry": "bio", "name_ko": None, "name_en": None, "prefix": "21"},
    {"industry": "bio", "name_ko": None, "name_en": None, "prefix": "21"},
    {"industry": "quantum", "name_ko": "양자", "name_en": "Quantum", "prefix": None},
]
TAXONOMY = build_taxonomy(pa.Table.from_pylist(ROWS))


def test_a_taxonomy_keeps_the_order_and_labels_of_its_file() -> None:
    assert list(TAXONOMY.labels) == ["chips", "ai", "bio", "quantum"]
    assert TAXONOMY.labels["ai"] == {"ko": "인공지능", "en": "ai"}
    assert TAXONOMY.labels["bio"] == {"ko": "bio", "en": "bio"}
    # An industry without a code of its own is named all the same; a repeated row adds nothing.
    assert dict(TAXONOMY.prefixes) == {"26": ("chips",), "2611": ("chips", "ai"), "21": ("bio",)}


def test_the_longest_prefix_decides() -> None:
    assert TAXONOMY.claim("26110") == ("chips", "ai")
    assert TAXONOMY.claim("26120") == ("chips",)
    assert TAXONOMY.claim("2") == ()
    assert TAXONOMY.claim("") == ()
    assert TAXONOMY.claim("C26") == ()


def test_codes_of_firms() -> None:
    codes = pa.array(["26.11", "26120", None, "99", "2", "26.11", ""])
    coded = code_industries(codes, TAXONOMY)
    assert coded.groups == ((), ("chips",), ("chips", "ai"))
    assert coded.sectors == ("", "2", "26", "99")
    assert [coded.groups[n] for n in coded.group] == [
        ("chips", "ai"),
        ("chips",),
        *[()] * 3,
        ("chips", "ai"),
        (),
    ]
    assert [coded.sectors[n] for n in coded.sector] == ["26", "26", "", "99", "2", "26", ""]


def test_no_firms_have_no_industries() -> None:
    coded = code_industries(pa.nulls(0, pa.string()), TAXONOMY)
    assert (coded.groups, coded.sectors, len(coded.group)) == (((),), ("",), 0)


digits = st.text("0123", max_size=5)


@given(st.dictionaries(digits.filter(len), st.just(("x",))), st.lists(st.none() | digits))
def test_row_order_and_missing_codes_change_nothing(
    prefixes: dict[str, tuple[str, ...]], codes: list[str | None]
) -> None:
    taxonomy = Taxonomy({"x": {"ko": "x", "en": "x"}}, prefixes)
    coded = code_industries(pa.array(codes, pa.string()), taxonomy)
    back = code_industries(pa.array(codes[::-1], pa.string()), taxonomy)
    assert (coded.groups, coded.sectors) == (back.groups, back.sectors)
    assert coded.group.tolist() == back.group.tolist()[::-1]
    for code, group in zip(codes, coded.group, strict=True):
        starts = bool(code) and any(str(code).startswith(prefix) for prefix in prefixes)
        assert coded.groups[group] == (("x",) if starts else ())


WIDE = build_taxonomy(
    pa.Table.from_pylist(
        [
            {"industry": "chips", "prefix": "26", "word": None, "firm": None},
            {"industry": "hydrogen", "prefix": None, "word": "연료 전지", "firm": None},
            {"industry": "hydrogen", "prefix": None, "word": "H2+", "firm": None},
            {"industry": "quantum", "prefix": None, "word": None, "firm": "F4"},
            {"industry": "quantum", "prefix": None, "word": "큐비트", "firm": "F9"},
        ]
    )
)


def test_firms_by_words_and_by_name() -> None:
    products = ["수소 연료전지 스택", "연료", "h2+ 압축기", None, "큐비트 소자", "연료 전지,큐비트"]
    codes = pa.array(["26110", "26110", None, "1", "26110", None])
    ids = pa.array([f"F{number}" for number in range(1, 7)])
    coded = code_industries(codes, WIDE, pa.array(products), ids)
    assert [coded.groups[number] for number in coded.group] == [
        ("chips", "hydrogen"),
        ("chips",),
        ("hydrogen",),
        ("quantum",),
        ("chips", "quantum"),
        ("hydrogen", "quantum"),
    ]
    assert coded.ways == {"claimed_by_code": 3, "claimed_by_word": 4, "claimed_by_firm": 1}
    assert coded.groups == (
        (),
        ("chips",),
        ("chips", "hydrogen"),
        ("chips", "quantum"),
        ("hydrogen",),
        ("hydrogen", "quantum"),
        ("quantum",),
    )


def test_order_of_rows_changes_nothing_with_words() -> None:
    products = pa.array(["연료전지", None, "큐비트 연료전지", "큐비트"])
    codes = pa.array(["26", "1", None, "26"])
    there = code_industries(codes, WIDE, products)
    turned = [3, 1, 0, 2]
    back = code_industries(codes.take(pa.array(turned)), WIDE, products.take(pa.array(turned)))
    assert there.groups == back.groups
    assert there.group[turned].tolist() == back.group.tolist()


def test_words_that_are_shipped_keep_clear_of_their_neighbours() -> None:
    table = pd.read_csv(data_root() / "taxonomies" / "strategic12.csv", dtype=str)
    taxonomy = build_taxonomy(pa.Table.from_pandas(table, preserve_index=False))
    assert set(taxonomy.words) == set(taxonomy.labels)
    near = [
        "과산화수소수",
        "염화수소가스",
        "문양자수 원단",
        "전기차단기",
        "방화벽 도어",
        "수소이온 측정기",
    ]
    meant = ["수소 충전소 설비", "양자암호 통신장비", "2차전지용 양극재", "협동로봇"]
    coded = code_industries(pa.nulls(10, pa.string()), taxonomy, pa.array([*near, *meant]))
    assert [coded.groups[number] for number in coded.group] == [
        *[()] * 6,
        ("hydrogen",),
        ("quantum",),
        ("battery",),
        ("robot_mfg",),
    ]
