"""The examples in the docstrings of the composite library are true."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import pytest

from clustermap.scores import hierarchy, impute, normalise, outranking, quality, treat, weights

if TYPE_CHECKING:
    from types import ModuleType


@pytest.mark.parametrize(
    "module", [hierarchy, impute, normalise, outranking, quality, treat, weights]
)
def test_docstring_examples(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
