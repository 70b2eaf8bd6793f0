"""The concordance of revisions of Korea's industry classification that the product ships."""

from __future__ import annotations

import csv
from functools import cache

from clustermap.layers.revisions import Concordance, build_concordance
from clustermap.sources.reference import data_root

KSIC = "KSIC10"
"""What a project file calls the classification that codes of other revisions are turned into."""


@cache
def read_concordance() -> Concordance:
    """Read what became of the codes of other revisions of KSIC in revision 10.

    Returns
    -------
    Concordance
        Of revisions 9 and 11: manufacturing and utilities by classes, the rest by groups and
        divisions.
    """
    path = data_root() / "taxonomies" / "ksic_to_10.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return build_concordance("10", csv.DictReader(file))
