"""Lists of businesses: licences (LOCALDATA), shops, companies on the exchange.

Names of persons and telephone numbers stand in some of these files; they are never read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from clustermap.sources.dialects.columns import find_words, put, take_text
from clustermap.sources.dialects.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clustermap.checks import Chunk

_CLOSED = r"폐업|취소|말소|만료|정지|중지|제외|삭제|전출"
_CODE_OF_LICENCE = {"영업상태구분코드": ("03", "3", "04", "4", "05", "5")}


def convert_licences(chunk: Chunk) -> Chunk:
    """Turn licences into firms of today.

    Parameters
    ----------
    chunk
        Raw rows.

    Returns
    -------
    Chunk
        Those that are open or rest for a while; closed ones are left out and counted.
    """
    rows = chunk.rows
    state = take_text(rows, "영업상태명", "상세영업상태명")
    closed = find_words(state, _CLOSED)
    for name, codes in _CODE_OF_LICENCE.items():
        said = pc.is_in(take_text(rows, name), value_set=pa.array(codes))
        closed = pc.or_(closed, pc.and_(pc.is_null(state), said))
    open_ = pc.invert(closed)
    # The number alone is given anew by every service and district.
    parts = [take_text(rows, name) for name in ("개방서비스아이디", "개방자치단체코드")]
    ids = take_text(rows, "firm")
    for part in reversed(parts):
        ids = pc.coalesce(pc.binary_join_element_wise(part, ids, "-"), ids)
    rows = put(rows, "firm", ids)
    rows = put(
        rows,
        "address",
        take_text(rows, "도로명전체주소", "도로명주소", "소재지전체주소", "지번주소"),
    )
    told = dict(chunk.told) | {"rows_closed": int(pc.sum(closed).as_py() or 0)}
    return replace(chunk, rows=rows.filter(open_), lines=chunk.lines.filter(open_), told=told)


def convert_shops(chunk: Chunk) -> Chunk:
    """Turn shops into firms.

    Parameters
    ----------
    chunk
        Raw rows.

    Returns
    -------
    Chunk
        Rows whose industry codes have no letter of a section in front.
    """
    rows = chunk.rows
    codes = pc.replace_substring_regex(take_text(rows, "industry"), r"^[A-Za-z]", "")
    rows = put(rows, "industry", codes)
    rows = put(rows, "address", take_text(rows, "도로명주소", "지번주소"))
    return replace(chunk, rows=rows)


def convert_listed(chunk: Chunk) -> Chunk:
    """Turn companies on the exchange into firms.

    Parameters
    ----------
    chunk
        Raw rows.

    Returns
    -------
    Chunk
        Rows by stock code, whose leading zeros are put back; the region is that of the head office.
    """
    codes = take_text(chunk.rows, "firm")
    padded = pc.if_else(find_words(codes, r"^[0-9A-Z]{1,6}$"), pc.utf8_lpad(codes, 6, "0"), codes)
    rows = put(chunk.rows, "firm", padded)
    rows = put(rows, "site", pa.array(["본사"] * rows.num_rows, pa.string()))
    return replace(chunk, rows=rows)


def _licences(columns: Mapping[str, str]) -> Dialect:
    return Dialect(
        "licences",
        "firms",
        frozenset({"관리번호", "사업장명", *columns.values()}),
        {"firm": "관리번호", "name": "사업장명", **columns},
        (
            "개방서비스아이디",
            "개방자치단체코드",
            "영업상태명",
            "상세영업상태명",
            "영업상태구분코드",
            "도로명전체주소",
            "도로명주소",
            "소재지전체주소",
            "지번주소",
        ),
        frozenset({"address"}),
        "EPSG:5174",
        convert_licences,
    )


SHOPS = Dialect(
    "shops",
    "firms",
    frozenset({"상가업소번호", "상호명", "경도", "위도"}),
    {
        "firm": "상가업소번호",
        "name": "상호명",
        "industry": "표준산업분류코드",
        "region": "시도명",
        "district": "시군구명",
        "x": "경도",
        "y": "위도",
    },
    ("도로명주소", "지번주소"),
    frozenset({"address", "industry"}),
    "EPSG:4326",
    convert_shops,
)

LISTED = Dialect(
    "listed",
    "firms",
    frozenset({"회사명", "종목코드", "업종", "주요제품"}),
    {"firm": "종목코드", "name": "회사명", "products": "주요제품", "region": "지역"},
    makes=frozenset({"site"}),
    convert=convert_listed,
)

BUSINESSES: tuple[Dialect, ...] = (
    _licences({"x": "좌표정보(X)", "y": "좌표정보(Y)"}),
    _licences({"x": "좌표정보(x)", "y": "좌표정보(y)"}),
    _licences({"x": "좌표정보X(EPSG5174)", "y": "좌표정보Y(EPSG5174)"}),
    SHOPS,
    LISTED,
)
