"""What built-in commands change in the shell that runs them."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

_NONE: frozenset[str] = frozenset()


@lru_cache(maxsize=1)
def _table() -> dict[str, frozenset[str]]:
    data = tomllib.loads((Path(__file__).parent / "data" / "shell_state.toml").read_text("utf-8"))
    table: dict[str, frozenset[str]] = {}
    for kind, names in data.items():
        if kind != "source":
            for name in names:
                table[name] = table.get(name, _NONE) | {kind}
    return table


def state_effects(name: str) -> frozenset[str]:
    """The kinds of state that the built-in *name* changes; empty for a command that is none."""
    return _table().get(name, _NONE)
