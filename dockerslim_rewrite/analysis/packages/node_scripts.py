"""Whether scripts of package.json compile or install anything, as far as their words tell."""

from __future__ import annotations

from ...shell.reader import read_script
from ...shell.script import Script
from ..shell.operations import Operation, command_names, operation
from .listed import Lists, Unmet

MANAGERS = frozenset(("npm", "yarn", "pnpm"))
_RUNS = frozenset(("run", "run-script"))
_SCRIPTS = _RUNS | {"build", "test", "start"}
#: Scripts may call others so many times.
_MOST = 16
COMPILERS = frozenset(
    ("make", "gmake", "cmake", "ninja", "meson", "gcc", "g++", "cc", "c++", "clang", "clang++", "go", "cargo")
)
_BUILDS = COMPILERS | {"node-gyp", "node-pre-gyp", "prebuild-install", "prebuildify", "cmake-js", "neon", "sh", "bash"}


def runs_script(done: Operation) -> bool:
    """Whether *done* runs a script of package.json."""
    return done.manager.name in MANAGERS and done.subcommand in _SCRIPTS


def check_script(argv: tuple[str | None, ...], done: Operation, folder: str | None, lists: Lists) -> None:
    """Raises ``Unmet`` unless the script that the words *argv* of *done* run in *folder* only calls tools that build
    nothing for the machine, nor install anything.
    """
    named = done.subcommand in _RUNS and done.operands
    waiting = [(argv[done.operands[0]] or "") if named else done.subcommand]
    for name in waiting:
        if len(waiting) > _MOST:
            raise Unmet(f"what the script {waiting[0]} calls is not known")
        for text in lists.npm_script(name, folder):
            script = read_script(text)
            if not isinstance(script, Script):
                raise Unmet(f"the script {name} of package.json could not be read")
            if not _BUILDS.isdisjoint(command_names(script)):
                raise Unmet(f"what the script {name} of package.json builds may be linked to any library")
            for command in script.commands:
                other = operation(command.argv)
                if other is None:
                    continue
                if other.manager.name not in MANAGERS or other.subcommand not in _RUNS or not other.operands:
                    raise Unmet(f"what the script {name} of package.json installs is not known")
                waiting.append(command.argv[other.operands[0]] or "")
