"""Package-manager operations: which simple commands install, refresh an index, clean."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from ...knowledge.managers import Manager, index, manager, manager_name
from ...patterns import re
from ...record import record
from ...shell.arguments import Arguments, Flag, split
from ...shell.script import Script, Simple

_PYTHON = re.compile(r"(?:.*/)?python[0-9.]*\Z")
_LOCAL = re.compile(
    r"\.{0,2}/|\.{1,2}(?:\[|\Z)|(?:.*[@+] ?)?file:|.*\.(?:whl|tar\.gz|tgz|zip|gem|deb|rpm|apk)(?:\[[^\[\]]*+\])?\Z"
)
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
#: With one of these and no subcommand a manager prints a line or two, and does what it does bare no more.
_ASKING = frozenset(("-v", "-V", "--version", "-h", "--help"))


class Kind(Enum):
    """What an operation does."""

    INSTALL = "install"
    UPDATE = "update"
    UPGRADE = "upgrade"
    REMOVE = "remove"
    CLEAN = "clean"
    DOWNLOAD = "download"
    BUILD = "build"
    OTHER = "other"


@record
class Operation:
    """An operation of a package manager.

    Indexes count the words of the simple command: ``command`` is the manager's executable (behind ``wrappers`` such
    as sudo), ``verb`` the last word of its subcommand (the executable when there is none), ``operands`` what follows
    that is no option. ``certain`` is False when an expansion could hide options.
    """

    manager: Manager
    kind: Kind
    executable: str
    subcommand: str
    wrappers: tuple[str, ...]
    command: int
    verb: int
    flags: tuple[Flag, ...]
    operands: tuple[int, ...]
    certain: bool

    @property
    def lead(self) -> tuple[str, ...]:
        """The manager's executable as written and the words of the subcommand: what a claim names the command by."""
        return (self.executable, *self.subcommand.split())

    @property
    def asks(self) -> bool:
        """Whether it prints its version or its help, and does nothing."""
        return not self.subcommand and not self.operands and self.has_flag(*_ASKING) and self.kind is Kind.OTHER

    def has_flag(self, *names: str) -> bool:
        """Whether one of the options *names* (with dashes) is given."""
        return any(flag.name in names for flag in self.flags)

    def flag_value(self, *names: str) -> str | None:
        """The value of the first of the options *names*, None when none is given."""
        return next((flag.value for flag in self.flags if flag.name in names), None)


@lru_cache(maxsize=4096)
def operation(argv: tuple[str | None, ...]) -> Operation | None:
    """The operation that the words *argv* of a simple command are; None for any other command."""
    wrappers: list[str] = []
    at = unwrapped(argv, wrappers)
    if at >= len(argv):
        return None
    word = argv[at]
    if word is None:
        return None
    name = manager_name(word)
    if name is None:
        if not _PYTHON.match(word):
            return None
        found = _module(argv, at)
        if found is None:
            return None
        name, at = found
    known = manager(name)
    arguments = split(argv, at + 1, known.values, whole=known.whole)
    return _classified(known, argv, tuple(wrappers), at, arguments)


@lru_cache(maxsize=1024)
def operations(script: Script) -> tuple[tuple[Simple, Operation], ...]:
    """The simple commands of *script* that are operations of package managers, in the order of the text."""
    found = ((command, operation(command.argv)) for command in script.commands if command.words)
    return tuple((command, done) for command, done in found if done is not None)


@lru_cache(maxsize=1024)
def command_names(script: Script) -> frozenset[str]:
    """The names, without folders, of the commands in *script*, behind sudo and its like."""
    found = set()
    for command in script.commands:
        argv = command.argv
        at = unwrapped(argv)
        if at < len(argv):
            found.add((argv[at] or "").rpartition("/")[2])
    return frozenset(found)


def unwrapped(argv: tuple[str | None, ...], wrappers: list[str] | None = None) -> int:
    """The index of the word that names the command proper, behind ``sudo``, ``env A=b``, ``exec`` and the like."""
    known = index().wrappers
    at = 0
    while at < len(argv):
        word = argv[at]
        name = word.rsplit("/", 1)[-1] if word else None
        if name is None or name not in known:
            return at
        values = known[name]
        if wrappers is not None:
            wrappers.append(name)
        at += 1
        while at < len(argv):
            option = argv[at]
            if option is None or not (
                option.startswith("-") or (name in ("env", "sudo") and _ASSIGNMENT.match(option))
            ):
                break
            at += 2 if option in values else 1
        if name == "timeout":
            at += 1
    return at


def _module(argv: tuple[str | None, ...], at: int) -> tuple[str, int] | None:
    """The manager of ``python -m NAME`` and the index of NAME."""
    for index_, word in enumerate(argv[at + 1 :], at + 1):
        if word == "-m" and index_ + 1 < len(argv):
            name = index().modules.get(argv[index_ + 1] or "")
            return (name, index_ + 1) if name else None
        if word is None or not word.startswith("-"):
            return None
    return None


def _classified(
    known: Manager, argv: tuple[str | None, ...], wrappers: tuple[str, ...], at: int, arguments: Arguments
) -> Operation:
    flags, operands, certain = arguments
    name = argv[at] or ""
    if known.operations:
        kinds = known.operations
        letters = [flag.name.lstrip("-") for flag in flags]
        whole = next((kinds[one] for one in letters if len(one) > 1 and one in kinds), None)
        kind = whole or next((kinds[one] for one in letters if one in kinds), "other")
        if kind == "install" and not operands and known.upgrading and certain:
            # Packages that a redirection gives (`-`) are an operand.
            kind = kind if not set(known.upgrading).isdisjoint(letters) else "update"
        return Operation(known, Kind(kind), name, "", wrappers, at, at, flags, operands, certain)
    words = [(index_, argv[index_]) for index_ in operands]
    first = words[0][1] if words else ""
    if not words:
        asked = any(flag.name in _ASKING for flag in flags)
        bare = "other" if asked else known.bare or "other"
        return Operation(known, Kind(bare), name, "", wrappers, at, at, flags, operands, certain)
    if first is None:
        return Operation(known, Kind.OTHER, name, "", wrappers, at, at, flags, operands, False)
    if len(words) > 1 and words[1][1] is not None:
        double = f"{first} {words[1][1]}"
        if double in known.kinds:
            kind = known.kinds[double]
            return Operation(known, Kind(kind), name, double, wrappers, at, words[1][0], flags, operands[2:], certain)
    if first in known.kinds:
        kind = known.kinds[first]
        return Operation(known, Kind(kind), name, first, wrappers, at, words[0][0], flags, operands[1:], certain)
    return Operation(
        known, Kind(known.any or "other"), name, first, wrappers, at, words[0][0], flags, operands[1:], certain
    )


def is_local(word: str, *, of_python: bool = False) -> bool:
    """Whether *word* of an installer's command names a file or folder of its own, and no package of a repository.

    *of_python*: for pip and those like it any word with a slash is a path, unless it is an address.
    """
    path = of_python and "/" in word and "://" not in word and not word.startswith("-")
    return path or _LOCAL.match(word) is not None
