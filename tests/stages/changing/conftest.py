"""The small world and its links, read once for all tests of changes."""

from __future__ import annotations

import pytest

from tests.small_world import build_small_world
from tests.stages.changing.ground import Ground, read


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return read(build_small_world(), tmp_path_factory.mktemp("changing"))


@pytest.fixture(scope="session")
def plain(ground: Ground) -> list[tuple[str, str, str]]:
    """Every link as it is."""
    _, altered = ground.change("")
    return ground.count(altered)[1]
