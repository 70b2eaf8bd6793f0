"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import pytest

from clustermap.layers import actors
from clustermap.network import space, tallies

if TYPE_CHECKING:
    from types import ModuleType


@pytest.mark.parametrize("module", [actors, space, tallies])
def test_docstring_examples(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
