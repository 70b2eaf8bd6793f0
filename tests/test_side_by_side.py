"""Work side by side: results in order, a bounded number of them at once, one core a call."""

from __future__ import annotations

from threading import Barrier, Lock

import pytest
from threadpoolctl import threadpool_info

from clustermap.side_by_side import do_each, go_through, one_core_each


def test_results_keep_their_order_and_are_made_at_once() -> None:
    together = Barrier(2, timeout=30)  # neither passes unless both are at work

    def wait(number: int) -> int:
        together.wait()
        return -number

    assert list(go_through(wait, [5, 3], workers=2)) == [-5, -3]


def test_no_more_results_wait_than_asked() -> None:
    lock, begun = Lock(), 0

    def note(number: int) -> int:
        nonlocal begun
        with lock:
            begun += 1
        return number

    taken = 0
    for number in go_through(note, range(20), workers=2, ahead=3):
        assert number == taken
        taken += 1
        assert begun <= taken + 3
    assert (taken, begun) == (20, 20)


def test_a_fault_ends_the_work() -> None:
    heard: list[int] = []
    with pytest.raises(ZeroDivisionError):
        do_each(lambda number: 1 // number, [1, 0, 1], lambda done, _: heard.append(done))
    assert heard == [1]


def test_linear_algebra_keeps_to_one_core() -> None:
    before = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    with one_core_each():
        within = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    after = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert set(within) == {1}
    assert before == after
