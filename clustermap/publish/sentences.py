"""What of an explanation may leave: no sentence names a figure that the tables withhold."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from clustermap.messages import Message
from clustermap.publish.evidence import BEYOND
from clustermap.publish.suppression import EMPLOYEES_WITHHELD
from clustermap.tables import DEFAULT_SCENARIO

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    import pandas as pd

    from clustermap.publish.release import Release
    from clustermap.scores.score import Scored

    Explanations = Mapping[str, tuple[Message, ...]]

_RATIO = ("place", "null", "ratio", "low", "high", "reading")
_UNTOLD = {
    "explain.why.near": ("explain.why.near_untold", _RATIO),
    "explain.why.far": ("explain.why.far_untold", _RATIO),
    "explain.missing.confidence": ("explain.missing.confidence_untold", ("word", "width")),
    "explain.missing.confidence_free": ("explain.missing.confidence_untold", ("word", "width")),
}
"""Sentences that have a form without numbers of links: its key, and the values that stay."""

_OF_COUNTS = ("explain.missing.links", "explain.missing.spread", "explain.missing.weight")
_ABROAD, _CAPABILITY = "explain.beside.abroad", "explain.beside.capability"
_PEERS = "explain.peers.nearest"


def release_sentences(
    scored: Scored, abroad: pd.DataFrame, few: pd.Series[bool], release: Release
) -> Explanations:
    """Return the explanations with nothing in them that the tables do not tell.

    Parameters
    ----------
    scored
        Scores and their explanations.
    abroad
        The table ABROAD_LINKS, whole.
    few
        Clusters of which nothing about links may be told.
    release
        The tables that leave.

    Returns
    -------
    Mapping
        Cluster to sentences: "withheld" alone where nothing about links may be told, and that
        employees are withheld where the score follows from them; else without the numbers of links,
        flags, countries and capabilities that the tables lack, and without peers that are withheld.
    """
    counts = _clusters(_told(release), "observed")
    own = release.scores[release.scores["scenario"] == DEFAULT_SCENARIO]
    capability = _clusters(own, "capability")
    one = release.flags[release.flags["share"].isna()]
    flags = {(c, f"explain.beside.{f}") for c, f in zip(one["cluster"], one["flag"], strict=True)}
    told, known = (table["cluster"].value_counts() for table in (release.abroad, abroad))
    lacking = known[told.reindex(known.index, fill_value=0) < known]
    hidden = {
        **{(cluster, key): None for cluster in counts for key in _OF_COUNTS},
        **{(cluster, _CAPABILITY): None for cluster in capability},
        **{(cluster, _ABROAD): None for cluster in lacking.index},
        **dict.fromkeys(flags),
    }
    unsaid = scored.scores["cluster"].map(few).fillna(value=False).astype(bool)
    ranks = {f"{rank:,}" for rank in scored.scores.loc[unsaid, "rank"].dropna()}
    by_employees = own.loc[own["reason"] == EMPLOYEES_WITHHELD, "cluster"]
    why = Message("explain.why.too_few_to_tell", {"reason": Message(EMPLOYEES_WITHHELD)})
    withheld = {
        **dict.fromkeys(by_employees, (why,)),
        **dict.fromkeys(few.index[few], (Message("note.withheld"),)),
    }
    return {
        cluster: withheld.get(cluster)
        or tuple(_tell(cluster, sentences, hidden, untold=cluster in counts, ranks=ranks))
        for cluster, sentences in scored.explanations.items()
    }


def _told(release: Release) -> pd.DataFrame:
    """Return the ratios that sentences speak of: at the reach that is taken, and beyond."""
    parts = release.subscores
    own = (parts["scenario"] == DEFAULT_SCENARIO) & (parts["subscore"] == "embeddedness")
    reach = parts[own].set_index("cluster")["reach"]
    ratios = release.ratios[release.ratios["kind"] == ""]
    taken = ratios["cluster"].map(reach)
    widest = ~taken.isin(ratios["reach"])
    ends = ratios["reach"].isin([BEYOND])
    return ratios[(ratios["reach"] == taken) | ends | widest]


def _clusters(table: pd.DataFrame, column: str) -> set[str]:
    return set(table.loc[table[column].isna(), "cluster"])


def _tell(
    cluster: str,
    sentences: Iterable[Message],
    hidden: Mapping[tuple[str, str], None],
    *,
    untold: bool,
    ranks: Collection[str],
) -> Iterator[Message]:
    for sentence in sentences:
        if (cluster, sentence.key) in hidden:
            continue
        values = _values(sentence)
        if untold and sentence.key in _UNTOLD:
            key, names = _UNTOLD[sentence.key]
            yield Message(key, {name: values[name] for name in names})
        elif sentence.key == _PEERS and ranks:
            named = cast("tuple[Message, ...]", values["peers"])
            if peers := tuple(peer for peer in named if _rank(peer) not in ranks):
                yield Message(_PEERS, {"peers": peers})
        else:
            yield sentence


def _rank(peer: Message) -> object:
    return _values(peer)["rank"]


def _values(message: Message) -> Mapping[str, object]:
    return message.values  # noqa: PD011 - of a message, not of a table
