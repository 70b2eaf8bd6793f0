"""Removed links: by pair, actor and kind, the last added first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clustermap.errors import TableFault
from clustermap.tables import KINDS

if TYPE_CHECKING:
    from tests.stages.changing.ground import Ground


def test_links_are_removed_by_pair_actor_and_kind(
    ground: Ground, plain: list[tuple[str, str, str]]
) -> None:
    def left_by(text: str) -> list[tuple[str, str, str]]:
        _, altered = ground.change(text)
        return ground.count(altered)[1]

    assert left_by('[[remove_links]]\nof = "I1"') == [e for e in plain if "I1" not in e[:2]]
    assert left_by('[[remove_links]]\nkind = "transfer"') == [
        edge for edge in plain if edge[2] != "transfer"
    ]
    between = left_by('[[remove_links]]\nbetween = ["C1", "C2"]\nkind = "firm_firm"')
    gone = [e for e in plain if {e[0][:3], e[1][:3]} == {"001", "002"} and e[2] == "firm_firm"]
    assert len(plain) - len(between) == len(gone) == 10 + 1  # and one of the project p1
    some = left_by('[[remove_links]]\nbetween = ["C1", "C2"]\nlinks = 4')
    assert len(plain) - len(some) == 4
    assert not [edge for edge in some if edge not in plain]
    twice = left_by('[[remove_links]]\nbetween = ["C1", "C2"]\nlinks = 4\n' * 2)
    assert len(plain) - len(twice) == 8


def test_added_and_removed_is_as_if_nothing_had_been(ground: Ground, plain: list[Any]) -> None:
    add = '[[add_links]]\nbetween = ["C1", "C3"]\nkind = "research"\nlinks = 7\n'
    remove = add.replace("add_", "remove_")
    _, altered = ground.change(add + remove)
    assert altered.links.added.num_rows == 0
    assert altered.links.removed == {}
    assert ground.count(altered)[1] == plain
    # Of fourteen added the last go first.
    _, once = ground.change(add)
    _, half = ground.change(add + add + remove)
    assert half.links.added.equals(once.links.added)


@given(
    pair=st.tuples(*[st.sampled_from(["C1", "C2", "C5", "00100", "I2", "P1"])] * 2),
    kind=st.sampled_from(KINDS),
    links=st.integers(1, 40),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_added_and_removed_leaves_no_trace(
    ground: Ground, pair: tuple[str, str], kind: str, links: int
) -> None:
    add = f'[[add_links]]\nbetween = ["{pair[0]}", "{pair[1]}"]\nkind = "{kind}"\nlinks = {links}\n'
    try:
        _, added = ground.change(add)
    except TableFault as fault:
        assert fault.reason == "change_no_pair"  # noqa: PT017 -- most pairs can have a link
        return
    assert added.links.added.num_rows == links
    _, altered = ground.change(add + add.replace("add_", "remove_"))
    assert altered.links.added.num_rows == 0
    assert altered.links.removed == {}
