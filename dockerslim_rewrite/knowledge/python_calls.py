"""What calls of Python code write, bind and need; see ``data/python.toml``."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any


@cache
def python_calls() -> dict[str, Any]:
    """The tables of the data file."""
    return tomllib.loads((Path(__file__).parent / "data" / "python.toml").read_text("utf-8"))


@cache
def interesting() -> re.Pattern[str]:
    """A word without which a module can hold nothing that the tables speak of, imports apart."""
    data = python_calls()
    words = {name.rpartition(".")[2] for key in ("writes", "opens", "listens", "privileges") for name in data[key]}
    words |= {name.rpartition(".")[2] for name in (*data["runs"]["names"], *data["runs"]["spread"])}
    words |= {name.rpartition(".")[2] for name in data["opaque"]["names"]}
    words |= {
        *data["methods"],
        *data["listening_methods"],
        *data["settings"],
        "sqlite",
        "sqlite3",
        "filename",
        "LOCATION",
    }
    return re.compile(r"\b(?:" + "|".join(sorted(map(re.escape, words))) + r")\b|sqlite:")
