"""A value as a tree of JSON beside blocks of bytes, and back: arrays and tables as they lie.

The tree names classes by words that its reader knows; whatever else it names is refused. Arrays
keep the order of their axes in memory, since sums of decimals depend on it.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
from pyproj import CRS
from scipy import sparse

from clustermap.checkpoints.frames import pack_column, unpack_column
from clustermap.checkpoints.pieces import PieceHash
from clustermap.memory import forget_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy.typing as npt

    Buffer = bytes | bytearray | memoryview
    Node = None | bool | int | float | str | list[Any]

_PLAIN = (type(None), bool, int, float, str)
ALIGN = 64
"""Blocks begin at multiples of it, as Arrow and numpy like them."""

_DTYPES = "biufc"  # kinds of numbers that lie in blocks as they are


class Sink:
    """Takes blocks of bytes, and hashes them.

    Parameters
    ----------
    file
        Binary file that they are written to; None where the hash is all that is wanted.
    """

    def __init__(self, file: BinaryIO | None = None) -> None:
        self._file = file
        self._hash = PieceHash()
        self._at = 0
        self.closed = False  # pyarrow asks

    def begin(self) -> int:
        """Go to a place where an array may begin.

        Returns
        -------
        int
            Where that is.
        """
        self.write(b"\0" * (-self._at % ALIGN))
        return self._at

    def write(self, content: Buffer) -> int:
        """Write bytes.

        Parameters
        ----------
        content
            Bytes, or what holds such.

        Returns
        -------
        int
            How many there were.
        """
        block = memoryview(content).cast("B")
        self._hash.update(block)
        if self._file is not None:
            self._file.write(block)
        self._at += len(block)
        return len(block)

    def tell(self) -> int:
        """Return how many bytes were written.

        Returns
        -------
        int
            Padding included.
        """
        return self._at

    def flush(self) -> None:
        """Do nothing: whoever opened the file flushes it."""

    @property
    def digest(self) -> bytes:
        """Hash of what was written."""
        return self._hash.digest


class Blocks(Protocol):
    """Gives blocks of bytes back."""

    def __call__(self, start: int, size: int, /) -> memoryview:
        """Return a block.

        Parameters
        ----------
        start, size
            Where it lies.

        Returns
        -------
        memoryview
            Its bytes, not copied.
        """


def pack(value: object, types: Iterable[type], sink: Sink) -> str:
    """Write a value.

    Parameters
    ----------
    value
        Built of plain values, containers, arrays, tables, and ``types``.
    types
        Dataclasses and named tuples that may occur.
    sink
        Takes the blocks.

    Returns
    -------
    str
        The tree, which knows where the blocks lie.

    Raises
    ------
    TypeError
        If something of another type occurs.
    """
    return _spell(_Packer(_name(types), sink).pack(value))


def unpack(tree: str, types: Iterable[type], blocks: Blocks) -> object:
    """Read a value.

    Parameters
    ----------
    tree
        From :func:`pack`.
    types
        Dataclasses and named tuples that may occur.
    blocks
        Gives the blocks.

    Returns
    -------
    object
        The value; its large arrays lie where the blocks do.

    Raises
    ------
    ValueError
        If it is no tree of ours; other errors of damaged data are those of the libraries.
    """
    return _Unpacker(_name(types), blocks).unpack(json.loads(tree))


def hash_value(value: object, types: Iterable[type]) -> str:
    """Return the hash of a value.

    Parameters
    ----------
    value
        As for :func:`pack`.
    types
        Dataclasses and named tuples that may occur.

    Returns
    -------
    str
        64 hexadecimal digits; equal values of equal types have equal ones.
    """
    sink = Sink()
    packer = _Packer(_name(types), sink, share=False)
    sink.write(_spell(packer.pack(value)).encode())
    return sink.digest.hex()


def _spell(node: Node) -> str:
    return json.dumps(node, separators=(",", ":"))


def _name(types: Iterable[type]) -> dict[str, type]:
    return {f"{one.__module__}.{one.__qualname__}": one for one in types}


class _Packer:
    def __init__(self, types: Mapping[str, type], sink: Sink, *, share: bool = True) -> None:
        self._share = share  # whether what occurs twice is written once
        self._types = types
        self._names = {one: name for name, one in types.items()}
        self._sink = sink
        self._known: dict[int, int] = {}
        self._alive: list[object] = []  # an id may be used again once its object is gone
        self._packers: dict[type, Callable[[Any], list[Any]]] = {
            tuple: lambda value: ["tuple", *map(self.pack, value)],
            list: lambda value: ["list", *map(self.pack, value)],
            dict: self._pack_dict,
            MappingProxyType: lambda value: ["proxy", self._pack_dict(dict(value))],
            set: lambda value: ["set", *self._pack_set(value)],
            frozenset: lambda value: ["frozenset", *self._pack_set(value)],
            np.ndarray: self._pack_array,
            pa.Table: self._pack_table,
            pa.ChunkedArray: lambda value: ["chunked", self._pack_table(pa.table({"": value}))],
            pd.DataFrame: self._pack_frame,
            gpd.GeoDataFrame: self._pack_geo,
            pd.Series: self._pack_series,
            CRS: lambda value: ["crs", value.to_wkt()],
            sparse.csr_array: lambda value: [
                *("csr", list(value.shape)),
                *map(self._pack_array, (value.data, value.indices, value.indptr)),
            ],
        }

    def pack(self, value: object) -> Node:
        if type(value) in _PLAIN:
            return cast("Node", value)
        known = self._known.get(id(value))
        if known is not None and self._share:
            return ["same", known]
        # What is read is numbered in the order that it was written in: parts before the whole.
        node = self._find(value)(value)
        self._known[id(value)] = len(self._alive)
        self._alive.append(value)
        return node

    def _find(self, value: object) -> Callable[[Any], list[Any]]:
        own = type(value)
        if own in self._packers:
            return self._packers[own]
        if own in self._names:
            return self._pack_class
        if isinstance(value, np.memmap):
            return self._pack_array
        if isinstance(value, np.generic):
            return lambda one: ["scalar", self._pack_array(np.asarray(one))]
        if isinstance(value, pa.Array):
            return lambda one: ["arrow", self._pack_table(pa.table({"": one}))]
        if isinstance(value, pd.Index):
            return self._pack_index
        raise TypeError(f"a checkpoint cannot hold {own.__module__}.{own.__qualname__}")

    def _pack_dict(self, value: dict[Any, Any]) -> list[Any]:
        return ["dict", *([self.pack(key), self.pack(part)] for key, part in value.items())]

    def _pack_set(self, value: set[Any] | frozenset[Any]) -> list[Any]:
        return [self.pack(part) for part in sorted(value, key=repr)]

    def _pack_class(self, value: Any) -> list[Any]:  # noqa: ANN401
        names = [one.name for one in fields(value)] if is_dataclass(value) else value._fields
        parts = {name: self.pack(getattr(value, name)) for name in names}
        return ["class", self._names[type(value)], parts]

    def _pack_array(self, value: npt.NDArray[Any]) -> list[Any]:
        plain = np.asarray(value)
        if plain.dtype == object:
            return ["objects", list(plain.shape), *map(self.pack, plain.ravel().tolist())]
        if plain.dtype.kind in "US":
            return ["texts", plain.dtype.str, list(plain.shape), *plain.ravel().tolist()]
        if plain.dtype.kind not in _DTYPES:
            raise TypeError(f"a checkpoint cannot hold arrays of {plain.dtype}")
        # Axes in the order that they lie in memory, the longest stride first.
        axes = sorted(range(plain.ndim), key=lambda axis: -abs(plain.strides[axis]))
        laid = np.ascontiguousarray(plain.transpose(axes))
        start = self._sink.begin()
        if laid.size:
            self._sink.write(laid.data)
        forget_pages([value])
        shape = [plain.shape[axis] for axis in axes]
        return ["array", plain.dtype.str, shape, axes, start]

    def _pack_table(self, value: pa.Table) -> list[Any]:
        start = self._sink.begin()
        with pa.ipc.new_stream(pa.PythonFile(self._sink, mode="w"), value.schema) as writer:
            writer.write_table(value)
        return ["table", start, self._sink.tell() - start]

    def _pack_index(self, value: pd.Index[Any]) -> list[Any]:
        if isinstance(value, pd.RangeIndex):
            return ["range", value.start, value.stop, value.step, self.pack(value.name)]
        if isinstance(value, pd.MultiIndex):
            levels = [self.pack(level) for level in value.levels]
            codes = [self.pack(np.asarray(code)) for code in value.codes]
            return ["multi", levels, codes, [self.pack(name) for name in value.names]]
        return ["index", pack_column(pd.Series(value.array), self.pack), self.pack(value.name)]

    def _pack_series(self, value: pd.Series[Any]) -> list[Any]:
        return [
            "series",
            pack_column(value, self.pack),
            self.pack(value.index),
            self.pack(value.name),
        ]

    def _pack_frame(self, value: pd.DataFrame) -> list[Any]:
        ends = [self.pack(value.index), self.pack(value.columns)]
        columns = [pack_column(value.iloc[:, at], self.pack) for at in range(value.shape[1])]
        return ["frame", *ends, *columns]

    def _pack_geo(self, value: gpd.GeoDataFrame) -> list[Any]:
        return ["geo", value._geometry_column_name, self._pack_frame(pd.DataFrame(value))]


class _Unpacker:
    def __init__(self, types: Mapping[str, type], blocks: Blocks) -> None:
        self._types = types
        self._blocks = blocks
        self._known: list[object] = []
        self._unpackers: dict[str, Callable[..., Any]] = {
            "tuple": lambda *parts: tuple(map(self.unpack, parts)),
            "list": lambda *parts: [self.unpack(part) for part in parts],
            "set": lambda *parts: {self.unpack(part) for part in parts},
            "frozenset": lambda *parts: frozenset(map(self.unpack, parts)),
            "dict": lambda *pairs: {self.unpack(key): self.unpack(part) for key, part in pairs},
            "proxy": lambda node: MappingProxyType(self._read(node)),
            "class": self._unpack_class,
            "array": self._unpack_array,
            "texts": lambda dtype, shape, *texts: np.array(texts, dtype=dtype).reshape(shape),
            "objects": self._unpack_objects,
            "scalar": lambda node: self._read(node)[()],
            "table": self._unpack_table,
            "chunked": lambda node: self._read(node).column(0),
            "arrow": lambda node: _join(self._read(node).column(0)),
            "range": lambda start, stop, step, name: pd.RangeIndex(
                start, stop, step, name=self.unpack(name)
            ),
            "multi": self._unpack_multi,
            "index": self._unpack_index,
            "series": self._unpack_series,
            "frame": self._unpack_frame,
            "geo": lambda name, node: gpd.GeoDataFrame(self._read(node), geometry=name),
            "crs": CRS.from_wkt,
            "csr": lambda shape, *parts: sparse.csr_array(
                tuple(map(self._read, parts)), shape=tuple(shape)
            ),
        }

    def unpack(self, node: Any) -> Any:  # noqa: ANN401 -- what stands in the tree
        if not isinstance(node, list):
            if type(node) not in _PLAIN:
                raise ValueError("no value of ours")
            return node
        if node[0] == "same":
            return self._known[node[1]]
        value = self._read(node)
        self._known.append(value)
        return value

    def _read(self, node: list[Any]) -> Any:  # noqa: ANN401
        """Return what a node says, without a number that it could be named by again."""
        tag, *parts = node
        return self._unpackers[tag](*parts)

    def _unpack_class(self, name: str, parts: dict[str, Any]) -> object:
        own: Any = self._types[name]
        known = [one.name for one in fields(own)] if is_dataclass(own) else list(own._fields)
        if list(parts) != known:
            raise ValueError(f"{name} has other fields")
        return own(**{name: self.unpack(part) for name, part in parts.items()})

    def _unpack_array(
        self, dtype: str, shape: list[int], axes: list[int], start: int
    ) -> npt.NDArray[Any]:
        kind = np.dtype(dtype)
        if kind.kind not in _DTYPES or any(size < 0 for size in shape):
            raise ValueError(f"no array of {dtype}")
        size = int(np.prod([1, *shape], dtype=object))
        block = self._blocks(start, size * kind.itemsize)
        laid = np.frombuffer(block, kind) if size else np.zeros(0, kind)
        return laid.reshape(shape).transpose(np.argsort(axes)) if axes else laid.reshape(shape)

    def _unpack_objects(self, shape: list[int], *parts: Any) -> npt.NDArray[np.object_]:  # noqa: ANN401
        found = np.empty(len(parts), dtype=object)
        for at, part in enumerate(parts):
            found[at] = self.unpack(part)
        return found.reshape(shape)

    def _unpack_table(self, start: int, size: int) -> pa.Table:
        with pa.ipc.open_stream(pa.py_buffer(self._blocks(start, size))) as reader:
            return reader.read_all()

    def _unpack_multi(self, levels: list[Any], codes: list[Any], names: list[Any]) -> pd.MultiIndex:
        return pd.MultiIndex(
            levels=[self.unpack(level) for level in levels],
            codes=[self.unpack(code) for code in codes],
            names=[self.unpack(name) for name in names],
        )

    def _unpack_frame(self, index: Any, columns: Any, *nodes: Any) -> pd.DataFrame:  # noqa: ANN401
        rows, names = self.unpack(index), self.unpack(columns)
        parts = {at: self._unpack_values(node, rows) for at, node in enumerate(nodes)}
        frame = pd.DataFrame(parts, index=rows, copy=False)
        frame.columns = names
        return frame

    def _unpack_values(self, node: list[Any], rows: pd.Index[Any] | None = None) -> pd.Series[Any]:
        values = unpack_column(node, self.unpack)
        # Told its type, pandas does not look for another one: objects stay objects.
        column: pd.Series[Any] = pd.Series(values, rows, dtype=values.dtype, copy=False)
        return column

    def _unpack_index(self, node: list[Any], name: Any) -> pd.Index[Any]:  # noqa: ANN401
        values = unpack_column(node, self.unpack)
        found: pd.Index[Any] = pd.Index(
            values, dtype=values.dtype, name=self.unpack(name), copy=False
        )
        return found

    def _unpack_series(self, node: list[Any], index: Any, name: Any) -> pd.Series[Any]:  # noqa: ANN401
        column = self._unpack_values(node)
        return column.set_axis(self.unpack(index)).rename(self.unpack(name))


def _join(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays([pa.array([], column.type), *column.chunks])
