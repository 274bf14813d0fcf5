"""How package managers leave out what only development needs, and which packages no program loads when it runs."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache

from ..record import record
from .tables import table

_LANGUAGES = frozenset(("tools", "builtin", "words", "configuration"))


@record
class Omission:
    """How one package manager is told: by ``option``, for ``subcommands``, ``beside`` these options and where none of
    ``already`` is given. ``lock`` are the names of its lock file, which is ``marked`` so at its head where the
    version matters; ``node`` is the first version of Node.js whose package manager knows the option, None for another
    ``language`` than JavaScript.
    """

    manager: str
    option: str
    subcommands: frozenset[str]
    beside: frozenset[str]
    already: frozenset[str]
    lock: tuple[str, ...]
    marked: str | None
    node: int | None
    language: str


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
        node=data.get("node"),
        language=data.get("language", "javascript"),
    )


def only_a_tool(package: str, language: str = "javascript") -> bool:
    """Whether *package* is known to serve development alone: no program of *language* loads it when it runs."""
    return any(fnmatchcase(package, pattern) for pattern in table("development")["tools"][language])


def word_of(package: str, language: str) -> str | None:
    """By which word sources of *language* would name the tool *package*; None for one that they cannot name."""
    if language == "python":
        return None if package.startswith("types-") or package.endswith("-stubs") else package.replace("-", "_")
    words = table("development")["words"][language]
    return next((word for pattern, word in words.items() if fnmatchcase(package, pattern)), None)


def builtin(module: str) -> bool:
    """Whether *module* comes with Node.js itself, and starts no other programs."""
    return module in table("development")["builtin"]["javascript"]


def reads_configuration(name: str) -> bool:
    """Whether the package *name* looks for configuration that names other packages."""
    return any(fnmatchcase(name, pattern) for pattern in table("development")["configuration"]["readers"])


def configures(name: str) -> bool:
    """Whether a file called *name*, without directories, is such configuration."""
    return any(fnmatchcase(name, pattern) for pattern in table("development")["configuration"]["files"])


def configuring_keys() -> tuple[str, ...]:
    """The keys of package.json that hold such configuration."""
    return tuple(table("development")["configuration"]["keys"])


def called(name: str) -> tuple[str, ...]:
    """How configuration may call the package *name*."""
    leads = [lead for lead in table("development")["configuration"]["leads"] if name.startswith(lead)]
    return (name, *(name.removeprefix(lead) for lead in leads))
