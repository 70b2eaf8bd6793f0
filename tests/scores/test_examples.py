"""The examples in the docstrings of the scores are true."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import pytest

from clustermap.scores import (
    draws,
    explain,
    goalposts,
    hierarchy,
    impute,
    known,
    normalise,
    normalisers,
    outranking,
    parts,
    quality,
    ranks,
    sensitivity,
    treat,
    weights,
)

if TYPE_CHECKING:
    from types import ModuleType


MODULES = [
    *(draws, explain, goalposts, hierarchy, impute, known, normalise, normalisers),
    *(outranking, parts, quality, ranks, sensitivity, treat, weights),
]


@pytest.mark.parametrize("module", MODULES)
def test_docstring_examples(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
