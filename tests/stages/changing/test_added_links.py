"""Added links: drawn between members of two groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.stages.changing.ground import Ground


def test_links_are_added_between_members(ground: Ground, plain: list[Any]) -> None:
    text = '[[add_links]]\nbetween = ["C1", "C3"]\nkind = "research"\nlinks = 50\nyear = 2025'
    _, altered = ground.change(text)
    left = list(plain)
    network, found = ground.count(altered)
    for edge in left:
        found.remove(edge)
    # C1 and C3 have a university each: research joins a firm with the other's, or the two.
    assert len(found) == 50
    firms = {f"{number}{firm:02d}" for number in ("001", "003") for firm in range(10)}
    assert all(kind == "research" and {a, b} & {"I1", "I3"} for a, b, kind in found)
    assert all({a, b} <= firms | {"I1", "I3"} for a, b, _ in found)
    between = {("C1", "C3"), ("C3", "C1")}
    rows = network.flows[network.flows["year"] == 2025]
    assert rows["links"].sum() == 50
    assert {*zip(rows["source"], rows["target"], strict=True)} <= between
    assert ground.change(text)[1].links.added.equals(altered.links.added)  # the seed decides


def test_links_of_one_actor_and_within_a_cluster(ground: Ground) -> None:
    _, altered = ground.change(
        '[[add_links]]\nbetween = ["00100", "P1"]\nkind = "transfer"\nlinks = 3\nweight = 0.25\n'
        '[[add_links]]\nbetween = ["C2", "C2"]\nkind = "firm_firm"\nlinks = 4'
    )
    names = altered.layers.register.ids.to_pylist()
    ends = [
        (names[a], names[b])
        for a, b in zip(*(altered.links.added[end].to_pylist() for end in "ab"), strict=True)
    ]
    assert ends[:3] == [("00100", "P1")] * 3
    assert all(a != b and {a[:3], b[:3]} == {"002"} for a, b in ends[3:])
    assert altered.links.added["share"].to_pylist()[:3] == [250_000_000] * 3
