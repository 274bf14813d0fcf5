"""Whether scripts of package.json compile or install anything, as far as their words tell."""

from __future__ import annotations

from collections.abc import Iterator

from ...shell.reader import read_script
from ...shell.script import Script
from ..facts import Use
from ..flow.command_folders import command_folders
from ..shell.operations import Kind, Operation, command_names, operation
from .asked import NPM_ELSEWHERE
from .listed import Lists, Unmet
from .lock_sites import Site

MANAGERS = frozenset(("npm", "yarn", "pnpm"))
_RUNS = frozenset(("run", "run-script"))
_SCRIPTS = _RUNS | {"build", "test", "start"}
#: Options by which the script of another folder runs.
_ELSEWHERE = (*NPM_ELSEWHERE, "--cwd", "--dir", "--filter", "-F", "-r", "--recursive")
#: Scripts may call others so many times.
_MOST = 16
COMPILERS = frozenset(
    ("make", "gmake", "cmake", "ninja", "meson", "gcc", "g++", "cc", "c++", "clang", "clang++", "go", "cargo")
)
_BUILDS = COMPILERS | {"node-gyp", "node-pre-gyp", "prebuild-install", "prebuildify", "cmake-js", "neon", "sh", "bash"}


def runs_script(done: Operation) -> bool:
    """Whether *done* runs a script of package.json."""
    return done.manager.name in MANAGERS and done.subcommand in _SCRIPTS


def installs_of_script(site: Site, lists: Lists) -> Iterator[Site]:
    """The installations in the script that the operation at *site* runs, and in those that it calls.

    Raises ``Unmet`` where one of them may build something for the machine.
    """
    argv, done = site.use.command.argv, site.use.operation
    named = done.subcommand in _RUNS and done.operands
    first = (argv[done.operands[0]] or "") if named else done.subcommand
    waiting = [(first, None if done.has_flag(*_ELSEWHERE) else site.folder)]
    for name, folder in waiting:
        if len(waiting) > _MOST:
            raise Unmet(f"what the script {first} calls is not known")
        for text in lists.npm_script(name, folder):
            script = read_script(text)
            if not isinstance(script, Script):
                raise Unmet(f"the script {name} of package.json could not be read")
            if not _BUILDS.isdisjoint(command_names(script)):
                raise Unmet(f"what the script {name} of package.json builds may be linked to any library")
            folders = command_folders(script, folder)
            for command in script.commands:
                other = operation(command.argv)
                if other is None:
                    continue
                inside = folders[command.span]
                if other.manager.name not in MANAGERS:
                    raise Unmet(f"what the script {name} of package.json installs is not known")
                if other.subcommand in _RUNS and other.operands and not other.has_flag(*_ELSEWHERE):
                    waiting.append((command.argv[other.operands[0]] or "", inside))
                elif other.kind is Kind.INSTALL:
                    yield Site(Use(site.use.run, command, other), inside)
                else:
                    raise Unmet(f"what the script {name} of package.json installs is not known")
