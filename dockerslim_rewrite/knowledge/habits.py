"""What libraries write by themselves; see ``data/habits.toml``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from ..record import record
from .tables import table


@record
class Habit:
    """Where a library writes by itself (as the data file names places), and what, for people.

    ``moved`` are variables of the environment that name another place than the home folder, the first one first.
    """

    name: str
    where: str
    what: str
    moved: tuple[str, ...] = ()


def habit(language: str, name: str) -> Habit | None:
    """What the library *name* of *language* writes by itself; None for one that is not known, or is quiet."""
    data = table("habits").get(language, {})
    for one in _names(language, name):
        if one in data:
            moved = table("habits")["moved"]
            variables = next((names for begin, names in moved.items() if data[one]["what"].startswith(begin)), ())
            return Habit(one, data[one]["where"], data[one]["what"], tuple(variables))
    return None


def quiet(language: str, name: str) -> bool:
    """Whether the library *name* writes nothing unless its caller opens the file."""
    known = _quiet(language)
    return any(one in known for one in _names(language, name))


def known_library(language: str, name: str) -> bool:
    """Whether it is known what the library *name* writes by itself, be it nothing."""
    return quiet(language, name) or habit(language, name) is not None


def serves(language: str, name: str) -> bool:
    """Whether a program that loads the library *name* listens with it, as a rule."""
    known = table("habits")["serving"].get(language, ())
    return any(one in known for one in _names(language, name))


def loads_files(language: str, name: str) -> bool:
    """Whether the library *name* may load files of the project that no import names."""
    return not quiet(language, name) or name in table("habits")["loaders"].get(language, ())


def only_servers(texts: Iterable[str]) -> bool:
    """Whether *texts*, all of a program's code and manifests, speak of a database server's driver and not of SQLite."""
    words = table("habits")["drivers"]["words"]
    found = False
    for text in texts:
        if re.search("sqlite", text, re.I):
            return False
        found = found or any(word in text for word in words)
    return found


def starts(language: str, name: str) -> tuple[str, ...]:
    """The programs that the library *name* starts; ``?`` is one that its caller chooses."""
    data = table("habits")["starts"].get(language, {})
    return next((tuple(data[one]) for one in _names(language, name) if one in data), ())


@cache
def _quiet(language: str) -> frozenset[str]:
    return frozenset(table("habits")["quiet"].get(language, ()))


def _names(language: str, name: str) -> Iterator[str]:
    """*name* and, where names are paths, those of the folders that it is in, longest first."""
    separator = {"go": "/", "java": ".", "node": "/", "dotnet": ".", "c": "/"}.get(language)
    yield name
    while separator is not None and separator in name:
        name = name.rpartition(separator)[0]
        yield name
