"""Profiles that ship, and which of them a project scores by."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from clustermap.errors import TableFault
from clustermap.scores import parse_goalposts, parse_profile
from clustermap.sources.reference import data_root

if TYPE_CHECKING:
    from pathlib import Path

    from clustermap.project import Project
    from clustermap.scores.goalposts import Goalposts
    from clustermap.scores.profile import Profile


def _list_files(folder: str) -> dict[str, Path]:
    return {path.stem: path for path in sorted((data_root() / folder).glob("*.toml"))}


def _read_named(folder: str, name: str) -> str:
    """Return the text of a file of ours: a profile or goalposts, chosen by its name."""
    files = _list_files(folder)
    if name not in files:
        near = get_close_matches(name, files, n=1)
        others = [other for other in files if other not in near]
        raise TableFault(
            "unknown_profile",
            table="score",
            key="profile",
            value=name,
            known=", ".join([*near, *others]),
        )
    return files[name].read_text(encoding="utf-8")


def read_profile(project: Project) -> tuple[Profile, Goalposts]:
    """Return the profile that a project names, and its goalposts.

    Parameters
    ----------
    project
        The project file.

    Returns
    -------
    tuple
        Profile and goalposts.

    Raises
    ------
    TableFault
        If there is no such profile, or it is faulty.
    """
    return _read_rules(project.score.profile)


def read_others(project: Project) -> tuple[tuple[Profile, Goalposts], ...]:
    """Return every other profile that ships, and its goalposts.

    Parameters
    ----------
    project
        The project file.

    Returns
    -------
    tuple
        Profiles and goalposts, by the names of the profiles.

    Raises
    ------
    TableFault
        If one is faulty.
    """
    own = project.score.profile
    return tuple(rules for rules in read_profiles() if rules[0].name != own)


def read_profiles() -> tuple[tuple[Profile, Goalposts], ...]:
    """Return every profile that ships, and its goalposts.

    Returns
    -------
    tuple
        Profiles and goalposts, by the names of the profiles.

    Raises
    ------
    TableFault
        If one is faulty.
    """
    return tuple(_read_rules(name) for name in _list_files("profiles"))


def _read_rules(name: str) -> tuple[Profile, Goalposts]:
    profile = parse_profile(_read_named("profiles", name), name)
    return profile, parse_goalposts(_read_named("goalposts", profile.goalposts), profile.goalposts)
