"""Registers of factories: FactoryOn's lists and what districts and data.go.kr publish of them.

Names of persons and telephone numbers stand in some of these files; they are never read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from clustermap.sources.dialects.columns import find_words, make_ids, put, take_text
from clustermap.sources.dialects.dialect import Dialect

if TYPE_CHECKING:
    from clustermap.checks import Chunk

_APART = "개별입지"
_MADE = "factory-"
_WORKERS = ("남자종업원", "여자종업원", "외국인남자종업원", "외국인여자종업원")
_ADDRESSES = (
    "공장주소",
    "공장대표주소(도로명)",
    "공장대표주소_도로명",
    "공장대표주소",
    "공장주소_도로명",
    "공장주소_지번",
    "공장대표주소(지번)",
    "공장대표주소_지번",
)


def _add_workers(rows: pa.Table) -> pa.Table:
    """Fill persons employed in from men and women where their sum is not stated."""
    stated = take_text(rows, "employees")
    parts = [take_text(rows, name) for name in _WORKERS]
    total = None
    known = pa.array([False] * rows.num_rows, pa.bool_())
    for part in parts:
        plain = pc.replace_substring(part, ",", "")
        good = find_words(plain, r"^\d{1,7}$")
        number = pc.if_else(good, plain, "0").cast(pa.int64())
        total = number if total is None else pc.add(total, number)
        known = pc.or_(known, good)
    added = pc.if_else(known, total, pa.scalar(None, pa.int64())).cast(pa.string())
    return put(rows, "employees", pc.coalesce(stated, added))


def _take_codes(rows: pa.Table) -> pa.Array:
    """Return the code of the main industry, or the first of all that a factory states."""
    stated = take_text(rows, "대표업종", "대표업종번호", "대표업종코드")
    main = pc.if_else(find_words(stated, r"^[A-Z]?\d"), stated, pa.scalar(None, pa.string()))
    listed = take_text(rows, "업종코드")
    first = pc.list_element(pc.split_pattern_regex(pc.fill_null(listed, ""), r"[,;/\s]+"), 0)
    first = pc.if_else(pc.equal(first, ""), pa.scalar(None, pa.string()), first)
    # What is no code is kept all the same: it is told of where codes are read.
    return pc.coalesce(main, first, stated)


def convert_factories(chunk: Chunk) -> Chunk:
    """Turn rows of a register of factories into firms.

    Parameters
    ----------
    chunk
        Raw rows.

    Returns
    -------
    Chunk
        Rows with identifiers, workers, industry codes and addresses; a factory in no complex has
        the class of such places as its complex.
    """
    rows, told = chunk.rows, dict(chunk.told)
    if "firm" not in rows.column_names:
        address = take_text(rows, *_ADDRESSES)
        named = put(rows, "address", address)
        rows = put(rows, "firm", make_ids(named, ("name", "address", "complex", "products"), _MADE))
        told["ids_made"] = rows.num_rows
    rows = _add_workers(rows)
    codes = pc.coalesce(take_text(rows, "industry"), _take_codes(rows))
    rows = put(rows, "industry", codes)
    rows = put(
        rows, "address", pc.coalesce(take_text(rows, "address"), take_text(rows, *_ADDRESSES))
    )
    where = take_text(rows, "공장구분", "입지구분")
    apart = find_words(where, _APART)
    complexes = take_text(rows, "complex")
    rows = put(
        rows, "complex", pc.if_else(pc.and_(apart, pc.is_null(complexes)), _APART, complexes)
    )
    # What kind of permit or owner a factory has says nothing of the firm's sites.
    sites = pc.if_else(find_words(where, r"^(본사|본점|지점|지사|분공장)$"), where, None)
    rows = put(rows, "site", pc.coalesce(take_text(rows, "site"), sites))
    return replace(chunk, rows=rows, told=told)


_COLUMNS = {
    "firm": "공장관리번호",
    "name": "회사명",
    "revision": "차수",
    "employees": "종업원합계",
    "complex": "단지명",
    "products": "생산품",
    "region": "시도명",
    "district": "시군구명",
    "x": "경도",
    "y": "위도",
}
_ALSO = (
    *_WORKERS,
    *_ADDRESSES,
    "대표업종",
    "대표업종번호",
    "대표업종코드",
    "업종코드",
    "공장구분",
    "입지구분",
)
_MAKES = frozenset({"firm", "industry", "employees", "address", "complex", "site"})

_NATIONAL = frozenset({"회사명", "단지명", "생산품", "공장주소"})

FACTORYON = Dialect(
    "factoryon",
    "firms",
    frozenset({"회사명", "공장관리번호", "공장주소"}),
    _COLUMNS,
    _ALSO,
    _MAKES,
    "EPSG:4326",
    convert_factories,
)
"""The full list: 시도명 시군구명 관리기관 회사명 공장구분 단지명 ... 차수 공장주소 공장관리번호."""


def _short(*signature: str) -> Dialect:
    return replace(FACTORYON, name="factoryon_short", signature=frozenset(signature))


FACTORIES: tuple[Dialect, ...] = (
    FACTORYON,
    replace(FACTORYON, signature=frozenset({"회사명", "차수", "공장주소"})),
    replace(FACTORYON, signature=_NATIONAL | {"공장관리번호"}),
    replace(FACTORYON, signature=_NATIONAL | {"차수"}),
    _short("회사명", "업종명", "공장대표주소(도로명)"),
    _short("회사명", "업종명", "공장대표주소_도로명"),
    _short("회사명", "업종명", "공장대표주소(지번)"),
    _short("회사명", "업종명", "공장대표주소"),
    _short("회사명", "업종명", "공장주소"),
    replace(
        FACTORYON,
        name="factories_national",
        signature=_NATIONAL,
        columns={name: _COLUMNS[name] for name in ("name", "complex", "products")},
        also=("공장주소",),
    ),
)
