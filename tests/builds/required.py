"""What to do where an engine is missing: skip and say why, or fail if this run requires it."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

#: Names of engines, comma-separated; 1 stands for all of them. Continuous integration sets it.
VARIABLE = "DOCKERSLIM_REQUIRE_ENGINES"


def absent(engine: str, reason: str) -> NoReturn:
    """Skip the test for *reason*, or fail it if *engine* is required."""
    required = os.environ.get(VARIABLE, "")
    if required == "1" or engine in required.split(","):
        pytest.fail(f"this run requires {engine}, but {reason}")
    pytest.skip(reason)
