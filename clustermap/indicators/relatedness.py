"""How related industries or technologies are, and how close a region's own stand to each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from clustermap.indicators.evidence import divide

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers

Normalisation = Literal["association", "cosine", "jaccard", "probability"]


def relatedness(cooccurrence: npt.ArrayLike, normalisation: Normalisation) -> Numbers:
    """Return the relatedness of every two items from how often they occur together.

    With c the co-occurrences of two items, s and t the sums of each over all others and T the sum
    of the table:

    - association ``c T / (s t)``: observed over expected;
    - probability: observed over expected where no item is drawn twice,
      ``2 c / (s t / (T - s) + s t / (T - t))``;
    - cosine ``c / sqrt(s t)``;
    - Jaccard ``c / (s + t - c)``.

    The four differ: cosine and Jaccard grow with the size of the items, the first two do not.

    Parameters
    ----------
    cooccurrence
        Symmetric, items x items; what stands on the diagonal is left out of everything.
    normalisation
        Which of the four.

    Returns
    -------
    Numbers
        Relatedness, items x items: 0 on the diagonal, NaN where an item never occurs with another.

    References
    ----------
    van Eck, N. J. and Waltman, L. (2009). How to normalize cooccurrence data? An analysis of some
    well-known similarity measures. Journal of the American Society for Information Science and
    Technology 60(8), 1635-1651.
    Steijn, M. P. A. (2021). Improvement on the association strength: implementing a probabilistic
    measure based on combinations without repetition. Quantitative Science Studies 2(2), 778-794.

    Examples
    --------
    >>> relatedness([[0, 3, 1], [3, 0, 0], [1, 0, 0]], "jaccard")[0].tolist()
    [0.0, 0.75, 0.25]
    """
    table = np.array(cooccurrence, dtype=np.float64)
    np.fill_diagonal(table, 0)
    sums = table.sum(axis=1)
    both, total = np.outer(sums, sums), sums.sum()
    expected = {
        "association": divide(both, total),
        "probability": (divide(both, (total - sums)[:, None]) + divide(both, total - sums)) / 2,
        "cosine": np.sqrt(both),
        "jaccard": np.add.outer(sums, sums) - table,
    }[normalisation]
    found = np.where(both == 0, np.nan, divide(table, expected))
    np.fill_diagonal(found, 0)
    return found


def relatedness_density(presence: npt.ArrayLike, relatedness: npt.ArrayLike) -> Numbers:
    """Return how much of what is related to an item is present in a region.

    ``sum_j x_cj r_ij / sum_j r_ij`` for region c and item i, x being 1 where the region is
    specialised in item j. It is a share, 0.25 where a quarter of all relatedness is present.

    Parameters
    ----------
    presence
        0 or 1, regions x items.
    relatedness
        Items x items, its diagonal as it is to be counted (0 leaves the item itself out).

    Returns
    -------
    Numbers
        Shares between 0 and 1, regions x items; NaN where nothing is related to the item.

    References
    ----------
    Hidalgo, C. A., Klinger, B., Barabási, A.-L. and Hausmann, R. (2007). The product space
    conditions the development of nations. Science 317, 482-487.
    Boschma, R., Balland, P.-A. and Kogler, D. F. (2015). Relatedness and technological change in
    cities: the rise and fall of technological knowledge in US metropolitan areas from 1981 to 2010.
    Industrial and Corporate Change 24(1), 223-250.

    Examples
    --------
    >>> relatedness_density([[1, 0, 0]], [[0, 3, 1], [3, 0, 0], [1, 1, 0]]).tolist()
    [[0.0, 1.0, 0.5]]
    """
    present = np.asarray(presence, dtype=np.float64)
    related = np.asarray(relatedness, dtype=np.float64)
    return divide(present @ related.T, related.sum(axis=1))


def internal_density(presence: npt.ArrayLike, relatedness: npt.ArrayLike) -> Numbers:
    """Return the relatedness density of the items that a region has: how embedded they are.

    Parameters
    ----------
    presence, relatedness
        As :func:`relatedness_density`.

    Returns
    -------
    Numbers
        As :func:`relatedness_density`; NaN for items that the region has not.

    References
    ----------
    As :func:`relatedness_density`.
    """
    present = np.asarray(presence, dtype=np.float64) > 0
    return np.where(present, relatedness_density(presence, relatedness), np.nan)


def external_density(presence: npt.ArrayLike, relatedness: npt.ArrayLike) -> Numbers:
    """Return the relatedness density of the items that a region lacks: how near they are to it.

    Parameters
    ----------
    presence, relatedness
        As :func:`relatedness_density`.

    Returns
    -------
    Numbers
        As :func:`relatedness_density`; NaN for items that the region has.

    References
    ----------
    As :func:`relatedness_density`.
    """
    present = np.asarray(presence, dtype=np.float64) > 0
    return np.where(present, np.nan, relatedness_density(presence, relatedness))
