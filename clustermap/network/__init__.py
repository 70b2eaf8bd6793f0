"""Linkages between actors, and what is counted of them."""
