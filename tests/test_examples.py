"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest

import clustermap

CODE = Path(clustermap.__file__).parent
RUN = re.compile(r"^ *>>> (?!.*doctest: \+SKIP)", re.MULTILINE)
MODULES = [
    ".".join(path.relative_to(CODE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(CODE.rglob("*.py"))
    if RUN.search(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name: str) -> None:
    found = doctest.testmod(import_module(name))
    assert found.attempted
    assert not found.failed
