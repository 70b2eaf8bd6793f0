"""Every reason that is given has its words."""

from __future__ import annotations

import pytest

from clustermap.messages import LANGUAGES, read_catalogue
from clustermap.network import (
    brokerage,
    diversity,
    empirical_bayes,
    involvement,
    ratios,
    resilience,
)


@pytest.mark.parametrize(
    "reason",
    [
        brokerage.NOBODY_CAN,
        diversity.ONE_KIND,
        empirical_bayes.TOO_FEW_LINKED,
        empirical_bayes.TOO_FEW_LINKS,
        empirical_bayes.CHANCE_DECIDES,
        involvement.NOBODY_EXPECTED,
        resilience.NO_NETWORK,
        *ratios.REASONS,
    ],
)
def test_every_reason_has_its_words(reason: str) -> None:
    assert all(read_catalogue()[reason][language] for language in LANGUAGES)
