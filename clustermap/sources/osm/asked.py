"""What is asked of OpenStreetMap, and of which server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from clustermap.layers.projection import Bounds

OVERPASS = "https://overpass-api.de/api"
NOMINATIM = "https://nominatim.openstreetmap.org/"
TILE_KM = 20.0
MOST_TILES = 100
Roads = Literal["drive", "main", "none"]


@dataclass(frozen=True)
class Asked:
    """What is asked of OpenStreetMap.

    Parameters
    ----------
    place
        Name of a place, e.g. "Helsinki, Finland"; its boundary is looked up.
    bbox
        West, south, east, north in degrees.
    clusters
        Project file, whose clusters say where to look.
    files
        Extracts (.osm.pbf, .osm) and roads (.graphml); with them nothing is downloaded.
    roads
        "drive" for all roads open to cars, "main" for motorways to secondary roads, "none".
    commercial
        Whether land of offices and services is a cluster too.
    tags
        Table of tags of one's own; None for the one shipped.
    tile_km
        Length of the side of a tile, kilometres; a tile is one request.
    most_tiles
        Larger areas are refused.
    """

    place: str = ""
    bbox: Bounds | None = None
    clusters: Path | None = None
    files: tuple[Path, ...] = ()
    roads: Roads = "drive"
    commercial: bool = False
    tags: Path | None = None
    tile_km: float = TILE_KM
    most_tiles: int = MOST_TILES


@dataclass(frozen=True)
class Server:
    """The servers asked, and how they are to be treated.

    Parameters
    ----------
    overpass
        Address of an Overpass API, without "/interpreter".
    nominatim
        Address of a Nominatim, which knows the boundaries of places.
    contact
        Mail or page of whoever asks; servers want to know whom to write to.
    timeout_s
        How long an answer may take, seconds.
    own
        Whether the server is one's own: then it is not asked for a free slot before each request.
    """

    overpass: str = OVERPASS
    nominatim: str = NOMINATIM
    contact: str = ""
    timeout_s: float = 180.0
    own: bool = False
