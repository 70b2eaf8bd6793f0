"""[select] and [scenarios]: what the project file accepts, and the one line of each mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clustermap.errors import TableFault
from clustermap.project import list_keys, open_project
from tests.certain import certain
from tests.test_project import HEAD

if TYPE_CHECKING:
    from pathlib import Path

SELECT = "[select]\nbudget = 1e11\n"


def write(folder: Path, text: str) -> Path:
    (folder / "clusters.geojson").write_text("", encoding="utf-8")
    file = folder / "project.toml"
    file.write_text(HEAD + text, encoding="utf-8")
    return file


def test_nothing_is_chosen_unless_it_is_asked_for(tmp_path: Path) -> None:
    project = open_project(write(tmp_path, ""))
    assert (project.select, project.scenarios) == (None, {})


def test_defaults_are_those_of_the_design(tmp_path: Path) -> None:
    select = certain(open_project(write(tmp_path, SELECT)).select)
    assert (select.budget, select.cost, select.rules, select.draws) == (1e11, None, (), 200)
    assert (select.must, select.must_not, select.industries) == ((), (), ())
    assert (select.capability, select.reach, select.exponent) == (0.5, "employees", 0.5)
    assert (select.unrated, select.gap) == ("excluded", 0)


def test_rules_and_scenarios_are_read(tmp_path: Path) -> None:
    text = """
[select]
budget = 100
rules = [{ by = "region", min = 1 }, { by = "industry", of = ["bio"], max_share = 0.3 }]
must = ["C1"]
[scenarios."두 배"]
budget = 200
rules = [{ by = "kind", max = 3 }]
[scenarios.open]
profile = "core_technology"
weights = { openness = 2, participation = 1, diversity = 1 }
"""
    project = open_project(write(tmp_path, text))
    first, second = certain(project.select).rules
    assert (first.by, first.of, first.min, first.max_share) == ("region", (), 1, None)
    assert (second.by, second.of, second.max_share) == ("industry", ("bio",), 0.3)
    twice, weighed = project.scenarios["두 배"], project.scenarios["open"]
    assert (twice.budget, twice.profile, twice.rules is None) == (200, None, False)
    assert (weighed.budget, weighed.rules) == (None, None)
    assert weighed.weights == {"openness": 2, "participation": 1, "diversity": 1}
    told = project.parameters()
    assert told["select"]["rules"][0]["min"] == 1
    assert list(told["scenarios"]) == ["두 배", "open"]


@pytest.mark.parametrize(
    ("text", "table", "key", "said"),
    [
        ("[select]\n", "[select]", "budget", "Add 'budget'"),
        ("[select]\nbudget = 0\n", "[select]", "budget", "> 0"),
        (f"{SELECT}budgets = 1\n", "[select]", "budgets", "budget"),
        (f"{SELECT}draws = 58\n", "[select]", "draws", "≥ 59"),
        (f'{SELECT}reach = "people"\n', "[select]", "reach", "employees, firms"),
        (f'{SELECT}rules = [{{ by = "area", min = 1 }}]\n', "[select]", "rules.0.by", "region"),
        (f'{SELECT}rules = [{{ by = "region" }}]\n', "[select]", "rules.0.by", "at least one of"),
        (
            f'{SELECT}rules = [{{ by = "kind", min = 3, max = 2 }}]\n',
            "[select]",
            "rules.0.max",
            "≥ 3",
        ),
        (
            f'{SELECT}rules = [{{ by = "kind", max_shares = 1 }}]\n',
            "[select]",
            "rules.0.max_shares",
            "max_share",
        ),
        ("[scenarios.more]\nbudget = 5\n", "project.toml", "scenarios.more", "[select]"),
        (f"{SELECT}[scenarios.default]\n", "project.toml", "scenarios.default", "default"),
        (f"{SELECT}[scenarios.a]\nbudgte = 5\n", "[scenarios.a]", "budgte", "budget"),
        (
            f"{SELECT}[scenarios.a]\nweights = {{ opennes = 1 }}\n",
            "[scenarios.a]",
            "weights.opennes",
            "openness",
        ),
        (
            f"{SELECT}[scenarios.a]\nweights = {{ openness = 2, diversity = 1 }}\n",
            "[scenarios.a]",
            "weights",
            "more than half",
        ),
    ],
)
def test_a_mistake_is_told_with_its_cure(
    tmp_path: Path, text: str, table: str, key: str, said: str
) -> None:
    with pytest.raises(TableFault) as refused:
        open_project(write(tmp_path, text))
    fault = refused.value
    assert fault.table.endswith(table)
    assert fault.key == key
    assert said in fault.line("en")
    assert fault.line("ko") != fault.line("en")


def test_keys_of_nested_sections_are_listed() -> None:
    assert set(list_keys(("select", "rules"))) == {
        *("by", "of", "min", "max", "min_share", "max_share"),
    }
    assert set(list_keys(("scenarios",))) == {
        *("profile", "weights", "rules", "budget", "capability", "exponent"),
    }
    assert list_keys(("scenarios", "rules")).keys() == list_keys(("select", "rules")).keys()
