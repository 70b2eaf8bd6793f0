"""The profile and the goalposts that ship with the product."""

from __future__ import annotations

from pathlib import Path

from clustermap.scores import Goalposts, Profile, parse_goalposts, parse_profile

_DATA = Path(__file__).parents[2] / "data"


def balanced_text() -> str:
    return (_DATA / "profiles" / "balanced.toml").read_text(encoding="utf-8")


def balanced() -> Profile:
    return parse_profile(balanced_text(), "balanced")


def goalposts_text() -> str:
    return (_DATA / "goalposts" / "counts.toml").read_text(encoding="utf-8")


def goalposts() -> Goalposts:
    return parse_goalposts(goalposts_text(), "counts")
