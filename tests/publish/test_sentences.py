"""Sentences at the door: what the tables withhold, no sentence tells."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd

from clustermap.messages import LANGUAGES, Message, read_catalogue, say
from clustermap.publish.sentences import release_sentences
from clustermap.publish.suppression import EMPLOYEES_WITHHELD

IDS = ["A", "B", "C"]
RATIO = {
    "place": Message("explain.word.place_fence", {"radius": "fence"}),
    "null": Message("explain.null.mass"),
    "observed": "41",
    "expected": "37.0",
    "ratio": "1.11",
    "low": "1.00",
    "high": "1.20",
    "reading": Message("explain.word.open"),
}
PEERS = tuple(
    Message("explain.word.peer_only", {"name": name, "rank": rank})
    for name, rank in (("Gamma", "3"), ("Beta", "2"))
)
SAID = (
    Message("explain.why.near", RATIO),
    Message("explain.missing.weight", {"observed": "4"}),
    Message("explain.peers.nearest", {"peers": PEERS}),
    Message("explain.beside.capability", {"value": "40"}),
    Message("explain.beside.foreign", {"share": "60%", "links": "5"}),
    Message("explain.beside.abroad", {"links": "6", "countries": "JP 5, US 1"}),
)
ABROAD = pd.DataFrame({"cluster": ["A", "A", "B"], "links": [5, 1, 9]})


def own_and_other(table: pd.DataFrame, **changed: str | None) -> pd.DataFrame:
    """Return a table of two scenarios, the second of which says something else."""
    other = table.assign(scenario="other", **changed)
    return pd.concat([table.assign(scenario="default"), other], ignore_index=True)


def tell(**hidden: str) -> dict[str, tuple[Message, ...]]:
    """Return what leaves where one figure of one cluster is withheld."""
    few = pd.Series([cluster == hidden.get("few") for cluster in IDS], index=IDS)
    scored: Any = SimpleNamespace(
        explanations=dict.fromkeys(IDS, SAID),
        scores=pd.DataFrame({"cluster": IDS, "rank": pd.array([1, 2, 3], dtype="Int64")}),
    )
    table = pd.DataFrame({"cluster": IDS, "flag": "foreign", "kind": ""})
    for name in ("observed", "capability", "share"):
        table[name] = [None if cluster == hidden.get(name) else 1.0 for cluster in IDS]
    abroad = ABROAD[(ABROAD["links"] > 4) | ("abroad" not in hidden)]
    # Numbers at another reach or of one kind are not told of: whether they are withheld does not
    # matter.
    other = table.assign(observed=None)
    ratios = pd.concat(
        [table.assign(reach="fence"), other.assign(reach="10 km")]
        + [other.assign(reach=reach, kind="research") for reach in ("fence", "beyond")],
        ignore_index=True,
    )
    taken = pd.DataFrame({"cluster": IDS, "subscore": "embeddedness", "reach": "fence"})
    scores = table.assign(
        reason=[EMPLOYEES_WITHHELD if cluster == hidden.get("reason") else "" for cluster in IDS]
    )
    release: Any = SimpleNamespace(
        ratios=ratios,
        # What other profiles say and withhold is no matter of the project's own explanations.
        subscores=own_and_other(taken, reach="10 km"),
        scores=own_and_other(scores, capability=None, reason=EMPLOYEES_WITHHELD),
        flags=table,
        abroad=abroad,
    )
    return dict(release_sentences(scored, ABROAD, few, release))


def keys(sentences: tuple[Message, ...]) -> list[str]:
    return [sentence.key.removeprefix("explain.") for sentence in sentences]


def test_where_nothing_is_withheld_all_is_told() -> None:
    assert tell() == dict.fromkeys(IDS, SAID)


def test_numbers_of_links_go_and_the_ratio_stays() -> None:
    found = tell(observed="A")
    assert found["B"] == SAID
    assert keys(found["A"])[:2] == ["why.near_untold", "peers.nearest"]
    for language in LANGUAGES:
        said = say(found["A"][0], language)
        assert "1.11" in said
        assert "41" not in said
    kept = {name: value for name, value in RATIO.items() if name not in {"observed", "expected"}}
    assert found["A"][0] == Message("explain.why.near_untold", kept)


def test_each_figure_withheld_takes_its_sentence_along() -> None:
    whole = keys(SAID)
    for name, key in (
        ("capability", "beside.capability"),
        ("share", "beside.foreign"),
        ("abroad", "beside.abroad"),
    ):
        found = tell(**{name: "A"})
        assert keys(found["A"]) == [other for other in whole if other != key]
        assert found["B"] == SAID


def test_a_cluster_that_is_withheld_is_nobodys_peer() -> None:
    found = tell(few="C")
    assert found["C"] == (Message("note.withheld"),)
    assert found["A"][2] == Message("explain.peers.nearest", {"peers": PEERS[1:]})


def test_a_score_that_tells_of_employees_takes_all_along() -> None:
    found = tell(reason="A")
    reason = {"reason": Message(EMPLOYEES_WITHHELD)}
    assert found["A"] == (Message("explain.why.too_few_to_tell", reason),)
    assert found["B"] == SAID


def test_forms_without_numbers_have_words() -> None:
    untold = {key for key in read_catalogue() if key.endswith("_untold")}
    assert untold == {
        "explain.why.near_untold",
        "explain.why.far_untold",
        "explain.missing.confidence_untold",
    }
