"""Weights that are equal, and weights that follow from how indicators vary together.

The score of clusters has equal weights by default. Weights from factor analysis are for other
tables. They say how well an indicator is explained by its factor, not how much it matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.indicators.evidence import divide

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers

NEAR_ONE = 0.9
"""Eigenvalue that a factor must reach; the Handbook asks for one and takes 0.9 for close to it."""

MIN_SHARE = 0.10
"""Share of the variance that a factor must explain."""

MIN_EXPLAINED = 0.60
"""Share of the variance that the factors must explain together."""

_SWEEPS, _STILL = 1000, 1e-12


@dataclass(frozen=True)
class FactorWeights:
    """Weights from factor analysis, and what they rest on.

    Parameters
    ----------
    weights
        Weight of every indicator; they sum to one.
    loadings
        Rotated loadings, indicators x factors.
    eigenvalues
        All eigenvalues of the correlation matrix, the largest first.
    explained
        Share of all variance that the factors explain together.
    units
        Units without a gap, on which the correlations rest.
    """

    weights: pd.Series
    loadings: pd.DataFrame
    eigenvalues: Numbers
    explained: float
    units: int


def equal_weights(names: Iterable[str]) -> pd.Series:
    """Return equal weights.

    Parameters
    ----------
    names
        Names of the indicators.

    Returns
    -------
    pd.Series
        Weights that sum to one.

    Examples
    --------
    >>> equal_weights(["a", "b"]).to_dict()
    {'a': 0.5, 'b': 0.5}
    """
    index = pd.Index(list(names))
    return pd.Series(1.0 / max(len(index), 1), index=index, name="weight")


def factor_weights(table: pd.DataFrame, factors: int | None = None) -> FactorWeights:
    """Return weights from a factor analysis of the indicators.

    Principal components of the correlation matrix; factors are kept that have an eigenvalue near
    one or above, explain more than a tenth of the variance, and more of them until 60 % is
    explained; loadings are rotated by :func:`varimax`, and :func:`weights_from_loadings` does the
    rest.

    Parameters
    ----------
    table
        Units x indicators; units with a gap are left out.
    factors
        Number of factors; found by the rules above if not given.

    Returns
    -------
    FactorWeights
        The weights, NaN where fewer than three units have no gap or an indicator does not vary.

    Notes
    -----
    A scaled squared loading times what its factor explains is the squared loading itself, so that
    weights are proportional to it: two indicators that say the same weigh as much as two, not as
    one. What is found redundant has to be left out before.

    References
    ----------
    Nardo, M., Saisana, M., Saltelli, A., Tarantola, S., Hoffmann, A. and Giovannini, E. (2008).
    Handbook on Constructing Composite Indicators: Methodology and User Guide. OECD and JRC, section
    on weights based on principal components analysis or factor analysis. Nicoletti, G., Scarpetta,
    S. and Boylaud, O. (2000). Summary indicators of product market regulation with an extension to
    employment protection legislation. OECD Economics Department Working Papers 226.

    Examples
    --------
    >>> same = [1.0, 2.0, 3.0, 4.0]
    >>> table = pd.DataFrame({"a": same, "b": same, "c": [1.0, -1.0, -1.0, 1.0]})
    >>> factor_weights(table).weights.round(6).to_dict()
    {'a': 0.333333, 'b': 0.333333, 'c': 0.333333}
    """
    # In a fixed order, so that neither the order of units nor that of indicators changes a digit.
    complete = table.astype(np.float64).dropna()
    names = sorted(complete.columns)
    values = complete[names].to_numpy()
    values = values[np.lexsort(values.T[::-1])] if values.size else values
    nothing = np.full(len(names), np.nan)
    if len(values) < 3 or (values == values[0]).all(axis=0).any():
        return _tabulate(table, names, nothing, np.empty((len(names), 0)), nothing, len(values))
    eigenvalues, vectors = np.linalg.eigh(np.atleast_2d(np.corrcoef(values, rowvar=False)))
    eigenvalues, vectors = np.clip(eigenvalues[::-1], 0, None), vectors[:, ::-1]
    kept = count_factors(eigenvalues) if factors is None else factors
    loadings = varimax(vectors[:, :kept] * np.sqrt(eigenvalues[:kept]))
    weights = weights_from_loadings(loadings)
    return _tabulate(table, names, weights, loadings, eigenvalues, len(values))


def count_factors(eigenvalues: npt.ArrayLike) -> int:
    """Return how many factors are kept.

    Parameters
    ----------
    eigenvalues
        Eigenvalues of the correlation matrix, the largest first.

    Returns
    -------
    int
        Number of factors that each have an eigenvalue near one or above and explain more than a
        tenth of the variance; more where those explain no more than 60 %.

    References
    ----------
    Nardo, M. et al. (2008), as :func:`factor_weights`.

    Examples
    --------
    The eigenvalues of the Handbook's eight indicators of technology, of which it keeps four.

    >>> count_factors([3.3, 1.7, 1.0, 0.9, 0.5, 0.3, 0.2, 0.1])
    4
    """
    found = np.asarray(eigenvalues, dtype=np.float64)
    shares = divide(found, found.sum())
    large = int(((found >= NEAR_ONE) & (shares > MIN_SHARE)).sum())
    enough = int(np.searchsorted(np.cumsum(shares), MIN_EXPLAINED, side="right")) + 1
    return min(max(large, enough), len(found))


def varimax(loadings: npt.ArrayLike) -> Numbers:
    """Rotate factors so that each indicator loads on as few of them as can be.

    The variance of squared loadings (of indicators scaled to communality one) is made as large as
    it gets, by plane rotations of pairs of factors.

    Parameters
    ----------
    loadings
        Indicators x factors.

    Returns
    -------
    Numbers
        Rotated loadings, the factor that explains most first, each turned so that its largest
        loading is positive. Communalities are as they were.

    References
    ----------
    Kaiser, H. F. (1958). The varimax criterion for analytic rotation in factor analysis.
    Psychometrika 23(3), 187-200.

    Examples
    --------
    A general and a bipolar factor become one factor for each indicator.

    >>> abs(varimax([[0.5, 0.5], [0.5, -0.5]])).round(6).tolist()
    [[0.707107, 0.0], [0.0, 0.707107]]
    """
    given = np.asarray(loadings, dtype=np.float64)
    length = np.sqrt((given * given).sum(axis=1))
    rotated = np.nan_to_num(divide(given, length[:, None]))
    for _ in range(_SWEEPS):
        angles = [_rotate_pair(rotated, *pair) for pair in combinations(range(given.shape[1]), 2)]
        if max(angles, default=0.0) < _STILL:
            break
    rotated *= length[:, None]
    explained = (rotated * rotated).sum(axis=0)
    rotated = rotated[:, np.argsort(-explained, kind="stable")]
    largest = np.take_along_axis(rotated, np.abs(rotated).argmax(axis=0)[None, :], axis=0)
    turned: Numbers = rotated * np.where(largest < 0, -1.0, 1.0)
    return turned


def weights_from_loadings(loadings: npt.ArrayLike) -> Numbers:
    """Return the weights that follow from rotated loadings.

    A factor's squared loadings are scaled to sum to one. Each indicator belongs to the factor on
    which its scaled squared loading is largest, and weighs this loading times the factor's share of
    what all factors explain; weights are scaled to sum to one.

    Parameters
    ----------
    loadings
        Rotated loadings, indicators x factors.

    Returns
    -------
    Numbers
        One weight for each indicator.

    References
    ----------
    As :func:`factor_weights`.

    Examples
    --------
    Two factors explain 1.0 and 0.5; scaled, the loadings are 0.64 and 0.36, and 0 and 1. Products
    with the shares 2/3 and 1/3 are 0.4267, 0.24 and 0.3333, which sum to one.

    >>> weights_from_loadings([[0.8, 0], [0.6, 0], [0, 0.5**0.5]]).round(4).tolist()
    [0.4267, 0.24, 0.3333]
    """
    squared = np.asarray(loadings, dtype=np.float64) ** 2
    explained = squared.sum(axis=0)
    scaled = np.nan_to_num(divide(squared, explained))
    factor = scaled.argmax(axis=1)
    products = scaled.max(axis=1) * explained[factor]
    return divide(products, products.sum())


def _rotate_pair(rotated: Numbers, one: int, other: int) -> float:
    x, y = rotated[:, one].copy(), rotated[:, other].copy()
    u, v = x * x - y * y, 2 * x * y
    above = 2 * (u @ v) - 2 * u.sum() * v.sum() / len(x)
    below = u @ u - v @ v - (u.sum() ** 2 - v.sum() ** 2) / len(x)
    if np.hypot(above, below) < _STILL:
        return 0.0  # every angle is as good
    angle = float(np.arctan2(above, below)) / 4
    rotated[:, one] = x * np.cos(angle) + y * np.sin(angle)
    rotated[:, other] = y * np.cos(angle) - x * np.sin(angle)
    return abs(angle)


def _tabulate(
    table: pd.DataFrame,
    names: list[str],
    weights: Numbers,
    loadings: Numbers,
    eigenvalues: Numbers,
    units: int,
) -> FactorWeights:
    heads = [f"factor_{number}" for number in range(1, loadings.shape[1] + 1)]
    explained = float((loadings * loadings).sum() / max(len(names), 1)) if heads else np.nan
    return FactorWeights(
        pd.Series(weights, index=names, name="weight").reindex(table.columns),
        pd.DataFrame(loadings, index=names, columns=heads).reindex(table.columns),
        eigenvalues,
        explained,
        units,
    )
