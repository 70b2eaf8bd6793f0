"""Profiles and goalposts: what is shipped is sound, and what is not names its place and cure."""

from __future__ import annotations

import re

import pytest

from clustermap.errors import TableFault
from clustermap.messages import LANGUAGES, read_catalogue
from clustermap.scores import parse_goalposts, parse_profile
from clustermap.scores.aggregate import kinds_of
from clustermap.tables import SCORED_KINDS
from tests.scores.files import balanced, balanced_text, goalposts, goalposts_text

PILLAR = 'measures = [{ indicator = "strength", per = "actors", weight = 1 }]'


def test_the_shipped_profile_has_four_equal_parts() -> None:
    profile = balanced()
    weights = {pillar.key: pillar.weight for pillar in profile.pillars}
    assert weights == dict.fromkeys(("local", "openness", "participation", "centrality"), 0.25)
    assert dict(profile.kinds) == dict.fromkeys(SCORED_KINDS, 1.0)
    assert (profile.rating.min_links, profile.rating.min_linked_actors) == (7, 3)
    assert read_catalogue()[profile.note].keys() == set(LANGUAGES)


def test_every_measure_of_the_shipped_profile_has_goalposts() -> None:
    profile, posts = balanced(), goalposts()
    assert profile.goalposts == posts.name
    for pillar in profile.pillars:
        for measure in pillar.measures:
            for kind in kinds_of(measure, profile):
                post = posts.of(measure.name, kind)
                assert post.low < post.high


@pytest.mark.parametrize(
    ("old", "new", "reason", "column", "value"),
    [
        ("schema = 1", "schema = ", "score_syntax", "", None),
        ("schema = 1", "schema = 2", "score_schema", "schema", 2),
        ("[kinds]", "[sorts]", "score_unknown_key", "sorts", None),
        ('goalposts = "counts"', "", "score_missing_key", "goalposts", None),
        ('goalposts = "counts"', "goalposts = 3", "score_not_text", "goalposts", 3),
        ("min_links = 7 ", 'min_links = "7" ', "score_not_a_number", "min_links", "7"),
        ("min_links = 7 ", "min_links = -7 ", "score_number_range", "min_links", -7),
        ("min_links = 7 ", "min_links = inf ", "score_number_range", "min_links", float("inf")),
        ("research = 1", "other = 1", "score_unknown_key", "other", 1),
        ('key = "centrality"', 'key = "luck"', "profile_unnamed", "key", "luck"),
        ('key = "centrality"', 'key = "local"', "profile_twice", "pillars", "local"),
        ('"strength"', '"power"', "profile_indicator", "indicator", "power"),
        ('"strength"', '"location_quotient"', "profile_indicator", "indicator", None),
        (PILLAR, PILLAR.replace('"actors"', '"ei_index"'), "profile_indicator", "per", "ei_index"),
        (PILLAR, "measures = []", "score_missing_key", "measures", []),
        (PILLAR, "measures = [1]", "score_not_a_section", "measures", 1),
        (PILLAR, PILLAR.replace("weight = 1", "weight = 0"), "profile_no_weight", "measures", 0),
        (
            'indicator = "participation", weight',
            'indicator = "participation", kinds = "all", weight',
            "profile_kinds",
            "kinds",
            "all",
        ),
        ('kinds = "all"', 'kinds = "some"', "profile_kinds", "kinds", "some"),
        (
            'key = "centrality"\nweight = 1',
            'key = "centrality"\nweight = 4',
            "profile_heavy_pillar",
            "weight",
            "centrality",
        ),
    ],
)
def test_a_faulty_profile_is_refused(
    old: str, new: str, reason: str, column: str, value: object
) -> None:
    text = balanced_text()
    assert old in text
    with pytest.raises(TableFault) as caught:
        parse_profile(text.replace(old, new), "mine")
    fault = caught.value
    assert (fault.reason, fault.key) == (reason, column)
    assert fault.table.startswith("profile mine")
    assert value is None or fault.value == value
    _says_its_cure(fault)


@pytest.mark.parametrize(
    ("old", "new", "reason", "column"),
    [
        ("low = 0.0\nhigh = 0.5", "low = 0.5\nhigh = 0.5", "goalposts_equal", "high"),
        ("low = 0.2", "low = 0", "goalposts_log", "low"),
        ('transform = "log"', 'transform = "root"', "goalposts_transform", "transform"),
        ("low = 0.2", "lo = 0.2", "score_unknown_key", "lo"),
        ('version = "2"', "", "score_missing_key", "version"),
    ],
)
def test_faulty_goalposts_are_refused(old: str, new: str, reason: str, column: str) -> None:
    text = goalposts_text()
    assert old in text
    with pytest.raises(TableFault) as caught:
        parse_goalposts(text.replace(old, new), "mine")
    assert (caught.value.reason, caught.value.key) == (reason, column)
    _says_its_cure(caught.value)


def test_all_weights_zero_are_refused() -> None:
    text = balanced_text().replace("weight = 1\nmeasures", "weight = 0\nmeasures")
    with pytest.raises(TableFault, match="all weights are zero"):
        parse_profile(text, "mine")
    kinds = "".join(f"{kind} = 0\n" for kind in SCORED_KINDS)
    start, _, rest = balanced_text().partition("[kinds]")
    text = f"{start}[kinds]\n{kinds}[[pillars]]{rest.partition('[[pillars]]')[2]}"
    with pytest.raises(TableFault, match="all weights are zero"):
        parse_profile(text, "mine")


def test_a_kind_may_have_goalposts_of_its_own() -> None:
    text = goalposts_text() + "\n[measures.participation.support]\nlow = 0.0\nhigh = 0.2\n"
    posts = parse_goalposts(text, "mine")
    assert posts.of("participation", "support").high == 0.2
    assert posts.of("participation", "research").high == 1.0
    with pytest.raises(TableFault) as caught:
        posts.of("herfindahl")
    _says_its_cure(caught.value)


def _says_its_cure(fault: TableFault) -> None:
    for language in LANGUAGES:
        line = fault.line(language)
        assert "\n" not in line
        assert not re.search(r"{[a-z_]+}", line)
