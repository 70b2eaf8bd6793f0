"""A release: everything that a page or an exported file may show, and nothing else.

Render and formats are given a Release and never the run itself: what is not in here cannot leave.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from clustermap.publish.coverage import REGIONS_COVERED, YEARS
from clustermap.publish.evidence import TYPICAL
from clustermap.publish.periods import PERIOD_FLOWS
from clustermap.publish.sheet import Sheet
from clustermap.publish.suppression import DEFAULT_RULES, Rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd

    from clustermap.messages import Language, Message
    from clustermap.publish.decision import Advice, Decision
    from clustermap.publish.density import Density
    from clustermap.publish.travel import Travelled
    from clustermap.scores.profile import Profile


def _empty(columns: Iterable[str]) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns))


@dataclass(frozen=True)
class Release:
    """What leaves the house: masked, suppressed where cells are small, attributed.

    Parameters
    ----------
    title
        Name of the project (user text).
    language
        Language that pages open in; they carry both.
    synthetic
        Whether the data are made up: said on every page, file and table.
    internal
        Whether the project file says that the output stays in the house (firms on pages, no
        suppression).
    attribution
        One line a source: licence and owner (user text).
    clusters
        Index cluster; columns name, name_en, kind, region, district (text, "" where unknown),
        area_km2 (float), industries (";"-joined text), firms, employees (Int64, null where
        suppressed or unknown), geometry in the project's CRS (polygons).
    institutes
        Columns institute, name, kind (actor type), x, y (project CRS; NaN where unknown), cluster
        ("" outside), precision_m (NaN: exact).
    firms
        Only where ``internal``: firm, name, industry, employees, x, y, cluster; else None.
    indicators
        The table INDICATORS; suppressed values are null with note "suppressed".
    scores, subscores
        The tables SCORES and SUBSCORES; suppressed alike in every scenario, and by the named
        comparators also where employees are.
    ratios
        Observed and expected links by cluster, kind and reach: cluster, kind ("" for all scored
        kinds together, first; then each), reach, observed, expected, design, allowance, ratio, low,
        high, width, data_weight, decided (the last three null of a kind). Numbers that are too
        small, or would give such a number away, are null.
    brokers
        The first brokers of each cluster: cluster, place, name (masked), type (actor type), role,
        and roles, gatekeeper, representative, either (Int64, null unless ``internal``).
    abroad
        The table ABROAD_LINKS without small rows.
    flags
        The table FLAGS; without shares that tell of one group or partner.
    flows
        Between cells (clusters, "outside:...", "abroad:..."), over all years and channels: source,
        target, kind, links (int64), weight (1e-9); small flows are left out and counted in
        ``withheld``.
    explanations
        Cluster to the sentences that explain its score, most important first.
    industries
        Strategic industry to its label {"ko": ..., "en": ...}.
    coverage
        What records exist at all, one row a kind: kind, links, inside (both ends in clusters),
        first_year, last_year (Int64, null where undated).
    regions
        Regions for the basemap: region, name, name_en, geometry in the project's CRS; or None.
    coast
        Land for the basemap, cropped to the map: geometry in EPSG:4326.
    withheld
        What was withheld, by reason: {"cells": 12, "flows": 40, "names": 3,
        "density": 5}; the last counts firms that lie too lonely for any square.
    notes
        Remarks that belong on the page (data gaps, first things a reader must know).
    version
        Version of clustermap that made it.
    rules
        When a cell was too small to be shown.
    sheet
        How the run scored, and what analysts judge the score by.
    density
        Firms in squares of the map, of which none tells of a few; None where no firm is known.
    typical
        Observed and typical links of pairs of cells whose flows are released: low, high (cells,
        sorted as texts; both directions together), kind, observed (float; of projects and documents
        in shares, so other than ``links`` of the flows; null where one direction is withheld),
        expected (float, under the mass null). No rows for cells abroad or kinds without a score.
    periods
        First and last year of each period that flows are told by, at most five.
    period_flows
        The released flows by period: source, target, kind, period (place in ``periods``), links
        (int64, above 0). A flow is there with all its periods or not at all; what it has more in
        ``flows`` has no date.
    years
        Links of the nation by kind and year: kind, year (Int64, null where undated), links (Int64,
        null where withheld).
    regions_covered
        Links at the clusters of each region: region ("" where unknown), clusters, firms (Int64),
        kind, links (Int64; a link between two clusters counts for both), withheld (clusters whose
        links of that kind are not told; ``links`` and ``firms`` are sums over the others).
    profiles
        The profile of every scenario: the project's own first, then the others in the order of
        their scenarios, which are called by the profiles' names.
    decision
        What is chosen under a budget; None where nothing was asked to be.
    advice
        What may be done about each cluster; None where no linkages are known.
    travel
        How far institutes are by road; None where no roads were read.
    """

    title: str
    language: Language
    synthetic: bool
    internal: bool
    attribution: tuple[str, ...]
    clusters: gpd.GeoDataFrame
    institutes: pd.DataFrame
    firms: pd.DataFrame | None
    indicators: pd.DataFrame
    scores: pd.DataFrame
    subscores: pd.DataFrame
    ratios: pd.DataFrame
    brokers: pd.DataFrame
    abroad: pd.DataFrame
    flags: pd.DataFrame
    flows: pd.DataFrame
    explanations: Mapping[str, tuple[Message, ...]]
    industries: Mapping[str, Mapping[Language, str]]
    coverage: pd.DataFrame
    regions: gpd.GeoDataFrame | None
    coast: gpd.GeoDataFrame
    withheld: Mapping[str, int]
    notes: tuple[Message, ...]
    version: str
    rules: Rules = DEFAULT_RULES
    sheet: Sheet = field(default_factory=Sheet)
    density: Density | None = None
    typical: pd.DataFrame = field(default_factory=partial(_empty, TYPICAL))
    periods: tuple[tuple[int, int], ...] = ()
    period_flows: pd.DataFrame = field(default_factory=partial(_empty, PERIOD_FLOWS))
    years: pd.DataFrame = field(default_factory=partial(_empty, YEARS))
    regions_covered: pd.DataFrame = field(default_factory=partial(_empty, REGIONS_COVERED))
    profiles: tuple[Profile, ...] = ()
    decision: Decision | None = None
    advice: Advice | None = None
    travel: Travelled | None = None
