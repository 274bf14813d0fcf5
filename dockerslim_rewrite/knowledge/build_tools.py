"""Packages and programs that only build software."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ..record import record
from .tables import table


@record
class BuildTools:
    """What is known for one package manager.

    ``command`` takes packages out with what came along with them; ``tools`` are packages without libraries,
    ``compilers`` those of them whose runtime libraries ``runtime`` must be kept. ``companions`` are packages that
    depend on no tool; None when the manager keeps what others depend on by itself.
    """

    command: str
    tools: frozenset[str]
    compilers: frozenset[str]
    runtime: tuple[str, ...]
    companions: frozenset[str] | None


@lru_cache(maxsize=4)
def build_tools(manager: str) -> BuildTools | None:
    """The build tools by the names that *manager* (``apt``, ``apk``) gives them; None for another manager."""
    if manager not in ("apt", "apk"):
        return None
    entry: Mapping[str, Any] = table("build_tools")[manager]
    companions = entry.get("companions")
    return BuildTools(
        entry["command"],
        frozenset(entry["tools"]),
        frozenset(entry["compilers"]),
        tuple(entry["runtime"]),
        None if companions is None else frozenset(companions),
    )


def debug_tools() -> frozenset[str]:
    """Packages that show that an image is made to develop in."""
    return frozenset(table("build_tools")["development"]["debug"])


def build_programs() -> frozenset[str]:
    """Commands that belong to build tools."""
    return frozenset(table("build_tools")["programs"])


def compiles(name: str, argv: Sequence[str | None]) -> bool:
    """Whether the installer *name* with the words *argv* may compile what it installs; ``make`` and its like do."""
    if name in build_programs():
        return True
    verb = table("build_tools")["compiles"].get(name)
    return verb is not None and (not verb or verb in argv)
