"""A folium map as one file that opens without a network and runs only our own scripts."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

import folium
from branca.element import Element, Figure
from folium.template import Template

from clustermap.render.leaflet import read_leaflet_script, read_leaflet_style
from clustermap.render.safe import escape_text

if TYPE_CHECKING:
    from clustermap.messages import Language

DATA_ID = "cm-data"
"""Id of the script element that holds the data."""

DATA_TYPE = "application/gzip"
"""Type of that element: no browser runs it, and no text of a user can end it."""

_EFFORT = 6
"""Of gzip: with 9, the data of a nation are 2 % smaller and take four times as long."""

_POLICY = (
    "default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)


class _Verbatim(Element):
    """Markup that goes into the page as it stands; branca would compile it as a template."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self._markup = markup

    def render(self, **_: object) -> str:
        return self._markup


class _Page(Figure):
    """A page with a language, whose own scripts run after the map's."""

    _template = Template(
        '<!DOCTYPE html>\n<html lang="{{ this.language }}">\n<head>\n'
        "{{ this.header.render(**kwargs) }}\n</head>\n<body>\n"
        "{{ this.html.render(**kwargs) }}\n"
        "<script>{{ this.script.render(**kwargs) }}</script>\n"
        "{{ this.tail.render(**kwargs) }}\n</body>\n</html>\n"
    )

    def __init__(self, language: Language) -> None:
        super().__init__()
        self.language = language
        self.tail = Element()


@dataclass(frozen=True)
class Parts:
    """The files that make a page, as text.

    Parameters
    ----------
    markup
        Body of the page beside the map; without data.
    styles, scripts
        Style sheets and classic scripts, in the order in which they stand in the page.
    """

    markup: str
    styles: tuple[str, ...]
    scripts: tuple[str, ...]


class OfflineMap(folium.Map):
    """A folium map whose page is self-contained.

    Only markup of ours passes through folium's templates; data is added after the content security
    policy has been computed, so that it can never become a script that is allowed.

    Parameters
    ----------
    parts
        The page around the map.
    language
        Language of the page.
    title
        Title of the page (user text).
    location
        Latitude and longitude of the centre.
    zoom
        Zoom that the map opens with.
    """

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 -- folium declares them so
    default_css: list[tuple[str, str]] = []  # noqa: RUF012

    # Folium's own header forbids zooming with two fingers, which readers with weak sight need.
    _template = Template(
        """
        {% macro header(this, kwargs) %}
        <meta name="viewport" content="width=device-width, initial-scale=1">
        {% endmacro %}
        {% macro html(this, kwargs) %}
        <div class="folium-map" id="{{ this.get_name() }}"></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {
          center: {{ this.location|tojson }},
          crs: L.CRS.{{ this.crs }},
          ...{{ this.options|tojavascript }}
        });
        {% endmacro %}
        """
    )

    def __init__(
        self,
        parts: Parts,
        *,
        language: Language,
        title: str,
        location: tuple[float, float],
        zoom: int,
    ) -> None:
        super().__init__(
            location=location,
            zoom_start=zoom,
            tiles=None,
            zoom_control=False,
            attribution_control=False,
            zoom_snap=0.1,
            zoom_delta=1,
            world_copy_jump=False,
        )
        self.options["maxZoom"] = 16  # folium keeps a largest zoom only on tiles
        page = _Page(language)
        page.add_child(self)
        head, body = page.header, page.html
        head.add_child(_Verbatim(f"<title>{escape_text(title)}</title>"), name="title")
        for number, style in enumerate((read_leaflet_style(), *parts.styles)):
            head.add_child(_Verbatim(f"<style>{style}</style>"), name=f"style{number}")
        leaflet = _Verbatim(f"<script>{read_leaflet_script()}</script>")
        head.add_child(leaflet, name="leaflet")
        body.add_child(_Verbatim(parts.markup), name="markup")
        for number, script in enumerate(parts.scripts):
            page.tail.add_child(_Verbatim(f"<script>{script}</script>"), name=f"script{number}")

    @classmethod
    def _generate_id(cls) -> str:
        return "planner"  # branca's ids are random, and the same input must give the same bytes

    def page(self, content: object) -> bytes:
        """Return the page with its data.

        Parameters
        ----------
        content
            What the scripts read, as json can write it.

        Returns
        -------
        bytes
            One HTML file in UTF-8.

        Raises
        ------
        ValueError
            If a number of ``content`` is NaN or infinite.
        """
        page = cast("_Page", self.get_root())
        policy = content_policy(page.render())
        page.header.add_child(
            _Verbatim(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
            name="policy",
            index=1,
        )
        page.html.add_child(
            _Verbatim(
                f'<script type="{DATA_TYPE}" id="{DATA_ID}">{pack_content(content)}</script>'
            ),
            name="data",
        )
        return str(page.render()).encode("utf-8")


def pack_content(content: object) -> str:
    """Pack what the scripts read: a nation's seven megabytes of JSON become one and a half.

    Parameters
    ----------
    content
        What json can write; NaN and infinity are refused.

    Returns
    -------
    str
        Base64 of gzip of JSON in UTF-8; the same content gives the same text.

    Raises
    ------
    ValueError
        If a number is NaN or infinite.
    """
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    packed = gzip.compress(text.encode("utf-8"), _EFFORT, mtime=0)
    return b64encode(packed).decode("ascii")


def read_content(page: bytes) -> Any:  # noqa: ANN401 -- JSON
    """Return what a page carries, as its scripts unpack it.

    Parameters
    ----------
    page
        From :meth:`OfflineMap.page`.

    Returns
    -------
    object
        What was packed.

    Raises
    ------
    ValueError
        If it is no such page.

    Examples
    --------
    Which of the clusters of a page are rated:

    >>> from pathlib import Path
    >>> content = read_content(Path("planner.html").read_bytes())  # doctest: +SKIP
    """
    found = re.search(
        rb'<script type="%s" id="%s">([^<]*)</script>' % (DATA_TYPE.encode(), DATA_ID.encode()),
        page,
    )
    if found is None:
        raise ValueError("the page carries no data of clustermap")
    return json.loads(gzip.decompress(b64decode(found[1])))


def content_policy(markup: str) -> str:
    """Return the policy that allows the scripts of a page and nothing else.

    Parameters
    ----------
    markup
        The page before any data is in it.

    Returns
    -------
    str
        Content of the Content-Security-Policy element.
    """
    scripts = re.findall(r"<script>(.*?)</script>", markup, flags=re.DOTALL)
    digests = (b64encode(sha256(script.encode("utf-8")).digest()).decode() for script in scripts)
    return _POLICY.format(hashes=" ".join(f"'sha256-{digest}'" for digest in digests))
