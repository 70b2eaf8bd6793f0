"""Profiles and goalposts: what is shipped is sound, and what is not names its place and cure."""

from __future__ import annotations

import re

import pytest

from clustermap.errors import TableFault
from clustermap.messages import LANGUAGES, read_catalogue
from clustermap.scores import parse_goalposts, parse_profile
from clustermap.scores.profile import METHODS, PARTS
from clustermap.tables import SCORED_KINDS
from tests.scores.files import PROFILES, balanced, goalposts, goalposts_text, profile_text


def test_the_shipped_profile_has_six_equal_parts() -> None:
    profile = balanced()
    assert dict(profile.parts) == pytest.approx(dict.fromkeys(PARTS, 1 / 6))
    assert tuple(profile.parts) == PARTS
    assert dict(profile.kinds) == dict.fromkeys(SCORED_KINDS, 1.0)
    rules = profile.rating
    assert (rules.max_width, rules.min_weight, rules.min_linked_actors) == (2, 0.5, 3)


@pytest.mark.parametrize("name", PROFILES)
def test_every_shipped_profile_is_sound(name: str) -> None:
    profile = parse_profile(profile_text(name), name)
    assert profile.method == (name if name in METHODS else "linkage")
    assert sum(profile.parts.values()) == pytest.approx(1)
    assert max(profile.parts.values()) <= 0.5
    assert profile.goalposts == goalposts().name
    assert read_catalogue()[profile.note].keys() == set(LANGUAGES)


@pytest.mark.parametrize("part", PARTS)
def test_what_is_typical_lies_in_the_middle(part: str) -> None:
    for case in ("", "near", "wide"):
        post = goalposts().of(part, case)
        assert post.low == -post.high < 0


def test_each_local_reach_has_goalposts_of_its_own() -> None:
    posts = goalposts()
    cases = [posts.of("embeddedness", case) for case in ("", "near", "wide")]
    assert [post.high for post in cases] == [2, 1.5, 1.25]
    assert posts.of("openness", "near") == posts.of("openness")


def test_weights_are_shares_and_parts_without_weight_are_left_out() -> None:
    text = profile_text().replace("resilience = 1", "resilience = 0")
    text = text.replace("openness = 1", "openness = 4")
    found = parse_profile(text, "mine")
    shares = {"embeddedness": 1, "openness": 4, "participation": 1, "diversity": 1, "brokerage": 1}
    assert dict(found.parts) == pytest.approx({part: w / 8 for part, w in shares.items()})


def test_a_short_profile_has_the_rest_by_default() -> None:
    found = parse_profile('schema = 1\ngoalposts = "typical"\n', "mine")
    assert (found.method, found.note, found.industries) == ("linkage", "", ())
    assert found.rating == balanced().rating
    assert dict(found.parts) == pytest.approx(dict(balanced().parts))


@pytest.mark.parametrize(
    ("old", "new", "reason", "key", "value"),
    [
        ("schema = 1", "schema = ", "score_syntax", "", None),
        ("schema = 1", "schema = 2", "score_schema", "schema", 2),
        ("[kinds]", "[sorts]", "score_unknown_key", "sorts", None),
        ('goalposts = "typical"', "", "score_missing_key", "goalposts", None),
        ('goalposts = "typical"', "goalposts = 3", "score_not_text", "goalposts", 3),
        ('"linkage"', '"magic"', "profile_method", "method", "magic"),
        ("max_width = 2 ", 'max_width = "2" ', "score_not_a_number", "max_width", "2"),
        ("min_weight = 0.5 ", "min_weight = -1 ", "score_number_range", "min_weight", -1),
        ("max_width = 2 ", "max_width = inf ", "score_number_range", "max_width", float("inf")),
        ("research = 1", "other = 1", "score_unknown_key", "other", 1),
        ("resilience = 1", "luck = 1", "score_unknown_key", "luck", 1),
        ("resilience = 1", "resilience = 6", "profile_heavy_pillar", "resilience", 6),
    ],
)
def test_a_faulty_profile_is_refused(
    old: str, new: str, reason: str, key: str, value: object
) -> None:
    text = profile_text()
    assert old in text
    with pytest.raises(TableFault) as caught:
        parse_profile(text.replace(old, new), "mine")
    fault = caught.value
    assert (fault.reason, fault.key) == (reason, key)
    assert fault.table.startswith("profile mine")
    assert value is None or fault.value == value
    _says_its_cure(fault)


@pytest.mark.parametrize("section", ["kinds", "parts"])
def test_all_weights_zero_are_refused(section: str) -> None:
    start, _, rest = profile_text().partition(f"[{section}]\n")
    weights, gap, end = rest.partition("\n\n")
    text = f"{start}[{section}]\n{weights.replace('= 1', '= 0')}{gap}{end}"
    with pytest.raises(TableFault, match="all weights are zero") as caught:
        parse_profile(text, "mine")
    assert caught.value.reason == "profile_no_weight"


def test_a_part_of_exactly_half_is_not_too_heavy() -> None:
    text = profile_text().replace("resilience = 1", "resilience = 5")
    assert parse_profile(text, "mine").parts["resilience"] == 0.5


@pytest.mark.parametrize(
    ("old", "new", "reason", "key"),
    [
        ("low = -0.5\nhigh = 0.5", "low = 0.5\nhigh = 0.5", "goalposts_equal", "high"),
        ("high = 0.5", 'high = 0.5\ntransform = "log"', "goalposts_log", "low"),
        ("high = 0.5", 'high = 0.5\ntransform = "root"', "goalposts_transform", "transform"),
        ("low = -0.5", "lo = -0.5", "score_unknown_key", "lo"),
        ("high = 1.25", "", "score_missing_key", "high"),
        ('version = "1"', "", "score_missing_key", "version"),
    ],
)
def test_faulty_goalposts_are_refused(old: str, new: str, reason: str, key: str) -> None:
    text = goalposts_text()
    assert old in text
    with pytest.raises(TableFault) as caught:
        parse_goalposts(text.replace(old, new), "mine")
    assert (caught.value.reason, caught.value.key) == (reason, key)
    _says_its_cure(caught.value)


def test_a_measure_without_goalposts_is_a_fault() -> None:
    with pytest.raises(TableFault) as caught:
        goalposts().of("luck", "near")
    assert (caught.value.reason, caught.value.column) == ("goalposts_missing", "luck")
    _says_its_cure(caught.value)


def _says_its_cure(fault: TableFault) -> None:
    for language in LANGUAGES:
        line = fault.line(language)
        assert "\n" not in line
        assert not re.search(r"{[a-z_]+}", line)
