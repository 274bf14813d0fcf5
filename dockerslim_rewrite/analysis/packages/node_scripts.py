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
from .yarn_runs import run_by_yarn

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
    """Whether *done* runs a script of package.json, or with Yarn a program of a package."""
    if done.manager.name == "yarn":
        return done.kind not in (Kind.INSTALL, Kind.UPGRADE) and not done.asks
    return done.manager.name in MANAGERS and done.subcommand in _SCRIPTS


def installs_of_script(site: Site, lists: Lists) -> Iterator[Site]:
    """The installations in the script that the operation at *site* runs, and in those that it calls.

    Raises ``Unmet`` where one of them may build something for the machine.
    """
    waiting = [(site.use.operation, site.use.command.argv, site.folder)]
    for done, argv, folder in waiting:
        name = _script(done, argv)
        if len(waiting) > _MOST:
            raise Unmet(f"what the script {name} calls is not known")
        if done.has_flag(*_ELSEWHERE):
            folder = None
        if name is None or (done.manager.name == "yarn" and not lists.has_script(name, folder)):
            if name in _BUILDS:
                raise Unmet(f"what {name} builds may be linked to any library")
            continue
        for text in lists.npm_script(name, folder):
            script = read_script(text)
            if not isinstance(script, Script):
                raise Unmet(f"the script {name} of package.json could not be read")
            if not _BUILDS.isdisjoint(command_names(script)):
                raise Unmet(f"what the script {name} of package.json builds may be linked to any library")
            folders = command_folders(script, folder)
            for command in script.commands:
                other = operation(command.argv)
                if other is None or other.asks:
                    continue
                if runs_script(other):
                    waiting.append((other, command.argv, folders[command.span]))
                elif other.manager.name in MANAGERS and other.kind is Kind.INSTALL:
                    yield Site(Use(site.use.run, command, other), folders[command.span])
                else:
                    raise Unmet(f"what the script {name} of package.json installs is not known")


def _script(done: Operation, argv: tuple[str | None, ...]) -> str | None:
    """The script that *done* runs; None where it runs none. Raises ``Unmet`` where that is not known."""
    if done.manager.name == "yarn":
        return run_by_yarn(done, argv)
    return (argv[done.operands[0]] or "") if done.subcommand in _RUNS and done.operands else done.subcommand
