"""The validator's own, strict view of what one body leaves behind for the next in the same shell.

Source: POSIX 2.12 and 2.14. Whatever is not plainly harmless counts as noticed.
"""

from __future__ import annotations

from collections.abc import Set

from ...patterns import re
from ...record import record
from ..core.observe import Block, Command, Unit, commands

_ENDS = frozenset(("exit", "exec", "return", "logout"))
_FAILS = frozenset([("exit",), *(("exit", str(status)) for status in range(1, 256))])
_ALTERS = frozenset(
    [
        ".",
        "source",
        "eval",
        "trap",
        "umask",
        "alias",
        "unalias",
        "ulimit",
        "pushd",
        "popd",
        "shift",
        "hash",
        "enable",
        "newgrp",
        "let",
        "read",
        "readonly",
        "unset",
        "declare",
        "typeset",
        "local",
        "export",
        "getopts",
        "mapfile",
        "readarray",
        "shopt",
        "set",
        "cd",
        "wait",
        "coproc",
    ]
)
_READS_TEXT = frozenset((".", "source", "eval"))
_ONLY_BUILTIN = frozenset((":", "break", "continue", "builtin", "command", "jobs", "fg", "bg", "times", "type", "bind"))
_NAME = re.compile(r"\0?([A-Za-z_][A-Za-z0-9_]*)\+?=")
_EXPANDED = re.compile(r"\$\{?[#!]?(\w+)")
_DECLARED = re.compile(r"\b(?:export|readonly|declare|typeset|let)\b([^;&|]*)")
_WORD = re.compile(r"\w+")
_ASSIGNING = re.compile(r"\$\{\w+:?=")
_AMBIENT = re.compile(
    r"PATH|HOME|IFS|LANG.*|LC_.*|TERM|TZ|USER|SHELL|PWD|OLDPWD|ENV|BASH_ENV|CDPATH|TMPDIR|DEBIAN_FRONTEND|CC|CXX|"
    r"C(XX|PP)?FLAGS|LDFLAGS|MAKEFLAGS|GO[A-Z0-9]+|JAVA_HOME|PYTHON.*|NODE_.*|NPM_.*|PIP_.*"
)
_SHELLS = frozenset(("/bin/sh", "/bin/dash", "/bin/bash", "/bin/ash", "/usr/bin/sh", "sh"))


def needs_shell(name: str) -> bool:
    """Whether *name* is a command that only a shell knows, or that acts on the shell itself."""
    return name in _ENDS or name in _ALTERS or name in _ONLY_BUILTIN


def _gives_up(unit: Unit) -> bool:
    """Whether *unit* is ``… || exit``: where it ends the shell, it fails, as the rest of a chain would."""
    if not isinstance(unit, Block) or unit.kind != "or" or len(unit.parts[-1]) != 1:
        return False
    last = unit.parts[-1][0]
    return isinstance(last, Command) and last.raw in _FAILS and not (last.redirects or last.assignments)


def current_shell(found: tuple[Unit, ...]) -> list[Command]:
    """The simple commands that run in the shell itself, not in a subshell, pipeline or substitution."""
    result: list[Command] = []
    for unit in found:
        if isinstance(unit, Command):
            result.append(unit)
        elif unit.kind == "subshell" or (unit.kind == "pipe" and len(unit.parts) > 1):
            continue
        else:
            for part in unit.parts:
                result.extend(current_shell(part))
    return result


def may_end(found: tuple[Unit, ...]) -> bool:
    """Whether the shell may end before the last command, other than with a failure."""
    for unit in found:
        if isinstance(unit, Command):
            if unit.words and unit.words[0] in _ENDS:
                return True
        elif unit.kind != "subshell" and not (unit.kind == "pipe" and len(unit.parts) > 1):
            parts = unit.parts[:-1] if _gives_up(unit) else unit.parts
            if any(map(may_end, parts)):
                return True
    return False


def backgrounds(found: tuple[Unit, ...]) -> bool:
    """Whether a job is left running in the background."""
    return any(
        isinstance(unit, Block)
        and ((unit.kind == "then" and "&" in unit.text) or any(backgrounds(part) for part in unit.parts))
        for unit in found
    )


def errexit(found: tuple[Unit, ...]) -> bool:
    """Whether ``set -e`` is switched on."""
    return any(
        command.words[:1] == ("set",)
        and any((word.startswith("-") and "e" in word.split()[0]) or word == "errexit" for word in command.words[1:])
        for command in current_shell(found)
    )


def indifferent(found: tuple[Unit, ...]) -> bool:
    """Whether ``set -e`` cannot matter: simple commands and pipelines of them, joined by ``&&`` only."""
    for unit in found:
        if isinstance(unit, Command):
            if unit.nested:
                return False
        elif (
            unit.kind != "pipe"
            or "!" in unit.text
            or not all(len(part) == 1 and isinstance(part[0], Command) and not part[0].nested for part in unit.parts)
        ):
            return False
    return True


@record
class Uses:
    """What bodies read of the state of the shell that runs them.

    ``names`` are the variables that they name, ``computes`` tells of what may read any variable: arithmetic, and text
    that is read as commands. ``expands`` tells of any dollar, ``pipes`` of pipelines, ``hides_folder`` that each body
    changes to an absolute folder before all else.
    """

    names: frozenset[str] = frozenset()
    computes: bool = False
    expands: bool = False
    pipes: bool = False
    hides_folder: bool = True

    def __or__(self, other: Uses) -> Uses:
        return Uses(
            self.names | other.names if other.names else self.names,
            self.computes or other.computes,
            self.expands or other.expands,
            self.pipes or other.pipes,
            self.hides_folder and other.hides_folder,
        )

    def reads(self, name: str) -> bool:
        """Whether the value of the shell variable *name* may matter."""
        return self.computes or name in self.names


def uses(found: tuple[Unit, ...], text: str) -> Uses:
    """What a body, as units and as *text*, reads."""
    names = set(_EXPANDED.findall(text))
    for declared in _DECLARED.findall(text):
        names.update(_WORD.findall(declared))
    return Uses(
        frozenset(names),
        "((" in text or any(command.words[:1] and command.words[0] in _READS_TEXT for command in commands(found)),
        "$" in text,
        "|" in text.replace("||", ""),
        _begins_absolute(found),
    )


def noticed(first: tuple[Unit, ...], later: Uses, exported: Set[str]) -> str | None:
    """What bodies that read *later* could notice of *first* having run in the same shell; None for nothing."""
    for block in _blocks(first):
        kind, _, name = block.kind.partition(" ")
        if kind == "function":
            return f"the function {name} stays defined"
        if kind == "test":
            return "an arithmetic command may set variables"
        loop = re.match(r"(?:for|select) (\w+)", block.text)
        if loop and later.reads(loop[1]):
            return f"the variable {loop[1]} stays set"
    for command in commands(first):
        if _replaces_shell(command):
            return "/bin/sh is replaced in between"
    for command in current_shell(first):
        if not command.words:
            for assignment in command.assignments:
                match = _NAME.match(assignment)
                variable = match[1] if match else ""
                known = variable in exported or _AMBIENT.fullmatch(variable)
                if not variable or known or later.reads(variable):
                    return f"the variable {variable} stays set"
            continue
        if any(_ASSIGNING.search(word) for word in (*command.raw, *command.assignments)):
            return "an expansion assigns a variable"
        name = command.words[0]
        if name.startswith("\0"):
            return f"what {command.raw[0]} runs cannot be told"
        if name == "cd":
            if not later.hides_folder:
                return "the working directory stays changed"
        elif name == "set":
            if not _harmless_set(command, later):
                return f"shell options stay changed ({' '.join(command.raw)})"
        elif name in _ALTERS:
            return f"{name} stays in force"
    return None


def _blocks(found: tuple[Unit, ...]) -> list[Block]:
    """Every block that runs in the shell itself."""
    result: list[Block] = []
    for unit in found:
        if isinstance(unit, Block) and unit.kind != "subshell":
            result.append(unit)
            for part in unit.parts:
                result.extend(_blocks(part))
    return result


def _begins_absolute(found: tuple[Unit, ...]) -> bool:
    unit = found[0] if found else None
    while isinstance(unit, Block) and unit.kind in ("then", "or", "group") and unit.parts and unit.parts[0]:
        unit = unit.parts[0][0]
    if not isinstance(unit, Command) or unit.words[:1] != ("cd",) or len(unit.words) != 2:
        return False
    return unit.words[1].startswith("/")


def _harmless_set(command: Command, later: Uses) -> bool:
    words = list(command.words[1:])
    while words:
        word = words.pop(0)
        if not re.fullmatch(r"[-+][a-zA-Z]+", word):
            return False
        letters = set(word[1:])
        option = words.pop(0) if "o" in letters and words else ""
        if option == "pipefail" and later.pipes:
            return False
        if option not in ("", "pipefail", "errexit", "xtrace", "nounset"):
            return False
        if ("u" in letters or option == "nounset") and later.expands:
            return False
        if letters - set("exuvo"):
            return False
    return True


def _replaces_shell(command: Command) -> bool:
    words = [word.lstrip("\0") for word in command.words]
    if words[:1] == ["sudo"]:
        words = words[1:]
    if not words:
        return False
    name = words[0].rsplit("/", 1)[-1]
    if name == "dpkg-reconfigure":
        return "dash" in words
    return name in ("ln", "rm", "mv", "cp", "install", "update-alternatives", "dpkg-divert") and bool(
        _SHELLS & set(words[1:])
    )
