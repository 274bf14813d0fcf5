"""Which commands are cheap: the data file says why the distinction is made."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def cheap_commands() -> frozenset[str]:
    """Names of commands that neither download nor compile."""
    data = tomllib.loads((Path(__file__).parent / "data" / "costs.toml").read_text("utf-8"))
    return frozenset(data["cheap"])
