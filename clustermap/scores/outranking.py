"""Ranks without compensation: units are compared in pairs, and a weakness is made up by nothing.

An arithmetic mean lets strength in one indicator stand in for weakness in another; here only the
order of values counts, and an indicator has its weight as votes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clustermap.indicators.evidence import divide

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers

_TIE = 1e-9  # share of the votes: 0.1 + 0.2 against 0.3 is a tie


def outranking_matrix(values: npt.ArrayLike, weights: npt.ArrayLike) -> Numbers:
    """Return the share of the votes for every unit against every other.

    ``e_jk = sum_i w_i ([x_ij > x_ik] + [x_ij = x_ik] / 2)``, over the indicators that both units
    have, whose weights are renormalised.

    Parameters
    ----------
    values
        Indicators x units, more being better; NaN is missing and does not vote.
    weights
        One weight for each indicator.

    Returns
    -------
    Numbers
        Units x units, in [0, 1]; ``e_jk + e_kj = 1``. NaN on the diagonal and where two units have
        no indicator in common.

    References
    ----------
    Nardo, M., Saisana, M., Saltelli, A., Tarantola, S., Hoffmann, A. and Giovannini, E. (2008).
    Handbook on Constructing Composite Indicators: Methodology and User Guide. OECD and JRC, on the
    non-compensatory multi-criteria approach.

    Examples
    --------
    Three indicators of two units: one win each, and a tie.

    >>> outranking_matrix([[2, 1], [3, 5], [4, 4]], [2, 1, 1]).tolist()
    [[nan, 0.625], [0.375, nan]]
    """
    margin, shared = _compare(values, weights)
    matrix = (1 + divide(margin, shared)) / 2
    np.fill_diagonal(matrix, np.nan)
    return matrix


def copeland(values: npt.ArrayLike, weights: npt.ArrayLike) -> Numbers:
    """Return Copeland scores: pairwise comparisons won minus those lost.

    A unit wins a comparison in which it has more than half of the votes.

    Parameters
    ----------
    values
        Indicators x units, more being better; NaN is missing and does not vote.
    weights
        One weight for each indicator.

    Returns
    -------
    Numbers
        Wins minus losses, whole numbers; NaN for a unit without any value. They rank units by
        ``normalise.rank(scores, direction=-1)``.

    References
    ----------
    Copeland, A. H. (1951). A reasonable social welfare function. University of Michigan, mimeo;
    cited after Nardo, M. et al. (2008), as :func:`outranking_matrix`.

    Examples
    --------
    The Handbook's three countries A, B and C by output, unemployment, waste, inequality and crime,
    of which waste weighs double, and only of output more is better: C beats both, A beats B.

    >>> table = [
    ...     [25000, 45000, 20000],
    ...     [-0.15, -0.10, -0.08],
    ...     [-0.4, -0.7, -0.35],
    ...     [-9.2, -13.2, -5.3],
    ...     [-40, -52, -80],
    ... ]
    >>> copeland(table, [1, 1, 2, 1, 1]).tolist()
    [0.0, -2.0, 2.0]
    """
    margin, shared = _compare(values, weights)
    won = (margin > _TIE * shared).sum(axis=1) - (margin < -_TIE * shared).sum(axis=1)
    return np.where(np.isnan(np.asarray(values, dtype=np.float64)).all(axis=0), np.nan, won)


def _compare(values: npt.ArrayLike, weights: npt.ArrayLike) -> tuple[Numbers, Numbers]:
    table = np.asarray(values, dtype=np.float64)
    units = table.shape[1]
    margin, shared = np.zeros((units, units)), np.zeros((units, units))
    # Indicator after indicator: all at once would take units² x indicators of memory.
    for x, weight in zip(table, np.asarray(weights, dtype=np.float64), strict=True):
        margin += weight * np.nan_to_num(np.sign(x[:, None] - x[None, :]))
        present = ~np.isnan(x)
        shared += weight * (present[:, None] & present[None, :])
    return margin, shared
