"""What containers run besides what the image says: by the descriptions of the repository, and by who runs it by hand.

Sources: Dockerfile reference, "Understand how CMD and ENTRYPOINT interact"; Compose specification, "command",
"entrypoint", "healthcheck"; Kubernetes, "Define a Command and Arguments for a Container".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from ...ir.build import Build
from ...patterns import re
from ...record import record
from ...shell.names import POSIX_SHELLS
from ...shell.reader import read_script
from ...shell.script import Script
from ..evidence import Evidence
from ..project import Project
from ..shell.operations import unwrapped
from ..shell.wrapped import started
from .start import start_of

_COMMAND = re.compile(r"-[a-z]*c")
#: Shells may start shells so many times.
_MOST = 8


@record
class Given:
    """The words ``argv`` that a container runs, None for what is not known, and where that is said."""

    argv: tuple[str | None, ...]
    where: Evidence


def given_commands(build: Build, project: Project | None) -> tuple[Given, ...]:
    """The commands that containers of *build* run in place of its own, and beside."""
    if project is None or not build.stages:
        return ()
    usage = project.usage
    step, _ = start_of(build)
    # In shell form an ENTRYPOINT takes no words.
    entry = () if step is None else step.argv
    found: dict[Given, None] = {}
    for container in (*usage.containers, *usage.by_hand):
        own = entry if container.entrypoint is None else container.entrypoint
        argv = (*(own or ()), *(container.command or ()))
        if argv and own is not None and container.starts:
            found[Given(argv, container.started or container.where)] = None
        for words, where in container.checks:
            found[Given(words, where)] = None
    return tuple(found)


def single_commands(argv: Sequence[str | None], depth: int = 0) -> Iterator[tuple[str | None, ...]]:
    """The commands that the words *argv* amount to, shells and programs that only start others looked through.

    What is not known is the word None.
    """
    words = started(tuple(map(str, argv))) if None not in argv else tuple(argv)
    words = words[unwrapped(words) :]
    if not words:
        return
    if posixpath.basename(words[0] or "") not in POSIX_SHELLS or len(words) < 2:
        yield tuple(words)
        return
    at = next((index for index, word in enumerate(words[1:], 1) if word and _COMMAND.fullmatch(word)), None)
    if at is None:
        yield tuple(words)
        return
    text = words[at + 1] if at + 1 < len(words) else None
    script = read_script(text) if text is not None and depth < _MOST else None
    if not isinstance(script, Script):
        yield (None,)
        return
    for command in script.commands:
        if command.words:
            yield from single_commands(command.argv, depth + 1)
