"""What commands do to what others rely on, and what may be assumed of those that are not known.

See ``data/effects.toml`` and ``data/assumptions.toml``.
"""

from __future__ import annotations

from fnmatch import translate
from functools import lru_cache
from typing import Any

from ..patterns import re
from ..record import record
from .tables import table


@record
class Wrapper:
    """A program that runs the command behind it.

    ``values`` are options with a value, ``text`` those whose value is a shell script, ``user`` those that name who runs
    it; ``user_first`` says that the first operand does. ``skip`` operands are its own. ``subcommands`` are the words of
    which one has to stand before the command, ``names`` says that one more operand is its own then. ``assigns``:
    assignments may stand before the command. ``rest_text``: all that follows is a script. ``elsewhere``: it runs in
    another root folder. ``fetches``: the program is downloaded first. ``itself``: the subcommand is the command.
    """

    values: frozenset[str] = frozenset()
    text: frozenset[str] = frozenset()
    user: frozenset[str] = frozenset()
    user_first: bool = False
    root: bool = False
    skip: int = 0
    subcommands: frozenset[str] = frozenset()
    names: bool = False
    assigns: bool = False
    rest_text: bool = False
    elsewhere: bool = False
    fetches: bool = False
    itself: bool = False


@record
class Assumption:
    """From which ``level`` (``safe``, ``standard``, ``aggressive``) on something is assumed, and why."""

    level: str
    reason: str


@lru_cache(maxsize=1)
def wrappers() -> dict[str, Wrapper]:
    """The programs that run others, by name."""
    return {name: _wrapper(entry) for name, entry in table("effects")["wrappers"].items()}


def _wrapper(entry: dict[str, Any]) -> Wrapper:
    lists = ("values", "text", "user", "subcommands")
    fields: dict[str, Any] = {key: frozenset(value) if key in lists else value for key, value in entry.items()}
    return Wrapper(**fields)


@lru_cache(maxsize=1)
def shells() -> tuple[frozenset[str], frozenset[str]]:
    """The names of shells, and their options that take the next word."""
    data = table("effects")["shells"]
    return frozenset(data["names"]), frozenset(data["values"])


def is_plain(name: str) -> bool:
    """Whether the program *name* reads and writes only what its words name, and starts nothing."""
    return name in _plain()


@lru_cache(maxsize=1)
def _plain() -> frozenset[str]:
    return frozenset(name for names in table("effects")["plain"].values() for name in names)


@lru_cache(maxsize=1)
def builds() -> frozenset[str]:
    """The names of build tools and task runners, which run what the project says."""
    return frozenset(table("effects")["builds"]["names"])


@lru_cache(maxsize=256)
def is_settings(path: str) -> bool:
    """Whether a shell that reads the file at *path* only sets variables and functions of a known tool."""
    data = table("effects")["sourced"]
    return path in data["names"] or f"/{path}".endswith(tuple(data["ends"]))


@lru_cache(maxsize=1)
def _assignments() -> frozenset[str]:
    return frozenset(table("effects")["sourced"]["assignments"])


def only_assigns(path: str) -> bool:
    """Whether the file at *path* belongs to the system and holds assignments of variables, nothing else."""
    return path in _assignments()


def is_served(path: str) -> bool:
    """Whether *path* lies in a directory that a server hands out to whoever asks."""
    return any(path.startswith(f"{one}/") for one in table("effects")["served"]["below"])


@lru_cache(maxsize=1)
def printers() -> frozenset[str]:
    """The programs whose output ``eval`` may be given: they print settings of the shell."""
    return frozenset(table("effects")["prints"]["names"])


@lru_cache(maxsize=1)
def _service_files() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (kind, re.compile("|".join(map(translate, patterns))))
        for kind, patterns in table("effects")["services"].items()
    )


@lru_cache(maxsize=1)
def _any_service_file() -> re.Pattern[str]:
    return re.compile("|".join(pattern.pattern for _, pattern in _service_files()))


def service_file(path: str) -> str | None:
    """What a service finds in the file at *path* of an image: ``tables`` or ``own_tables`` of cron's, ``programs`` that
    it looks after, or commands of ``scripts``; None where none reads it.
    """
    # Asked of every file of an image, nearly none of which a service reads.
    if not _any_service_file().match(path):
        return None
    return next((kind for kind, pattern in _service_files() if pattern.match(path)), None)


def list_habit(name: str, subcommand: str) -> str | None:
    """What the program *name* does to apt's lists: ``reads``, ``fetches``, ``none``; None for one not listed."""
    habit = table("effects")["apt_lists"].get(name)
    if isinstance(habit, dict):
        return str(habit.get(subcommand, habit.get("", "none")))
    return None if habit is None else str(habit)


@lru_cache(maxsize=256)
def installer_habit(text: str) -> str | None:
    """What the installer from the network that *text* (an address, a file's name) names does to apt's lists: ``none``
    or ``fetches``; None for one whose text is not known.
    """
    for habit, pattern in _installers():
        if pattern.search(text):
            return habit
    return None


@lru_cache(maxsize=1)
def _installers() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((habit, re.compile("|".join(words))) for habit, words in table("effects")["installers"].items())


def assumption(resource: str, kind: str) -> Assumption | None:
    """What may be assumed of commands of which only *kind* is known, as for *resource*; None: nothing."""
    entry = table("assumptions").get(resource, {}).get(kind)
    return None if entry is None else Assumption(entry["level"], entry["reason"])
