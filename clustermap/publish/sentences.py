"""What of an explanation may leave: no sentence names a figure that the tables withhold."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from clustermap.messages import Message

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    import pandas as pd

    from clustermap.publish.release import Release
    from clustermap.scores.score import Scored

    Explanations = Mapping[str, tuple[Message, ...]]

_UNTOLD = {
    "explain.why.near": ("place", "ratio", "low", "high", "reading"),
    "explain.why.far": ("place", "ratio", "low", "high", "reading"),
    "explain.missing.confidence": ("word", "width"),
}
"""Sentences that have a form without numbers of links, and the values that stay."""

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
        Cluster to sentences: "withheld" alone where nothing about links may be told; else without
        the numbers of links, flags, countries and capabilities that the tables lack, and without
        peers that are withheld.
    """
    counts = _clusters(release.ratios, "observed")
    capability = _clusters(release.scores, "capability")
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
    return {
        cluster: (Message("note.withheld"),)
        if few.get(cluster, default=False)
        else tuple(_tell(cluster, sentences, hidden, untold=cluster in counts, ranks=ranks))
        for cluster, sentences in scored.explanations.items()
    }


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
            kept = {name: values[name] for name in _UNTOLD[sentence.key]}
            yield Message(f"{sentence.key}_untold", kept)
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
