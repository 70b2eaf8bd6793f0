"""Names of actors, read where they are asked for: of millions of actors few are ever named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    import numpy.typing as npt

    Texts = npt.NDArray[np.object_]


class Named(Protocol):
    """Gives the names of actors; an array of all of them does, too."""

    def __getitem__(self, actors: npt.NDArray[np.integer], /) -> Texts: ...


@dataclass(frozen=True)
class Names:
    """Names that lie in a table.

    Parameters
    ----------
    ids
        Text, one an actor.

    Examples
    --------
    >>> Names(pa.array(["a", "b", "c"]))[np.array([2, 0])].tolist()
    ['c', 'a']
    """

    ids: pa.Array

    def __getitem__(self, actors: npt.NDArray[np.integer], /) -> Texts:
        return np.asarray(self.ids.take(pa.array(actors)).to_numpy(zero_copy_only=False), object)
