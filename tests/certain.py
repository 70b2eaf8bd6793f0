"""What a test rests on: values that may be missing elsewhere, and that must be there."""

from __future__ import annotations

from typing import TypeVar

import pytest

T = TypeVar("T")


def certain(value: T | None) -> T:
    """Return a value; a test that rests on one that is not there fails here."""
    if value is None:
        pytest.fail("there is none")
    return value
