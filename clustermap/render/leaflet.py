"""Leaflet from the installed XStatic package, checked to the byte and ready to be put in a page."""

from __future__ import annotations

import re
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path

_PACKAGE = "XStatic-Leaflet"
_FOLDER = "xstatic/pkg/leaflet/data"
_SHA256 = {
    "leaflet.js": "5819285cec137b229c94e1ee5ad73e8b6b84345a4367d60f75fe477fe0fb7b03",
    "leaflet.css": "90b693d86392a4779c861b28cf307e7e59c3fb35328c4d8b95f58f814d38c722",
}


def _read_checked(name: str) -> str:
    # Found through the metadata: importing a namespace package only to learn its folder would run
    # whatever else is installed under the same name.
    content = Path(str(distribution(_PACKAGE).locate_file(f"{_FOLDER}/{name}"))).read_bytes()
    found = sha256(content).hexdigest()
    if found != _SHA256[name]:
        raise ValueError(
            f"{_PACKAGE}: {name} has sha256 {found}, not {_SHA256[name]}; "
            f"reinstall {_PACKAGE}==1.9.3.0"
        )
    return content.decode("utf-8")


def read_leaflet_script() -> str:
    """Return Leaflet's script without the address of its source map.

    Returns
    -------
    str
        JavaScript of Leaflet 1.9.3.

    Raises
    ------
    ValueError
        If the installed file is not the one that was reviewed.
    """
    return re.sub(r"//# sourceMappingURL=\S*", "", _read_checked("leaflet.js")).rstrip() + "\n"


def read_leaflet_style() -> str:
    """Return Leaflet's style sheet without its pictures, which our pages do not show.

    Returns
    -------
    str
        CSS of Leaflet 1.9.3, free of addresses.

    Raises
    ------
    ValueError
        If the installed file is not the one that was reviewed.
    """
    return re.sub(r"url\([^)]*\)", "none", _read_checked("leaflet.css"))
