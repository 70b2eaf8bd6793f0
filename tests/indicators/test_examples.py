"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import pytest

from clustermap.indicators import evidence, linkage, specialisation
from clustermap.scores import goalposts

if TYPE_CHECKING:
    from types import ModuleType


@pytest.mark.parametrize("module", [evidence, linkage, specialisation, goalposts])
def test_docstring_examples(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
