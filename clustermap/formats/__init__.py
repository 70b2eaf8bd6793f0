"""Formats: the files that GIS programs and spreadsheets open."""

from clustermap.formats.export import FORMATS, Exported, write_exports

__all__ = ["FORMATS", "Exported", "write_exports"]
