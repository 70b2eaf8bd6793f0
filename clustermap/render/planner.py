"""The planner's page: one file with the map, the ranking and a card for each cluster."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from clustermap.messages import Message, say
from clustermap.render.offline import OfflineMap, Parts
from clustermap.render.outlines import UNIT
from clustermap.render.payload import describe
from clustermap.render.safe import clean_text

if TYPE_CHECKING:
    from clustermap.publish.release import Release

STYLES = (
    *("base.css", "side.css", "choice.css", "legend.css", "card.css", "advice.css"),
    *("phone.css", "print.css"),
)
SCRIPTS = (
    "boot.js",
    "words.js",
    "money.js",
    "unpack.js",
    "model.js",
    "scores.js",
    "state.js",
    "choice.js",
    "dom.js",
    "canvas.js",
    "advice.js",
    "basemap.js",
    "density.js",
    "statuses.js",
    "clusters.js",
    "flows.js",
    "institutes.js",
    "firms.js",
    "missing.js",
    "legend.js",
    "answer.js",
    "search.js",
    "views.js",
    "weights.js",
    "asks.js",
    "table.js",
    "ranking.js",
    "quadrants.js",
    "compare.js",
    "scenarios.js",
    "situations.js",
    "unrated.js",
    "coverage.js",
    "partners.js",
    "evidence.js",
    "responses.js",
    "whynot.js",
    "card.js",
    "about.js",
    "permalink.js",
    "print.js",
    "start.js",
)
"""Scripts in the order in which they run; each knows only those before it."""

_KOREA = (36.3, 127.8)


def draw_planner(release: Release) -> bytes:
    """Draw the planner's page.

    Parameters
    ----------
    release
        What may leave the house; the page holds nothing else.

    Returns
    -------
    bytes
        One HTML file in UTF-8 that opens without a network; the same release gives the same bytes.

    Notes
    -----
    The oldest browsers that open it are Chrome and Edge 93, Firefox 113 and Safari 16.4; on paper,
    older ones than Chrome 105 and Firefox 121 print all rows of the ranking.

    Examples
    --------
    >>> from pathlib import Path
    >>> Path("planner.html").write_bytes(draw_planner(release))  # doctest: +SKIP
    """
    content = describe(release)
    lon, lat = ([d for d in content["clusters"][axis] if d is not None] for axis in ("lon", "lat"))
    location = (float(np.mean(lat)) / UNIT, float(np.mean(lon)) / UNIT) if lat else _KOREA
    planner = OfflineMap(
        read_parts(),
        language=release.language,
        title=page_title(release),
        location=(round(location[0], 3), round(location[1], 3)),
        zoom=7,
    )
    return planner.page(content)


def page_title(release: Release) -> str:
    """Return the title of the page, which says where the data are made up.

    Parameters
    ----------
    release
        What may leave the house.

    Returns
    -------
    str
        Title in the language that the page opens in; holds user text.
    """
    title = clean_text(release.title)
    if not release.synthetic:
        return title
    return f"[{say(Message('page.synthetic_short'), release.language)}] {title}"


def read_parts() -> Parts:
    """Return the files of the page.

    Returns
    -------
    Parts
        Markup, style sheets and scripts as they stand in the folder ``page``.
    """
    folder = resources.files("clustermap.render") / "page"
    return Parts(
        markup=(folder / "planner.html").read_text(encoding="utf-8"),
        styles=tuple((folder / name).read_text(encoding="utf-8") for name in STYLES),
        scripts=tuple((folder / name).read_text(encoding="utf-8") for name in SCRIPTS),
    )
