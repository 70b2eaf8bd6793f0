<<<<<<< HEAD
"""The examples in docstrings are true, and every reason that is given has its words."""
=======
"""The examples in docstrings are true."""
>>>>>>> counting

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import pytest

<<<<<<< HEAD
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
=======
from clustermap.layers import actors
from clustermap.network import space, tallies
>>>>>>> counting

if TYPE_CHECKING:
    from types import ModuleType

<<<<<<< HEAD
MODULES = [
    *(diversity, empirical_bayes, involvement, posterior),
    *(resilience, roles, structural_holes),
]


@pytest.mark.parametrize("module", MODULES)
=======

@pytest.mark.parametrize("module", [actors, space, tallies])
>>>>>>> counting
def test_docstring_examples(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
<<<<<<< HEAD


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
=======
>>>>>>> counting
