"""How package managers leave out what only development needs, and which packages no program loads when it runs."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache

from ..record import record
from .tables import table

_LANGUAGES = frozenset(("tools", "builtin"))


@record
class Omission:
    """How one package manager is told: by ``option``, for ``subcommands``, ``beside`` these options and where none of
    ``already`` is given. ``lock`` are the names of its lock file, which is ``marked`` so at its head where the
    version matters; ``node`` is the first version of Node.js whose package manager knows the option.
    """

    manager: str
    option: str
    subcommands: frozenset[str]
    beside: frozenset[str]
    already: frozenset[str]
    lock: tuple[str, ...]
    marked: str | None
    node: int


@lru_cache(maxsize=16)
def omission(manager: str) -> Omission | None:
    """How *manager* is told; None where that is not known."""
    data = table("development").get(manager) if manager not in _LANGUAGES else None
    if data is None:
        return None
    return Omission(
        manager=manager,
        option=data["option"],
        subcommands=frozenset(data["subcommands"]),
        beside=frozenset(data["beside"]),
        already=frozenset(data["already"]),
        lock=tuple(data["lock"]),
        marked=data.get("marked"),
        node=data["node"],
    )


def only_a_tool(package: str) -> bool:
    """Whether *package* of npm is known to serve development alone: no program loads it when it runs."""
    return any(fnmatchcase(package, pattern) for pattern in table("development")["tools"]["javascript"])


def builtin(module: str) -> bool:
    """Whether *module* comes with Node.js itself, and starts no other programs."""
    return module in table("development")["builtin"]["javascript"]
