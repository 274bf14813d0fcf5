"""What commands leave in temporary folders, and which commands keep no reference to a file there."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from .costs import cheap_commands
from .tables import table


@lru_cache(maxsize=1)
def _readers() -> frozenset[str]:
    readers = table("temporary")["readers"]
    return (cheap_commands() | frozenset(readers["names"])) - frozenset(readers["not"])


@lru_cache(maxsize=1)
def _left() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in table("temporary")["left"]:
        for name in entry["commands"]:
            found.setdefault(name, []).append(entry)
    return found


def left_behind(argv: Sequence[str | None]) -> tuple[str, ...]:
    """The paths that the command *argv* is known to leave in temporary folders."""
    entries = _left().get((argv[0] or "").rpartition("/")[2]) if argv else None
    if entries is None:
        return ()
    operand = next((word for word in argv[1:] if word is not None and not word.startswith("-")), None)
    for entry in entries:
        if not entry["verbs"] or operand in entry["verbs"]:
            return tuple(entry["paths"])
    return ()


def keeps_no_reference(name: str | None) -> bool:
    """Whether a command of this name may read files in /tmp, but nothing that it makes refers to them later."""
    if name is None:
        return False
    return name in _readers() or (name.startswith(("/bin/", "/usr/bin/")) and posixpath.basename(name) in _readers())
