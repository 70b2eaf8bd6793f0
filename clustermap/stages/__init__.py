"""Stages of a run: where the project file, the edges and the pure core are brought together."""
