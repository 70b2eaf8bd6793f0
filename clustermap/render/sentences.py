"""Sentences for pages that carry both languages: each template once, then only what fills it."""

from __future__ import annotations

from functools import cache
from string import Formatter
from typing import TYPE_CHECKING

from clustermap.messages import LANGUAGES, Message, read_catalogue, say
from clustermap.messages.particles import holds_pairs
from clustermap.render.safe import LONGEST, clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from clustermap.messages import Language
    from clustermap.render.contract import Template

_LONGEST = 1000
_SAME_ACTIVITY = "explain.null.constrained"

_Gap = tuple[str, str]  # name of a value and how it is written, as in {score:.1f}
_Split = tuple[tuple[str, ...], tuple[_Gap, ...]]  # what is fixed in a sentence, and its gaps


class Sentences:
    """Collects the templates of the sentences that a page says."""

    def __init__(self) -> None:
        self.templates: list[dict[Language, Template]] = []
        self._places: dict[str, int] = {}
        self._known: dict[tuple[_Split, ...], tuple[int, list[_Gap]]] = {}

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
        split = tuple(_split(messages[language], language) for language in LANGUAGES)
        if split not in self._known:
            self._known[split] = self._take_in(split)
        place, order = self._known[split]
        told = [_fill(messages, gap) for gap in order]
        if all(ko == en for ko, en in told):
            return [place, [alike for alike, _ in told]]
        return [place, *map(list, zip(*told, strict=True))]

    def _take_in(self, split: tuple[_Split, ...]) -> tuple[int, list[_Gap]]:
        """Return the number of a template, and its gaps in the order in which they are told."""
        order = sorted({gap for _, gaps in split for gap in gaps})
        template: dict[Language, Template] = {
            language: {"fixed": list(fixed), "gaps": [order.index(gap) for gap in gaps]}
            for language, (fixed, gaps) in zip(LANGUAGES, split, strict=True)
        }
        name = repr(template)
        if name not in self._places:
            self._places[name] = len(self.templates)
            self.templates.append(template)
        return self._places[name], order


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
    if form:
        return format(value, form)
    told = value if isinstance(value, Message) else Message("page.as_is", {"value": value})
    return say(told, language)


def _fill(messages: Mapping[Language, Message], gap: _Gap) -> tuple[str, ...]:
    """Return what fills a gap in each language."""
    values = [messages[language].values[gap[0]] for language in LANGUAGES]
    if values[0] is values[-1] and isinstance(values[0], str) and not gap[1]:
        return (clean_text(values[0]),) * len(LANGUAGES)
    return tuple(_write_clean(messages[language], gap, language) for language in LANGUAGES)


def _write_clean(message: Message, gap: _Gap, language: Language) -> str:
    # Text of the user is cut short; a list of sentences, as of peers, may be longer than that.
    longest = LONGEST if isinstance(message.values[gap[0]], str) else _LONGEST
    return clean_text(_write(message, gap, language), longest)


def _split(message: Message, language: Language) -> _Split:
    """Return what is fixed in a sentence and its gaps; a sentence of its own has no gaps."""
    fixed, gaps, settled = _read_template(message.key, language, frozenset(message.values))
    if settled:
        return fixed, gaps
    whole = say(message, language)
    texts = [*(_write(message, gap, language) for gap in gaps), ""]
    told = "".join(text for pair in zip(fixed, texts, strict=True) for text in pair)
    return (fixed, gaps) if told == whole else ((clean_text(whole, _LONGEST),), ())


@cache
def _read_template(
    key: str, language: Language, names: frozenset[str]
) -> tuple[tuple[str, ...], tuple[_Gap, ...], bool]:
    """Return what is fixed in a template, its gaps, and whether no value changes what is fixed."""
    template = read_catalogue()[key][language]
    settled = not (language == "ko" and holds_pairs(template))
    fixed, gaps = [""], list[_Gap]()
    for literal, name, form, way in Formatter().parse(template):
        fixed[-1] += literal
        if name is None:
            continue
        settled = settled and name in names and way is None
        if name in names:
            gaps.append((name, form or ""))
            fixed.append("")
    return tuple(fixed), tuple(gaps), settled
