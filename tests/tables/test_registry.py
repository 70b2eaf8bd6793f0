"""Registry: every declared table is in it, and each declaration is whole."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import pytest

from clustermap import tables
from clustermap.tables import INPUT_TABLES, OUTPUT_TABLES, Table

DECLARED = {
    f"{module.name}.{name}": found
    for module in iter_modules(tables.__path__)
    for name, found in vars(import_module(f"{tables.__name__}.{module.name}")).items()
    if isinstance(found, Table)
}


@pytest.mark.parametrize("name", DECLARED)
def test_every_table_is_read_or_written(name: str) -> None:
    assert any(DECLARED[name] is table for table in (*INPUT_TABLES, *OUTPUT_TABLES))
    assert getattr(tables, name.split(".")[1]) is DECLARED[name]


@pytest.mark.parametrize("registered", [INPUT_TABLES, OUTPUT_TABLES], ids=["read", "written"])
def test_no_two_tables_share_a_file(registered: tuple[Table, ...]) -> None:
    names = [table.name for table in registered]
    assert len({*names}) == len(names) > 9


@pytest.mark.parametrize("table", [*INPUT_TABLES, *OUTPUT_TABLES], ids=lambda table: table.name)
def test_a_declaration_is_whole(table: Table) -> None:
    names = [column.name for column in table.columns]
    assert len({*names}) == len(names)
    assert {*table.key} <= {*names}
    for column in table.columns:
        assert bool(column.choices) == (column.type == "choice"), column.name
        assert column.meaning.endswith("."), column.name


def test_a_column_that_is_not_there_is_a_key_error() -> None:
    assert tables.CLUSTERS.column("cost").unit == "currency"
    with pytest.raises(KeyError, match="price"):
        tables.CLUSTERS.column("price")
