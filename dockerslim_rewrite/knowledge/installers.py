"""Commands that install what a project's manifests list; see ``data/installers.toml``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from ..record import record
from .tables import table

#: No executable or beginning of a command in the data has more words.
_WORDS = 3


@record
class Installer:
    """A command that installs dependencies.

    ``verbs`` may stand behind the executable (``several`` of them where that is so), followed by names of ``packages``
    or by one ``operand`` where there are such. What it reads is ``named`` in the command, or stands where it runs.
    ``values`` are options that take the next word, those of ``files`` name a file that is read, those of ``feeds`` a
    URL or a folder of packages. The options ``elsewhere`` make it read or write more than is known here. One of each
    group of ``needs`` has to be among the words. ``made`` are paths, from the folder that it runs in,
    that the context may not hold.
    """

    manager: str
    executables: tuple[str, ...]
    verbs: frozenset[str]
    several: bool
    packages: bool
    operand: bool
    named: bool
    values: frozenset[str]
    files: frozenset[str]
    feeds: frozenset[str]
    elsewhere: tuple[str, ...]
    needs: tuple[frozenset[str], ...]
    made: tuple[str, ...]
    source: str


@record
class Setting:
    """A variable of the environment by which a manager reads more, or something else.

    What it names is ``read`` by that reader, or holds ``packages``, or is the ``entry`` itself, as is what the option
    ``entry_flag`` in it names; or it leads ``elsewhere``, as the words ``refused`` in it do.
    """

    name: str
    read: str
    packages: bool
    entry: bool
    entry_flag: str
    elsewhere: bool
    refused: tuple[str, ...]


@record
class Mixed:
    """A command that downloads and compiles in one: ``manifest`` is the file it is for, ``instead`` only downloads."""

    manifest: str
    instead: str


@cache
def settings_of(manager: str) -> tuple[Setting, ...]:
    """The variables that *manager* reads."""
    return tuple(
        Setting(
            name,
            entry.get("read", ""),
            entry.get("packages", False),
            entry.get("entry", False),
            entry.get("entry_flag", ""),
            entry.get("elsewhere", False),
            tuple(entry.get("refused", ())),
        )
        for entry in table("installers")["variables"]
        if manager in entry["managers"]
        for name in entry["names"]
    )


def installer_of(words: Sequence[str]) -> tuple[Installer, int] | None:
    """The installer behind a command, and how many of its words name it; None for other commands."""
    for head, length in _heads(words):
        found = _installers().get(head)
        if found is not None:
            return found, length
    return None


def stands_apart(words: Sequence[str]) -> bool:
    """Whether a command neither reads the project's files nor writes where they are."""
    for head, length in _heads(words):
        known = _apart().get(head)
        if known is None:
            continue
        rest = words[length:]
        operands = [word for word in rest if not word.startswith("-")]
        if any(word.startswith(tuple(known.get("refused", ("\0",)))) for word in rest):
            return False
        return bool(operands) or not known.get("operands", False)
    return False


def mixed(words: Sequence[str]) -> Mixed | None:
    """What is to be said of a command that downloads and compiles; None for other commands."""
    named = [word for word in words if not word.startswith("-")]
    return next((_mixed()[head] for head, _ in _heads(named) if head in _mixed()), None)


def all_installers() -> tuple[Installer, ...]:
    """Every installer, in the order of the data file."""
    return tuple(dict.fromkeys(_installers().values()))


def _heads(words: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The beginnings of a command, the longest first."""
    for length in range(min(_WORDS, len(words)), 0, -1):
        yield " ".join(words[:length]), length


@cache
def _installers() -> dict[str, Installer]:
    return {name: one for one in map(_installer, table("installers")["installers"]) for name in one.executables}


def _installer(entry: dict[str, Any]) -> Installer:
    return Installer(
        manager=entry["manager"],
        executables=tuple(entry["executables"]),
        verbs=frozenset(entry["verbs"]),
        several=entry.get("several", False),
        packages=entry.get("packages", False),
        operand=entry.get("operand", False),
        named=entry.get("named", False),
        values=frozenset(entry.get("values", ())),
        files=frozenset(entry.get("files", ())),
        feeds=frozenset(entry.get("feeds", ())),
        elsewhere=tuple(entry["elsewhere"]),
        needs=tuple(frozenset(group) for group in entry.get("needs", ())),
        made=tuple(entry["made"]),
        source=entry["source"],
    )


@cache
def _apart() -> dict[str, dict[str, Any]]:
    return {words: entry for entry in table("installers")["apart"] for words in entry["commands"]}


@cache
def _mixed() -> dict[str, Mixed]:
    return {
        words: Mixed(entry["manifest"], entry["instead"])
        for entry in table("installers")["mixed"]
        for words in entry["commands"]
    }


def reads_project(package: str) -> bool:
    """Whether the script that runs when the package of Node.js is installed reads the project."""
    return package in _install_scripts("reads")


def scripts_known(package: str) -> bool:
    """Whether it is known what the script of the package of Node.js does."""
    return package in _install_scripts("apart") or reads_project(package)


@cache
def _install_scripts(key: str) -> frozenset[str]:
    return frozenset(table("install_scripts")[key])
