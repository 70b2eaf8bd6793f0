"""What clustermap says to people, in Korean and English, from one catalogue.

The core returns a :class:`Message` (a key with values); words are made at the edges by :func:`say`.
The catalogue is the set of ``*.toml`` files beside this module, one file a room: every entry is
``key.ko`` and ``key.en``, written with ``{name}`` where a value goes. Only our own templates are
ever formatted; values are put in as they stand.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, cast

from clustermap.messages.particles import settle_particles

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = ("ko", "en")


@dataclass(frozen=True)
class Message:
    """A sentence that is not yet in any language.

    Parameters
    ----------
    key
        Dotted key in the catalogue, e.g. ``"fault.missing_file"``.
    values
        What stands in the sentence's places; a value may be a Message itself.
    """

    key: str
    values: Mapping[str, object] = field(default_factory=dict)


def _flatten(prefix: str, entries: Mapping[str, Any]) -> dict[str, dict[Language, str]]:
    flat: dict[str, dict[Language, str]] = {}
    for name, entry in entries.items():
        key = f"{prefix}{name}"
        if set(entry) == set(LANGUAGES) and all(isinstance(text, str) for text in entry.values()):
            flat[key] = cast("dict[Language, str]", entry)
        else:
            flat |= _flatten(f"{key}.", entry)
    return flat


@cache
def read_catalogue() -> Mapping[str, Mapping[Language, str]]:
    """Return every entry of the catalogue, dotted key to text by language.

    Returns
    -------
    Mapping
        ``{"fault.missing_file": {"ko": "...", "en": "..."}, ...}``, sorted by key.

    Raises
    ------
    ValueError
        If two files of the catalogue hold the same key.
    """
    entries: dict[str, dict[Language, str]] = {}
    for file in sorted(resources.files(__name__).iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".toml"):
            continue
        found = _flatten("", tomllib.loads(file.read_text(encoding="utf-8")))
        twice = entries.keys() & found.keys()
        if twice:
            raise ValueError(f"the catalogue holds {sorted(twice)} twice")
        entries |= found
    return dict(sorted(entries.items()))


def catalogue(prefix: str) -> dict[str, dict[Language, str]]:
    """Return the entries below a prefix, as the pages carry them.

    Parameters
    ----------
    prefix
        First part of the dotted key, e.g. ``"page"``; it is cut off the keys returned.

    Returns
    -------
    dict
        Key below the prefix to text by language.
    """
    start = f"{prefix}."
    return {
        key.removeprefix(start): dict(texts)
        for key, texts in read_catalogue().items()
        if key.startswith(start)
    }


def _spell(value: object, language: Language) -> object:
    if isinstance(value, Message):
        return say(value, language)
    if isinstance(value, tuple | list):
        return ", ".join(str(_spell(part, language)) for part in value)
    return value


@cache
def _say_alone(key: str, language: Language) -> str:
    """Return a sentence without values, such as the name of a part of the score."""
    template = read_catalogue()[key][language]
    return (settle_particles(template, {}) if language == "ko" else template).format()


def say(message: Message, language: Language) -> str:
    """Put a message into words.

    Parameters
    ----------
    message
        Key and values.
    language
        "ko" or "en".

    Returns
    -------
    str
        The sentence. Values may hold user data: escape it wherever it is shown.

    Raises
    ------
    KeyError
        If the catalogue has no such key.
    """
    if not message.values:
        return _say_alone(message.key, language)
    template = read_catalogue()[message.key][language]
    values = {name: _spell(value, language) for name, value in message.values.items()}
    if language == "ko":
        template = settle_particles(template, values)
    return template.format(**values)
