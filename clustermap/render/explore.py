"""The map for analysts: plain layers of folium in one offline page, to go on with in Python.

Folium compiles what it renders as templates, so that data inside its objects could run as Python,
and stock tooltips put data into the page as markup. Here data stand in the page as JSON that no
engine runs, beside the scripts and not in them, and are added after the scripts have been hashed
for the content security policy. Every text in them is escaped as well, so that they stay text in
the folium objects that an analyst makes of them.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any, cast

import folium
from folium.template import Template
from folium.utilities import JsCode

from clustermap.render.classes import RAMP, classes_of
from clustermap.render.features import (
    bounds_of,
    cluster_features,
    coast_features,
    flow_features,
    institute_features,
    region_features,
)
from clustermap.render.markup import Words, element, join_list, text
from clustermap.render.notebook import frame_page
from clustermap.render.offline import OfflineMap, Parts, _Verbatim, content_policy
from clustermap.render.planner import page_title
from clustermap.render.safe import clean_text, inert_json
from clustermap.tables import KINDS

if TYPE_CHECKING:
    from branca.element import Element, Figure

    from clustermap.publish.release import Release
    from clustermap.render.features import Collection

_KOREA = (36.3, 127.8)
_NARROW = "window.innerWidth < 760"
_LONGEST_LINE = 1000

Tip = dict[str, Any]
"""What the tooltip of a layer says: properties of its title, and its rows."""


class Features(folium.GeoJson):
    """A GeoJSON layer whose data stand in the page beside the scripts and not in them.

    Parameters
    ----------
    key
        What the layer is called in the page.
    name
        What the layer control calls it.
    features
        Its data; every text in them is escaped. Each feature carries its own style.
    tip
        What its tooltip says; None for none.
    **options
        Options of Leaflet's GeoJSON layer.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = explore.layer(
          {{ this.get_name()|tojson }}, {{ this.options|tojavascript }});
        {% endmacro %}
        """
    )

    def __init__(
        self, key: str, name: str, features: Collection, tip: Tip | None, **options: str | bool
    ) -> None:
        super().__init__(features, name=name)
        self.options = {**options}
        self._id = key
        self.tip = tip

    def render(self, **kwargs: object) -> str:
        """Put the script into the page, and the data where they may stand.

        Parameters
        ----------
        **kwargs
            As folium hands them on.

        Returns
        -------
        str
            Nothing more.
        """
        layer: Any = super()
        layer.render(**kwargs)
        self.place_data()
        return ""

    def place_data(self) -> None:
        """Put the data into the page, last of what is in it."""
        name, _ = self.take_data()
        content = inert_json({"features": self.data, "spec": self.tip})
        markup = f'<script type="application/json" id="{name}">{content}</script>'
        cast("Figure", self.get_root()).html.add_child(_Verbatim(markup), name=name)

    def take_data(self) -> tuple[str, Element]:
        """Take the data out of the page again.

        Returns
        -------
        tuple
            What they are known by in the page, and what stood there; nothing if they did not.
        """
        name = f"{self.get_name()}-data"
        return name, cast("Figure", self.get_root()).html._children.pop(name, _Verbatim(""))


class ExploreMap(OfflineMap):
    """The map for analysts: a folium map with the layers of a release.

    What is added to it is drawn above its own layers and listed in its layer control. Objects that
    fetch programs or tiles from the net work in a notebook and in a file that ``save`` writes, not
    in the closed page of :meth:`draw`. Tiles lie below the land: with them, set
    ``layers["coast"].show = False``.

    Parameters
    ----------
    release
        What may leave the house; the map holds nothing else.
    """

    def __init__(self, release: Release) -> None:
        clusters = cluster_features(release)
        bounds = bounds_of(clusters)
        west, south, east, north = bounds or (_KOREA[1], _KOREA[0], _KOREA[1], _KOREA[0])
        super().__init__(
            _read_parts(release),
            language=release.language,
            title=page_title(release),
            location=(round((south + north) / 2, 3), round((west + east) / 2, 3)),
            zoom=7,
        )
        self.title = page_title(release)
        self.options["prefer_canvas"] = True
        script = f"<script>{_read('explore.js')}</script>"
        cast("Figure", self.get_root()).header.add_child(_Verbatim(script), name="explore")
        if bounds:
            fit = folium.FitBounds([[south, west], [north, east]], padding=(12, 12), max_zoom=12)
            self.add_child(fit, name="fit")
        for level, pane in enumerate(("coast", "regions")):
            below = folium.map.CustomPane(pane, z_index=320 + 10 * level)
            below._id = pane
            self.add_child(below, name=f"pane_{pane}")
        self.layers: dict[str, Features] = {
            layer._id: layer for layer in _draw_layers(release, clusters)
        }
        """The layers by their keys: coast, regions, flows, clusters, institutes."""
        for layer in self.layers.values():
            self.add_child(layer)
        control = folium.LayerControl()
        options: dict[str, Any] = control.options
        options["collapsed"] = JsCode(_NARROW)
        control._id = "layers"
        self.add_child(control, name="control")

    @classmethod
    def _generate_id(cls) -> str:
        return "explore"

    def add_child(
        self, child: Element, name: str | None = None, index: int | None = None
    ) -> ExploreMap:
        """Add an object of folium.

        Parameters
        ----------
        child
            The object.
        name
            What it is known by; None for folium's own name of it.
        index
            Its place among the others; None for the last.

        Returns
        -------
        ExploreMap
            The map itself.
        """
        super().add_child(child, name=name, index=index)
        if "control" in self._children:
            self._children.move_to_end("control")  # it lists only what was made before it
        return self

    def render(self, **kwargs: object) -> str:
        """Put the map into its page.

        Parameters
        ----------
        **kwargs
            As folium hands them on.

        Returns
        -------
        str
            Nothing more.
        """
        # What was added since the map was last shown belongs before the layer control.
        cast("Figure", self.get_root()).script._children.clear()
        drawn: Any = super()
        drawn.render(**kwargs)
        return ""

    def draw(self) -> bytes:
        """Return the map as a closed page: it fetches nothing and runs no script but its own.

        Returns
        -------
        bytes
            One HTML file in UTF-8 that opens without a network.
        """
        page = cast("Figure", self.get_root())
        page.render()  # once: some objects of folium add to the page each time
        taken = dict(layer.take_data() for layer in self.layers.values())
        policy = content_policy(_assemble(page))
        for name, data in taken.items():  # as they were: megabytes are written as JSON once
            page.html.add_child(data, name=name)
        rule = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        page.header.add_child(_Verbatim(rule), name="policy", index=1)
        drawn = _assemble(page)
        page.header._children.pop("policy")
        return drawn.encode("utf-8")

    def _repr_html_(self, **kwargs: object) -> str:
        """Show the map in a notebook."""
        return frame_page(self.get_root().render(**kwargs), self.title)


def _assemble(page: Figure) -> str:
    """Return a page of what has been rendered into it."""
    return str(page._template.render(this=page, kwargs={}))


def build_explore(release: Release) -> ExploreMap:
    """Build the map for analysts, to go on with in Python.

    Parameters
    ----------
    release
        What may leave the house.

    Returns
    -------
    ExploreMap
        A folium map; a notebook shows it.

    Examples
    --------
    >>> explore = build_explore(release)  # doctest: +SKIP
    >>> folium.Marker([36.4, 127.4], tooltip="our site").add_to(explore)  # doctest: +SKIP
    >>> explore.save("with_our_site.html")  # doctest: +SKIP
    """
    return ExploreMap(release)


def draw_explore(release: Release) -> bytes:
    """Draw the page for analysts.

    Parameters
    ----------
    release
        What may leave the house; the page holds nothing else.

    Returns
    -------
    bytes
        One HTML file in UTF-8 that opens without a network; the same release gives the same bytes.
    """
    return build_explore(release).draw()


def _draw_layers(release: Release, clusters: Collection) -> list[Features]:
    """Return the layers, the lowest first."""
    say = Words(release.language).say
    flows, institutes = flow_features(release), institute_features(release)
    regions = region_features(release)

    def count(features: Collection) -> str:
        return f"{len(features['features']):,}"

    layers = [
        Features("coast", say("explore.coast"), coast_features(release), None, pane="coast",
                 interactive=False),
        Features("regions", say("explore.regions"), regions, None, pane="regions",
                 interactive=False),
        Features("flows", say("explore.flows", count=count(flows)), flows, _flow_tip(release)),
        Features("clusters", say("explore.clusters", count=count(clusters)), clusters,
                 _cluster_tip(release)),
        Features("institutes", say("page.legend.institutes", count=count(institutes)), institutes,
                 _institute_tip(release)),
    ]  # fmt: skip
    return [layer for layer in layers if layer._id != "regions" or regions["features"]]


def _cluster_tip(release: Release) -> Tip:
    say = Words(release.language).say
    return {
        "title": ["name"],
        "rows": [
            {"key": "note"},
            {"label": say("page.table.rank"), "key": "rank", "low": "rank_low",
             "high": "rank_high"},
            {"label": say("page.table.score"), "key": "score", "low": "low", "high": "high",
             "digits": 1},
            {"key": "kind"},
            {"key": "region"},
        ],
    }  # fmt: skip


def _flow_tip(release: Release) -> Tip:
    say = Words(release.language).say
    kinds = [{"label": say(f"kind.{kind}"), "key": kind} for kind in KINDS]
    return {
        "title": ["source", "target"],
        "rows": [{"label": say("explore.links"), "key": "links"}, *kinds],
    }


def _institute_tip(release: Release) -> Tip:
    say = Words(release.language).say
    return {
        "title": ["name"],
        "dots": True,
        "rows": [
            {"key": "type"},
            {"label": say("explore.cluster"), "key": "cluster"},
            {"label": say("explore.precision"), "key": "precision_m"},
        ],
    }


def _read(name: str) -> str:
    folder = resources.files("clustermap.render") / "page"
    return (folder / name).read_text(encoding="utf-8")


def _read_parts(release: Release) -> Parts:
    """Return what stands around the map; the texts of the user in it are escaped."""
    words = Words(release.language)
    said = {
        "layers": words.say("explore.layers"),
        "map": words.say("explore.subtitle"),
        "zoom_in": words.say("page.map.zoom_in"),
        "zoom_out": words.say("page.map.zoom_out"),
    }
    marks = ("synthetic", "page.synthetic"), ("internal", "page.internal")
    bar = element(
        "header",
        element("h1", text(release.title)),
        element("p", words("explore.subtitle"), class_="subtitle"),
        *(element("p", words(key), class_="mark") for name, key in marks if getattr(release, name)),
        class_="bar",
    )
    sources = dict.fromkeys(clean_text(line, _LONGEST_LINE) for line in release.attribution)
    credit = element("footer", text(" · ".join(sources)), class_="credit", title="\n".join(sources))
    data = f'<script type="application/json" id="explore-words">{inert_json(said)}</script>'
    return Parts(bar + _legend(release) + credit + data, (_read("explore.css"),), ())


def _legend(release: Release) -> str:
    words = Words(release.language)
    scores = release.scores[release.scores["scenario"] == "default"]
    rated = int(((scores["rated"] == 1) & scores["rank"].notna()).sum())
    shares, shades = classes_of(rated)
    names = [*(words("page.legend.top", share=share) for share in shares),
             words("page.legend.rest")]  # fmt: skip
    used = [
        element("span", class_="swatch", style=f"background:{RAMP[shade]}") + name
        for shade, name in zip(shades, names, strict=True)
    ]
    others = (
        ("hollow", "page.legend.unrated"), ("flow", "page.legend.flows"),
        ("dot", "explore.institutes"),
    )  # fmt: skip
    kinds = [element("span", class_=f"swatch {look}") + words(key) for look, key in others]
    return element(
        "details",
        element("summary", words("page.legend.title")),
        element("p", words("page.legend.rated_by")),
        join_list([*(used if rated else ()), *kinds]),
        element("p", words("explore.interval")),
        class_="legend",
        id="legend",
        open="",
    )
