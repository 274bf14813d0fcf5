"""What calls of Python code write, bind and need; see ``data/python.toml``."""

from __future__ import annotations

from functools import cache
from typing import Any

from .tables import table


@cache
def python_calls() -> dict[str, Any]:
    """The tables of the data file."""
    return table("python")
