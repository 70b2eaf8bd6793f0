"""National R&D projects of Korea, laid out as NTIS lists them: a row a project.

Organisations are named, not numbered: who carries a project out, and who takes part. Names of
people (연구책임자) are not read.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from clustermap.sources.dialects.cells import (
    add_column,
    find_column,
    read_stated,
    read_years,
    repeat_rows,
    split_names,
)
from clustermap.sources.dialects.dialect import Dialect
from clustermap.sources.dialects.settling import settle_parts

if TYPE_CHECKING:
    from clustermap.checks import Chunk

_LEADS = ("과제수행기관명", "과제수행기관", "주관연구기관명", "주관연구기관", "주관기관명")
_PARTNERS = (
    ("공동연구기관명", "공동연구기관", "공동연구기관(국내)"),
    ("참여기관명", "참여기관", "참여기업명", "참여기업"),
    ("위탁연구기관명", "위탁연구기관"),
)
_YEARS = ("기준연도", "기준년도", "제출연도", "제출년도", "과제연도", "총연구기간시작일")
_FIELDS = ("6T관련기술(대)", "6T 관련기술", "6T분류", "6T", "과학기술표준분류1(대)", "적용분야1")


def _convert(chunk: Chunk) -> Chunk:
    """Make of every project a row for everyone who takes part."""
    rows = chunk.rows
    cells = [find_column(rows, *names) for names in (_LEADS, *_PARTNERS)]
    at, names = split_names(*read_stated(rows, cells))
    rows = add_column(rows, "year", read_years(find_column(rows, *_YEARS)))
    rows = add_column(rows, "field", find_column(rows, *_FIELDS))
    return repeat_rows(chunk, rows, at, names)


def _declare(lead: str) -> Dialect:
    return Dialect(
        "ntis",
        "projects",
        frozenset({"과제고유번호", lead}),
        {"project": "과제고유번호"},
        also=(*_LEADS, *(name for names in _PARTNERS for name in names), *_YEARS, *_FIELDS),
        makes=frozenset({"participant", "year", "field"}),
        convert=_convert,
        settle=partial(settle_parts, by="project"),
    )


PROJECTS = tuple(_declare(lead) for lead in _LEADS)
"""One layout for each name of the column with the organisation that carries a project out."""
