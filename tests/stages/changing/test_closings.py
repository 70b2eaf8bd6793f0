"""Closings: who closes, and what goes with them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.small_world import build_small_world
from tests.stages.changing.ground import Ground, read, told

if TYPE_CHECKING:
    from pathlib import Path


def test_the_lead_by_employees_closes_with_all_its_links(
    ground: Ground, plain: list[tuple[str, str, str]]
) -> None:
    # Firm k of a cluster has 10 + k employees: the tenth has most.
    setup, altered = ground.change('[[close]]\nlead_of = "C1"')
    assert altered.links.closed.to_pylist() == ["00109"]
    assert told(altered) == [
        "The firm with most employees in 단지 1 (C1) closes: 00109. All its links go with it."
    ]
    assert "00109" not in altered.layers.register.ids.to_pylist()
    assert len(altered.layers.register.ids) == len(setup.layers.register.ids) - 1
    network, left = ground.count(altered)
    assert left == [edge for edge in plain if "00109" not in edge[:2]]
    entry = altered.ledger.entries["linkages_1"]
    assert (entry.read, entry.left_out) == (192, len(plain) - len(left))
    assert (altered.ledger.entries["firms"].read, entry.kept) == (59, 192 - entry.left_out)
    assert altered.ledger.faults().num_rows == 0  # what closes is no fault of a row
    firms = network.counts.by_sector.groupby("cluster")["firms"].sum()
    assert firms["C1"] == 9


def test_the_lead_by_links_is_the_one_with_most(ground: Ground) -> None:
    # Every firm has five links; 00100 has one with a partner abroad and three of projects besides.
    _, altered = ground.change('[[close]]\nlead_of = "C1"\nby = "links"')
    assert altered.links.closed.to_pylist() == ["00100"]
    # The next time it is the next: 00101 of a project and 00105 with the partner have six.
    _, altered = ground.change('[[close]]\nlead_of = "단지 1"\nby = "links"\n' * 2)
    assert altered.links.closed.to_pylist() == ["00100", "00101"]


def test_each_lead_is_found_by_its_own_measure(ground: Ground) -> None:
    by_links = '[[close]]\nlead_of = "C1"\nby = "links"\n'
    _, altered = ground.change('[[close]]\nlead_of = "C1"\n' + by_links)
    assert altered.links.closed.to_pylist() == ["00109", "00100"]


def test_what_a_firm_has_is_told_inside_the_house_alone(ground: Ground) -> None:
    publish = ground.project.publish.model_copy(update={"internal": True})
    inside = replace(ground, project=ground.project.model_copy(update={"publish": publish}))
    _, altered = inside.change('[[close]]\nlead_of = "C1"')
    assert "00109 (19 persons)" in told(altered)[0]


def test_a_project_loses_the_closed_as_if_it_had_never_been_there(ground: Ground) -> None:
    _, altered = ground.change('[[close]]\nactor = "00200"')
    network, left = ground.count(altered)
    assert [edge for edge in left if edge == ("00100", "I1", "research")] == [
        ("00100", "I1", "research")
    ] * 2
    # Of three participants each pair had half a share; of two it has all.
    edges = network.edges
    assert edges.credit[edges.unit >= 0].tolist() == [10**9, 10**9]


def test_institutes_and_partners_close_too(ground: Ground, plain: list[Any]) -> None:
    _, altered = ground.change('[[close]]\nactor = "I1"\n[[close]]\nactor = "P1"')
    left = ground.count(altered)[1]
    assert left == [edge for edge in plain if not {"I1", "P1"} & {*edge[:2]}]


def test_without_a_lead_there_is_nobody_to_close(tmp_path: Path) -> None:
    world = build_small_world()
    for row in world.firms[:10]:
        row["employees"] = ""
    nobody = read(world, tmp_path)
    assert "(employees)" in nobody.refuse('[[close]]\nlead_of = "C1"')
    _, altered = nobody.change('[[close]]\nlead_of = "C1"\nby = "links"')
    assert altered.links.closed.to_pylist() == ["00100"]


def test_a_firm_that_closes_takes_its_name_along(tmp_path: Path) -> None:
    # 00101 has a namesake, so that nobody knows who "(주)쌍둥이" is, closed or not.
    world = build_small_world()
    world.firms[1]["name"] = world.firms[2]["name"] = "쌍둥이"
    names = {row["firm"]: row["name"] for row in world.firms}
    names |= {row["institute"]: row["name"] for row in world.institutes}
    names["P1"] = "Partner AG"
    for row in world.pairs:
        row |= {end: names[row[end]] for end in ("source", "target")}
    world.project = world.project.replace('form = "pairs"', 'form = "pairs"\nmatch = "name"')
    ground = read(world, tmp_path)
    _, same = ground.change("")
    _, altered = ground.change('[[close]]\nactor = "00109"\n[[close]]\nactor = "00101"')
    (_, before), (_, after) = (ground.count(each) for each in (same, altered))
    assert after == [edge for edge in before if not {"00109", "00101"} & set(edge[:2])]
    entries = [each.ledger.entries["linkages_1"] for each in (same, altered)]
    closed = [edge for edge in before if "00109" in edge[:2]]
    assert entries[1].left_out == len(closed) == 5
    faults = [set(each.ledger.faults()["reason"].to_pylist()) for each in (same, altered)]
    assert faults == [{"ambiguous_name"}] * 2
