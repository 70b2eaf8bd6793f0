"""Reading profiles and goalposts from TOML text, with faults that name place, value and cure."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clustermap.errors import TableFault

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

SCHEMA = 1
"""Version of the form of these files."""


@dataclass(frozen=True)
class Section:
    """A section of a TOML text that knows where it stands.

    Parameters
    ----------
    place
        What a fault names: the file, then the section, e.g. ``"profile balanced [rating]"``.
    entries
        Keys and values.
    """

    place: str
    entries: Mapping[str, object]

    def fault(self, reason: str, key: str, value: object = None, **values: object) -> TableFault:
        """Return a fault at one key of this section.

        Parameters
        ----------
        reason
            Key below ``fault`` in the catalogue.
        key
            Key at fault.
        value
            Offending value.
        **values
            What else stands in the sentence.

        Returns
        -------
        TableFault
            The fault, to be raised.
        """
        return TableFault(
            reason, table=self.place, column="", key=key, row=None, value=value, **values
        )

    def allow(self, keys: Collection[str]) -> None:
        """Refuse every key that is not known.

        Parameters
        ----------
        keys
            Known keys.

        Raises
        ------
        TableFault
            If there is another key.
        """
        for key, value in self.entries.items():
            if key not in keys:
                known = ", ".join(sorted(keys))
                raise self.fault("score_unknown_key", key, value, known=known)

    def section(self, key: str) -> Section:
        """Return a section below this one.

        Parameters
        ----------
        key
            Its name.

        Returns
        -------
        Section
            The section; empty where it is absent.

        Raises
        ------
        TableFault
            If the key holds no section.
        """
        found = self.entries.get(key, {})
        if not isinstance(found, dict):
            raise self.fault("score_not_a_section", key, found)
        return Section(f"{self.place} [{key}]", found)

    def sections(self, key: str) -> tuple[Section, ...]:
        """Return the sections of a list.

        Parameters
        ----------
        key
            Name of the list.

        Returns
        -------
        tuple of Section
            One section an entry.

        Raises
        ------
        TableFault
            If the list is absent or empty, or holds anything else than sections.
        """
        found = self.entries.get(key)
        if not isinstance(found, list) or not found:
            raise self.fault("score_missing_key", key, found)
        for entry in found:
            if not isinstance(entry, dict):
                raise self.fault("score_not_a_section", key, entry)
        return tuple(Section(f"{self.place} {key}[{at}]", part) for at, part in enumerate(found))

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text.

        Parameters
        ----------
        key
            Its name.
        default
            Text where it is absent; None: it must be there.

        Returns
        -------
        str
            The text.

        Raises
        ------
        TableFault
            If it is absent or no text.
        """
        found = self.entries.get(key, default)
        if found is None:
            raise self.fault("score_missing_key", key)
        if not isinstance(found, str):
            raise self.fault("score_not_text", key, found)
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts.

        Parameters
        ----------
        key
            Its name.

        Returns
        -------
        tuple of str
            The texts; empty where the key is absent.

        Raises
        ------
        TableFault
            If it is no list of texts.
        """
        found = self.entries.get(key, [])
        if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
            raise self.fault("score_not_text", key, found)
        return tuple(found)

    def number(self, key: str, default: float | None = None, minimum: float = -math.inf) -> float:
        """Return a finite number.

        Parameters
        ----------
        key
            Its name.
        default
            Number where it is absent; None: it must be there.
        minimum
            Smallest number allowed.

        Returns
        -------
        float
            The number.

        Raises
        ------
        TableFault
            If it is absent, no number, or too small.
        """
        found = self.entries.get(key, default)
        if found is None:
            raise self.fault("score_missing_key", key)
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise self.fault("score_not_a_number", key, found)
        if not math.isfinite(found) or found < minimum:
            raise self.fault("score_number_range", key, found, minimum=minimum)
        return float(found)


def parse_document(text: str, place: str) -> Section:
    """Parse a TOML text and check the version of its form.

    Parameters
    ----------
    text
        TOML.
    place
        What faults call it.

    Returns
    -------
    Section
        The outermost section.

    Raises
    ------
    TableFault
        If the text is not TOML or of another version.
    """
    try:
        document = Section(place, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise TableFault("score_syntax", table=place, value=error) from None
    version = document.entries.get("schema")
    if version != SCHEMA:
        raise document.fault("score_schema", "schema", version, schema=SCHEMA)
    return document
