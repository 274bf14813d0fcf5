"""Packages of a split stage: what the runtime stage may install, and that none is lost without a word."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..change import SplitsStage
from ..ir.build import Stage
from ..ir.steps import Run
from .observe import Command, commands, units
from .program import script_of
from .verdict import Unsound

_INSTALLS = {"apt-get": "install", "apt": "install", "apk": "add"}
_CLEANS = ("rm", "-rf", "/var/lib/apt/lists/*")
_PLAIN = frozenset(("-y", "--no-install-recommends", "--no-cache", "-qq", "-q"))
_DEVELOPMENT = re.compile(r"(?:.*-dev|g\+\+|build-base)\Z")
_LIBRARY = re.compile(r"(?:lib[a-z0-9]|zlib|sqlite-libs|openssl|pcre|yaml|vips|gmp|[a-z0-9]+-libs)[a-z0-9.+-]*\Z")


def check_install(step: Run, stage: Stage, claim: SplitsStage) -> None:
    """Refuse a RUN of the runtime stage but for one that installs packages of *stage*, or the libraries of those."""
    script = script_of(step)
    found = units(script) if script is not None else ()
    before = {word for command in _installs(stage) for word in command.words}
    develops = any(_DEVELOPMENT.match(re.split(r"[=:]", word)[0]) for word in before)
    for unit in found:
        plain = isinstance(unit, Command) and not unit.redirects and not unit.assignments
        words = unit.raw if isinstance(unit, Command) else ()
        if plain and words in (("apt-get", "update"), _CLEANS):
            continue
        if not plain or len(words) < 3 or _INSTALLS.get(words[0]) != words[1]:
            raise Unsound("a command was added to the runtime stage", stage.head.line, step.line)
        for word in words[2:]:
            library = develops and _LIBRARY.match(word)
            if word not in _PLAIN and not (word in claim.installs and (word in before or library)):
                raise Unsound(f"{word} was not installed before", stage.head.line, step.line)
    if not found:
        raise Unsound("a command was added to the runtime stage", stage.head.line, step.line)


def check_left(stage: Stage, runtime: Stage, claim: SplitsStage) -> None:
    """Every package that *stage* installs must be installed again, be taken out again, or be said to be left."""
    again = {word for command in _installs(runtime) for word in command.words}
    for command in _installs(stage):
        virtual = {command.words[i + 1] for i, w in enumerate(command.words[:-1]) if w in ("-t", "--virtual")}
        verbs = [index for index, word in enumerate(command.words) if word in _INSTALLS.values()]
        for word in command.words[verbs[0] + 1 :]:
            bare = re.split(r"[=:<>~@]", word.lstrip("\0"))[0]
            if word.startswith("-") or word in virtual or not bare:
                continue
            if word not in again and bare not in claim.left and not _removed(stage, {bare, *virtual}):
                raise Unsound(f"the package {bare} is lost", stage.head.line, runtime.head.line)


def _removed(stage: Stage, names: set[str]) -> bool:
    for command in _commands(stage):
        verbs = {"remove", "purge", "del", "autoremove"} & set(command.words[:4])
        if verbs and names & set(command.words):
            return True
    return False


def _installs(stage: Stage) -> Iterator[Command]:
    for command in _commands(stage):
        words = [word for word in command.words if word != "sudo"]
        verb = _INSTALLS.get(words[0]) if words else None
        if verb is not None and verb in words:
            yield command


def _commands(stage: Stage) -> Iterator[Command]:
    for step in stage.steps:
        script = script_of(step)
        if script is not None:
            yield from commands(units(script))
