"""What a score is worth as a composite: whether its parts agree and count as they should.

A quality sheet for analysts, over the rated clusters or any other table of parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.indicators.evidence import divide
from clustermap.messages import Message
from clustermap.scores.aggregate import renormalise

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.scores.profile import Profile

# When something is worth a sentence. The threshold of alpha is the Handbook's; the others are ours.
NEARLY_SAME = 0.90
AGAINST = -0.40
ALPHA = 0.70
FOLLOWS_SIZE = 0.20
PART_FOLLOWS_SIZE = 0.40
OFF_WEIGHT = 0.10
AGAINST_SCORE = -0.10
FEW_UNITS = 20
MOST_UNITS = 0.5  # share of the units that a part must be there for to enter alpha

MIN_UNITS = 3
"""Fewer units than this give no correlation."""

_KNOTS = (5.0, 35.0, 65.0, 95.0)  # percentiles for four knots, after Harrell
_SAME = 1e-12


@dataclass(frozen=True)
class QualitySheet:
    """What is found of the parts of a score.

    Parameters
    ----------
    units
        Units that have a score, on which everything rests.
    pearson, spearman
        Correlations of the parts with each other, over the units that have both; NaN for parts that
        few of many units have.
    alpha
        Cronbach's alpha of the parts that at least half of the units have, see
        :func:`cronbach_alpha`.
    weights
        One row a part: nominal (its weight, the mean over units), present (share of units that have
        it), pearson (r with the score), main_effect (r²),
        curved_effect (the same of a curve), effective (its main effect over the sum of all),
        effective_curved.
    size
        Spearman's correlation with the size of the units: of the score (first row, "score") and of
        every part; empty if no size was given.
    findings
        What follows, in sentences.
    """

    units: int
    pearson: pd.DataFrame
    spearman: pd.DataFrame
    alpha: float
    weights: pd.DataFrame
    size: pd.Series
    findings: tuple[Message, ...]


def cronbach_alpha(parts: npt.ArrayLike) -> float:
    """Return Cronbach's alpha: how far parts measure one thing.

    ``Q / (Q - 1) · (1 - sum of the parts' variances / variance of their sum)``.

    Parameters
    ----------
    parts
        Units x parts on one scale; units with a gap are left out.

    Returns
    -------
    float
        At most 1, where all parts vary as one; about 0 where they have nothing in common; NaN for
        fewer than two parts or three units, and where the sum does not vary.

    References
    ----------
    Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. Psychometrika
    16(3), 297-334.

    Examples
    --------
    Variances are 1 and 1, that of the sum (3, 3, 6) is 3: 2 (1 - 2/3).

    >>> round(cronbach_alpha([[1, 2], [2, 1], [3, 3]]), 12)
    0.666666666667
    """
    table = np.asarray(parts, dtype=np.float64)
    table = table[~np.isnan(table).any(axis=1)]
    count = table.shape[1]
    if count < 2 or len(table) < MIN_UNITS:
        return np.nan
    # Sorted, so that the order of units does not change the last digit.
    of_parts = np.sort(table, axis=0).var(axis=0, ddof=1).sum()
    total = np.sort(np.sort(table, axis=1).sum(axis=1))
    if total[-1] - total[0] <= _SAME * np.abs(total).max():
        return np.nan
    return float(count / (count - 1) * (1 - of_parts / total.var(ddof=1)))


def main_effect(part: npt.ArrayLike, score: npt.ArrayLike, *, curved: bool = False) -> float:
    """Return the share of a score's variance that goes with one part alone.

    The squared correlation ratio ``Var(E[score | part]) / Var(score)``, with the conditional mean
    taken as a straight line (Pearson's r²) or, if curved, as a restricted cubic spline with four
    knots (the r² of that regression, never below that of the line).

    Parameters
    ----------
    part, score
        Values of the same units; units with a gap in either are left out.
    curved
        Whether the conditional mean may bend.

    Returns
    -------
    float
        Between 0 and 1; NaN for fewer than three units (a curve: six), and where either does not
        vary.

    References
    ----------
    Paruolo, P., Saisana, M. and Saltelli, A. (2013). Ratings and rankings: voodoo or science?
    Journal of the Royal Statistical Society A 176(3), 609-634. The spline is ours in place of their
    kernel regression: Harrell, F. E. (2001). Regression Modeling Strategies. Springer.

    Examples
    --------
    >>> round(main_effect([1, 2, 3], [1, 3, 2]), 12)
    0.25
    >>> x = [-3, -2, -1, 0, 1, 2, 3]
    >>> round(main_effect(x, [value**2 for value in x]), 12)
    0.0
    >>> main_effect(x, [value**2 for value in x], curved=True) > 0.95
    True
    """
    x, y = (np.asarray(values, dtype=np.float64) for values in (part, score))
    present = ~np.isnan(x) & ~np.isnan(y)
    order = np.lexsort((y[present], x[present]))
    x, y = x[present][order], y[present][order]
    if len(x) < (6 if curved else MIN_UNITS) or _is_constant(x) or _is_constant(y):
        return np.nan
    x, y = ((values - values.mean()) / values.std() for values in (x, y))
    line = float(np.clip((x * y).mean(), -1, 1)) ** 2
    if not curved:
        return line
    basis = np.column_stack([np.ones_like(x), x, _bend(x)])
    fitted = basis @ np.linalg.lstsq(basis, y, rcond=None)[0]
    return float(np.clip(1 - ((y - fitted) ** 2).mean(), line, 1))


def assess_quality(
    parts: pd.DataFrame,
    score: pd.Series,
    weights: Mapping[str, float],
    size: pd.Series | None = None,
    names: Mapping[str, object] | None = None,
) -> QualitySheet:
    """Draw up the quality sheet of a score.

    Parameters
    ----------
    parts
        Units x parts, more being better; NaN is missing.
    score
        Score of the units; those without one are left out.
    weights
        Part to its weight.
    size
        Size of the units (firms, actors, employees), if the score is to be held against it.
    names
        Part to how it is called in findings, text or Message; its key if not given.

    Returns
    -------
    QualitySheet
        Correlations, alpha, weights, size and findings.

    References
    ----------
    Nardo, M., Saisana, M., Saltelli, A., Tarantola, S., Hoffmann, A. and Giovannini, E. (2008).
    Handbook on Constructing Composite Indicators: Methodology and User Guide. OECD and JRC.
    Paruolo, P. et al. (2013), as :func:`main_effect`.
    """
    # In the order of units, so that the order of rows does not change the last digit.
    scored = score.dropna().sort_index().astype(np.float64)
    told = parts.reindex(scored.index).astype(np.float64)
    # A part that few of many units have says nothing of the score.
    rare = told.notna().sum() < min(FEW_UNITS, len(scored))
    table = told.mask(np.broadcast_to(rare, told.shape)) if len(scored) >= FEW_UNITS else told
    pearson, spearman = (_correlate(table, ranked=ranked) for ranked in (False, True))
    with_size = _hold_against(size, pd.concat([scored.rename("score"), table], axis=1))
    usual = table.notna().sum() >= MOST_UNITS * len(scored)
    alpha = cronbach_alpha(table.loc[:, usual].to_numpy())
    effects = _weigh(table, scored, weights).assign(present=told.notna().mean())
    called = {part: (names or {}).get(part, part) for part in table.columns}
    findings = (
        *_tell_units(len(scored)),
        *_tell_rare(told, rare, called),
        *_tell_pairs(pearson, called),
        *_tell_alpha(alpha),
        *_tell_weights(effects, called),
        *_tell_size(with_size, called),
    )
    return QualitySheet(len(scored), pearson, spearman, alpha, effects, with_size, findings)


def assess_score(
    scores: pd.DataFrame, subscores: pd.DataFrame, profile: Profile, size: pd.Series | None = None
) -> QualitySheet:
    """Draw up the quality sheet of the score of clusters.

    Parameters
    ----------
    scores, subscores
        The tables SCORES and SUBSCORES of one scenario.
    profile
        What the score consists of.
    size
        Size by cluster, e.g. the number of actors.

    Returns
    -------
    QualitySheet
        Over the rated clusters.

    References
    ----------
    As :func:`assess_quality`.
    """
    keys = list(profile.parts)
    wide = subscores.pivot_table(
        index="cluster", columns="subscore", values="value", aggfunc="first", dropna=False
    )
    rated = scores[scores["rated"] == 1].set_index("cluster")["score"]
    names = {key: Message(f"subscore.{key}.label") for key in keys}
    return assess_quality(wide.reindex(columns=keys), rated, profile.parts, size, names)


def _correlate(table: pd.DataFrame, *, ranked: bool) -> pd.DataFrame:
    found = np.full((len(table.columns),) * 2, np.nan)
    for one, other in combinations_with_replacement(range(len(table.columns)), 2):
        pair = table.iloc[:, [one, other]].dropna()
        r = _pearson(*(pair.rank() if ranked else pair).to_numpy().T)
        found[one, other] = found[other, one] = 1.0 if one == other and not np.isnan(r) else r
    return pd.DataFrame(found, index=table.columns, columns=table.columns)


def _hold_against(size: pd.Series | None, table: pd.DataFrame) -> pd.Series:
    if size is None:
        return pd.Series(dtype=np.float64, name="rho")
    beside = pd.concat([size.reindex(table.index).astype(np.float64), table], axis=1)
    return _correlate(beside, ranked=True).iloc[1:, 0].rename("rho")


def _pearson(x: Numbers, y: Numbers) -> float:
    if len(x) < MIN_UNITS or _is_constant(x) or _is_constant(y):
        return np.nan
    return float(np.clip(np.corrcoef(x, y)[0, 1], -1, 1))


def _both(one: pd.Series, other: pd.Series) -> Numbers:
    return pd.concat([one, other], axis=1).dropna().to_numpy().T


def _is_constant(values: Numbers) -> bool:
    return bool(np.ptp(values) <= _SAME * np.abs(values).max())


def _bend(x: Numbers) -> Numbers:
    # Harrell's restricted cubic spline: cubic between knots, straight beyond the outer ones.
    knots = np.unique(np.percentile(x, _KNOTS))
    if len(knots) < 3:
        return np.empty((len(x), 0))
    last, before = knots[-1], knots[-2]
    above = np.clip(x[:, None] - knots, 0, None) ** 3
    inner = knots[:-2]
    ends = above[:, [-2]] * (last - inner) - above[:, [-1]] * (before - inner)
    bent: Numbers = (above[:, :-2] - ends / (last - before)) / (last - knots[0]) ** 2
    return bent


def _weigh(table: pd.DataFrame, score: pd.Series, weights: Mapping[str, float]) -> pd.DataFrame:
    y = score.to_numpy()
    given = np.array([weights[part] for part in table.columns], dtype=np.float64)
    # Units that lack a part weigh the others the more.
    there = table.notna().to_numpy().T
    used = renormalise(there, given) if len(table) else given[:, None] / given.sum()
    columns: dict[str, Numbers] = {"nominal": np.nan_to_num(used).mean(axis=1)}
    columns["present"] = there.mean(axis=1) if len(table) else np.zeros(len(given))
    columns["pearson"] = np.array([_pearson(*_both(table[part], score)) for part in table.columns])
    for name, curved in (("main_effect", False), ("curved_effect", True)):
        columns[name] = np.array(
            [main_effect(table[part].to_numpy(), y, curved=curved) for part in table.columns]
        )
    for name, effect in (("effective", "main_effect"), ("effective_curved", "curved_effect")):
        columns[name] = divide(columns[effect], np.nansum(columns[effect]))
    return pd.DataFrame(columns, index=table.columns)


def _tell_units(units: int) -> Iterator[Message]:
    if 0 < units < FEW_UNITS:
        yield Message("quality.few", {"units": f"{units:,}"})


def _tell_rare(
    told: pd.DataFrame, rare: pd.Series, called: Mapping[str, object]
) -> Iterator[Message]:
    if len(told) >= FEW_UNITS:
        for part in told.columns[rare]:
            values = {"units": f"{told[part].count():,}", "all": f"{len(told):,}"}
            yield Message("quality.rare", {"part": called[part], **values})


def _tell_pairs(pearson: pd.DataFrame, called: Mapping[str, object]) -> Iterator[Message]:
    named = list(called.values())
    table = pearson.to_numpy()
    pairs = list(combinations(range(len(named)), 2))
    for one, other in sorted(pairs, key=lambda pair: -np.nan_to_num(np.abs(table[pair]))):
        r = table[one, other]
        values = {"one": named[one], "other": named[other], "r": _two(r)}
        if r >= NEARLY_SAME:
            yield Message("quality.pair.same", values)
        elif r <= AGAINST:
            yield Message("quality.pair.against", values)


def _tell_alpha(alpha: float) -> Iterator[Message]:
    if not np.isnan(alpha):
        key = "quality.alpha.low" if alpha < ALPHA else "quality.alpha.high"
        yield Message(key, {"alpha": _two(alpha)})


def _tell_weights(effects: pd.DataFrame, called: Mapping[str, object]) -> Iterator[Message]:
    # Largest gap first; parts that are equally far off in their own order.
    rows = zip(called.values(), effects.to_dict("records"), strict=True)
    named = [(_gap(row), name, row) for name, row in rows if row["effective"] >= 0]
    far = sorted((found for found in named if abs(found[0]) >= OFF_WEIGHT), key=_by_size)
    for gap, name, row in far:
        key = "quality.weight.more" if gap > 0 else "quality.weight.less"
        counts, said = _percent(row["effective"]), _percent(row["nominal"])
        yield Message(key, {"part": name, "counts": counts, "weight": said})
    for _, name, row in named:
        if row["pearson"] <= AGAINST_SCORE:
            yield Message("quality.weight.against", {"part": name, "r": _two(row["pearson"])})
    if named and not far:
        yield Message("quality.weight.as_said")


def _tell_size(size: pd.Series, called: Mapping[str, object]) -> Iterator[Message]:
    if size.empty:
        return
    score, *of_parts = size.to_numpy(dtype=np.float64)
    if not np.isnan(score):
        key = "free" if abs(score) < FOLLOWS_SIZE else "follows" if score > 0 else "against"
        yield Message(f"quality.size.{key}", {"rho": _two(score)})
    for name, rho in zip(called.values(), of_parts, strict=True):
        if abs(rho) >= PART_FOLLOWS_SIZE:
            key = "quality.size.part_follows" if rho > 0 else "quality.size.part_against"
            yield Message(key, {"part": name, "rho": _two(rho)})


def _gap(row: Mapping[Hashable, float]) -> float:
    return row["effective"] - row["nominal"]


def _by_size(found: tuple[float, object, object]) -> float:
    return -abs(found[0])


def _two(number: float) -> str:
    return f"{number:.2f}".replace("-0.00", "0.00").replace("-", "−")


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"
