"""Concordances of revisions of an industry classification: the one shipped, and a user's own."""

from __future__ import annotations

import csv
import re
from functools import cache
from typing import TYPE_CHECKING

from clustermap.errors import TableFault
from clustermap.layers.revisions import Concordance, build_concordance
from clustermap.sources.files import find_encoding
from clustermap.sources.reference import data_root

if TYPE_CHECKING:
    from pathlib import Path

KSIC = "KSIC10"
"""What a project file calls the classification that codes of other revisions are turned into."""

_FORMS = {"revision": r"\d+", "code": r"\d+", "to": r"\d+", "scope": "all|prefix"}


@cache
def read_concordance() -> Concordance:
    """Read what became of the codes of other revisions of KSIC in revision 10.

    Returns
    -------
    Concordance
        Of revisions 9 and 11: manufacturing and utilities by classes, the rest by groups and
        divisions.
    """
    return read_own_concordance(data_root() / "taxonomies" / "ksic_to_10.csv", "10")


def read_own_concordance(path: Path, revision: str) -> Concordance:
    """Read what became of the codes of other revisions in one of them.

    Parameters
    ----------
    path
        CSV with the columns revision, code, to and scope.
    revision
        Revision that codes are turned into.

    Returns
    -------
    Concordance
        As the file says.

    Raises
    ------
    TableFault
        If the file is missing or no text, lacks a column, or a row cannot be used.
    """
    if not path.is_file():
        raise TableFault("missing_file", table="industries", key="concordance", value=path.name)
    encoding = find_encoding(path, "", "industries")
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.DictReader(file, restval="")
        for column in _FORMS:
            if column not in (reader.fieldnames or ()):
                raise TableFault("bad_concordance", table=path.name, column=column)
        rows = []
        for row in reader:
            for column, form in _FORMS.items():
                if not re.fullmatch(form, row[column]):
                    raise TableFault(
                        "bad_concordance",
                        table=path.name,
                        column=column,
                        row=reader.line_num,
                        value=row[column],
                    )
            rows.append(row)
    return build_concordance(revision, rows)
