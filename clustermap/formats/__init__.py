"""Formats: the files that GIS programs and spreadsheets open."""
