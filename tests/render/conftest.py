"""Fixtures of the page tests: pages drawn once."""

from __future__ import annotations

import pytest

from clustermap.render.planner import draw_planner
from tests.render import worlds


@pytest.fixture(scope="session")
def small_page() -> bytes:
    return draw_planner(worlds.small_release())


@pytest.fixture(scope="session")
def hostile_page() -> bytes:
    return draw_planner(worlds.hostile_release())


@pytest.fixture(scope="session")
def large_page() -> bytes:
    return draw_planner(worlds.large_release())
