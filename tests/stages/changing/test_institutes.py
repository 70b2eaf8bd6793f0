"""Institutes: founded in a cluster or anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clustermap.tables import ACTOR_TYPES
from tests.small_world import SOUTH, WEST, build_small_world
from tests.stages.changing.ground import Ground, home, members, read, told

if TYPE_CHECKING:
    from pathlib import Path


def test_an_institute_is_founded_in_the_middle_of_a_cluster(ground: Ground) -> None:
    text = '[[institutes]]\ninstitute = "NEW"\nkind = "hospital"\ncluster = "C2"\nname = "병원"'
    setup, altered = ground.change(text)
    register = altered.layers.register
    at = register.ids.index("NEW").as_py()
    assert ACTOR_TYPES[register.types[at]] == "hospital"
    assert home(altered, "NEW") == "C2"
    assert (register.x[at], register.y[at]) == (WEST + 11_000, SOUTH + 1000)
    assert altered.layers.actors["institutes"]["name"].to_pylist()[-1] == "병원"
    assert members(altered, "C2") == 12
    # All others stay where they are.
    others = [name for name in register.ids.to_pylist() if name != "NEW"]
    assert others == setup.layers.register.ids.to_pylist()
    assert altered.ledger.entries["institutes"].kept == 7
    assert told(altered) == ["NEW (Hospital) is founded at C2."]


def test_an_institute_may_stand_anywhere(ground: Ground) -> None:
    text = f'[[institutes]]\ninstitute = "NEW"\nkind = "support"\nx = {WEST + 5000}\ny = {SOUTH}'
    _, altered = ground.change(text)
    assert home(altered, "NEW").startswith("outside:")


def test_a_world_without_institutes_gets_its_first(tmp_path: Path) -> None:
    world = build_small_world()
    section = '[layers.institutes]\npath = "institutes.csv"\ncrs = "EPSG:5179"\n'
    world.project = world.project.replace(section, "").replace("max_refused = 0.2", "max_refused=1")
    bare = read(world, tmp_path)
    text = '[[institutes]]\ninstitute = "NEW"\nkind = "university"\ncluster = "C2"\n'
    links = '[[add_links]]\nbetween = ["NEW", "C1"]\nkind = "research"\nlinks = 5'
    _, altered = bare.change(text + links)
    assert home(altered, "NEW") == "C2"
    assert altered.links.added.num_rows == 5
    assert list(altered.layers.actors) == ["firms", "institutes", "partners"]


def test_founded_and_closed_is_as_if_nothing_had_been(ground: Ground, plain: list[Any]) -> None:
    text = '[[institutes]]\ninstitute = "NEW"\nkind = "hospital"\ncluster = "C2"\n'
    setup, altered = ground.change(f'{text}[[close]]\nactor = "NEW"')
    assert altered.layers.register.ids.equals(setup.layers.register.ids)
    assert ground.count(altered)[1] == plain
