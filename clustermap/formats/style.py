"""The style that QGIS gives to the clusters by itself: coloured by score."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from clustermap.messages import Message, say

if TYPE_CHECKING:
    from clustermap.messages import Language

# Five steps of one hue order (ColorBrewer YlGnBu), told apart in print and by the colour-blind.
_STEPS = (
    (1, 20, "255,255,204"),
    (20, 40, "161,218,180"),
    (40, 60, "65,182,196"),
    (60, 80, "44,127,184"),
    (80, 100, "37,52,148"),
)
_UNRATED = (-1, 0.5, "217,217,217")
_OUTLINE = "82,82,82,255"
_ATTRIBUTE = 'coalesce("score", 0)'  # a graduated style leaves out what is empty


def _symbol(parent: ET.Element, number: int, colour: str) -> None:
    symbol = ET.SubElement(
        parent,
        "symbol",
        {
            "name": str(number),
            "type": "fill",
            "alpha": "1",
            "clip_to_extent": "1",
            "force_rhr": "0",
        },
    )
    layer = ET.SubElement(
        symbol, "layer", {"class": "SimpleFill", "enabled": "1", "locked": "0", "pass": "0"}
    )
    properties = {
        "color": f"{colour},217",
        "joinstyle": "bevel",
        "outline_color": _OUTLINE,
        "outline_style": "solid",
        "outline_width": "0.2",
        "outline_width_unit": "MM",
        "style": "solid",
    }
    options = ET.SubElement(layer, "Option", {"type": "Map"})
    for name, value in properties.items():
        ET.SubElement(options, "Option", {"name": name, "type": "QString", "value": value})
        # QGIS before 3.20 reads the older spelling only.
        ET.SubElement(layer, "prop", {"k": name, "v": value})


def draw_score_style(language: Language) -> str:
    """Return the style of the layer clusters as QGIS writes it (QML).

    Parameters
    ----------
    language
        Language of the legend.

    Returns
    -------
    str
        XML of a graduatedSymbol renderer; clusters that are not rated are grey.
    """
    root = ET.Element("qgis", {"version": "3.22.0", "styleCategories": "Symbology"})
    renderer = ET.SubElement(
        root,
        "renderer-v2",
        {
            "type": "graduatedSymbol",
            "attr": _ATTRIBUTE,
            "graduatedMethod": "GraduatedColor",
            "symbollevels": "0",
            "enableorderby": "0",
            "forceraster": "0",
        },
    )
    ranges = ET.SubElement(renderer, "ranges")
    symbols = ET.SubElement(renderer, "symbols")
    unrated = say(Message("export.style.unrated"), language)
    for number, (lower, upper, colour) in enumerate((_UNRATED, *_STEPS)):
        ET.SubElement(
            ranges,
            "range",
            {
                "lower": f"{lower:.15f}",
                "upper": f"{upper:.15f}",
                "symbol": str(number),
                "label": unrated if lower < 0 else f"{lower}\u2013{upper}",
                "render": "true",
            },
        )
        _symbol(symbols, number, colour)
    ET.SubElement(root, "layerGeometryType").text = "2"
    header = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return header + ET.tostring(root, encoding="unicode")
