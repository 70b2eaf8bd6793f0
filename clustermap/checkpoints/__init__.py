"""Checkpoints: what stages of a run found, on disk, to be taken again by the next run.

A checkpoint is data alone. Its classes are those that its reader names beforehand; nothing in it is
ever run, whoever wrote it.
"""

from __future__ import annotations

from clustermap.checkpoints.folder import CheckpointFolder, Damaged
from clustermap.checkpoints.hashes import Fingerprints, hash_sources
from clustermap.checkpoints.tree import hash_value, pack, unpack
from clustermap.checkpoints.written import WrittenFiles

__all__ = [
    "CheckpointFolder",
    "Damaged",
    "Fingerprints",
    "WrittenFiles",
    "hash_sources",
    "hash_value",
    "pack",
    "unpack",
]
