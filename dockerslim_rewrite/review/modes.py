"""Whether a stage sets the mode and the line ends of a file by itself, whatever the context has.

Sources: Dockerfile reference, "COPY --chmod"; POSIX, chmod; install(1), dos2unix(1).
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from ..ir.build import Build, Stage
from ..ir.steps import Copy, Run, Step
from ..patterns import re
from ..shell.script import Script, Simple

#: Commands that set modes or line ends of the files that they name.
_SETTING = frozenset(("chmod", "dos2unix", "install", "sed", "tr", "perl", "cp", "mv"))
#: The same where another command, such as `find`, may start them.
_STARTED = re.compile(r"\b(?:chmod|dos2unix)\b")
_OPEN = re.compile(r"[*?\[$`]")


def steps_of(build: Build, stage: Stage) -> tuple[Step, ...]:
    """The steps that make *stage* of *build*, those of the stages that it is made from first."""
    stages = {one.name: one for one in build.stages if one.head.alias}
    found = [*stage.steps]
    seen = {stage.index}
    below = stages.get(stage.head.image.lower())
    while below is not None and below.index not in seen:
        seen.add(below.index)
        found[:0] = below.steps
        below = stages.get(below.head.image.lower())
    return tuple(found)


def settles(steps: Sequence[Step], image: str, path: str) -> bool:
    """Whether one of *steps* may set mode or line ends of the file that comes from *path* of the context to *image*."""
    copied = False
    for step in steps:
        if isinstance(step, Copy):
            copied = copied or step.origin.flag("from") is None
            if step.origin.flag("chmod") and (covers(step, path) or _names(step, path)):
                return True
        elif isinstance(step, Run) and copied and _sets(step, image):
            # Before anything is copied there is nothing to set.
            return True
    return False


def covers(step: Step, path: str) -> bool:
    """Whether *step* copies a directory of the context in which *path* lies."""
    if not isinstance(step, Copy) or step.origin.flag("from") is not None:
        return False
    sources = (posixpath.normpath("/" + one).lstrip("/") for one in step.sources)
    return any(not one or path.startswith(f"{one}/") for one in sources)


def _names(step: Copy, path: str) -> bool:
    """Whether *step* copies the file *path* of the context, or may: a pattern or a variable tells no name."""
    plain = (posixpath.normpath("/" + one).lstrip("/") for one in step.sources)
    return step.origin.flag("from") is None and any(one == path or _OPEN.search(one) for one in plain)


def _sets(step: Run, image: str) -> bool:
    """Whether *step* may set mode or line ends of the file at *image*."""
    script = step.body.script if step.body is not None else None
    if not isinstance(script, Script):
        return re.search(r"\b(?:chmod|dos2unix|install|sed)\b", step.origin.text) is not None
    return any(_touches(command, image) for command in script.commands)


def _touches(command: Simple, image: str) -> bool:
    name = posixpath.basename(command.argv[0] or "") if command.argv else ""
    if name not in _SETTING:
        return any(word is None or _STARTED.search(word) for word in command.argv)
    parts = {"", ".", "..", *image.split("/")}
    written = (one.target.literal for one in command.redirects if one.target is not None)
    for word in (*command.argv[1:], *written):
        if word is None or _OPEN.search(word) or posixpath.basename(word.rstrip("/")) in parts:
            return True
    return False
