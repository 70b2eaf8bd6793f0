"""The reach that decides, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clustermap.scores.parts import choose_reach
from tests.scores.hand import belief, ratios

if TYPE_CHECKING:
    from clustermap.network.posterior import Posterior


def _local() -> list[Posterior]:
    #        a: all decide   b: from 10 km on   c: only 30 km   d: none   e: the fence alone
    return [
        belief([1.0, 2.0, 3.0, 4.0, 5.0], 0.1, [True, False, False, False, True], "reason.fence"),
        belief([1.1, 2.1, 3.1, 4.1, 5.1], 0.2, [True, True, False, False, False], "reason.ten"),
        belief([1.2, 2.2, 3.2, 4.2, 5.2], 0.3, [True, True, True, False, False], "reason.thirty"),
    ]


def test_the_narrowest_reach_that_decides_is_taken() -> None:
    found, reach = choose_reach(tuple(map(ratios, _local())))
    assert reach.tolist() == [0, 1, 2, 2, 0]
    assert found.value.tolist() == [1.0, 2.1, 3.2, 4.2, 5.0]
    assert found.decided.tolist() == [True, True, True, False, True]
    assert found.reason.tolist() == ["", "", "", "reason.thirty", ""]
    low, high = found.interval()
    # The interval is that of the reach: 1.645 standard deviations of 0.1, 0.2, 0.3, 0.3, 0.1.
    np.testing.assert_allclose((high - low) / 2, 1.6448536 * np.array([1, 2, 3, 3, 1]) / 10)


def test_the_sign_does_not_choose() -> None:
    turned = [belief(-each.value, 0.1, each.decided.tolist()) for each in _local()]
    assert choose_reach(tuple(map(ratios, turned)))[1].tolist() == [0, 1, 2, 2, 0]


def test_one_reach_is_always_the_one() -> None:
    found, reach = choose_reach((ratios(_local()[0]),))
    assert reach.tolist() == [0] * 5
    assert found.decided.tolist() == [True, False, False, False, True]
