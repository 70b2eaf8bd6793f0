"""Added links: drawn by the seed between members of two groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clustermap.errors import TableFault
from clustermap.messages import Message
from clustermap.network.changed import Wanted, count_possible, draw_links
from clustermap.network.linkages import NO_YEAR
from clustermap.stages.changing.names import find_group

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from clustermap.change import AddedLinks
    from clustermap.stages.changing.altered import Setup

_STREAM = 1  # of random numbers; removed links have another


def draw_added(setup: Setup, told: list[Message]) -> Iterator[pa.Table]:
    """Draw the links that are added.

    Parameters
    ----------
    setup
        Change; project and layers as they would be.
    told
        Sentences; one is added for each group of links.

    Yields
    ------
    pyarrow.Table
        EDGES of one group of links after the other.

    Raises
    ------
    TableFault
        If there are no such actors, or no pair of them can have such a link.
    """
    layers, seed = setup.layers, setup.project.project.seed
    for number, links in enumerate(setup.change.add_links):
        table = setup.place("add_links", number)
        one, other = (
            np.flatnonzero(find_group(layers, name, table, "between")) for name in links.between
        )
        if not count_possible(layers.register, one, other, links.kind).any():
            shown, kind = " – ".join(links.between), Message(f"kind.{links.kind}")
            raise TableFault("change_no_pair", table=table, key="between", value=shown, kind=kind)
        wanted = Wanted(links.links, links.kind, links.year or NO_YEAR, links.weight)
        told.append(_tell_links(links))
        yield draw_links(layers.register, one, other, wanted, (seed, _STREAM, number))


def _tell_links(links: AddedLinks) -> Message:
    one, other = links.between
    values = {
        "links": f"{links.links:,}",
        "kind": Message(f"kind.{links.kind}"),
        "one": one,
        "other": other,
    }
    return Message("whatif.change.add_links", values)
