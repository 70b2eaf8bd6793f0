"""Names that may be a person's are masked before they leave."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MASK = "○○○"

_KOREAN = (
    "㈜|㈔|㈕|(주)|(유)|(합)|(자)|(사)|(재)|주식회사|유한회사|유한책임회사|합자회사|합명회사|사단법인|"
    "재단법인|학교법인|의료법인|사회복지법인|특수법인|법인|조합|공사|공단|은행|대학|학교|연구원|연구소|"
    "연구센터|센터|테크노파크|진흥원|재단|협회|병원|의료원|산업|공업|전자|기업|그룹|클러스터"
)
_LATIN = (
    "co|corp|corporation|company|inc|incorporated|ltd|limited|llc|llp|plc|gmbh|ag|kg|ohg|se|sa|sas|"
    "sasu|sarl|srl|spa|snc|sl|slu|bv|nv|ab|as|asa|aps|oy|oyj|ou|kft|zrt|nyrt|doo|dd|eood|ood|sro|"
    "spzoo|sp z oo|lda|eeig|ev|ev|aisbl|asbl|gie|ike|epe|ae|as|uab|sia|university|universite|"
    "universidad|universita|universitat|universitaet|universiteit|college|school|institute|institut|"
    "instituto|istituto|instytut|academy|hospital|center|centre|centro|foundation|fondation|stiftung|"
    "association|society|agency|laboratory|laboratories|labs|technologies|technology|systems|group|"
    "semiconductors|solutions|engineering|industries|consulting|international|council|ministry|"
    "authority|research|forschung|recherche|cluster|technopark"
)
_MARKER_KO = re.compile("|".join(re.escape(word) for word in _KOREAN.split("|")))
_MARKER_LATIN = re.compile(rf"(?<![a-z])(?:{_LATIN})(?![a-z])")


def bears_marker(name: str) -> bool:
    """Return whether a name is plainly an organisation's.

    Parameters
    ----------
    name
        Name as written.

    Returns
    -------
    bool
        True where it holds a legal form or another word that no person's name holds.
    """
    if _MARKER_KO.search(name):
        return True
    plain = re.sub(r"[.'’]", "", name.lower())
    return bool(_MARKER_LATIN.search(plain.replace("/", "")) or _MARKER_LATIN.search(plain))


def mask_names(names: pd.Series[str]) -> tuple[pd.Series[str], int]:
    """Mask every name without a corporate marker.

    Parameters
    ----------
    names
        Names; null or "" where unknown.

    Returns
    -------
    tuple
        Names as they may leave, and how many were masked.
    """
    known = names.fillna("")
    masked = known.ne("") & ~known.map(bears_marker).astype(bool)
    return known.mask(masked, MASK), int(masked.sum())
