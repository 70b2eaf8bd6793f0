"""Where the reference numbers of third parties lie, if they are there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def oracle(*parts: str) -> Path:
    """Return a file of reference numbers; skip (fail where required) if absent."""
    root = os.environ.get("CLUSTERMAP_ORACLES", "")
    path = Path(root, *parts)
    if root and path.exists():
        return path
    said = f"reference numbers {'/'.join(parts)} are not there: set CLUSTERMAP_ORACLES"
    if "oracles" in os.environ.get("CLUSTERMAP_REQUIRE", "").split(","):
        pytest.fail(said)
    pytest.skip(said)
