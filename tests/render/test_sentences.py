"""Sentences are told exactly as the catalogue tells them."""

from __future__ import annotations

from typing import Any

import pytest

from clustermap.messages import LANGUAGES, Language, Message, say
from clustermap.render.sentences import Sentences


def tell(sentences: Sentences, told: list[Any], language: Language) -> str:
    template = sentences.templates[told[0]][language]
    texts = told[2] if len(told) > 2 and language == "en" else told[1]
    gaps = [texts[place] for place in template["gaps"]] + [""]
    return "".join(part for pair in zip(template["fixed"], gaps, strict=True) for part in pair)


@pytest.mark.parametrize(
    "message",
    [
        Message("page.table.title"),
        Message("page.card.rank", {"rank": 3, "count": 1520}),
        Message("page.card.outside_place", {"place": Message("kind.research")}),
        Message("page.card.outside_place", {"place": ("a", Message("kind.research"))}),
        Message("page.card.outside_place", {"place": "{value} {0} <b>"}),
    ],
)
def test_told_as_said(message: Message) -> None:
    sentences = Sentences()
    told = sentences.add(message)
    for language in LANGUAGES:
        assert tell(sentences, told, language) == say(message, language)


def test_a_list_of_sentences_is_not_cut_short_and_text_of_the_user_is() -> None:
    long = Message("page.card.outside_place", {"place": "x" * 90})
    told = Sentences().add(Message("page.card.outside_place", {"place": (long, long, long)}))
    assert "".join(told[1]).count("x") == 270
    told = Sentences().add(Message("page.card.outside_place", {"place": "x" * 5000}))
    assert told[1][0].endswith("…")


def test_a_template_stands_once() -> None:
    sentences = Sentences()
    for rank in range(5):
        sentences.add(Message("page.card.rank", {"rank": rank, "count": 5}))
    assert len(sentences.templates) == 1
