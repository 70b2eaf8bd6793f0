"""The examples in docstrings are true, and every reason that is given has its words."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import pytest

from clustermap.messages import LANGUAGES, read_catalogue
from clustermap.network import (
    brokerage,
    diversity,
    empirical_bayes,
    involvement,
    posterior,
    resilience,
    roles,
    structural_holes,
)

if TYPE_CHECKING:
    from types import ModuleType

MODULES = [
    *(diversity, empirical_bayes, involvement, posterior),
    *(resilience, roles, structural_holes),
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
        empirical_bayes.TOO_WIDE,
        involvement.NOBODY_EXPECTED,
        resilience.NO_NETWORK,
    ],
)
def test_every_reason_has_its_words(reason: str) -> None:
    assert all(read_catalogue()[reason][language] for language in LANGUAGES)
