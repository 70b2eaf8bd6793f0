"""Levels of diffusion by hand, and firms by sector group."""

from __future__ import annotations

import pandas as pd
import pytest

from clustermap.messages import LANGUAGES, read_catalogue
from clustermap.selection.diffusion import GROUPS, find_level, parse_groups, tabulate_diffusion
from clustermap.sources.reference import data_root
from clustermap.tables import DIFFUSION
from tests.selection.test_conditions import draw_findings

NAN = float("nan")


def test_levels_by_hand() -> None:
    cases = [(1, NAN, 1), (1, 0, 1), (0, 1, 2), (0, 0, 3), (0, NAN, NAN), (NAN, 0, NAN)]
    less, research = (
        pd.DataFrame({"holds": [case[at] for case in cases], "open": f"reason {at}"})
        for at in (0, 1)
    )
    found = find_level(less, research)
    assert found["level"].to_numpy(dtype=float, na_value=NAN).tolist() == pytest.approx(
        [case[2] for case in cases], nan_ok=True
    )
    assert found["open"].tolist() == ["", "", "", "", "reason 1", "reason 0"]


def test_firms_by_group_by_hand() -> None:
    by_sector = pd.DataFrame(
        {
            "cluster": ["A", "A", "A", "A", "B", "B"],
            "sector": ["29", "27", "13", "", "26", "62"],
            "firms": [4, 2, 3, 1, 5, 7],
        }
    )
    groups = parse_groups((data_root() / "taxonomies" / "pavitt.csv").read_text(encoding="utf-8"))
    found = tabulate_diffusion(draw_findings(), by_sector, groups).set_index("cluster")
    assert list(found.reset_index()) == [column.name for column in DIFFUSION.columns]
    assert found.loc["A", [*GROUPS, "ungrouped"]].tolist() == [6, 3, 0, 0, 1]
    assert found.loc["B", [*GROUPS, "ungrouped"]].tolist() == [0, 0, 0, 5, 7]
    # A takes part as is typical, and its research links are below; fewer of B take part.
    assert found["level"].tolist() == [2, 1]


def test_every_division_of_manufacturing_has_a_group() -> None:
    groups = parse_groups((data_root() / "taxonomies" / "pavitt.csv").read_text(encoding="utf-8"))
    assert {f"{division}" for division in range(10, 35)} <= set(groups)
    assert set(groups.values()) == set(GROUPS)


@pytest.mark.parametrize(
    "rows", ["29,machines\n", "29,science_based\n29,supplier_dominated\n"], ids=["group", "twice"]
)
def test_a_faulty_table_of_groups_is_refused(rows: str) -> None:
    with pytest.raises(ValueError, match="division 29"):
        parse_groups(f"division,group\n{rows}")


@pytest.mark.parametrize("group", [*GROUPS, "ungrouped"])
def test_every_group_has_its_words(group: str) -> None:
    assert set(read_catalogue()[f"sector_group.{group}"]) == set(LANGUAGES)
