"""Strategic industries: the longest prefix decides, and one code may belong to several."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from clustermap.layers.industries import Taxonomy, build_taxonomy, code_industries

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
