"""GeoPackages for tests that hold more than tables."""

# ruff: noqa: S608 -- statements are put together from our own texts

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def add_view(path: Path, layer: str, name: str) -> None:
    """Add a layer of polygons that is a view and has another row for ever."""
    with closing(sqlite3.connect(path)) as package, package:
        package.execute(
            f"CREATE VIEW '{name}' AS WITH RECURSIVE n(i) AS "
            "(SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            f"SELECT i AS fid, geom, cluster || i AS cluster, name FROM n, '{layer}'"
        )
        package.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
            "SELECT ?, data_type, ?, srs_id FROM gpkg_contents WHERE table_name = ?",
            (name, name, layer),
        )
        package.execute(
            "INSERT INTO gpkg_geometry_columns "
            "SELECT ?, column_name, geometry_type_name, srs_id, z, m "
            "FROM gpkg_geometry_columns WHERE table_name = ?",
            (name, layer),
        )
