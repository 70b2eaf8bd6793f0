"""A release: everything that a page or an exported file may show, and nothing else.

Render and formats are given a Release and never the run itself: what is not in here cannot leave.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clustermap.publish.sheet import Sheet
from clustermap.publish.suppression import DEFAULT_RULES, Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from clustermap.messages import Language, Message
    from clustermap.scores.profile import Profile


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
        Observed and expected links of all scored kinds together, by cluster and reach: cluster,
        reach, observed, expected, design, ratio, low, high, width, data_weight, decided.
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
        What was withheld, by reason: {"cells": 12, "flows": 40, "names": 3}.
    notes
        Remarks that belong on the page (data gaps, first things a reader must know).
    version
        Version of clustermap that made it.
    rules
        When a cell was too small to be shown.
    sheet
        How the run scored, and what analysts judge the score by.
    profiles
        The profile of every scenario: the project's own first, then the others in the order of
        their scenarios, which are called by the profiles' names.
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
    profiles: tuple[Profile, ...] = ()
