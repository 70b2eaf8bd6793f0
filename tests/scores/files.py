"""The profile and the goalposts that ship with the product."""

from __future__ import annotations

from pathlib import Path

from clustermap.scores import Goalposts, Profile, parse_goalposts, parse_profile

_DATA = Path(__file__).parents[2] / "data"
PROFILES = tuple(sorted(path.stem for path in (_DATA / "profiles").glob("*.toml")))


def profile_text(name: str = "balanced") -> str:
    return (_DATA / "profiles" / f"{name}.toml").read_text(encoding="utf-8")


def balanced() -> Profile:
    return parse_profile(profile_text(), "balanced")


def goalposts_text() -> str:
    return (_DATA / "goalposts" / "typical.toml").read_text(encoding="utf-8")


def goalposts() -> Goalposts:
    return parse_goalposts(goalposts_text(), "typical")
