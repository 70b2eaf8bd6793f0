"""Markup of pages without scripts: every text in it is escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustermap.messages import Message, read_catalogue, say
from clustermap.render.safe import clean_text, escape_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clustermap.messages import Language

_LONGEST_SENTENCE = 2000
_VOID = {"input", "meta"}


def text(value: object, longest: int = _LONGEST_SENTENCE) -> str:
    """Return a text as markup.

    Parameters
    ----------
    value
        Text of ours or of the user.
    longest
        Longest text returned, in characters.

    Returns
    -------
    str
        Markup without a tag in it.

    Examples
    --------
    >>> text("<b>")
    '&lt;b&gt;'
    """
    return escape_text(clean_text(value, longest))


def element(tag: str, /, *inside: str, **attributes: str) -> str:
    """Return an element.

    Parameters
    ----------
    tag
        Its name.
    *inside
        Markup: elements, or what :func:`text` returns.
    **attributes
        Values in plain text; they are escaped here. ``class_`` stands for ``class``, and another
        underscore for a hyphen.

    Returns
    -------
    str
        Markup.

    Examples
    --------
    >>> element("p", text("a < b"), class_="quiet")
    '<p class="quiet">a &lt; b</p>'
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"' for key, value in attributes.items()
    )
    return f"<{tag}{told}>" + ("" if tag in _VOID else f"{''.join(inside)}</{tag}>")


def part(title: str, *inside: str) -> str:
    """Return a section of a page.

    Parameters
    ----------
    title
        Its heading, as markup.
    *inside
        Markup.

    Returns
    -------
    str
        Markup.
    """
    return element("section", element("h2", title), *inside)


def quiet(*sentences: str) -> str:
    """Return a paragraph that explains.

    Parameters
    ----------
    *sentences
        Markup.

    Returns
    -------
    str
        Markup.
    """
    return element("p", " ".join(sentences), class_="quiet")


def join_list(items: Iterable[str], kind: str = "plain") -> str:
    """Return a list.

    Parameters
    ----------
    items
        Markup of each.
    kind
        Class of the style sheet.

    Returns
    -------
    str
        Markup.
    """
    return element("ul", *(element("li", item) for item in items), class_=kind)


class Words:
    """What a page says in one language, as markup.

    Parameters
    ----------
    language
        The language.
    """

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **values: object) -> str:
        """Return a sentence of the catalogue.

        Parameters
        ----------
        key
            Its key.
        **values
            What stands in its places, in plain text.

        Returns
        -------
        str
            Markup.
        """
        return text(self.say(key, **values))

    def say(self, key: str, **values: object) -> str:
        """Return a sentence of the catalogue as it stands.

        Parameters
        ----------
        key
            Its key.
        **values
            What stands in its places.

        Returns
        -------
        str
            Plain text.
        """
        return _keep_together(say(Message(key, values), self.language))

    def tell(self, message: Message) -> str:
        """Return a message as a sentence.

        Parameters
        ----------
        message
            Key and values.

        Returns
        -------
        str
            Markup.
        """
        return text(_keep_together(say(message, self.language)))

    def name(self, key: str, otherwise: object) -> str:
        """Return a name of the catalogue, or what is known instead.

        Parameters
        ----------
        key
            A key that the catalogue may lack.
        otherwise
            Text where it does.

        Returns
        -------
        str
            Plain text.
        """
        known = key in read_catalogue()
        return self.say(key) if known else clean_text(otherwise)


def _keep_together(sentence: str) -> str:
    """Return a sentence whose percent signs never begin a line."""
    return sentence.replace(" %", "\u202f%")
