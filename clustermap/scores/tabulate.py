"""The tables that stand behind a score: ratios, brokers, flags, partners abroad, quality."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.layers.cells import ABROAD
from clustermap.scores.draws import draw_deviates, draw_weights
from clustermap.scores.methods import Methods
from clustermap.scores.sensitivity import rank_sensitivity
from clustermap.tables import FLAGS, KINDS, NULLS, RATIOS, SENSITIVITY

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from clustermap.layers.cells import Cells
    from clustermap.network.comparison import Comparison
    from clustermap.network.ratios import Ratios
    from clustermap.network.standardise import Standardised
    from clustermap.scores.parts import Parts
    from clustermap.scores.quality import QualitySheet
    from clustermap.scores.score import Reaches, Scored

    Numbers = npt.NDArray[np.float64]

_SETS, _DEVIATES, _POINTS, _RESAMPLES = 64, 64, 128, 199


def tabulate_ratios(
    ids: pd.Index[str], standardised: Standardised, parts: Parts, reaches: Reaches
) -> pd.DataFrame:
    """Return observed and expected links of every cluster, kind and reach, under every null.

    Parameters
    ----------
    ids
        Ids of the clusters.
    standardised
        Observed and expected links.
    parts
        What is believed of their ratios.
    reaches
        The local reaches.

    Returns
    -------
    pd.DataFrame
        The table RATIOS: all kinds together under every null; each kind under the headline's.
    """
    names = (*reaches.names, "beyond")
    tables = []
    for (null, boundary), comparison in standardised.comparisons.items():
        for level, reach in enumerate(names):
            found = parts.ratios[null, boundary][level]
            place = {"null": null, "boundary": boundary, "reach": reach}
            tables += [table.assign(**place) for table in _rows(ids, comparison, found, level)]
    columns = [column.name for column in RATIOS.columns]
    return pd.concat(tables, ignore_index=True)[columns] if tables else _empty(columns)


def _rows(
    ids: pd.Index[str], comparison: Comparison, found: Ratios, level: int
) -> list[pd.DataFrame]:
    tables = []
    kinds = [*(KINDS[kind] for kind in comparison.kinds), ""]
    for at, kind in enumerate(kinds):
        if kind and not found.kinds:
            continue
        belief = found.kinds[at] if kind else found.posterior
        low, high = belief.interval()
        alone = found.alone
        tables.append(
            pd.DataFrame(
                {
                    "cluster": ids,
                    "kind": kind,
                    "observed": comparison.observed[:, at, level],
                    "expected": comparison.expected[:, at, level] * found.typical,
                    "allowance": 1.0
                    if comparison.allowance is None
                    else comparison.allowance[:, at, level],
                    "design": comparison.design[:, at, level],
                    "ratio": belief.value,
                    "low": low,
                    "high": high,
                    "width": np.nan
                    if kind
                    else np.where(np.isinf(alone.width), np.nan, alone.width),
                    "data_weight": np.nan if kind else alone.weight,
                    "decided": pd.array(
                        [pd.NA] * len(ids) if kind else belief.decided.astype(int), dtype="Int64"
                    ),
                }
            )
        )
    return tables


def tabulate_nulls(standardised: Standardised) -> pd.DataFrame:
    """Return how every null was fitted to every channel.

    Parameters
    ----------
    standardised
        Observed and expected links.

    Returns
    -------
    pd.DataFrame
        The table NULLS.
    """
    rows = []
    for (null, channel), (sweeps, residual) in standardised.convergence.items():
        fit = standardised.fits.get((null, channel))
        told = (np.nan,) * 3 if fit is None else (fit.links, fit.exponent, fit.same)
        rows.append((null, channel, told[0], sweeps, residual, *told[1:]))
    return pd.DataFrame(rows, columns=[column.name for column in NULLS.columns])


def tabulate_expected(standardised: Standardised, cells: Cells) -> pd.DataFrame:
    """Return observed and expected links of the pairs of cells that matter.

    Parameters
    ----------
    standardised
        Observed and expected links.
    cells
        Names of the cells.

    Returns
    -------
    pd.DataFrame
        The table EXPECTED, names as categories; allowances are not in it, they are made for
        clusters.
    """
    pairs = standardised.pairs
    return pairs.assign(
        source=_spell(pairs["source"], cells.names),
        target=_spell(pairs["target"], cells.names),
        kind=_spell(pairs["kind"], KINDS),
    )


def _spell(codes: pd.Series[int], names: Sequence[str]) -> pd.Categorical:
    """Return the names of codes, each name held once: a nation has millions of pairs of cells."""
    return pd.Categorical.from_codes(
        codes.to_numpy(), categories=pd.Index(list(names), dtype="str")
    )


def tabulate_flags(ids: pd.Index[str], parts: Parts) -> pd.DataFrame:
    """Return what may mislead about the links of every cluster.

    Parameters
    ----------
    ids
        Ids of the clusters.
    parts
        The parts.

    Returns
    -------
    pd.DataFrame
        The table FLAGS.
    """
    named = {
        "headquarters": parts.flags.headquarters,
        "groups": parts.flags.groups,
        "one_group": parts.flags.one_group,
        "foreign": parts.flags.foreign,
    }
    tables = [
        pd.DataFrame(
            {
                "cluster": ids,
                "flag": name,
                "share": flag.share,
                "links": flag.links,
                "raised": flag.flagged.astype(np.int64),
            }
        )
        for name, flag in named.items()
    ]
    return pd.concat(tables, ignore_index=True)[[column.name for column in FLAGS.columns]]


def tabulate_abroad(flows: pd.DataFrame, cells: Cells, ids: pd.Index[str]) -> pd.DataFrame:
    """Return the links of every cluster with partners abroad, by country.

    Parameters
    ----------
    flows
        The table FLOWS.
    cells
        Which clusters hold which cells.
    ids
        Ids of the clusters.

    Returns
    -------
    pd.DataFrame
        The table ABROAD_LINKS, the country with most links first.
    """
    held = pd.DataFrame(
        {
            "here": np.array(cells.names, dtype=object)[cells.held_cell],
            "cluster": ids.to_numpy()[cells.held_cluster],
        }
    )
    ends = []
    for here, there in (("source", "target"), ("target", "source")):
        part = flows[flows[there].str.startswith(ABROAD)]
        part = part.astype(dict.fromkeys(("source", "target", "kind"), str))
        part = part.rename(columns={here: "here"}).merge(held, on="here")
        ends.append(part.assign(country=part[there].str.removeprefix(ABROAD)))
    keys = ["cluster", "country", "kind"]
    found = pd.concat(ends).groupby(keys, sort=True)[["links", "weight"]].sum().reset_index()
    order = np.lexsort((-found["links"].to_numpy(), ids.get_indexer(pd.Index(found["cluster"]))))
    return found.iloc[order].reset_index(drop=True)


def tabulate_quality(sheet: QualitySheet) -> pd.DataFrame:
    """Return the quality sheet as a table.

    Parameters
    ----------
    sheet
        From :mod:`clustermap.scores.quality`.

    Returns
    -------
    pd.DataFrame
        The table QUALITY.
    """
    rows: list[tuple[str, str, str, float]] = [("score", "", "alpha", sheet.alpha)]
    for statistic, table in (("pearson", sheet.pearson), ("spearman", sheet.spearman)):
        rows += [
            (str(one), str(other), statistic, float(table.loc[one, other]))
            for at, one in enumerate(table.index)
            for other in table.columns[at + 1 :]
        ]
    for part, row in sheet.weights.iterrows():
        rows += [
            (str(part), "score", "weight", float(row["nominal"])),
            (str(part), "score", "effect", float(row["effective"])),
            (str(part), "score", "present", float(row["present"])),
        ]
    rows += [(str(part), "size", "spearman", float(rho)) for part, rho in sheet.size.items()]
    return pd.DataFrame(rows, columns=["part", "other", "statistic", "value"])


def tabulate_sensitivity(scored: Scored, seed: int) -> pd.DataFrame:
    """Return how far each choice moves ranks.

    Parameters
    ----------
    scored
        The scores.
    seed
        Seed.

    Returns
    -------
    pd.DataFrame
        The table SENSITIVITY; empty where fewer than ten clusters are rated.

    References
    ----------
    As :func:`clustermap.scores.sensitivity.rank_sensitivity`.
    """
    columns = [column.name for column in SENSITIVITY.columns]
    drawn = scored.drawn
    if drawn is None or len(drawn.clusters) < 10:
        return _empty(columns)
    methods = Methods(
        drawn.posteriors,
        drawn.ends,
        draw_weights(drawn.weights, draws=_SETS, seed=seed),
        draw_deviates(drawn.clusters, len(drawn.weights), draws=_DEVIATES, seed=seed),
    )
    score = scored.scores.set_index("cluster")["score"]
    reference = score.reindex(pd.Index(drawn.clusters)).to_numpy(dtype=float)
    found = rank_sensitivity(methods, reference, points=_POINTS, resamples=_RESAMPLES, seed=seed)
    return found[columns]


def count_analyses(sensitivity: pd.DataFrame) -> int:
    """Return how many analyses the indices of a table SENSITIVITY rest on.

    Parameters
    ----------
    sensitivity
        From :func:`tabulate_sensitivity`.

    Returns
    -------
    int
        Points of the design times factors and two; 0 for no factors.
    """
    return _POINTS * (len(sensitivity) + 2) if len(sensitivity) else 0


def _empty(columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
