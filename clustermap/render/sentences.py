"""Sentences for pages that carry both languages: each template once, then only what fills it."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING

from clustermap.messages import LANGUAGES, Message, read_catalogue, say
from clustermap.render.safe import clean_text

if TYPE_CHECKING:
    from clustermap.messages import Language

_LONGEST = 1000


class Sentences:
    """Collects the templates of the sentences that a page says."""

    def __init__(self) -> None:
        self.templates: list[dict[Language, list[str]]] = []
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
        pieces = {language: _split(message, language) for language in LANGUAGES}
        fixed = {language: parts[0] for language, parts in pieces.items()}
        gaps = [pieces[language][1] for language in LANGUAGES]
        name = repr(fixed)
        if name not in self._places:
            self._places[name] = len(self.templates)
            self.templates.append(fixed)
        alike = all(gap == gaps[0] for gap in gaps)
        return [self._places[name], *(gaps[:1] if alike else gaps)]


def _split(message: Message, language: Language) -> tuple[list[str], list[str]]:
    """Return what is fixed in a sentence and what stands in its gaps."""
    template = read_catalogue()[message.key][language]
    fixed, gaps = [""], list[str]()
    for literal, name, form, conversion in Formatter().parse(template):
        fixed[-1] += literal
        if name is None:
            continue
        value = message.values.get(name)
        if conversion or not name.isidentifier():
            break
        gaps.append(
            format(value, form) if form else say(Message("page.as_is", {"value": value}), language)
        )
        fixed.append("")
    whole = say(message, language)
    told = "".join(text for pair in zip(fixed, [*gaps, ""], strict=True) for text in pair)
    if told != whole:
        return [clean_text(whole, _LONGEST)], []
    return fixed, [clean_text(gap) for gap in gaps]
