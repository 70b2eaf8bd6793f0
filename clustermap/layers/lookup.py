"""Lookup: identifiers to their positions among many, hashed once and asked as often as one likes.

Arrow's own index_in hashes all identifiers again at every call, which at millions of actors costs
more than the call itself. The tables here are plain arrays: they can be kept in files and opened
from several processes without being read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]
    Positions = npt.NDArray[np.int32]

_WORD = 8
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_NOBODY = np.int32(-1)
_ROWS_AT_ONCE = 1_000_000


class Words(NamedTuple):
    """Texts as numbers.

    Parameters
    ----------
    hashes
        uint64; the same for equal texts.
    lengths
        uint32; their bytes.
    last
        uint64; the eighth part of them that is not full, or the last full one.
    """

    hashes: Hashes
    lengths: npt.NDArray[np.uint32]
    last: Hashes

    def tell(self, others: Words) -> npt.NDArray[np.bool_]:
        """Return which texts are certainly those of ``others``, entry by entry.

        A hash is made word by word, each step of it one to one. Texts of up to two words that have
        the hash, the length and the last word in common have the first in common, too.
        """
        same = (self.hashes == others.hashes) & (self.lengths == others.lengths)
        short = self.lengths <= _WORD
        if not short.all():
            same &= short | ((self.lengths <= 2 * _WORD) & (self.last == others.last))
        return np.asarray(same, dtype=bool)


def hash_texts(texts: pa.Array) -> Hashes:
    """Return a whole number for each text, the same for equal ones.

    Parameters
    ----------
    texts
        Text without nulls.

    Returns
    -------
    np.ndarray
        uint64.
    """
    return read_words(texts).hashes


def read_words(texts: pa.Array) -> Words:
    """Return texts as numbers.

    Parameters
    ----------
    texts
        Text without nulls.

    Returns
    -------
    Words
        One entry a text.
    """
    starts = range(0, max(len(texts), 1), _ROWS_AT_ONCE)
    parts = [_read_some(texts.slice(start, _ROWS_AT_ONCE)) for start in starts]
    return parts[0] if len(parts) == 1 else Words(*map(np.concatenate, zip(*parts, strict=True)))


def _read_some(texts: pa.Array) -> Words:
    offsets, data = _open(texts)
    low, high = int(offsets[0]), int(offsets[-1])
    padded = np.zeros(high - low + _WORD, dtype=np.uint8)
    padded[: high - low] = data[low:high]
    # Eight bytes from any place on, as one number.
    words: Hashes = np.ndarray((high - low + 1,), "<u8", padded, strides=(1,))
    start, length = offsets[:-1].astype(np.int64) - low, np.diff(offsets).astype(np.int64)
    hashes = _mix(length.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15))
    last = np.zeros(len(length), dtype=np.uint64)
    for begin in range(0, int(length.max(initial=0)), _WORD):
        rows: Any = np.flatnonzero(length > begin)
        rows = slice(None) if len(rows) == len(length) else rows
        bytes_ = np.minimum(length[rows] - begin, _WORD).astype(np.uint64)
        word = words[start[rows] + begin] & (_ALL >> (np.uint64(64) - np.uint64(8) * bytes_))
        hashes[rows] = _mix(hashes[rows] ^ word)
        last[rows] = word
    return Words(hashes, length.astype(np.uint32), last)


def _open(texts: pa.Array) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.uint8]]:
    """Return where each text begins, and the bytes of all of them."""
    large = pa.types.is_large_string(texts.type)
    _, offsets, data = texts.buffers()
    if offsets is None or not len(texts):
        return np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.uint8)
    starts: npt.NDArray[np.integer] = (
        np.frombuffer(offsets, np.int64) if large else np.frombuffer(offsets, np.int32)
    )
    found = starts[texts.offset : texts.offset + len(texts) + 1]
    return found, np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)


def _mix(key: Hashes) -> Hashes:
    """Return whole numbers scattered over 64 bits (the finaliser of splitmix64)."""
    key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return key ^ (key >> np.uint64(31))


@dataclass(frozen=True)
class Lookup:
    """Where identifiers stand.

    Parameters
    ----------
    ids
        Identifiers, unique text without nulls.
    hashes
        uint64; their hashes, ascending, and after them the largest number there is.
    positions
        int32; the position of the identifier of each hash, -1 after them.
    starts
        int32; where the hashes of each bucket begin. A bucket holds the hashes that begin with the
        same bits.
    lengths, last
        Of the identifiers, by their positions: see :class:`Words`.
    """

    ids: pa.Array
    hashes: Hashes
    positions: Positions
    starts: Positions
    lengths: npt.NDArray[np.uint32]
    last: Hashes

    def find(self, ids: pa.Array) -> Positions:
        """Return the positions of identifiers.

        Parameters
        ----------
        ids
            Text; null stands for nobody.

        Returns
        -------
        np.ndarray
            int32; -1 where an identifier is unknown.
        """
        parts = [
            self._find(ids.slice(start, _ROWS_AT_ONCE))
            for start in range(0, len(ids), _ROWS_AT_ONCE)
        ]
        return np.concatenate([np.zeros(0, dtype=np.int32), *parts])

    def _find(self, ids: pa.Array) -> Positions:
        if pa.types.is_large_string(ids.type):
            ids = ids.cast(pa.string())
        asked = ids.fill_null("") if ids.null_count else ids
        words = read_words(asked)
        found = self._find_hashes(words.hashes)
        # Two texts of one hash: it happens to no one by chance, and to no one wrongly.
        open_ = np.flatnonzero((found >= 0) & ~words.tell(self._words(words.hashes, found)))
        if len(open_):
            there, wanted = self.ids.take(pa.array(found[open_])), asked.take(pa.array(open_))
            other = open_[~np.asarray(pc.equal(there, wanted).to_numpy(zero_copy_only=False))]
            at = pc.fill_null(pc.index_in(asked.take(pa.array(other)), value_set=self.ids), -1)
            found[other] = at.to_numpy(zero_copy_only=False)
        if ids.null_count:
            found[np.asarray(ids.is_null().to_numpy(zero_copy_only=False))] = -1
        return found

    def _words(self, hashes: Hashes, found: Positions) -> Words:
        """Return the words of the identifiers found; those of -1 mean nothing."""
        return Words(hashes, self.lengths[found], self.last[found] if len(self.last) else hashes)

    def _find_hashes(self, hashes: Hashes) -> Positions:
        at = self.starts[_bucket(hashes, len(self.starts))]
        there = self.hashes[at]
        found = np.where(there == hashes, self.positions[at], _NOBODY)
        # Hashes ascend: who does not stand first in a bucket may stand behind a smaller one.
        open_ = np.flatnonzero(there < hashes)
        at, wanted = at[open_], hashes[open_]
        while len(open_):
            at = at + 1
            there = self.hashes[at]
            hit = there == wanted
            found[open_[hit]] = self.positions[at[hit]]
            on = there < wanted
            at, wanted, open_ = at[on], wanted[on], open_[on]
        return found


def _bucket(hashes: Hashes, buckets: int) -> npt.NDArray[np.int64]:
    bits = buckets.bit_length() - 1
    return (hashes >> np.uint64(64 - bits)).astype(np.int64)


def build_lookup(ids: pa.Array) -> Lookup:
    """Hash identifiers.

    Parameters
    ----------
    ids
        Unique text without nulls.

    Returns
    -------
    Lookup
        Ready to be asked.

    Examples
    --------
    >>> build_lookup(pa.array(["b", "a"])).find(pa.array(["a", "c", None, "b"])).tolist()
    [1, -1, -1, 0]
    """
    if pa.types.is_large_string(ids.type):
        ids = ids.cast(pa.string())
    words = read_words(ids)
    order = np.argsort(words.hashes)
    hashes = words.hashes[order]
    buckets = 1 << max(len(ids) * 2 - 1, 2).bit_length()
    starts = np.zeros(buckets, dtype=np.int32)
    np.cumsum(np.bincount(_bucket(hashes, buckets), minlength=buckets)[:-1], out=starts[1:])
    # Of texts of one word, lengths and hashes tell all.
    last = words.last if words.lengths.max(initial=0) > _WORD else np.zeros(0, dtype=np.uint64)
    return Lookup(
        ids,
        np.append(hashes, _ALL),
        np.append(order.astype(np.int32), _NOBODY),
        starts,
        np.append(words.lengths, np.uint32(0)),
        np.append(last, np.uint64(0)) if len(last) else last,
    )
