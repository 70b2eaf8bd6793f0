"""Scores: profile, goalposts, aggregation, uncertainty, and why a cluster scores as it does."""
