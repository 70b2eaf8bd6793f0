"""Complexes: which cluster of the project the name of an industrial complex means.

Names of complexes are written in many ways: 성서지방산업단지, 성서일반산업단지 and 성서산단 are
one. A name is parted into what it is called and its kind, and two names agree where what they are
called is the same and no kind contradicts the other. Where two clusters agree, the firm's own
place decides or nothing does.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy.typing as npt

HOW = ("identifier", "name", "alias", "normal", "individual", "unmatched")
"""How a text was matched: the identifier or the name of a cluster as it stands, another name, the
normal form of a name, none because it says that it stands in no complex, or not at all."""

IDENTIFIER, NAME, ALIAS, NORMAL, INDIVIDUAL, UNMATCHED = HOW
NO_CLUSTER = -1

_INDIVIDUAL = frozenset(
    {"개별입지", "개별공장", "개별", "자유입지", "계획입지외", "산업단지외", "단지외"}
)
"""What registers call an establishment that stands in no complex."""

_GROUND = "산업단지|공업단지|산단|공단"
_KINDS = (
    ("농공", rf"(?:일반|전문|특화|지역특화)?농공(?:산업)?(?:단지|{_GROUND})"),
    ("국가", rf"국가(?:{_GROUND})"),
    ("도시첨단", rf"도시첨단(?:{_GROUND})"),
    # 지방 is what 일반 was called until 2008.
    ("일반", rf"(?:일반|지방)(?:{_GROUND})"),
    ("", _GROUND),
)
_KIND_ALONE = {
    **dict.fromkeys(("국가", "국가산업단지"), "국가"),
    **dict.fromkeys(("일반", "지방", "일반산업단지", "지방산업단지"), "일반"),
    **dict.fromkeys(("농공", "농공단지"), "농공"),
    **dict.fromkeys(("도시첨단", "도시첨단산업단지"), "도시첨단"),
}
_ROMAN = str.maketrans({roman: str(number) for number, roman in enumerate("ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ", start=1)})
_ASIDE = re.compile(r"\((협업|협동화|조성중|미조성|미개발|국가|일반|지방|농공|도시첨단)\)")
_BRACKETS = re.compile(r"[()\[\]]")
_ORDINAL = re.compile(r"제(\d+)|(\d+)(?:차|단지|공구|지구)")
_END = re.compile(r"(?<=.)(?:지구|협업단지|협동화단지)$")
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Form:
    """A name of a complex as names are compared.

    Parameters
    ----------
    stem
        What it is called, without its kind.
    kind
        "국가", "일반", "농공", "도시첨단", or "" where the name says none.
    """

    stem: str
    kind: str

    def fits(self, other: Form) -> bool:
        """Return whether two forms may be the same complex.

        Parameters
        ----------
        other
            Another form.

        Returns
        -------
        bool
            Where both are called the same and neither contradicts the other's kind.
        """
        same = self.kind == other.kind or not (self.kind and other.kind)
        return self.stem == other.stem and same


def normalise_complex(name: str) -> Form:
    """Return the form of a name of a complex.

    Parameters
    ----------
    name
        Name as written.

    Returns
    -------
    Form
        With a stem of "" where nothing but a kind is left.

    Examples
    --------
    >>> normalise_complex("성서지방산업단지") == normalise_complex("성서 일반산업단지")
    True
    >>> normalise_complex("신평·장림") == normalise_complex("신평.장림(협업)")
    True
    >>> normalise_complex("천안 제4일반산업단지")
    Form(stem='천안4', kind='일반')
    """
    text = unicodedata.normalize("NFC", name).translate(_ROMAN)
    text = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    kind = ""
    for aside in _ASIDE.findall(text):
        kind = kind or _KIND_ALONE.get(aside, "")
    text = _BRACKETS.sub(" ", _ASIDE.sub("", text)).strip()
    text = _SIGNS.sub("", text)
    for found, pattern in _KINDS:
        shorter = re.sub(pattern, "", text, count=1)
        if shorter != text:
            text, kind = shorter, found or kind
            break
    text = _ORDINAL.sub(lambda at: at[1] or at[2], text)
    return Form(unicodedata.normalize("NFC", _END.sub("", text)), kind)


@dataclass(frozen=True)
class Clusters:
    """What is known of the clusters that texts are matched with, one entry a cluster.

    Parameters
    ----------
    ids, names
        Identifiers and names.
    kinds
        Kinds as the layer has them; "" where it has none.
    regions, districts
        Where each lies, as called today; "" where unknown.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    regions: tuple[str, ...]
    districts: tuple[str, ...]


@dataclass(frozen=True)
class Matches:
    """Which cluster each row states.

    Parameters
    ----------
    cluster
        int32; position of the cluster, NO_CLUSTER where none is matched.
    individual
        bool; whether the row says that it stands in no complex.
    report
        REPORT: one row a text.
    """

    cluster: npt.NDArray[np.int32]
    individual: npt.NDArray[np.bool_]
    report: pa.Table


REPORT = pa.schema(
    [
        ("text", pa.string()),
        ("cluster", pa.string()),
        ("how", pa.string()),
        ("actors", pa.int64()),
        ("note", pa.string()),
    ]
)
"""What a report of complexes holds."""

_Value = TypeVar("_Value")
_Place: TypeAlias = "tuple[str, str]"
_End: TypeAlias = "tuple[int, str, str]"


class _Names:
    """Every name that a cluster goes by, ready to be asked."""

    def __init__(self, clusters: Clusters, aliases: Iterable[tuple[str, str]]) -> None:
        self.clusters = clusters
        self.ids = {key: at for at, key in enumerate(clusters.ids)}
        self.exact = _gather((name, at) for at, name in enumerate(clusters.names) if name)
        forms = [self._form(at) for at in range(len(clusters.ids))]
        self.forms = _gather((form.stem, (form, at)) for at, form in enumerate(forms) if form.stem)
        known = [(at, alias) for name, alias in aliases for at in self._called(name)]
        self.aliases = _gather((alias, at) for at, alias in known)
        self.alias_forms = _gather(
            (form.stem, (form, at))
            for at, alias in known
            if (form := normalise_complex(alias)).stem
        )

    def _form(self, at: int) -> Form:
        form = normalise_complex(self.clusters.names[at])
        kind = re.sub(r"\(.*|산업단지|단지|산단", "", "".join(self.clusters.kinds[at].split()))
        return form if form.kind else Form(form.stem, _KIND_ALONE.get(kind, ""))

    def _called(self, name: str) -> list[int]:
        """Return the clusters that an alias speaks of."""
        if name in self.ids:
            return [self.ids[name]]
        return self.exact.get(name) or self.fitting(self.forms, normalise_complex(name))

    @staticmethod
    def fitting(forms: Mapping[str, list[tuple[Form, int]]], form: Form) -> list[int]:
        met = [(known, at) for known, at in forms.get(form.stem, []) if form.fits(known)]
        # A kind that is said picks its own before those that say none.
        same = [at for known, at in met if known.kind == form.kind]
        return list(dict.fromkeys(same if form.kind and same else [at for _, at in met]))


def _gather(pairs: Iterable[tuple[str, _Value]]) -> dict[str, list[_Value]]:
    gathered: dict[str, list[_Value]] = defaultdict(list)
    for key, value in pairs:
        if value not in gathered[key]:
            gathered[key].append(value)
    return dict(gathered)


def match_complexes(
    stated: pa.Array,
    places: tuple[pa.Array, pa.Array],
    clusters: Clusters,
    aliases: Sequence[tuple[str, str]] = (),
) -> Matches:
    """Return which cluster every row states.

    In this order: the identifier of a cluster, its name, another name that ``aliases`` holds, and
    the normal form of a name or of another name. Where several clusters fit, the one that lies in
    the row's district, or else in its province, is taken if there is only one; a normal form is
    taken only where the provinces, if both are known, are the same.

    Parameters
    ----------
    stated
        What the rows state; null where nothing.
    places
        Region and district of the rows, as called today; null where unknown.
    clusters
        The clusters of the project.
    aliases
        Cluster (identifier or name) and other name.

    Returns
    -------
    Matches
        Work grows with the texts that differ, not with rows.
    """
    names = _Names(clusters, aliases)
    rows, keys = _distinct([stated, *places])
    ends = [_match(text, (region, district), names) for text, region, district in keys]
    counts = np.bincount(rows, minlength=len(keys))
    individual = np.array([how == INDIVIDUAL for _, how, _ in ends], dtype=bool)
    position = np.array([at for at, _, _ in ends], dtype=np.int32)
    report = _report([key[0] for key in keys], ends, counts, clusters)
    return Matches(position[rows], individual[rows], report)


def _distinct(columns: Sequence[pa.Array]) -> tuple[npt.NDArray[np.int64], list[tuple[str, ...]]]:
    """Return for each row the number of what it states, and what differs."""
    texts = [pc.utf8_normalize(pc.fill_null(column, ""), "NFC") for column in columns]
    table = pa.table(dict(zip("abc", texts, strict=True)))
    rows = pa.array(np.arange(table.num_rows))
    groups = table.append_column("row", rows).group_by(["a", "b", "c"]).aggregate([("row", "list")])
    numbers = np.empty(table.num_rows, dtype=np.int64)
    lists = groups["row_list"].combine_chunks()
    sizes = np.diff(np.asarray(lists.offsets))
    numbers[np.asarray(lists.values)] = np.repeat(np.arange(len(sizes)), sizes)
    return numbers, list(zip(*(groups[name].to_pylist() for name in "abc"), strict=True))


def _match(text: str, place: _Place, names: _Names) -> _End:
    if not text:
        return NO_CLUSTER, "", ""
    if "".join(text.split()) in _INDIVIDUAL:
        return NO_CLUSTER, INDIVIDUAL, ""
    if text in names.ids:
        return names.ids[text], IDENTIFIER, ""
    note = "unknown"
    form = normalise_complex(text)
    steps: tuple[tuple[str, Callable[[], list[int]], bool], ...] = (
        (NAME, lambda: names.exact.get(text, []), False),
        (ALIAS, lambda: names.aliases.get(text, []), False),
        (NORMAL, lambda: names.fitting(names.forms, form) if form.stem else [], True),
        (ALIAS, lambda: names.fitting(names.alias_forms, form) if form.stem else [], True),
    )
    for how, find, checked in steps:
        found = find()
        if not found:
            continue
        chosen, note = _choose(found, place, names.clusters, checked=checked)
        if chosen != NO_CLUSTER:
            return chosen, how, ""
        return NO_CLUSTER, UNMATCHED, note
    return NO_CLUSTER, UNMATCHED, note


def _choose(
    found: Sequence[int], place: _Place, clusters: Clusters, *, checked: bool
) -> tuple[int, str]:
    """Return the one cluster of some that a row can mean, or why there is none."""
    region, district = place
    near = [at for at in found if not region or clusters.regions[at] in {"", region}]
    if len(found) == 1:
        return (found[0], "") if near or not checked else (NO_CLUSTER, "elsewhere")
    if not near:
        return NO_CLUSTER, "elsewhere"
    for held in (
        [at for at in near if district and _meet(clusters.districts[at], district)],
        [at for at in near if region and clusters.regions[at] == region],
        near,
    ):
        if len(held) == 1:
            return held[0], ""
        if len(held) > 1:
            break
    return NO_CLUSTER, "several"


def _meet(one: str, other: str) -> bool:
    """Return whether two districts of one province are the same, or a city and its ward."""
    return one == other or one.startswith(f"{other} ") or bool(one and other.startswith(f"{one} "))


def _report(
    texts: Sequence[str], ends: Sequence[_End], counts: npt.NDArray[np.int64], clusters: Clusters
) -> pa.Table:
    rows: Counter[tuple[str, int, str, str]] = Counter()
    for text, (at, how, note), count in zip(texts, ends, counts.tolist(), strict=True):
        if text:
            rows[text, at, how, note] += count
    ordered = sorted(rows.items(), key=lambda item: (-item[1], item[0]))
    return pa.Table.from_pylist(
        [
            {
                "text": text,
                "cluster": None if at == NO_CLUSTER else clusters.ids[at],
                "how": how,
                "actors": count,
                "note": note,
            }
            for (text, at, how, note), count in ordered
        ],
        schema=REPORT,
    )


def count_ways(report: pa.Table) -> dict[str, int]:
    """Return how many texts were matched in which way.

    Parameters
    ----------
    report
        From :func:`match_complexes`.

    Returns
    -------
    dict
        Ways of HOW that occur, to the number of texts; a text that the places of its firms decide
        in several ways counts with the last of them, as unmatched where it is so for any firm.
    """
    last: dict[str, str] = {}
    for text, how in zip(*(report[name].to_pylist() for name in ("text", "how")), strict=True):
        last[text] = max(last.get(text, how), how, key=HOW.index)
    ways = Counter(last.values())
    return {way: ways[way] for way in HOW if ways[way]}
