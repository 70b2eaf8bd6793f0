"""Invented names: places, companies, institutes and partners that exist nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MARK_KO = "(가상)"
MARK_EN = "(fictional)"

_STEMS = (
    *(("가온", "Gaon"), ("나래", "Narae"), ("다솜", "Dasom"), ("라온", "Raon"), ("마루", "Maru")),
    *(("바름", "Bareum"), ("새빛", "Saebit"), ("아람", "Aram"), ("자람", "Jaram")),
    *(("초롱", "Chorong"), ("누리", "Nuri"), ("한울", "Hanul"), ("은솔", "Eunsol")),
    *(("해든", "Haedeun"), ("온새", "Onsae"), ("미르", "Mireu"), ("벼리", "Byeori")),
    *(("도담", "Dodam"), ("소담", "Sodam"), ("예그", "Yegeu"), ("하람", "Haram")),
    *(("가람", "Garam"), ("모란", "Moran"), ("늘봄", "Neulbom"), ("다온", "Daon")),
    *(("별하", "Byeolha"), ("윤슬", "Yunseul"), ("시나", "Sina"), ("이든", "Ideun")),
    *(("푸름", "Pureum"), ("희라", "Huira"), ("단미", "Danmi"), ("로운", "Roun")),
    *(("비나", "Bina"), ("여울", "Yeoul"), ("차란", "Charan"), ("토담", "Todam")),
    *(("하늬", "Hanui"), ("솔미", "Solmi"), ("그루", "Geuru")),
)
_ENDINGS = (
    *(("들", "deul"), ("벌", "beol"), ("골", "gol"), ("재", "jae"), ("내", "nae")),
    *(("뫼", "moe"), ("울", "ul"), ("터", "teo"), ("결", "gyeol"), ("숲", "sup")),
    *(("나루", "naru"), ("머리", "meori"), ("고을", "goeul"), ("빛", "bit")),
)
CLUSTER_KINDS = {
    "국가": ("국가산업단지", "National Industrial Complex"),
    "일반": ("일반산업단지", "General Industrial Complex"),
    "농공": ("농공단지", "Rural Industrial Complex"),
    "도시첨단": ("도시첨단산업단지", "Urban High-Tech Complex"),
    "연구개발특구": ("연구개발특구", "Research and Development Zone"),
    "외국인투자지역": ("외국인투자지역", "Foreign Investment Zone"),
    "경제자유구역": ("경제자유구역", "Free Economic Zone"),
    "자유무역지역": ("자유무역지역", "Free Trade Zone"),
}
_INSTITUTE_WORDS = {
    "university": ("대학교", "과학기술대학교", "공과대학교"),
    "public_institute": ("기술연구원", "과학연구원", "소재연구원", "표준연구원"),
    "hospital": ("대학교병원", "의료원"),
    "support": ("테크노파크", "창업보육센터", "기술이전센터", "시험인증센터", "산업진흥원"),
}
_TRADES = ("테크", "산업", "정밀", "소재", "전자", "시스템", "솔루션", "엔지니어링", "이노텍")
_TRADES_OF = {
    "semi_display": ("반도체", "디스플레이", "세미콘"),
    "battery": ("배터리", "셀텍"),
    "mobility": ("모빌리티", "오토텍", "자동차부품"),
    "nuclear": ("원자력", "중공업"),
    "bio": ("바이오", "제약", "메디칼"),
    "space": ("항공", "해양", "조선기자재"),
    "hydrogen": ("수소", "가스텍"),
    "security": ("보안", "시큐리티"),
    "ai": ("소프트", "데이터", "에이아이"),
    "telecom": ("통신", "네트웍스"),
    "robot_mfg": ("로보틱스", "기계", "오토메이션"),
    "quantum": ("계측", "광학"),
}
_MARKERS = ("(주){}", "{}(주)", "㈜{}", "{}㈜", "주식회사 {}", "{} 주식회사")
_SURNAMES = "김이박최정강조윤장임한오서신권황안송류홍"
_SYLLABLES = "가나다라마서지민하은수현우진영주연도윤아"
_PARTNER_STEMS = (
    *("Aster", "Borea", "Cindra", "Dovane", "Elmar", "Fenwick"),
    *("Galvo", "Halden", "Ivora", "Jorvik", "Kelda"),
)
_PARTNER_WORDS = {
    "firm": ("Photonics", "Devices", "Materials", "Robotics", "Therapeutics", "Motors"),
    "university": ("University", "Institute of Technology"),
    "public_institute": ("Research Centre", "National Laboratory"),
}


def _pick(rng: np.random.Generator, words: Sequence[str], count: int) -> NDArray[np.object_]:
    return np.array(words, dtype=object)[rng.integers(len(words), size=count)]


def name_clusters(rng: np.random.Generator, kinds: Sequence[str]) -> pd.DataFrame:
    """Invent a name for every cluster, no two alike.

    Parameters
    ----------
    rng
        Source of chance.
    kinds
        Kind of every cluster, one of CLUSTER_KINDS.

    Returns
    -------
    pd.DataFrame
        name, ending with "(가상)", and name_en, ending with "(fictional)".
    """
    stem = rng.integers(len(_STEMS), size=len(kinds))
    ending = rng.integers(len(_ENDINGS), size=len(kinds))
    places = pd.DataFrame({"stem": stem, "ending": ending, "kind": list(kinds)})
    nth = places.groupby(["stem", "ending", "kind"]).cumcount() + 1
    korean, english = [], []
    for s, e, kind, n in zip(stem, ending, kinds, nth, strict=True):
        suffix_ko, suffix_en = CLUSTER_KINDS[kind]
        ordinal_ko, ordinal_en = (f"제{n}", f" {n}") if n > 1 else ("", "")
        korean.append(f"{_STEMS[s][0]}{_ENDINGS[e][0]}{ordinal_ko} {suffix_ko}{MARK_KO}")
        english.append(f"{_STEMS[s][1]}{_ENDINGS[e][1]} {suffix_en}{ordinal_en} {MARK_EN}")
    return pd.DataFrame({"name": korean, "name_en": english})


def name_firms(rng: np.random.Generator, industries: Sequence[str], *, persons: float) -> list[str]:
    """Invent a name for every firm.

    Parameters
    ----------
    rng
        Source of chance.
    industries
        Strategic industry of every firm, "" where it has none.
    persons
        Share of sole proprietors, whose names look like a natural person's.

    Returns
    -------
    list of str
        Company names with a corporate marker and "(가상)"; persons' names bare, as in registers.
    """
    count = len(industries)
    stems = _pick(rng, [stem for stem, _ in _STEMS], count)
    endings = _pick(rng, [ending for ending, _ in _ENDINGS], count)
    markers = _pick(rng, _MARKERS, count)
    trade = rng.random(count)
    surnames = _pick(rng, list(_SURNAMES), count)
    given = _pick(rng, list(_SYLLABLES), count) + _pick(rng, list(_SYLLABLES), count)
    is_person = rng.random(count) < persons
    names = []
    for i, industry in enumerate(industries):
        if is_person[i]:
            names.append(f"{surnames[i]}{given[i]}")
            continue
        trades = _TRADES_OF.get(industry, _TRADES)
        word = trades[int(trade[i] * len(trades))]
        names.append(markers[i].format(f"{stems[i]}{endings[i]}{word}") + MARK_KO)
    return names


def name_institutes(rng: np.random.Generator, kinds: Sequence[str]) -> list[str]:
    """Invent a name for every institute and support body.

    Parameters
    ----------
    rng
        Source of chance.
    kinds
        Actor type of each.

    Returns
    -------
    list of str
        Names ending with "(가상)".
    """
    stems = _pick(rng, [stem for stem, _ in _STEMS], len(kinds))
    endings = _pick(rng, [ending for ending, _ in _ENDINGS], len(kinds))
    word = rng.random(len(kinds))
    names = []
    for stem, ending, kind, chance in zip(stems, endings, kinds, word, strict=True):
        words = _INSTITUTE_WORDS[kind]
        names.append(f"{stem}{ending}{words[int(chance * len(words))]}{MARK_KO}")
    return names


def name_partners(rng: np.random.Generator, kinds: Sequence[str]) -> list[str]:
    """Invent a name for every partner abroad.

    Parameters
    ----------
    rng
        Source of chance.
    kinds
        Actor type of each.

    Returns
    -------
    list of str
        Names ending with "(fictional)".
    """
    stems = _pick(rng, _PARTNER_STEMS, len(kinds))
    word = rng.random(len(kinds))
    names = []
    for number, (stem, kind, chance) in enumerate(zip(stems, kinds, word, strict=True), 1):
        words = _PARTNER_WORDS[kind]
        names.append(f"{stem} {words[int(chance * len(words))]} {number} {MARK_EN}")
    return names
