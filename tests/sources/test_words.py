"""Words for columns and kinds: the lists that are shipped hold together."""

from __future__ import annotations

import csv

import pytest

from clustermap.sources.reference import data_root
from clustermap.sources.words import FILE, plain, read_words
from clustermap.tables import INPUT_TABLES, LAYERS, LINKAGES, TAXONOMY

TABLES = {table.name: table for table in INPUT_TABLES}


def test_columns_are_ours() -> None:
    for table, column in read_words().columns:
        assert column == FILE or column in {c.name for c in TABLES[table].columns}, column
    read = {*LAYERS, *LINKAGES, TAXONOMY.name}
    assert {table for table, _ in read_words().columns} == read


def test_no_word_stands_for_two_columns_of_a_table() -> None:
    seen: dict[tuple[str, str], str] = {}
    for (table, column), words in read_words().columns.items():
        for word in set(words) if column != FILE else ():
            assert seen.setdefault((table, word), column) == column, (table, word)


def test_kinds_mean_choices_of_ours() -> None:
    choices = {
        "actor": TABLES["institutes"], "linkage": TABLES["pairs"],
        "joint": TABLES["support"], "funder": TABLES["support"],
    }  # fmt: skip
    for name, words in read_words().kinds.items():
        known = {choice for column in choices[name].columns for choice in column.choices}
        assert set(words.values()) <= known


@pytest.mark.parametrize("name", ["column_words", "kind_words"])
def test_no_word_of_a_line_is_empty(name: str) -> None:
    with (data_root() / "reference" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert all(plain(word) for word in row["words"].split("|")), row
            assert None not in row, row


def test_rarity_counts_tables_not_names_of_files() -> None:
    words = read_words()
    assert words.rarity("업체명") == 1
    assert words.rarity("기관번호") == 1 / 2
    assert words.rarity("region") == 1 / 4  # clusters, regions, firms, institutes
    assert words.of("firms", "precision_m")[0] == "precisionm"
