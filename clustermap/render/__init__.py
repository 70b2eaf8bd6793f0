"""Render: the pages that people open."""
