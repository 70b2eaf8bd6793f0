"""The examples in the docstrings of the selection are true."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import pytest

from clustermap.selection import (
    diagnosis,
    diffusion,
    distance,
    fields,
    intermediaries,
    names,
    near_pairs,
    reach,
)

if TYPE_CHECKING:
    from types import ModuleType


@pytest.mark.parametrize(
    "module", [diagnosis, diffusion, distance, fields, intermediaries, names, near_pairs, reach]
)
def test_docstring_examples(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
