"""Changing: a change file applied to layers and links that were read; no file of a user is touched.

Everything that a change can be wrong about is told here, before anything long is computed.
"""

from __future__ import annotations

from clustermap.stages.changing.altered import Altered, Setup
from clustermap.stages.changing.apply import apply_change

__all__ = ["Altered", "Setup", "apply_change"]
