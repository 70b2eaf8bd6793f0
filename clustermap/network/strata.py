"""Strata: actors that are compared with each other - of one type, size class and sector group.

Sites of firms with several sites are strata of their own, too few of each for sectors to be told
apart: head offices by the number of their sites, whose links are often booked with them, and other
sites by size class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clustermap.layers.actors import HEADQUARTERS, OTHER_SITE
from clustermap.layers.cells import ABROAD, UNKNOWN
from clustermap.network.tallies import UNKNOWN_SIZE, size_classes
from clustermap.tables import ACTOR_TYPES

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    from clustermap.layers.cells import Cells
    from clustermap.layers.industries import CodedIndustries

KEPT_SECTORS = 19
OTHER_SECTORS, NO_SECTOR = KEPT_SECTORS, KEPT_SECTORS + 1
"""Codes of the sector groups of all other divisions, and of firms without an industry code."""
NOT_A_FIRM, HEAD_OFFICE, BRANCH = -1, -2, -3
"""In place of a sector group: all but firms, head offices and branches of firms with several sites.
"""
SITE_CLASSES = (2, 3, 4, 6, 10)
"""Numbers of sites of a firm from which a class of head offices begins."""
LEFT_OUT = -1
"""Stratum of actors that the null model leaves out."""

_FIRM = ACTOR_TYPES.index("firm")
_MOST = 0.5


@dataclass(frozen=True)
class Strata:
    """The strata that actors were found in, ordered by type, size class and sector group.

    Parameters
    ----------
    type
        uint8; position in ACTOR_TYPES.
    size_class
        int8; position in SIZE_CLASSES, of head offices in SITE_CLASSES; UNKNOWN_SIZE where unknown.
    sector
        int16; code of the sector group, or NOT_A_FIRM, HEAD_OFFICE or BRANCH.
    """

    type: npt.NDArray[np.uint8]
    size_class: npt.NDArray[np.int8]
    sector: npt.NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.type)


def group_sectors(industries: CodedIndustries) -> npt.NDArray[np.int16]:
    """Return the sector group of every firm.

    The divisions with most firms keep a group of their own, so that no stratum is too thin to
    learn a rate from.

    Parameters
    ----------
    industries
        Divisions of the firms.

    Returns
    -------
    np.ndarray
        int16; divisions kept count from 0 in the order of their codes, then OTHER_SECTORS and
        NO_SECTOR.
    """
    firms = np.bincount(industries.sector, minlength=len(industries.sectors))
    coded = np.flatnonzero(firms[1:]) + 1  # the first is "": no code
    most = coded[np.lexsort((coded, -firms[coded]))][:KEPT_SECTORS]
    groups = np.full(len(industries.sectors), OTHER_SECTORS, dtype=np.int16)
    groups[np.sort(most)] = np.arange(len(most))
    groups[0] = NO_SECTOR
    return groups[industries.sector]


def assign_strata(
    types: npt.NDArray[np.uint8],
    employees: pa.Array | None,
    industries: CodedIndustries | None,
    firms: npt.NDArray[np.int64],
    taking_part: npt.NDArray[np.bool_],
    sites: Sites | None = None,
) -> tuple[Strata, npt.NDArray[np.int16]]:
    """Give every actor its stratum.

    Parameters
    ----------
    types
        uint8; actor types of the register.
    employees
        int64 with nulls where unknown, one entry a firm of the layer; None where it has none.
    industries
        Industries of the firms of the layer; None where there is no layer.
    firms
        Positions of the layer's firms in the register.
    taking_part
        bool; which actors of the register the null model holds.
    sites
        As :func:`find_sites`; None where nothing is known of sites.

    Returns
    -------
    tuple
        Strata, and the stratum of every actor (int16, LEFT_OUT where it takes no part).
    """
    classes = size_classes(None, len(types))
    sectors = np.where(types == _FIRM, NO_SECTOR, NOT_A_FIRM).astype(np.int16)
    classes[firms] = size_classes(employees, len(firms))
    if industries is not None:
        sectors[firms] = group_sectors(industries)
    if sites is not None:
        sectors = np.where(sites.kind < 0, sites.kind, sectors).astype(np.int16)
        classes = np.where(sites.kind == HEAD_OFFICE, sites.size_class, classes).astype(np.int8)
    # One whole number a combination keeps the order of type, size class and sector group.
    spread = (BRANCH, NO_SECTOR + 1)
    width = spread[1] - spread[0]
    key = (types.astype(np.int64) * 128 + classes) * width + (sectors - spread[0])
    # There are few combinations: marking them takes a fraction of the time that sorting takes.
    used = np.bincount(key[taking_part]) > 0
    found, number = np.flatnonzero(used), np.cumsum(used) - 1
    stratum = np.full(len(types), LEFT_OUT, dtype=np.int16)
    stratum[taking_part] = number[key[taking_part]]
    rest, sector = np.divmod(found, width)
    type_, size_class = np.divmod(rest, 128)
    strata = Strata(
        type_.astype(np.uint8), size_class.astype(np.int8), (sector + spread[0]).astype(np.int16)
    )
    return strata, stratum


@dataclass(frozen=True)
class Sites:
    """Which actors are sites of firms with several sites.

    Parameters
    ----------
    kind
        int16; HEAD_OFFICE, BRANCH, or 0 for all other actors.
    size_class
        int8; of head offices the position in SITE_CLASSES, UNKNOWN_SIZE where no group is given.
    """

    kind: npt.NDArray[np.int16]
    size_class: npt.NDArray[np.int8]


def find_sites(
    types: npt.NDArray[np.uint8], group: npt.NDArray[np.int32], site: npt.NDArray[np.uint8]
) -> Sites:
    """Tell the sites of firms with several sites from all other actors.

    Parameters
    ----------
    types
        uint8; actor types of the register.
    group
        int32; business group of every actor, -1 for none.
    site
        uint8; position in SITES of :mod:`clustermap.layers.actors`.

    Returns
    -------
    Sites
        A firm that is alone in its group has one site, whatever the register calls it; where no
        group is given the register's word stands, unless it calls most firms so.

    Examples
    --------
    Two sites of one firm, a "head office" that is alone, and a university:

    >>> types, group = np.array([0, 0, 0, 1], np.uint8), np.array([5, 5, 6, -1], np.int32)
    >>> found = find_sites(types, group, np.array([1, 2, 1, 0], np.uint8))
    >>> found.kind.tolist(), found.size_class[0].item()
    ([-2, -3, 0, 0], 0)
    """
    firm = types == _FIRM
    members = np.bincount(group[group >= 0], minlength=1)
    many = np.where(group >= 0, members[np.maximum(group, 0)], 0)
    kind = np.zeros(len(types), dtype=np.int16)
    for code, stands_for in ((HEADQUARTERS, HEAD_OFFICE), (OTHER_SITE, BRANCH)):
        named = firm & (many != 1) & (site == code)
        if named.sum() <= _MOST * firm.sum():
            kind[named] = stands_for
    classes = np.searchsorted(SITE_CLASSES, many, side="right") - 1
    return Sites(kind, np.where(many > 0, classes, UNKNOWN_SIZE).astype(np.int8))


def taking_part(codes: npt.NDArray[np.int32], cells: Cells) -> npt.NDArray[np.bool_]:
    """Return which actors the null model holds: all but those abroad or of whom no place is known.

    Parameters
    ----------
    codes
        int32; cell of every actor.
    cells
        Names of the cells.

    Returns
    -------
    np.ndarray
        bool.
    """
    held = [not name.startswith(ABROAD) and name != UNKNOWN for name in cells.names]
    return np.array(held, dtype=bool)[codes]


def count_members(
    codes: npt.NDArray[np.int32],
    stratum: npt.NDArray[np.int16],
    shape: tuple[int, int],
) -> npt.NDArray[np.int64]:
    """Count the actors of every cell and stratum.

    Parameters
    ----------
    codes
        int32; cell of every actor.
    stratum
        int16; stratum of every actor, LEFT_OUT where it takes no part.
    shape
        Number of cells and of strata.

    Returns
    -------
    np.ndarray
        int64, of that shape.
    """
    held = stratum != LEFT_OUT
    key = codes[held].astype(np.int64) * shape[1] + stratum[held]
    return np.bincount(key, minlength=shape[0] * shape[1]).reshape(shape)
