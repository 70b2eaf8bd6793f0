"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import pytest

from clustermap.scores import draws, normalisers, ranks, sensitivity

if TYPE_CHECKING:
    from types import ModuleType


@pytest.mark.parametrize("module", [draws, normalisers, ranks, sensitivity])
def test_docstring_examples(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
