"""Releases made by hand for the tests of pages: a small world, a hostile one, and a large one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustermap.messages import Message
from clustermap.publish.coverage import cover_regions
from clustermap.publish.release import Release
from clustermap.scores.profile import PARTS, Profile
from clustermap.tables import SCORED_KINDS

KOREA = [
    (126.1, 34.3), (126.4, 35.0), (126.3, 35.6), (126.5, 36.2), (126.1, 36.8), (126.8, 37.1),
    (126.4, 37.8), (127.1, 38.3), (128.3, 38.6), (129.1, 37.6), (129.4, 36.9), (129.6, 36.0),
    (129.3, 35.3), (128.6, 35.0), (127.6, 34.6), (126.9, 34.4),
]  # fmt: skip

BALANCED = Profile("balanced", "linkage", dict.fromkeys(PARTS, 1 / len(PARTS)), "typical")
STARS = Profile("eu_stars", "eu_stars", {}, "typical")

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "{{ 7*7 }}",
    "`",
    "${1}",
    "=cmd()",
    "가" * 10_000,
    "🧪",
    "a\x00b",
    "{{ cycler.__init__.__globals__.os.getpid() }}",
    "line\u2028separator\u2029end",
    "{value} {0} {count}",
    "<!--<script>",
)
"""Texts that a table may hold and that no page may execute or trip over."""


def _square(lon: float, lat: float, half_m: float = 1500) -> shapely.Polygon:
    point = gpd.GeoSeries([shapely.Point(lon, lat)], crs="EPSG:4326").to_crs("EPSG:5179").iloc[0]
    return shapely.box(point.x - half_m, point.y - half_m, point.x + half_m, point.y + half_m)


def _coast() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=[shapely.Polygon(KOREA)], crs="EPSG:4326")


def _indicator(
    cluster: str, key: str, value: float | None, kind: str = "", industry: str = "", note: str = ""
) -> dict[str, Any]:
    return {
        "cluster": cluster, "indicator": key, "kind": kind, "industry": industry,
        "value": np.nan if value is None else value, "low": np.nan, "high": np.nan,
        "basis": np.nan, "note": note,
    }  # fmt: skip


def small_release() -> Release:
    """Return six clusters: four rated, one unrated for want of links, one suppressed.

    ::

        A Suwon - B Daejeon: strong research     E Jeju: suppressed, not rated
        A - C Gumi: firm to firm                 F Gangneung: not rated
        C - D Busan: transfer
    """
    names = {
        "A": ("수원 나노단지 (가상)", "Suwon Nano Park (fictional)", "국가산단", "경기도",
              "수원시"),
        "B": ("대전 연구특구 (가상)", "Daejeon Research Zone (fictional)", "연구개발특구",
              "대전광역시", "유성구"),
        "C": ("구미 전자단지 (가상)", "Gumi Electronics (fictional)", "국가산단",
              "경상북도", "구미시"),
        "D": ("부산 해양단지 (가상)", "", "일반산단", "부산광역시", "강서구"),
        "E": ("제주 첨단단지 (가상)", "Jeju High-Tech (fictional)", "도시첨단", "제주도", "제주시"),
        "F": ("강릉 소재단지 (가상)", "Gangneung Materials (fictional)", "농공", "강원도",
              "강릉시"),
    }  # fmt: skip
    places = {"A": (127.0, 37.26), "B": (127.36, 36.37), "C": (128.39, 36.11),
              "D": (128.85, 35.14), "E": (126.57, 33.45), "F": (128.88, 37.77)}  # fmt: skip
    ids = pd.Index(list(names), name="cluster")
    clusters = gpd.GeoDataFrame(
        {
            "name": [names[c][0] for c in ids],
            "name_en": [names[c][1] for c in ids],
            "kind": [names[c][2] for c in ids],
            "region": [names[c][3] for c in ids],
            "district": [names[c][4] for c in ids],
            "area_km2": [9.0, 9.0, 9.0, 9.0, 9.0, np.nan],
            "industries": ["semiconductor", "bio;semiconductor", "", "", "", ""],
            "firms": pd.array([120, 80, 60, 45, None, 20], dtype="Int64"),
            "employees": pd.array([15000, 6000, 9000, 2500, None, 300], dtype="Int64"),
        },
        geometry=[_square(*places[c]) for c in ids],
        index=ids,
        crs="EPSG:5179",
    )
    institutes = pd.DataFrame(
        {
            "institute": ["u1", "u2", "g1", "h1", "s1", "x1"],
            "name": ["가나대학교", "다라대학교", "마바연구원", "사아병원", "자차테크노파크",
                     "위치없음"],
            "kind": ["university", "university", "public_institute", "hospital", "support",
                     "other"],
            "x": [983000.0, 983000.0, 990500.0, 1090000.0, 1090000.0, np.nan],
            "y": [1818000.0, 1818000.0, 1819000.0, 1790000.0, 1680000.0, np.nan],
            "cluster": ["B", "B", "B", "", "", ""],
            "precision_m": [np.nan, 2000.0, np.nan, np.nan, np.nan, np.nan],
        }
    )  # fmt: skip
    rows = []
    for cluster, (inside, outside) in {
        "A": (30, 90), "B": (60, 120), "C": (12, 48), "D": (4, 20), "F": (0, 1),
    }.items():  # fmt: skip
        for kind in ("firm_firm", "research", "transfer"):
            rows.append(_indicator(cluster, "internal_links", inside, kind))
            rows.append(_indicator(cluster, "external_links", outside, kind))
            rows.append(_indicator(cluster, "local_share", inside / (inside + outside), kind))
            rows.append(
                _indicator(cluster, "ei_index", (outside - inside) / (inside + outside), kind)
            )
            rows.append(_indicator(cluster, "participation", 0.25, kind))
        rows.append(_indicator(cluster, "herfindahl", 0.21))
        rows.append(_indicator(cluster, "location_quotient", 1.84, industry="semiconductor"))
        rows.append(
            _indicator(cluster, "symmetric_location_quotient", 0.3, industry="semiconductor")
        )
    rows.extend(
        _indicator("E", "internal_links", None, kind, note="suppressed")
        for kind in ("firm_firm", "research", "transfer")
    )
    rows.append(_indicator("E", "herfindahl", None, note="suppressed"))
    rated = {"A": (71.5, 1, 1, 2), "B": (68.2, 2, 1, 3), "C": (44.0, 3, 2, 4), "D": (21.3, 4, 3, 4)}
    scores = pd.DataFrame(
        [
            {
                "scenario": "default", "cluster": c,
                "score": rated[c][0] if c in rated else np.nan,
                "low": rated[c][0] - 9 if c in rated else np.nan,
                "high": rated[c][0] + 8 if c in rated else np.nan,
                "rank": rated[c][1] if c in rated else pd.NA,
                "rank_low": rated[c][2] if c in rated else pd.NA,
                "rank_high": rated[c][3] if c in rated else pd.NA,
                "rated": int(c in rated),
                "reason": "" if c in rated else ("suppressed" if c == "E" else "few_links"),
                "alike": 1 if c in rated else pd.NA,
                "top_share": 0.1 if c in rated else np.nan,
                "quadrant": {"A": "local_global", "B": "global"}.get(c, "undecided"),
                "capability": {"A": 81.0, "B": 66.0, "C": 70.0}.get(c, np.nan),
                "gap": {"A": 3.0, "B": 21.0, "C": 40.0, "D": 55.0, "F": 0.2}.get(c, np.nan),
                "confidence": "medium" if c in rated else "",
            }
            for c in ids
        ]
    ).astype({"rank": "Int64", "rank_low": "Int64", "rank_high": "Int64"})  # fmt: skip
    subscores = _small_parts()
    flows = pd.DataFrame(
        [
            ("A", "B", "research", 40), ("A", "C", "firm_firm", 25), ("C", "D", "transfer", 9),
            ("A", "B", "firm_firm", 12), ("A", "A", "firm_firm", 30),
            ("A", "abroad:독일", "research", 7), ("A", "outside:경기도 용인시", "firm_firm", 14),
            ("outside:unknown", "B", "support", 3),
        ],
        columns=["source", "target", "kind", "links"],
    ).assign(weight=0)  # fmt: skip
    coverage = pd.DataFrame(
        {
            "kind": ["firm_firm", "research", "transfer"],
            "links": [81, 47, 9],
            "inside": [67, 40, 9],
            "first_year": pd.array([2015, 2014, None], dtype="Int64"),
            "last_year": pd.array([2022, 2022, None], dtype="Int64"),
        }
    )
    stars = scores.assign(
        scenario="eu_stars", score=[3.0, 2.0, 2.0, np.nan, np.nan, np.nan],
        low=np.nan, high=np.nan, rank=pd.array([1, 2, 2, None, None, None], dtype="Int64"),
        rank_low=pd.NA, rank_high=pd.NA, rated=[1, 1, 1, 0, 0, 0], confidence="",
        reason=["", "", "", *["reason.employees_unknown"] * 3],
    )  # fmt: skip
    return Release(
        title="시험 지도",
        language="ko",
        synthetic=True,
        internal=False,
        attribution=("합성 자료, CC0", "Natural Earth, public domain"),
        clusters=clusters,
        institutes=institutes,
        firms=None,
        indicators=pd.DataFrame(rows),
        scores=pd.concat([scores, stars], ignore_index=True),
        profiles=(BALANCED, STARS),
        subscores=subscores,
        **_small_evidence(),
        **_small_years(),
        flows=flows,
        regions_covered=cover_regions(clusters, pd.DataFrame(rows)),
        explanations={
            "A": (
                Message("page.card.weight", {"weight": 33}),
                Message("page.card.outside_place", {"place": Message("kind.research")}),
            )
        },
        industries={
            "semiconductor": {"ko": "반도체·디스플레이", "en": "Semiconductors and displays"}
        },
        coverage=coverage,
        regions=None,
        coast=_coast(),
        withheld={"cells": 12, "flows": 40, "names": 3},
        notes=(Message("page.about.reading_rank"),),
        version="0.1.0",
    )


def _small_parts() -> pd.DataFrame:
    """Six parts of the four rated clusters; brokerage of D is not decided."""
    values = {
        "A": (80, 70, 65, 71, 76, 68), "B": (40, 90, 75, 62, 80, 55),
        "C": (40, 45, 50, 48, 39, 44), "D": (30, 15, 22, 18, 50.5, 20),
    }  # fmt: skip
    rows = [
        (cluster, part, float(value), not (cluster == "D" and part == "brokerage"))
        for cluster, of_parts in values.items()
        for part, value in zip(PARTS, of_parts, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["cluster", "subscore", "value", "decided"])
    return table.assign(
        scenario="default",
        low=(table["value"] - 8).clip(lower=1), high=(table["value"] + 7).clip(upper=100),
        weight=1 / 6, contribution=np.log(table["value"]) / 6, basis=12.0,
        measure=table["value"] / 50.5 - 1, measure_low=-0.5, measure_high=0.5,
        reach=np.where(table["subscore"] == "embeddedness", "10 km", ""),
        decided=table["decided"].astype(int),
        reason=np.where(table["decided"], "", "reason.nobody_can_broker"),
    )  # fmt: skip


def _small_evidence() -> dict[str, pd.DataFrame]:
    """Return what stands behind the scores of A, B and D; D's links within 10 km are withheld.

    Kind by kind, A is told whole; of B support alone is told within 10 km, and all beyond.
    """
    none = np.nan
    ratios = pd.DataFrame(
        [
            ("A", "", "fence", 20.0, 12.0, 0.6, 0.2, 1.0),
            ("A", "", "10 km", 60.0, 30.0, 1.0, 0.5, 1.5),
            ("A", "", "beyond", 90.0, 72.0, 0.25, 0.0, 0.5),
            ("B", "", "10 km", 8.0, 16.0, -0.75, -1.5, 0),
            ("B", "", "beyond", 120.0, 48.0, 1.25, 1.0, 1.5),
            ("D", "", "10 km", none, none, -0.5, -1.25, 0.25),
            ("A", "firm_firm", "10 km", 35.0, 20.0, 0.75, 0.25, 1.25),
            ("A", "research", "10 km", 25.0, 10.0, 1.25, 0.5, 2.0),
            ("A", "transfer", "10 km", 0.0, 0.5, -0.25, -1.5, 1.0),
            ("A", "firm_firm", "beyond", 30.0, 32.0, 0.0, -0.5, 0.5),
            ("A", "research", "beyond", 50.0, 30.0, 0.5, 0.25, 0.75),
            ("A", "transfer", "beyond", 10.0, 10.0, 0.0, -0.75, 0.75),
            ("B", "firm_firm", "10 km", none, none, -1.0, -2.0, 0.0),
            ("B", "research", "10 km", none, none, none, none, none),
            ("B", "support", "10 km", 5.0, 6.0, -0.25, -1.0, 0.5),
            ("B", "firm_firm", "beyond", 20.0, 18.0, 0.25, -0.25, 0.75),
            ("B", "research", "beyond", 90.0, 25.0, 1.5, 1.25, 1.75),
            ("B", "support", "beyond", 10.0, 5.0, 0.75, 0.0, 1.5),
        ],
        columns=["cluster", "kind", "reach", "observed", "expected", "ratio", "low", "high"],
    ).assign(design=1.0)
    whole = ratios["kind"] == ""
    ratios = ratios.assign(
        width=np.where(whole, 1.0, none), data_weight=np.where(whole, 0.8, none),
        decided=pd.Series(1, ratios.index, dtype="Int64").where(whole),
    )  # fmt: skip
    brokers = pd.DataFrame(
        [("A", 1, "university", "either"), ("A", 2, "firm", "gatekeeper"),
         ("B", 1, "public_institute", "representative")],
        columns=["cluster", "place", "type", "role"],
    ).assign(name="○○○")  # fmt: skip
    brokers[["roles", "gatekeeper", "representative", "either"]] = pd.NA
    return {
        "ratios": ratios,
        "brokers": brokers,
        "abroad": pd.DataFrame(
            [("A", "독일", "research", 7, 0)],
            columns=["cluster", "country", "kind", "links", "weight"],
        ),
        "flags": pd.DataFrame(
            [("A", "headquarters", 0.6, 120, 1), ("A", "foreign", np.nan, pd.NA, 0)],
            columns=["cluster", "flag", "share", "links", "raised"],
        ),
    }


def _small_years() -> dict[str, Any]:
    """Return typical links of pairs, and links by period and year.

    ::

        A - B research 40: 10, 14, 16      C - D transfer 9: undated; another one is withheld
        A - C firm to firm 25: 5, 0, 20    A - B firm to firm 12: not told by period
        A - A firm to firm 30: 0, 12, 18
    """
    return {
        "typical": pd.DataFrame(
            [
                ("A", "A", "firm_firm", 30.0, 14.0), ("A", "B", "firm_firm", 12.0, 12.5),
                ("A", "B", "research", 38.5, 22.5), ("A", "C", "firm_firm", 25.0, 31.0),
                ("A", "outside:경기도 용인시", "firm_firm", 14.0, 9.0),
                ("C", "D", "transfer", np.nan, 4.25),
            ],
            columns=["low", "high", "kind", "observed", "expected"],
        ),
        "periods": ((2014, 2016), (2017, 2019), (2020, 2022)),
        "period_flows": pd.DataFrame(
            [
                ("A", "A", "firm_firm", 1, 12), ("A", "A", "firm_firm", 2, 18),
                ("A", "B", "research", 0, 10), ("A", "B", "research", 1, 14),
                ("A", "B", "research", 2, 16), ("A", "C", "firm_firm", 0, 5),
                ("A", "C", "firm_firm", 2, 20),
            ],
            columns=["source", "target", "kind", "period", "links"],
        ),
        "years": pd.DataFrame(
            [
                ("firm_firm", 2015, 8), ("firm_firm", 2016, None), ("firm_firm", 2018, 20),
                ("firm_firm", 2019, None), ("firm_firm", 2021, 25), ("firm_firm", 2022, 22),
                ("research", 2014, 10), ("research", 2017, 14), ("research", 2022, 20),
                ("research", None, 3), ("transfer", None, 9),
            ],
            columns=["kind", "year", "links"],
        ).astype({"year": "Int64", "links": "Int64"}),
    }  # fmt: skip


def internal_release() -> Release:
    """Return the small world with its firms."""
    firms = pd.DataFrame(
        {
            "firm": ["f1", "f2", "f3"],
            "name": ["하나전자", "두리소재", "주소없음"],
            "industry": ["C26", "C20", ""],
            "employees": pd.array([120, 30, None], dtype="Int64"),
            "x": [983500.0, 983900.0, np.nan],
            "y": [1818500.0, 1818600.0, np.nan],
            "cluster": ["B", "B", ""],
        }
    )
    return replace(small_release(), internal=True, firms=firms)


def hostile_release() -> Release:
    """Return the internal world with every hostile text in every field that a user fills."""
    world = internal_release()
    texts = pd.Series(HOSTILE)
    count = len(HOSTILE)

    def repeat(table: Any) -> Any:
        return pd.concat([table.iloc[[0]]] * count, ignore_index=True)

    clusters = repeat(world.clusters).set_crs(world.clusters.crs)
    ids = [f"{place}{text}" for place, text in enumerate(HOSTILE)]
    clusters.index = pd.Index(ids, name="cluster")
    for column in ("name", "name_en", "kind", "region", "district", "industries"):
        clusters[column] = list(HOSTILE)
    clusters["geometry"] = [_square(126.5 + 0.2 * n, 36.0 + 0.1 * n) for n in range(count)]
    institutes = repeat(world.institutes).assign(name=texts, cluster=ids)
    institutes["x"] += np.arange(count) * 2000
    firms = repeat(cast("pd.DataFrame", world.firms)).assign(name=texts, cluster=ids)
    scores = repeat(world.scores.head(1)).assign(
        cluster=ids, rank=pd.array(range(1, count + 1), dtype="Int64")
    )
    scores.loc[count - 1, ["rated", "reason"]] = [0, HOSTILE[0]]
    scores.loc[count - 2, ["rated", "reason"]] = [0, HOSTILE[2]]
    indicators = pd.DataFrame(
        [_indicator(cluster, "local_share", 0.5, "research") for cluster in ids]
        + [_indicator(c, t, 1.0, note=t) for c, t in zip(ids, HOSTILE, strict=True)]
        + [_indicator(c, "location_quotient", 1.0, industry=t)
           for c, t in zip(ids, HOSTILE, strict=True)]
    )  # fmt: skip
    flows = pd.DataFrame(
        [(ids[0], f"outside:{text}", "research", 5) for text in HOSTILE]
        + [(ids[0], cluster, "transfer", 9) for cluster in ids[1:]],
        columns=["source", "target", "kind", "links"],
    ).assign(weight=0)  # fmt: skip
    regions = gpd.GeoDataFrame(
        {"region": ids, "name": list(HOSTILE), "name_en": list(HOSTILE)},
        geometry=list(clusters.geometry.buffer(9000)),
        crs=clusters.crs,
    )
    return replace(
        world,
        title=" ".join(HOSTILE[:6]),
        attribution=HOSTILE,
        clusters=clusters,
        institutes=institutes,
        firms=firms,
        indicators=indicators,
        scores=scores,
        profiles=(BALANCED,),
        subscores=repeat(world.subscores).assign(cluster=ids, subscore=texts),
        ratios=repeat(world.ratios).assign(cluster=ids, reach=texts),
        typical=repeat(world.typical).assign(high=texts),
        period_flows=repeat(world.period_flows).assign(source=ids[0], target=texts),
        regions_covered=repeat(world.regions_covered).assign(region=texts),
        brokers=repeat(world.brokers).assign(cluster=ids[0], name=texts, type=texts, role=texts),
        abroad=repeat(world.abroad).assign(cluster=ids[0], country=texts, links=5),
        flags=repeat(world.flags).assign(cluster=ids[0], flag=texts),
        flows=flows,
        explanations={
            cluster: tuple(Message("page.card.outside_place", {"place": text}) for text in HOSTILE)
            for cluster in ids
        },
        industries={text: {"ko": text, "en": text} for text in HOSTILE},
        regions=regions,
        withheld=dict.fromkeys(HOSTILE, 1),
        notes=tuple(Message("page.card.outside_place", {"place": text}) for text in HOSTILE),
        version=HOSTILE[2],
    )


def _large_evidence(ids: pd.Index[str], score: Any, rng: np.random.Generator) -> Any:
    """Return parts, ratios, brokers, links abroad and warnings of a whole nation."""
    clusters, rated = len(ids), ~np.isnan(score)
    many = len(PARTS)
    values = np.clip(score[:, None] + rng.normal(0, 12, (clusters, many)), 1, 100).ravel()
    places = np.tile(PARTS, clusters)
    subscores = pd.DataFrame(
        {
            "scenario": "default", "cluster": np.repeat(ids, many), "subscore": places,
            "value": values, "low": np.clip(values - 9, 1, 100),
            "high": np.clip(values + 9, 1, 100),
            "weight": 1 / many, "contribution": np.log(values) / many, "basis": np.nan,
            "measure": values / 50.5 - 1, "measure_low": np.nan, "measure_high": np.nan,
            "reach": np.where(places == "embeddedness", "10 km", ""),
            "decided": np.repeat(rated.astype(int), many),
            "reason": np.where(np.repeat(rated, many), "", "reason.too_wide"),
        }
    )  # fmt: skip
    reaches = ("fence", "10 km", "30 km", "beyond")
    expected = rng.gamma(1.2, 40, clusters * len(reaches))
    ratio = rng.normal(0, 0.8, len(expected))
    ratios = pd.DataFrame(
        {
            "cluster": np.repeat(ids, len(reaches)), "kind": "",
            "reach": np.tile(reaches, clusters), "observed": np.round(expected * 2**ratio),
            "expected": expected, "design": 1.0,
            "ratio": ratio, "low": ratio - 0.4, "high": ratio + 0.4, "width": 0.8,
            "data_weight": 0.8, "decided": 1,
        }
    )  # fmt: skip
    shares = dict(zip(SCORED_KINDS, (0.35, 0.3, 0.15, 0.1, 0.1), strict=True))
    ratios = pd.concat(
        [ratios]
        + [
            ratios.assign(
                kind=kind, observed=ratios["observed"] * share, expected=expected * share,
                width=np.nan, data_weight=np.nan, decided=None,
            )
            for kind, share in shares.items()
        ],
        ignore_index=True,
    ).astype({"decided": "Int64"})  # fmt: skip
    brokers = pd.DataFrame(
        {
            "cluster": np.repeat(ids, 5), "place": np.tile(np.arange(1, 6), clusters),
            "name": "○○○", "type": rng.choice(["firm", "university"], 5 * clusters),
            "role": rng.choice(["either", "gatekeeper", "representative"], 5 * clusters),
        }
    )  # fmt: skip
    abroad = pd.DataFrame(
        {
            "cluster": rng.choice(ids, 3000), "country": rng.choice(["US", "DE", "JP"], 3000),
            "kind": rng.choice(["research", "transfer"], 3000), "links": rng.integers(3, 40, 3000),
            "weight": 0,
        }
    ).drop_duplicates(["cluster", "country", "kind"])  # fmt: skip
    flags = pd.DataFrame({"cluster": ids, "flag": "headquarters", "share": 0.6, "links": 40,
                          "raised": (rng.random(clusters) < 0.1).astype(int)})  # fmt: skip
    return {"subscores": subscores, "ratios": ratios, "brokers": brokers, "abroad": abroad,
            "flags": flags}  # fmt: skip


def _large_years(flows: pd.DataFrame) -> dict[str, Any]:
    """Return typical links of pairs, links by period and by year of a whole nation."""
    source, target = (flows[end].to_numpy(dtype=object) for end in ("source", "target"))
    turned = source > target
    ends = flows.assign(low=np.where(turned, target, source), high=np.where(turned, source, target))
    typical = ends.groupby(["low", "high", "kind"])["links"].sum().rename("observed").reset_index()
    many = flows[flows["links"] >= 15]
    parts = [many.assign(period=at, links=(many["links"] + at) // 5) for at in range(5)]
    years = pd.MultiIndex.from_product([SCORED_KINDS, range(2015, 2024)], names=["kind", "year"])
    return {
        "typical": typical.assign(expected=typical["observed"] * (0.5 + typical.index % 7 / 4)),
        "periods": ((2015, 2016), (2017, 2018), (2019, 2020), (2021, 2022), (2023, 2023)),
        "period_flows": pd.concat(parts, ignore_index=True).drop(columns="weight"),
        "years": years.to_frame(index=False).assign(links=9000).astype(
            {"year": "Int64", "links": "Int64"}
        ),
    }  # fmt: skip


def large_release(clusters: int = 1900, institutes: int = 1000, flows: int = 5000) -> Release:
    """Return a whole nation, for size and speed: names, sizes and links from a seed."""
    rng = np.random.default_rng(7)
    land = shapely.Polygon(KOREA)
    shapely.prepare(land)
    seats = rng.uniform((126.2, 34.4), (129.5, 38.4), (80, 2))
    seats = seats[shapely.contains_xy(land, seats)]
    near = seats[rng.integers(len(seats), size=40 * clusters)]
    spots = near + rng.normal(0, 0.16, near.shape)
    spots = spots[shapely.contains_xy(land, spots)]
    centres = gpd.GeoSeries(
        gpd.points_from_xy(*spots[: clusters + institutes].T), crs="EPSG:4326"
    ).to_crs("EPSG:5179")
    x, y = centres.x.to_numpy(), centres.y.to_numpy()
    ids = pd.Index([f"C{n:04d}" for n in range(clusters)], name="cluster")
    size = np.ceil(30 * (rng.pareto(1.1, clusters) + 0.4)).clip(max=40_000).astype(int)
    angles = np.linspace(0, 2 * np.pi, 25)[:-1]
    across = 250 + 18 * np.sqrt(size)[:, None] * rng.uniform(0.8, 1.2, (clusters, len(angles)))
    rings = np.stack(
        (
            x[:clusters, None] + across * np.cos(angles),
            y[:clusters, None] + across * np.sin(angles),
        ),
        axis=-1,
    )
    towns = ["한빛", "새벌", "너른들", "푸른내", "솔터", "미르", "가온", "다솜", "해오름", "별내"]
    kinds = ["국가산업단지", "일반산업단지", "농공단지", "도시첨단산업단지", "연구개발특구"]
    provinces = [
        "경기도",
        "충청남도",
        "충청북도",
        "경상북도",
        "경상남도",
        "전라남도",
        "강원특별자치도",
    ]
    pick = rng.integers(0, 1000, clusters)
    layer = gpd.GeoDataFrame(
        {
            "name": [f"{towns[p % 10]}{p} {kinds[p % 5]} (가상)" for p in pick],
            "name_en": [f"Hanbit {p} Industrial Complex (fictional)" for p in pick],
            "kind": [kinds[p % 5] for p in pick],
            "region": [provinces[p % 7] for p in pick],
            "district": [f"{towns[p % 9]}시" for p in pick],
            "area_km2": size / 150,
            "industries": "",
            "firms": pd.array((size // 12 + 1).tolist(), dtype="Int64"),
            "employees": pd.array(size.tolist(), dtype="Int64"),
        },
        geometry=list(shapely.polygons(rings)),
        index=ids,
        crs="EPSG:5179",
    )
    rated = (size > np.quantile(size, 0.2)) & (rng.random(clusters) > 0.05)
    score = np.clip(20 + 9 * np.log(size / 10) + rng.normal(0, 9, clusters), 2, 99)
    score[~rated] = np.nan
    rank = pd.Series(score).rank(ascending=False, method="min").astype("Int64")
    spread = rng.integers(3, 120, clusters)
    scores = pd.DataFrame(
        {
            "scenario": "default", "cluster": ids, "score": score,
            "low": np.clip(score - spread / 14, 1, None),
            "high": np.clip(score + spread / 15, None, 100),
            "rank": rank, "rank_low": (rank - spread).clip(lower=1),
            "rank_high": (rank + spread).clip(upper=int(rated.sum())),
            "rated": rated.astype(int), "reason": np.where(rated, "", "few_links"),
            "quadrant": np.where(rated, "local_global", "undecided"),
            "capability": np.clip(10 * np.log(size), 1, 100),
            "gap": rng.uniform(0, 60, clusters), "confidence": np.where(rated, "medium", ""),
        }
    )  # fmt: skip
    five = ["firm_firm", "research", "support", "transfer", "mobility"]
    weight = size**0.8 / (size**0.8).sum()
    source, target = rng.choice(clusters, (2, flows), p=weight)
    links = np.ceil(rng.pareto(1.2, flows) * 3 + 3).clip(max=900).astype(int)
    pairs = pd.DataFrame(
        {
            "source": ids[source], "target": ids[target],
            "kind": rng.choice(five, flows, p=[0.35, 0.3, 0.15, 0.1, 0.1]), "links": links,
            "weight": links * 10**9,
        }
    ).drop_duplicates(["source", "target", "kind"])  # fmt: skip
    beyond = pd.DataFrame(
        {
            "source": rng.choice(ids, 2000),
            "target": rng.choice(
                ["abroad:US", "abroad:DE", "abroad:JP", "abroad:VN", "outside:경기도 용인시"], 2000
            ),
            "kind": rng.choice(five, 2000), "links": rng.integers(1, 40, 2000), "weight": 0,
        }
    ).drop_duplicates(["source", "target", "kind"])  # fmt: skip
    industries = {
        f"ind{n}": {"ko": f"전략산업 {n}", "en": f"Strategic industry {n}"} for n in range(12)
    }
    tables = []
    for kind in five:
        inside, outside = rng.poisson(size / 60 + 1), rng.poisson(size / 20 + 1)
        share = inside / np.maximum(1, inside + outside)
        for key, value in (
            ("internal_links", inside), ("external_links", outside), ("local_share", share),
            ("ei_index", 1 - 2 * share), ("participation", rng.random(clusters) / 2),
        ):  # fmt: skip
            tables.append(pd.DataFrame({"cluster": ids, "indicator": key, "kind": kind,
                                        "industry": "", "value": value}))  # fmt: skip
    tables.extend(
        pd.DataFrame({"cluster": ids, "indicator": key, "kind": "", "industry": industry,
                      "value": np.round(rng.gamma(1.2, 1, clusters), 4)})
        for key in ("location_quotient", "symmetric_location_quotient")
        for industry in industries
    )  # fmt: skip
    tables.append(pd.DataFrame({"cluster": ids, "indicator": "herfindahl", "kind": "",
                                "industry": "", "value": rng.random(clusters)}))  # fmt: skip
    indicators = pd.concat(tables, ignore_index=True).assign(
        low=np.nan, high=np.nan, basis=np.nan, note=""
    )
    hidden = rng.random(len(indicators)) < 0.02
    indicators.loc[hidden, "value"] = np.nan
    indicators.loc[hidden, "note"] = "suppressed"
    stacked = rng.integers(0, institutes, institutes) // 3
    seats_of = np.where(rng.random(institutes) < 0.3, stacked, np.arange(institutes)) + clusters
    bodies = pd.DataFrame(
        {
            "institute": [f"i{n}" for n in range(institutes)],
            "name": [f"{towns[n % 10]} 기관 {n} (가상)" for n in range(institutes)],
            "kind": rng.choice(["university", "public_institute", "hospital", "support"],
                               institutes, p=[0.35, 0.3, 0.1, 0.25]),
            "x": x[seats_of], "y": y[seats_of],
            "cluster": np.where(rng.random(institutes) < 0.3, rng.choice(ids, institutes), ""),
            "precision_m": np.nan,
        }
    )  # fmt: skip
    return replace(
        small_release(),
        title="국가 클러스터 혁신 연계 지도 (가상 세계)",
        clusters=layer,
        institutes=bodies,
        indicators=indicators,
        scores=scores,
        profiles=(BALANCED,),
        **_large_evidence(ids, score, rng),
        **_large_years(pairs),
        regions_covered=cover_regions(layer, indicators),
        flows=pd.concat([pairs, beyond], ignore_index=True),
        explanations={
            cluster: (
                Message("page.card.rank_interval", {"low": int(n), "high": int(n) + 9}),
                Message("page.card.weight", {"weight": int(n) % 90}),
                Message("page.card.outside_place", {"place": Message("kind.research")}),
            )
            for n, cluster in enumerate(ids)
        },
        industries=industries,
        coverage=pd.DataFrame(
            {
                "kind": five, "links": [412_000, 96_000, 31_000, 8_400, 61_000],
                "inside": [301_000, 70_000, 22_000, 5_100, 40_000],
                "first_year": pd.array([2015] * 4 + [None], dtype="Int64"),
                "last_year": pd.array([2023] * 4 + [None], dtype="Int64"),
            }
        ),
    )  # fmt: skip
