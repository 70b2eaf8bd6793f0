"""Whether links keep to groups: by all links together, by group, and by actor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import eigsh

from clustermap.indicators.evidence import divide
from clustermap.indicators.linkage import external_internal_index

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers

_DENSE = 300
"""Up to so many actors all eigenvalues are computed, beyond only the largest."""


def mix_links(
    source: npt.ArrayLike, target: npt.ArrayLike, groups: npt.ArrayLike, *, directed: bool
) -> Numbers:
    """Count links by the groups of their two ends.

    Parameters
    ----------
    source, target
        Positions of the two ends of each link in ``groups``.
    groups
        Group of each actor.
    directed
        Whether links have a direction; without one, each counts in both and the matrix is
        symmetric.

    Returns
    -------
    Numbers
        Links, groups x groups, groups in sorted order.

    Examples
    --------
    >>> mix_links([0, 0], [1, 2], ["a", "a", "b"], directed=True).tolist()
    [[1.0, 1.0], [0.0, 0.0]]
    >>> mix_links([0, 0], [1, 2], ["a", "a", "b"], directed=False).tolist()
    [[2.0, 1.0], [1.0, 0.0]]
    """
    names, place = np.unique(np.asarray(groups), return_inverse=True)
    one = place[np.asarray(source, dtype=np.int64)]
    other = place[np.asarray(target, dtype=np.int64)]
    mixing = np.zeros((len(names), len(names)))
    np.add.at(mixing, (one, other), 1)
    return mixing if directed else mixing + mixing.T


def mixing_index(mixing: npt.ArrayLike) -> float:
    """Return the E-I index of all links: those between groups less those within, over all.

    Parameters
    ----------
    mixing
        Links, groups x groups.

    Returns
    -------
    float
        -1 where all links stay within groups, 1 where none does; NaN without links.

    References
    ----------
    Krackhardt, D. and Stern, R. N. (1988). Informal networks and organizational crises: an
    experimental simulation. Social Psychology Quarterly 51(2), 123-140.

    Examples
    --------
    >>> mixing_index([[3, 1], [0, 0]])
    -0.5
    """
    table = np.asarray(mixing, dtype=np.float64)
    inside = np.trace(table)
    return external_internal_index(inside, table.sum() - inside).item()


def assortativity(mixing: npt.ArrayLike) -> float:
    """Return the assortativity coefficient of groups.

    With e the shares of links by groups and a, b their sums over rows and columns,
    ``r = (sum_g e_gg - sum_g a_g b_g) / (1 - sum_g a_g b_g)``.

    Parameters
    ----------
    mixing
        Links, groups x groups.

    Returns
    -------
    float
        1 where all links stay within groups, 0 where groups do not matter, below 0 where links
        seek other groups; NaN without links, or where one group holds all ends.

    References
    ----------
    Newman, M. E. J. (2003). Mixing patterns in networks. Physical Review E 67, 026126.

    Examples
    --------
    >>> assortativity([[3, 1], [1, 3]])
    0.5
    """
    table = np.asarray(mixing, dtype=np.float64)
    total = table.sum()
    if not total:
        return float("nan")
    chance = (table.sum(axis=0) @ table.sum(axis=1)) / total**2
    return divide(np.trace(table) / total - chance, 1 - chance).item()


def coleman_homophily(mixing: npt.ArrayLike, sizes: npt.ArrayLike) -> Numbers:
    """Return Coleman's homophily index of every group.

    With m the links that members of a group send to each other, t all that they send and
    ``m* = t (n_g - 1) / (n - 1)`` those within if they were sent to anyone alike: the excess
    ``m - m*`` over the largest that it could be, ``t - m*``, or where it is negative over the
    largest deficit, ``m*``.

    Parameters
    ----------
    mixing
        Links sent, groups x groups.
    sizes
        Members of each group.

    Returns
    -------
    Numbers
        1 where a group keeps to itself, 0 as by chance, -1 where it has no link within; NaN where a
        group sends no links, or where nothing else was possible.

    References
    ----------
    Coleman, J. S. (1958). Relational analysis: the study of social organizations with survey
    methods. Human Organization 17(4), 28-36.

    Examples
    --------
    >>> coleman_homophily([[4, 1], [5, 1]], [6, 5]).tolist()
    [0.6, -0.5833333333333334]
    """
    table = np.asarray(mixing, dtype=np.float64)
    members = np.asarray(sizes, dtype=np.float64)
    sent = table.sum(axis=1)
    chance = sent * divide(members - 1, members.sum() - 1)
    excess = np.diagonal(table) - chance
    return np.where(excess >= 0, divide(excess, sent - chance), divide(excess, chance))


def freeman_segregation(mixing: npt.ArrayLike, sizes: npt.ArrayLike) -> float:
    """Return Freeman's segregation index: by how much links between groups fall short of chance.

    ``1 - p / pi``: p is the share of links that lead to another group, pi the share of pairs of
    actors that are of two groups. Freeman has two groups and gives 0 where p exceeds pi; here any
    number is taken, and what is below 0 is told.

    Parameters
    ----------
    mixing
        Links, groups x groups.
    sizes
        Members of each group.

    Returns
    -------
    float
        1 where no link leads to another group, 0 as by chance, below 0 where more do; NaN without
        links or where there is one group.

    References
    ----------
    Freeman, L. C. (1978). Segregation in social networks. Sociological Methods and Research 6(4),
    411-429.

    Examples
    --------
    Two groups of two: 4 of 6 pairs, and 1 of 3 links, are of two groups.

    >>> freeman_segregation([[2, 1], [1, 2]], [2, 2])
    0.5
    """
    table = np.asarray(mixing, dtype=np.float64)
    members = np.asarray(sizes, dtype=np.float64)
    everyone = members.sum()
    pairs = everyone * (everyone - 1)
    apart = divide(table.sum() - np.trace(table), table.sum())
    chance = divide(pairs - (members * (members - 1)).sum(), pairs)
    return (1 - divide(apart, chance)).item()


def spectral_segregation(
    source: npt.ArrayLike, target: npt.ArrayLike, groups: npt.ArrayLike
) -> Numbers:
    """Return the spectral segregation index of every actor.

    Each actor spreads one unit of attention evenly over its links. Among the actors of one group
    that links hold together, the largest eigenvalue of that matrix is the segregation of them all,
    shared out by its eigenvector so that their mean is that value: an actor is segregated whose
    partners of its own group are segregated too.

    Parameters
    ----------
    source, target
        Positions of the two ends of each link in ``groups``; direction is not read, links of an
        actor with itself are left out, and a pair that is linked twice weighs twice.
    groups
        Group of each actor.

    Returns
    -------
    Numbers
        One value an actor: 0 where it has no link within its group; NaN where it has no link at
        all. The mean over a group is the segregation of the group.

    References
    ----------
    Echenique, F. and Fryer, R. G. (2007). A measure of segregation based on social interactions.
    Quarterly Journal of Economics 122(2), 441-485.

    Examples
    --------
    Two of one group hold a link and each has another to a third of the other group: each spends
    half on the other.

    >>> spectral_segregation([0, 0, 1], [1, 2, 2], ["a", "a", "b"]).round(12).tolist()
    [0.5, 0.5, 0.0]
    """
    _, place = np.unique(np.asarray(groups), return_inverse=True)
    one, other = np.asarray(source, dtype=np.int64), np.asarray(target, dtype=np.int64)
    one, other = one[one != other], other[one != other]
    size = len(place)
    degree = np.bincount(np.concatenate([one, other]), minlength=size).astype(np.float64)
    within = place[one] == place[other]
    ends = (
        np.concatenate([one[within], other[within]]),
        np.concatenate([other[within], one[within]]),
    )
    links = sparse.csr_array((np.ones(len(ends[0])), ends), shape=(size, size))
    found = np.where(degree > 0, 0.0, np.nan)
    _, component = connected_components(links, directed=False)
    order = np.argsort(component, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(component[order])) + 1):
        if len(members) > 1:
            found[members] = _share_out(links[members][:, members], degree[members])
    return found


def _share_out(links: sparse.csr_array, degree: Numbers) -> Numbers:
    # D^-1 A has the eigenvalues of the symmetric D^-1/2 A D^-1/2; its vectors are D^-1/2 times.
    root = 1 / np.sqrt(degree)
    symmetric = sparse.diags_array(root) @ links @ sparse.diags_array(root)
    if len(degree) <= _DENSE:
        values, vectors = np.linalg.eigh(symmetric.toarray())
    else:
        values, vectors = eigsh(symmetric, k=1, which="LA", v0=np.sqrt(degree))
    attention = np.abs(root * vectors[:, -1])
    shared: Numbers = values[-1] * attention / attention.mean()
    return shared
