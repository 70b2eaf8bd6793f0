"""The examples in docstrings are true, and every reason that is given has its words."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import pytest

from clustermap.layers import actors
from clustermap.messages import LANGUAGES, read_catalogue
from clustermap.network import (
    brokerage,
    constrained,
    distinct,
    diversity,
    empirical_bayes,
    involvement,
    posterior,
    ratios,
    resilience,
    roads,
    roles,
    shrinkage,
    space,
    structural_holes,
    tallies,
    ties,
)

if TYPE_CHECKING:
    from types import ModuleType

MODULES = [
    *(actors, constrained, distinct, diversity, empirical_bayes, involvement, posterior),
    *(resilience, roads, roles, shrinkage, space, structural_holes, tallies, ties),
]


@pytest.mark.parametrize("module", MODULES)
def test_docstring_examples(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed


@pytest.mark.parametrize(
    "reason",
    [
        brokerage.NOBODY_CAN,
        diversity.ONE_KIND,
        empirical_bayes.TOO_FEW_LINKED,
        empirical_bayes.TOO_FEW_LINKS,
        empirical_bayes.CHANCE_DECIDES,
        involvement.NOBODY_EXPECTED,
        resilience.NO_NETWORK,
        *ratios.REASONS,
    ],
)
def test_every_reason_has_its_words(reason: str) -> None:
    assert all(read_catalogue()[reason][language] for language in LANGUAGES)
