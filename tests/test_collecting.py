"""Collecting: seldom while it lasts, and as it was afterwards."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from clustermap.collecting import collect_seldom

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_thresholds_are_higher_and_come_back_after_a_fault() -> None:
    gc.set_threshold(700, 10, 10)

    def fail() -> None:
        with collect_seldom():
            assert gc.get_threshold() == (200_000, 20, 20)
            raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        fail()
    assert gc.get_threshold() == (700, 10, 10)


def test_who_collects_still_less_often_goes_on_to() -> None:
    gc.set_threshold(1_000_000, 5, 50)
    with collect_seldom():
        assert gc.get_threshold() == (1_000_000, 20, 50)
    assert gc.get_threshold() == (1_000_000, 5, 50)


def test_what_is_switched_off_stays_so() -> None:
    gc.set_threshold(0, 10, 10)
    with collect_seldom():
        assert gc.get_threshold() == (0, 10, 10)
