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
    from collections.abc import Iterator

    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]
    Positions = npt.NDArray[np.int32]

_WORD = 8
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_NOBODY = np.int32(-1)
_FIRST, _LATER = 2, 4  # slots for each identifier, at least: few come to the second table
_ROWS_AT_ONCE = 1 << 17


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

        Parameters
        ----------
        others
            As many texts.

        Returns
        -------
        np.ndarray
            bool; False as well where they are longer.
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
    many = len(texts)
    words = Words(np.zeros(many, np.uint64), np.zeros(many, np.uint32), np.zeros(many, np.uint64))
    for some in _split(many):
        words.hashes[some], words.lengths[some], words.last[some] = _read_some(texts[some])
    return words


def _split(rows: int) -> Iterator[slice]:
    """Yield stretches of rows: what is worked out of each stays near the processor."""
    return (slice(start, start + _ROWS_AT_ONCE) for start in range(0, rows, _ROWS_AT_ONCE))


def _read_some(texts: pa.Array) -> Words:
    offsets, data = _open(texts)
    low, high = int(offsets[0]), int(offsets[-1])
    padded = np.zeros(high - low + _WORD, dtype=np.uint8)
    padded[: high - low] = data[low:high]
    length = np.diff(offsets)
    hashes = _mix(length.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15))
    last = np.zeros(len(length), dtype=np.uint64)
    for rows, word in _list_words(padded, offsets[:-1] - low, length):
        hashes[rows] = _mix(hashes[rows] ^ word)
        last[rows] = word
    return Words(hashes, length.astype(np.uint32), last)


def _list_words(
    padded: npt.NDArray[np.uint8],
    start: npt.NDArray[np.integer],
    length: npt.NDArray[np.integer],
) -> Iterator[tuple[Any, Hashes]]:
    """Yield the first eight bytes of the texts as numbers, then the next, and whose they are."""
    most = int(length.max(initial=0))
    if (length == most).all():  # as identifiers mostly are: the bytes lie at equal distances
        for begin in range(0, most, _WORD):
            words: Hashes = np.ndarray((len(length),), "<u8", padded, begin, (most,))
            yield slice(None), words & _keep_bytes(np.array([min(most - begin, _WORD)], np.uint64))
        return
    # Eight bytes from any place on, as one number.
    anywhere: Hashes = np.ndarray((len(padded) - _WORD + 1,), "<u8", padded, strides=(1,))
    for begin in range(0, most, _WORD):
        rows: Any = np.flatnonzero(length > begin)
        rows = slice(None) if len(rows) == len(length) else rows
        bytes_ = np.minimum(length[rows] - begin, _WORD).astype(np.uint64)
        yield rows, anywhere[start[rows] + begin] & _keep_bytes(bytes_)


def _keep_bytes(many: Hashes) -> Hashes:
    return _ALL >> (np.uint64(64) - np.uint64(8) * many)


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
    """Return whole numbers scattered over 64 bits (the finaliser of splitmix64), one to one."""
    key = key ^ (key >> np.uint64(30))
    key *= np.uint64(0xBF58476D1CE4E5B9)
    key ^= key >> np.uint64(27)
    key *= np.uint64(0x94D049BB133111EB)
    key ^= key >> np.uint64(31)
    return key


@dataclass(frozen=True)
class Lookup:
    """Where identifiers stand.

    A table of slots, at least two for each identifier, tells by one look into it: the first bits of
    a hash are the slot, and the slot holds its other bits and the number of the identifier.
    Whoever finds its slot taken goes into a smaller table, by a hash mixed once more, and so on.

    Parameters
    ----------
    ids
        Identifiers, unique text without nulls.
    slots
        uint64; of all tables, one after the other. 0: nobody.
    tables
        int64; of each table the bits that are the slot, and how many identifiers came to it.
    positions
        int32; of those that came to the second table and to later ones, by their numbers there.
    lengths, last
        Of the identifiers, by their positions: see :class:`Words`. One entry stands for all; no
        ``last`` means that lengths and hashes tell everything.
    """

    ids: pa.Array
    slots: Hashes
    tables: npt.NDArray[np.int64]
    positions: Positions
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
        parts = [self._find(ids[some]) for some in _split(len(ids))]
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
        lengths = self.lengths.take(found) if len(self.lengths) > 1 else self.lengths
        return Words(hashes, lengths, self.last.take(found) if len(self.last) else hashes)

    def _find_hashes(self, hashes: Hashes) -> Positions:
        found = np.full(len(hashes), _NOBODY)
        open_: Any = slice(None)
        slots, positions = self.slots, self.positions
        for number, (bits, came) in enumerate(self.tables.tolist()):
            at = _number_there(slots, hashes, bits)
            hit = at < came
            if number:
                rows = np.flatnonzero(hit)
                found[open_[rows]] = positions[at[rows]]
                positions = positions[came:]
            else:
                found = np.where(hit, at.astype(np.int32), _NOBODY)
            missed = np.flatnonzero(~hit)
            open_ = open_[missed] if number else missed
            hashes, slots = _mix(hashes.take(missed)), slots[1 << bits :]
        return found


def _number_there(slots: Hashes, hashes: Hashes, bits: int) -> Hashes:
    """Return who has each hash, by its number in the table; a number too large: nobody."""
    there = slots.take(_slot(hashes, bits))
    there ^= hashes << np.uint64(bits)
    there -= np.uint64(1)
    return there


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
    slots, tables, positions = _fill_tables(words.hashes)
    alike = bool(len(ids)) and words.lengths.min() == words.lengths.max()
    longest = words.lengths.max(initial=0)
    return Lookup(
        ids,
        slots,
        tables,
        positions,
        words.lengths[:1] if alike else np.append(words.lengths, np.uint32(0)),
        words.last if longest > _WORD else np.zeros(0, dtype=np.uint64),
    )


def _fill_tables(hashes: Hashes) -> tuple[Hashes, npt.NDArray[np.int64], Positions]:
    """Return slots, tables and positions of a lookup."""
    positions = [np.zeros(0, np.int32)]
    tables: list[tuple[int, int]] = []
    came = np.arange(len(hashes), dtype=np.int32)
    slots, end = np.zeros(2 << (_FIRST * len(came)).bit_length(), np.uint64), 0
    while len(came):
        bits = ((_FIRST if not tables else _LATER) * len(came)).bit_length()
        start, end = end, end + (1 << bits)
        if end > len(slots):  # nought takes no room until it is written over
            slots = np.append(slots[:start], np.zeros(2 << bits, np.uint64))
        rest = _fill(slots[start:end], hashes, bits)
        tables.append((bits, len(came)))
        came, hashes = came[rest], _mix(hashes[rest])
        positions.append(came)
    shape = np.array(tables, dtype=np.int64).reshape(-1, 2)
    return slots[:end], shape, np.concatenate(positions)


def _fill(table: Hashes, hashes: Hashes, bits: int) -> npt.NDArray[np.int64]:
    """Fill an empty table, and return who found its slot taken by another hash."""
    rest = np.uint64(bits)
    for some in _split(len(hashes)):
        number = np.arange(some.start + 1, some.start + 1 + len(hashes[some]), dtype=np.uint64)
        table[_slot(hashes[some], bits)] = hashes[some] << rest | number
    return np.concatenate(
        [some.start + _find_homeless(table, hashes[some], bits) for some in _split(len(hashes))]
    )


def _find_homeless(table: Hashes, hashes: Hashes, bits: int) -> npt.NDArray[np.int64]:
    """Return whose slot another hash has taken.

    Two identifiers of one hash would part in no table: the second is looked for by its text.
    """
    rest = np.uint64(bits)
    return np.flatnonzero((table.take(_slot(hashes, bits)) ^ (hashes << rest)) >> rest)


def _slot(hashes: Hashes, bits: int) -> npt.NDArray[np.int64]:
    return (hashes >> np.uint64(64 - bits)).view(np.int64)
