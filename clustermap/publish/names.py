"""Names that may be a person's are masked before they leave."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MASK = "○○○"

_SYMBOLS = re.compile(r"[㈜㈔㈕]|\((?:주|유|합|자|사|재)\)")
_WORDS_KO = re.compile(
    "주식회사|유한회사|유한책임회사|합자회사|합명회사|사단법인|재단법인|학교법인|의료법인|"
    "사회복지법인|특수법인|법인|조합|공사|공단|은행|대학|학교|연구원|연구소|연구센터|센터|"
    "테크노파크|진흥원|재단|협회|병원|의료원|산업|공업|전자|기업|그룹|클러스터|"
    "시청|도청|군청|구청|특별시|광역시|특별자치도|위원회"
)
_PERSON_SYLLABLES = 4
"""Names of people in Korean have two to four syllables."""

_WORDS = (
    "corp corporation company inc incorporated ltd limited llc llp plc gmbh ohg sasu sarl srl kft "
    "zrt nyrt doo eood ood sro spzoo eeig aisbl asbl oyj university universite universidad "
    "universita universitat universitaet universiteit college school institute institut instituto "
    "istituto instytut academy hospital center centre centro foundation fondation stiftung "
    "association society agency laboratory laboratories labs technologies technology systems group "
    "semiconductors solutions engineering industries consulting international council ministry "
    "authority research forschung recherche cluster technopark metropole ayuntamiento gemeente "
    "provincie province kommun kommune municipality municipio comune commune communaute region "
    "regione city stadt county prefecture lab agence agentur agenzia agencia bundesamt"
)
_LAST_WORDS = (
    "co ag kg sa sas spa snc sl slu bv nv ab as asa aps oy dd oo lda ev gie ike epe uab sia"
)
"""Legal forms that are syllables of people's names too: they count as the last word only. SE, AE
and OU, with which Korean names end as well, do not count at all."""


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
    if _SYMBOLS.search(name) or _SYMBOLS.search(unicodedata.normalize("NFKC", name)):
        return True
    if _is_korean_organisation(unicodedata.normalize("NFKC", name)):
        return True
    unmarked = unicodedata.normalize("NFKD", re.sub(r"\(.*?\)", " ", name.lower()))
    plain = re.sub(r"[.'’/\u0300-\u036f]", "", unmarked)
    words = re.findall(r"[^\W\d_]+", plain)
    if not set(_WORDS.split()).isdisjoint(words):
        return True
    return len(words) > 1 and words[-1] in _LAST_WORDS.split()


def _is_korean_organisation(name: str) -> bool:
    """Return whether a Korean word says so; in a short name it must not be a given name."""
    compact = re.sub(r"\s", "", name)
    found = list(_WORDS_KO.finditer(compact))
    if not found or len(compact) > _PERSON_SYLLABLES or not re.fullmatch("[가-힣]+", compact):
        return bool(found)
    return len(compact) == _PERSON_SYLLABLES and found[-1].end() == len(compact)


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
