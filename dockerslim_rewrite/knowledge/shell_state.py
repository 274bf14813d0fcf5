"""What built-in commands change in the shell that runs them."""

from __future__ import annotations

from functools import lru_cache

from .tables import table

_NONE: frozenset[str] = frozenset()


@lru_cache(maxsize=1)
def _table() -> dict[str, frozenset[str]]:
    data = table("shell_state")
    found: dict[str, frozenset[str]] = {}
    for kind, names in data.items():
        if kind != "source":
            for name in names:
                found[name] = found.get(name, _NONE) | {kind}
    return found


def state_effects(name: str) -> frozenset[str]:
    """The kinds of state that the built-in *name* changes; empty for a command that is none."""
    return _table().get(name, _NONE)
