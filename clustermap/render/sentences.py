"""Sentences for pages that carry both languages: each template once, then only what fills it."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING

from clustermap.messages import LANGUAGES, Message, read_catalogue, say
from clustermap.render.safe import LONGEST, clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from clustermap.messages import Language
    from clustermap.render.contract import Template

_LONGEST = 1000
_SAME_ACTIVITY = "explain.null.constrained"

_Gap = tuple[str, str]  # name of a value and how it is written, as in {score:.1f}


class Sentences:
    """Collects the templates of the sentences that a page says."""

    def __init__(self) -> None:
        self.templates: list[dict[Language, Template]] = []
        self._places: dict[str, int] = {}

    def add(self, message: Message) -> list[object]:
        """Take in one sentence.

        Parameters
        ----------
        message
            Key and values; the values may be user text.

        Returns
        -------
        list
            Number of the template, then the texts that fill its gaps: one list for both languages,
            or one for each where they differ.
        """
        return self.add_each(dict.fromkeys(LANGUAGES, message))

    def add_each(self, messages: Mapping[Language, Message]) -> list[object]:
        """Take in one sentence whose values differ by language.

        Parameters
        ----------
        messages
            Language to the sentence.

        Returns
        -------
        list
            As :meth:`add`.
        """
        split = {language: _split(messages[language], language) for language in LANGUAGES}
        order = sorted({gap for _, gaps in split.values() for gap in gaps})
        template: dict[Language, Template] = {
            language: {"fixed": fixed, "gaps": [order.index(gap) for gap in gaps]}
            for language, (fixed, gaps) in split.items()
        }
        name = repr(template)
        if name not in self._places:
            self._places[name] = len(self.templates)
            self.templates.append(template)
        told = [[_write_clean(messages[of], gap, of) for gap in order] for of in LANGUAGES]
        alike = all(texts == told[0] for texts in told)
        return [self._places[name], *(told[:1] if alike else told)]


def find_activity(told: Iterable[Message]) -> Message | None:
    """Return in short how links nearby stand beside those of clusters with as many links in all.

    Parameters
    ----------
    told
        Sentences that explain the score of a cluster.

    Returns
    -------
    Message or None
        None where no sentence compares with the doubly constrained null.
    """
    for message in told:
        parts = message.values.get("ratios", (message,))
        for part in parts if isinstance(parts, tuple) else ():
            null = part.values.get("null")
            if isinstance(null, Message) and null.key == _SAME_ACTIVITY and "ratio" in part.values:
                return Message("page.reasons.activity", {"ratio": part.values["ratio"]})
    return None


def _write(message: Message, gap: _Gap, language: Language) -> str:
    name, form = gap
    value = message.values[name]
    return format(value, form) if form else say(Message("page.as_is", {"value": value}), language)


def _write_clean(message: Message, gap: _Gap, language: Language) -> str:
    # Text of the user is cut short; a list of sentences, as of peers, may be longer than that.
    longest = LONGEST if isinstance(message.values[gap[0]], str) else _LONGEST
    return clean_text(_write(message, gap, language), longest)


def _split(message: Message, language: Language) -> tuple[list[str], list[_Gap]]:
    """Return what is fixed in a sentence and its gaps; a sentence of its own has no gaps."""
    fixed, gaps = [""], list[_Gap]()
    for literal, name, form, _ in Formatter().parse(read_catalogue()[message.key][language]):
        fixed[-1] += literal
        if name is not None and name in message.values:
            gaps.append((name, form or ""))
            fixed.append("")
    whole = say(message, language)
    texts = [*(_write(message, gap, language) for gap in gaps), ""]
    told = "".join(text for pair in zip(fixed, texts, strict=True) for text in pair)
    return (fixed, gaps) if told == whole else ([clean_text(whole, _LONGEST)], [])
