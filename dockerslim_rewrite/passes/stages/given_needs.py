"""What the containers of the repository run besides what the image says, and a runtime stage has to have.

A service of a compose file with a command of its own, a test of health, a pod with arguments, a test that a pipeline
runs in the image: each of them is a start like CMD.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from ...analysis.flow.given_commands import given_commands, single_commands
from ...analysis.packages.listed import Lists, Unmet
from ...analysis.packages.node_scripts import COMPILERS, runs_script
from ...analysis.runtime.java_kit import compiled_at_start
from ...analysis.shell.operations import Kind, operation
from ...knowledge.processes import rebuilds
from ...patterns import re
from ...record import record
from ...shell.names import POSIX_SHELLS
from ...shell.reader import read_script
from ...shell.script import Script
from .split_project import Project, Target

_SHEBANG = re.compile(r"#! */(?:usr/)?bin/(?:env +(?:-S +)?)?([\w.+-]+)")
_NAMED = frozenset(("run", "run-script"))
#: Programs that run a program of an installed package by its name.
_RUNNERS = frozenset(("npx", "bunx", "pnpx"))
#: Scripts may call others so many times.
_MOST = 8


@record
class Wanted:
    """A program that a container runs, ``path`` or name, and where that is said. ``problem`` is why no runtime stage
    has what it takes, whatever is installed there; ``packaged`` tells that a package of the project may bring it.
    """

    name: str
    said: str
    problem: str | None = None
    packaged: bool = False


def wanted(project: Project, target: Target) -> Iterator[Wanted]:
    """What containers run that the stage on *target* has to have."""
    for given in given_commands(project.build, project.facts.project):
        for argv in single_commands(given.argv):
            yield from _wanted(project, target, argv, str(given.where), 0, packaged=False)


def _wanted(
    project: Project, target: Target, argv: Sequence[str | None], where: str, depth: int, *, packaged: bool
) -> Iterator[Wanted]:
    name = posixpath.basename(argv[0] or "")
    said = f"{' '.join(word or '…' for word in argv[:3])} ({where})"
    if argv[0] is None or depth > _MOST:
        yield Wanted(name, said, f"what {where} runs is not known")
        return
    script = _script(project, argv)
    if script is not None:
        yield from _in_script(project, target, script, where, depth)
        return
    done = operation(tuple(argv))
    verb = next((word for word in argv[1:] if word is None or not word.startswith(("-", "+"))), None)
    same = target.image == project.stage.head.image
    if done is not None and runs_script(done):
        yield Wanted(argv[0], said)
        yield from _npm_script(project, target, argv, where, depth)
    elif name in _RUNNERS or (done is not None and done.subcommand == "exec" and done.manager.name != "bundler"):
        yield Wanted(argv[0], said)
    elif name in project.recipe.tools:
        yield Wanted(name, said, f"{said} belongs to the tools of the build")
    elif rebuilds(name, verb) and not same:
        yield Wanted(name, said, f"{said} builds the project anew")
    elif done is not None and done.kind is Kind.INSTALL and done.manager.name in project.recipe.builders:
        yield Wanted(name, said, f"{said} installs packages, which may have to be compiled")
    elif name in POSIX_SHELLS and len(argv) > 1:
        yield Wanted(name, said, f"{said} may run anything")
    elif name == "java" and not same and (kit := compiled_at_start(argv)) is not None:
        yield Wanted(name, said, f"{said}: {kit} needs the development kit")
    else:
        yield Wanted(argv[0], said, packaged=packaged and name not in COMPILERS)


def _script(project: Project, argv: Sequence[str | None]) -> str | None:
    """The text of the shell script of the build context that *argv* starts."""
    by_shell = posixpath.basename(argv[0] or "") in POSIX_SHELLS
    path = next((word for word in argv[1:] if word is None or not word.startswith("-")), None) if by_shell else argv[0]
    if path is None or ("/" not in path and not by_shell):
        return None
    place = posixpath.normpath(posixpath.join(project.folder or "/", path))
    text = Lists(project.build, project.facts).text(place, project.folder)
    if text is None or by_shell:
        return text
    first = _SHEBANG.match(text)
    return text if first is not None and first[1] in POSIX_SHELLS else None


def _in_script(project: Project, target: Target, text: str, where: str, depth: int) -> Iterator[Wanted]:
    script = read_script(text)
    if not isinstance(script, Script):
        yield Wanted("", where, f"a script that {where} starts could not be read")
        return
    for command in script.commands:
        if not command.words or command.words[0].text in ('"$@"', "$@", '"${@}"'):
            # What they are given stands in the command itself.
            continue
        for argv in single_commands(command.argv):
            yield from _wanted(project, target, argv, where, depth + 1, packaged=False)


def _npm_script(
    project: Project, target: Target, argv: Sequence[str | None], where: str, depth: int
) -> Iterator[Wanted]:
    """What a script of package.json runs: programs of its packages come along, those of the system may not."""
    done = operation(tuple(argv))
    assert done is not None
    names = [argv[at] for at in done.operands] if done.subcommand in _NAMED else [done.subcommand]
    try:
        texts = Lists(project.build, project.facts).npm_script((names or [""])[0] or "", project.folder)
    except Unmet as reason:
        yield Wanted("", where, f"{reason} ({where})")
        return
    for text in texts:
        script = read_script(text)
        if not isinstance(script, Script):
            yield Wanted("", where, f"a script of package.json that {where} runs could not be read")
            continue
        for command in script.commands:
            for inner in single_commands(command.argv) if command.words else ():
                yield from _wanted(project, target, inner, where, depth + 1, packaged=True)
