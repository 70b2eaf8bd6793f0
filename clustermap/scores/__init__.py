"""Scores: profile, goalposts, aggregation, uncertainty, and why a cluster scores as it does."""

from __future__ import annotations

from clustermap.scores.goalposts import Goalposts, parse_goalposts
from clustermap.scores.profile import Profile, parse_profile
from clustermap.scores.score import Scored, score_linkages

__all__ = [
    "Goalposts",
    "Profile",
    "Scored",
    "parse_goalposts",
    "parse_profile",
    "score_linkages",
]
