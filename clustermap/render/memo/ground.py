"""Maps of a memo: the portfolio in the nation, and the neighbourhood of each chosen cluster."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from clustermap.render.markup import element, text
from clustermap.render.memo.drawing import Spot, View, draw_labels, draw_outline, frame
from clustermap.render.outlines import display_shapes
from clustermap.render.safe import clean_text
from clustermap.render.seam import seam_of, unwrap, unwrap_land

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from clustermap.publish.release import Release
    from clustermap.render.markup import Words
    from clustermap.render.memo.brief import Brief, Case

    Shapes = npt.NDArray[np.object_]
    Points = npt.NDArray[np.float64]

_KM = 111.32  # of one degree of latitude
_WIDTH, _TALLEST, _MARGIN = 660.0, 610.0, 26.0
_NEAR_WIDTH, _NEAR_HEIGHT = 380.0, 180.0
_HALF = 2.2  # of the neighbourhood, from its middle to its side, in radii of its ring
_USUAL_KM = 10.0  # of a neighbourhood without a ring
_DETAILS = 2000
_NAMED = 26  # chosen clusters up to which the map names them; above, it numbers them
_LABELLED = 6  # neighbours and institutes that a neighbourhood names
_SIZES = {"barred": 1.6, "out": 1.3, "without": 4.6, "within": 5.4, "core": 5.4, "chosen": 4.8}
_ORDER = ("barred", "out", "without", "within", "core", "chosen")
_BARS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)


@dataclass(frozen=True)
class Ground:
    """What maps are drawn from, in a plane of kilometres with the north above.

    Parameters
    ----------
    ids
        Clusters in their order.
    shapes
        Their outlines.
    middles
        Their middles, clusters x 2.
    land, borders
        Land, and regions.
    sites
        Places of institutes, institutes x 2; NaN where they are not known.
    """

    ids: tuple[str, ...]
    shapes: Shapes
    middles: Points
    land: Shapes
    borders: Shapes
    sites: Points


def survey(release: Release) -> Ground:
    """Return what the maps of a release are drawn from.

    Parameters
    ----------
    release
        The release.

    Returns
    -------
    Ground
        In kilometres, true at the middle of the map.
    """
    layer = release.clusters
    seam = seam_of(layer)
    shapes = display_shapes(unwrap(layer, seam), _DETAILS)
    points = shapely.get_coordinates(shapely.point_on_surface(shapes))
    flat = _flatten(float(np.median(points[:, 1])))
    land = unwrap_land(release.coast, seam)
    borders = np.array([], dtype=object)
    if release.regions is not None:
        borders = display_shapes(unwrap(release.regions, seam), _DETAILS)
        borders = shapely.transform(borders, flat)
    bodies = release.institutes
    places = gpd.points_from_xy(bodies["x"].astype(float), bodies["y"].astype(float))
    sites = unwrap(gpd.GeoSeries(places, crs=layer.crs), seam).geometry.to_numpy()
    known = np.array([[shapely.get_x(one), shapely.get_y(one)] for one in sites], dtype=float)
    return Ground(
        tuple(str(one) for one in layer.index),
        shapely.transform(shapes, flat),
        flat(points),
        shapely.transform(land.geometry.to_numpy(), flat),
        borders,
        flat(known.reshape(-1, 2)),
    )


class _Flat:
    # Degrees to kilometres: as long across as along at one latitude.
    def __init__(self, latitude: float) -> None:
        self._units = np.array([_KM * np.cos(np.radians(latitude)), -_KM])

    def __call__(self, corners: Points) -> Points:
        return np.asarray(corners * self._units)


def _flatten(latitude: float) -> _Flat:
    return _Flat(latitude)


def draw_nation(brief: Brief, ground: Ground) -> str:
    """Draw the portfolio in the nation.

    Parameters
    ----------
    brief
        What the memo is written from.
    ground
        What maps are drawn from.

    Returns
    -------
    str
        Markup.
    """
    view = _frame_nation(ground)
    numbers = number_cases(brief)
    cases = [brief.cases[one] for one in ground.ids]
    at = view.place(ground.middles)
    marked = sorted(range(len(cases)), key=lambda place: _ORDER.index(cases[place].mark))
    dots = (_draw_dot(at[place], cases[place]) for place in marked)
    few = len(numbers) <= _NAMED
    label = "memo.map.few" if few else "memo.map.many"
    places = {case.cluster: place for place, case in enumerate(cases)}
    spots = [
        Spot(
            *_point(at, places[one]),
            _SIZES[brief.cases[one].mark],
            brief.cases[one].name if few else str(number),
            "name",
            11 if few else 9.5,
            str(number),
        )
        for one, number in numbers.items()
    ]
    # Borderline ones that are not chosen have no label and keep their place free.
    spots += [
        Spot(*_point(at, place), _SIZES["without"], "", "", 1)
        for place, case in enumerate(cases)
        if case.mark == "without"
    ]
    told = brief.words.say(label, clusters=len(numbers))
    return _draw_svg(
        view, told, element("use", href="#nation"), *dots, draw_labels(spots, view),
        _draw_scale(view, brief.words), kind="nation",
    )  # fmt: skip


def number_cases(brief: Brief) -> dict[str, int]:
    """Return the numbers of the chosen clusters, by which tables and map name them.

    Parameters
    ----------
    brief
        What the memo is written from.

    Returns
    -------
    dict
        Cluster to its number, from 1, the surest first.
    """
    return {case.cluster: number for number, case in enumerate(brief.chosen, start=1)}


def _frame_nation(ground: Ground) -> View:
    left, top = ground.middles.min(axis=0)
    right, bottom = ground.middles.max(axis=0)
    return frame((left, top, right, bottom), _WIDTH, _TALLEST, _MARGIN)


def _draw_dot(at: Points, case: Case) -> str:
    x, y, size = float(at[0]), float(at[1]), _SIZES[case.mark]
    place = {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": f"{size:g}"}
    if case.mark == "chosen":
        corner = {"x": f"{x - size:.1f}", "y": f"{y - size:.1f}"}
        side = f"{2 * size:g}"
        return element("rect", **corner, width=side, height=side, class_="dot chosen full")
    ring = element("circle", **place, class_=f"dot {case.mark}")
    if case.mark == "without":
        middle = {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": f"{0.4 * size:.1f}"}
        return ring + element("circle", **middle, class_="dot full")
    if case.mark != "within":
        return ring
    half = f"M{x:.1f} {y - size:.1f}a{size:g} {size:g} 0 0 0 0 {2 * size:g}z"
    return ring + element("path", d=half, class_="dot full")


def draw_near(brief: Brief, ground: Ground, case: Case, place: int) -> str:
    """Draw the neighbourhood of a cluster.

    Parameters
    ----------
    brief
        What the memo is written from.
    ground
        What maps are drawn from.
    case
        The cluster.
    place
        Its number.

    Returns
    -------
    str
        Markup.
    """
    own = ground.ids.index(case.cluster)
    view = _frame_near(ground, own, case)
    away = np.hypot(*(ground.middles - ground.middles[own]).T)
    near = [at for at in np.argsort(away, kind="stable").tolist() if at != own]
    at = view.place(ground.middles)
    size = max(5.0, _measure(ground, own, view))
    spots = [Spot(*_point(at, own), size, case.name, "name core", 12, always=True)]
    spots += _label_sites(brief, ground, view, own)
    others = [one for one in near if _is_inside(at[one], view)][:_LABELLED]
    spots += [Spot(*_point(at, one), 3, brief.name(ground.ids[one]), "name", 9.5) for one in others]
    # Institutes without a label keep their places free, too; outlines are ground to write on.
    spots += [
        Spot(float(x), float(y), 3, "", "", 1)
        for x, y in view.place(ground.sites)
        if 0 <= x <= view.width and 0 <= y <= view.height
    ]
    ring = ""
    told = brief.words.say("memo.near.alone", cluster=case.name)
    if not math.isnan(case.radius):
        told = brief.words.say("memo.near.map", cluster=case.name, km=f"{case.radius:g}")
        middle = {"cx": f"{at[own][0]:.1f}", "cy": f"{at[own][1]:.1f}"}
        ring = element("circle", **middle, r=f"{case.radius * view.scale:.1f}", class_="ring")
    return _draw_svg(
        view, told, element("use", href=f"#near-{place}"), ring,
        draw_labels(spots, view), _draw_scale(view, brief.words), kind="near",
    )  # fmt: skip


def _measure(ground: Ground, one: int, view: View) -> float:
    """Return how far a cluster's outline reaches from its middle, in units of the drawing."""
    left, top, right, bottom = shapely.bounds(ground.shapes[one])
    return float(np.clip(max(right - left, bottom - top) * view.scale / 2, 3.0, 40.0))


def _label_sites(brief: Brief, ground: Ground, view: View, own: int) -> list[Spot]:
    bodies = brief.release.institutes
    away = np.hypot(*(ground.sites - ground.middles[own]).T)
    at = view.place(ground.sites)
    order = [one for one in np.argsort(away, kind="stable").tolist() if _is_inside(at[one], view)]
    names = [clean_text(name) for name in bodies["name"]]
    return [Spot(*_point(at, one), 3, names[one], "name site", 9.5) for one in order[:_LABELLED]]


def _point(at: Points, place: int) -> tuple[float, float]:
    return float(at[place, 0]), float(at[place, 1])


def _is_inside(at: Points, view: View) -> bool:
    return bool(0 <= at[0] <= view.width and 0 <= at[1] <= view.height)


def _frame_near(ground: Ground, own: int, case: Case) -> View:
    x, y = ground.middles[own]
    left, top, right, bottom = shapely.bounds(ground.shapes[own])
    radius = _USUAL_KM if math.isnan(case.radius) else case.radius
    half = max(_HALF * radius, 0.75 * max(right - left, bottom - top))
    scale = _NEAR_WIDTH / 2 / half
    corner = x - _NEAR_WIDTH / 2 / scale, y - _NEAR_HEIGHT / 2 / scale
    return View(*corner, scale, _NEAR_WIDTH, _NEAR_HEIGHT)


def draw_store(ground: Ground, places: Mapping[str, int], cases: Mapping[str, Case]) -> str:
    """Return what the maps of both languages share, drawn once.

    Parameters
    ----------
    ground
        What maps are drawn from.
    places
        The clusters whose neighbourhoods are drawn, to their numbers.
    cases
        Every cluster.

    Returns
    -------
    str
        Markup that shows nothing by itself.
    """
    groups = [_draw_base(_frame_nation(ground), ground, "nation")]
    for cluster, place in places.items():
        own = ground.ids.index(cluster)
        view = _frame_near(ground, own, cases[cluster])
        groups.append(
            _draw_base(view, ground, f"near-{place}", _draw_around(view, ground, own, cases))
        )
    inside = element("defs", *groups)
    return element("svg", inside, class_="store", width="0", height="0", aria_hidden="true")


def _draw_base(view: View, ground: Ground, name: str, *more: str) -> str:
    land = draw_outline(view.outline(ground.land), "land")
    borders = draw_outline(view.outline(ground.borders), "border")
    return element("g", land, borders, *more, id=name)


def _draw_around(view: View, ground: Ground, own: int, cases: Mapping[str, Case]) -> str:
    left, top, right, bottom = view.box
    ends = shapely.bounds(ground.shapes)
    seen = (ends[:, 0] < right) & (ends[:, 2] > left) & (ends[:, 1] < bottom) & (ends[:, 3] > top)
    seen[own] = False
    chosen = np.array([cases[one].selected for one in ground.ids])
    others = (
        draw_outline(view.outline(ground.shapes[which]), kind)
        for which, kind in ((seen & ~chosen, "cluster"), (seen & chosen, "cluster chosen"))
    )
    itself = draw_outline(view.outline(ground.shapes[[own]]), "cluster own")
    at = view.place(ground.sites)
    sites = (
        f"M{x:.1f} {y - 3.2:.1f}l3.2 3.2-3.2 3.2-3.2-3.2z"
        for x, y in at
        if 0 <= x <= view.width and 0 <= y <= view.height
    )
    bodies = draw_outline("".join(sites), "institute")
    return "".join((*others, itself, bodies))


def _draw_svg(view: View, told: str, *inside: str, kind: str) -> str:
    size = {"viewBox": f"0 0 {view.width:g} {view.height:.0f}"}
    sea = element("rect", width=f"{view.width:g}", height=f"{view.height:.0f}", class_="sea")
    title = element("title", text(told))
    return element("svg", title, sea, *inside, role="img", class_=f"map {kind}", **size)


def _draw_scale(view: View, words: Words) -> str:
    km = max((one for one in _BARS if one * view.scale <= view.width / 4), default=_BARS[0])
    right, y = view.width - 12, view.height - 10
    left = right - km * view.scale
    line = element("path", d=f"M{left:.1f} {y - 4:.1f}v4H{right:.1f}v-4", class_="scale")
    middle = f"{(left + right) / 2:.1f}"
    told = element("text", words("memo.map.km", km=km), x=middle, y=f"{y - 4:.1f}",
                   text_anchor="middle", font_size="9.5", class_="scale-told")  # fmt: skip
    return line + told


def list_marks(brief: Brief, marks: Iterable[str]) -> Sequence[str]:
    """Return the marks that stand on the map.

    Parameters
    ----------
    brief
        What the memo is written from.
    marks
        Marks in the order in which they are told.

    Returns
    -------
    list
        Those that a cluster has.
    """
    known = {case.mark for case in brief.cases.values()}
    return [mark for mark in marks if mark in known]
