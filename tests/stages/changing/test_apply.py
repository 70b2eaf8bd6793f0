"""A change as a whole: what changes nothing, and what is refused before anything long."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stages.changing.ground import Ground, told


def test_an_empty_change_changes_nothing(ground: Ground, plain: list[Any]) -> None:
    setup, altered = ground.change("")
    assert altered.project == setup.project
    assert altered.links.added.num_rows == len(altered.links.closed) == 0
    assert (altered.links.removed, altered.weights) == ({}, None)
    assert altered.layers.register.ids.equals(setup.layers.register.ids)
    assert altered.layers.clusters.equals(setup.layers.clusters)
    assert told(altered) == ["Nothing is changed."]
    # 192 pairs, three of the project of three, one of the project of two.
    assert len(plain) == 192 + 3 + 1


REFUSED = {
    "no polygons at all": (
        '[[boundaries]]\ncluster = "C1"\npath = "firms.csv"',
        "[[boundaries]] 1",
        "geometry",
    ),
    "another format": (
        '[[boundaries]]\ncluster = "C1"\npath = "project.toml"',
        "project.toml",
        "cannot be read",
    ),
    "unknown cluster": ('[[close]]\nlead_of = "C7"', "key lead_of, value 'C7'", "near it: C"),
    "unknown actor": ('[[close]]\nactor = "00110"', "[[close]] 1, key actor", "near it: 00109"),
    "unknown end": (
        '[[add_links]]\nbetween = ["C1", "NEW"]\nkind = "research"',
        "[[add_links]] 1, key between, value 'NEW'",
        "near it:",
    ),
    "a closed end": (
        '[[close]]\nactor = "I1"\n[[add_links]]\nbetween = ["C1", "I1"]\nkind = "research"',
        "value 'I1'",
        "what closes has no links",
    ),
    "no such cluster and no actor": ('[[remove_links]]\nof = "cluster:I1"', "cluster:I1", "near"),
    "no pair": (
        '[[add_links]]\nbetween = ["C2", "C4"]\nkind = "research"',
        "C2 – C4",
        "Joint research needs",
    ),
    "with itself": ('[[add_links]]\nbetween = ["I1", "I1"]\nkind = "other"', "I1 – I1", "no pair"),
    "no links": (
        '[[remove_links]]\nbetween = ["C1", "C6"]\nkind = "mobility"',
        "C1 – C6",
        "no such",
    ),
    "few links": (
        '[[remove_links]]\nof = "P1"\nlinks = 13',
        "key links, value '13'",
        "only 12 such links",
    ),
    "taken": ('[[institutes]]\ninstitute="I1"\nkind="hospital"\ncluster="C1"', "'I1'", "already"),
    "the id of a cluster": (
        '[[institutes]]\ninstitute="C1"\nkind="hospital"\ncluster="C1"',
        "'C1'",
        "already",
    ),
    "twice": (
        '[[institutes]]\ninstitute="N"\nkind="hospital"\ncluster="C1"\n' * 2,
        "[[institutes]] 2",
        "already",
    ),
    "nowhere": ('[[institutes]]\ninstitute="N"\nkind="hospital"\ncluster="C11"', "'C11'", "C1"),
    "nothing left": ('[[boundaries]]\ncluster="C1"\nbuffer_m=-1000', "-1000", "less far inward"),
    "itself": ('[[boundaries]]\ncluster="C1"\nmerge=["C1"]', "key merge", "merged with itself"),
    "no profile": ('profile = "balance"', "value 'balance'", "balanced"),
    "no weights": (
        'profile = "eu_stars"\nweights_times = { openness = 2 }',
        "key weights_times, value 'eu_stars'",
        "does not weigh",
    ),
    "too heavy": ("weights_times = { openness = 9 }", "key weights_times", "Expected"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_applied_is_one_line(ground: Ground, name: str) -> None:
    text, place, cure = REFUSED[name]
    line = ground.refuse(text)
    assert place in line
    assert cure in line
