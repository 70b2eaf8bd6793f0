"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import pytest

from clustermap.indicators import (
    concentration,
    evidence,
    homophily,
    linkage,
    relatedness,
    size_structure,
    specialisation,
    variety,
)
from clustermap.scores import capability, goalposts

if TYPE_CHECKING:
    from types import ModuleType

MODULES = [
    *(concentration, evidence, homophily, linkage, relatedness, size_structure),
    *(specialisation, variety, capability, goalposts),
]


@pytest.mark.parametrize("module", MODULES)
def test_docstring_examples(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
