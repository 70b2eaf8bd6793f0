"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import pytest

from clustermap.network import (
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
