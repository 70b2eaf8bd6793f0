"""What tests share: real cases, reference numbers, and what may not be skipped."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.chromium import browser, visit
from tests.postgres import server

if TYPE_CHECKING:
    from collections.abc import Callable

    Require = Callable[[str, bool, str], None]

__all__ = ["browser", "server", "visit"]  # fixtures of a module of their own

# A loaded machine is no counterexample; what CI judges, it judges the same every time.
settings.register_profile("clustermap", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("clustermap")

ROOT = Path(__file__).parents[1]


def _require(name: str, present: bool, why: str) -> None:  # noqa: FBT001
    """Skip aloud where something is missing; fail where CLUSTERMAP_REQUIRE names it."""
    if present:
        return
    if name in os.environ.get("CLUSTERMAP_REQUIRE", "").split(","):
        pytest.fail(f"{name} is required here: {why}")
    pytest.skip(f"no {name}: {why}")


def _named_folder(variable: str, name: str) -> Path:
    named = os.environ.get(variable, "")
    _require(name, bool(named) and Path(named).is_dir(), f"{variable} names no folder")
    return Path(named).resolve()


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def require() -> Require:
    """Call it as require("chromium", present, "why"): skips, or fails where it may not."""
    return _require


@pytest.fixture(scope="session")
def cases() -> Path:
    """Folder of the real cases."""
    return _named_folder("CLUSTERMAP_CASES", "case")


@pytest.fixture(scope="session")
def oracles() -> Path:
    """Folder of the reference numbers that other programs computed."""
    return _named_folder("CLUSTERMAP_ORACLES", "oracles")
