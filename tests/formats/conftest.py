"""A small release by hand: four clusters, one of which nobody should trust.

A = B      A, B, C are squares of 1 km; A and B have links, C is not rated, D has no shape.
  C        Names hold what names hold: Korean, emoji, markup, formulas, 10,000 characters.
"""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from clustermap.messages import Message
from clustermap.publish.release import Release

LONG = "긴이름" * 3333 + "끝"
BROKERED = ("roles", "gatekeeper", "representative", "either")
NAMES = ["구미국가산업단지", "<img src=x onerror=alert(1)>", "=cmd()|' /C calc'!A0", LONG]
AWKWARD = ["가나다", "한 ㎢ 🚀 `tick`", "-5", "\x00bell\x07\ttab"]


def make_release() -> Release:
    """Return the release, made anew."""
    index = pd.Index(["A", "B", "C", "D"], name="cluster")
    crs = "EPSG:5179"
    x = 1_000_000.1
    clusters = gpd.GeoDataFrame(
        {
            "name": NAMES,
            "name_en": ["Gumi", "B", "C", ""],
            "kind": ["national", "general", "general", ""],
            "region": ["경북", "경북", "", ""],
            "district": ["구미시", "", "", ""],
            "area_km2": [1 / 3, 1e-9, 123456.789, np.nan],
            "industries": ["전자;반도체", "", "", ""],
            "firms": pd.array([9_007_199_254_740_993, 0, None, 3], dtype="Int64"),
            "employees": pd.array([100, None, None, 12], dtype="Int64"),
        },
        index=index,
        geometry=[
            shapely.box(x, 1_900_000, x + 1000, 1_901_000),
            shapely.MultiPolygon(
                [shapely.box(x + 2000, 0, x + 3000, 1000), shapely.box(x + 4000, 0, x + 5000, 1)]
            ),
            shapely.box(x, 0, x + 10, 10).difference(shapely.box(x + 1, 1, x + 2, 2)),
            None,
        ],
        crs=crs,
    )
    institutes = pd.DataFrame(
        {
            "institute": ["i1", "i2"],
            "name": ["금오공과대학교", AWKWARD[1]],
            "kind": ["university", "public_institute"],
            "x": [x, np.nan],
            "y": [1_900_000.7, np.nan],
            "cluster": ["A", ""],
            "precision_m": [np.nan, 500.0],
        }
    )
    indicators = pd.DataFrame(
        {
            "cluster": ["A", "B", "A", "B", "A", "A"],
            "indicator": ["density", "density", "openness", "openness", "openness", "lq"],
            "kind": ["", "", "research", "research", "firm_firm", ""],
            "industry": ["", "", "", "", "", "반도체"],
            "value": [-0.1, 1e-300, 0.25, np.nan, 2 / 3, 3.5],
            "low": [np.nan] * 6,
            "high": [np.nan] * 6,
            "basis": [10.0, 20.0, 3.0, np.nan, 1.0, 5.0],
            "note": ["", "", "", "suppressed", "", ""],
        }
    )
    scores = pd.DataFrame(
        {
            "scenario": ["default"] * 4 + ["green"],
            "cluster": ["A", "B", "C", "D", "A"],
            "score": [81.2, 33.3, np.nan, np.nan, 50.0],
            "low": [70.0, 20.0, np.nan, np.nan, 40.0],
            "high": [90.0, 44.4, np.nan, np.nan, 60.0],
            "rank": pd.array([1, 2, None, None, 1], dtype="Int64"),
            "rank_low": pd.array([1, 1, None, None, 1], dtype="Int64"),
            "rank_high": pd.array([2, 2, None, None, 1], dtype="Int64"),
            "rated": [1, 1, 0, 0, 1],
            "reason": ["", "", "reason.too_few_links", "few_firms", ""],
            "alike": pd.array([1, 1, None, None, 1], dtype="Int64"),
            "top_share": [0.75, 0.25, np.nan, np.nan, 1.0],
            "quadrant": ["local_global", "undecided", "undecided", "undecided", "local"],
            "capability": [62.0, 18.0, np.nan, 3.5, 62.0],
            "gap": [0.0, 12.5, np.nan, np.nan, 0.0],
            "confidence": ["high", "low", "", "", "high"],
        }
    )
    subscores = pd.DataFrame(
        {
            "scenario": ["default"],
            "cluster": ["A"],
            "subscore": ["openness"],
            "value": [55.5],
            "low": [np.nan],
            "high": [np.nan],
            "weight": [0.5],
            "contribution": [0.1],
            "basis": [3.0],
            "measure": [0.15],
            "measure_low": [-1.2345678901234567e-06],  # 25 characters without an exponent
            "measure_high": [0.3],
            "reach": [""],
            "decided": [1],
            "reason": [""],
        }
    )
    ratios = pd.DataFrame(
        {
            "cluster": ["A", "A", "B", "A"],
            "kind": ["", "", "", "research"],
            "reach": ["fence", "beyond", "fence", "fence"],
            "observed": [20.0, 36.5, np.nan, 12.0],
            "expected": [10.25, 40.0, np.nan, 6.0],
            "design": [1.0, 1.5, np.nan, 1.0],
            "ratio": [0.9, -0.1, 0.0, 0.8],
            "low": [0.5, -0.4, -1.0, 0.3],
            "high": [1.3, 0.2, 1.0, 1.4],
            "width": [0.9, 0.7, np.nan, np.nan],
            "data_weight": [0.8, 0.9, 0.1, np.nan],
            "decided": pd.array([1, 1, 0, None], dtype="Int64"),
        }
    )
    brokers = pd.DataFrame(
        {
            "cluster": ["A", "A"],
            "place": [1, 2],
            "name": "○○○",
            "type": ["university", "firm"],
            "role": ["either", "gatekeeper"],
            **{name: pd.array([None] * 2, dtype="Int64") for name in BROKERED},
        }
    )
    abroad = pd.DataFrame(
        {
            "cluster": ["A"],
            "country": ["DE"],
            "kind": ["research"],
            "links": [6],
            "weight": [2_500_000_000],
        }
    )
    flags = pd.DataFrame(
        {
            "cluster": ["A", "A"],
            "flag": ["headquarters", "one_group"],
            "share": [0.75, np.nan],
            "links": pd.array([20, None], dtype="Int64"),
            "raised": [1, 0],
        }
    )
    flows = pd.DataFrame(
        {
            "source": ["A", "B", "A", "A", "A"],
            "target": ["B", "A", "A", "abroad:DE", "D"],
            "kind": ["research"] * 5,
            "links": [3, 4, 5, 6, 7],
            "weight": [3_000_000_000, 1, 2**62, 6, 7],
        }
    )
    return Release(
        title="구미 시험\x07",
        language="ko",
        synthetic=False,
        internal=False,
        attribution=("산업단지공단, 공공누리 제1유형", "© OpenStreetMap contributors, ODbL"),
        clusters=clusters,
        institutes=institutes,
        firms=None,
        indicators=indicators,
        scores=scores,
        subscores=subscores,
        ratios=ratios,
        brokers=brokers,
        abroad=abroad,
        flags=flags,
        flows=flows,
        explanations={},
        industries={"반도체": {"ko": "반도체", "en": "Semiconductors"}},
        coverage=pd.DataFrame(),
        regions=None,
        coast=gpd.GeoDataFrame(geometry=[], crs="EPSG:4326"),
        withheld={"cells": 12, "flows": 40, "names": 0, "ships": 3},
        notes=(Message("note.missing_kind", {"kinds": "\nX"}),),
        version="0.1.0",
    )


@pytest.fixture
def release() -> Release:
    return make_release()


@pytest.fixture
def synthetic() -> Release:
    return replace(make_release(), synthetic=True)
