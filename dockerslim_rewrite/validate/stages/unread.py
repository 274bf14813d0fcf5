"""Sources that a split may leave behind because the container starts a compiled program."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from ...change import Claim, LeavesSources
from ...ir.build import Stage
from ...ir.steps import Copy, Exec
from ...shell.script import Script
from ..bases.inherited import filled
from ..core.observe import commands, units
from ..core.program import commands_of
from ..core.verdict import Unsound

#: Images whose programs are compiled to machine code.
_COMPILES = re.compile(r"(?:docker\.io/)?(?:library/)?golang(?:[:@]|\Z)")
#: Directories that hold more than sources.
_OWN = re.compile(
    r"/(?:bin|boot|dev|etc|home|lib\w*|opt|proc|root|run|sbin|srv|sys|tmp|usr|var|go)?(?:/(?:s?bin|lib\w*|local|share|src))*\Z"
)


def unread(
    stage: Stage, runtime: Stage, place: str | None, env: Mapping[str, str], claims: Sequence[Claim]
) -> frozenset[str]:
    """The directories that *claims* say hold sources of the program that *stage* compiles and its container starts.

    *place* is the working directory at the end of the stage, *env* its environment. Raises ``Unsound`` where the image
    does not compile programs, where one of the directories is not filled from the build context alone, or where what
    the container starts was not compiled there and copied to *runtime*.
    """
    folders = frozenset(one for claim in claims if isinstance(claim, LeavesSources) for one in claim.folders)
    lines = (stage.head.line, runtime.head.line)
    if not folders:
        return folders
    if not _COMPILES.match(stage.head.image.lower()):
        raise Unsound("what its image builds may read its sources", *lines)
    targets = {filled(step.destination, env) for step in stage.steps if isinstance(step, Copy) and _of_context(step)}
    for folder in folders:
        if not folder.startswith("/") or _OWN.match(posixpath.normpath(folder)):
            raise Unsound(f"{folder} holds more than sources", *lines)
        if not any(posixpath.normpath(posixpath.join(place or "/", one)) == folder for one in targets):
            raise Unsound(f"{folder} is not what was copied from the build context", *lines)
    program = _program(stage, place)
    made = {
        posixpath.normpath(posixpath.join(place or "/", filled(words[words.index("-o") + 1].lstrip("\0"), env)))
        for step in stage.steps
        for command in commands_of(step)
        if (words := command.words)[:2] == ("go", "build") and "-o" in words[:-1]
    }
    if program is None or not any(program == one or posixpath.dirname(program) == one for one in made):
        raise Unsound("what the container starts is not known to be compiled", *lines)
    return folders


def _of_context(step: Copy) -> bool:
    return step.origin.flag("from") is None and step.sources in ((".",), ("./",))


def _program(stage: Stage, place: str | None) -> str | None:
    """The path of the program that the container starts; None where it is not a plain path."""
    last = {step.keyword: step for step in stage.steps if isinstance(step, Exec)}
    main = last.get("ENTRYPOINT") or last.get("CMD")
    if main is None:
        return None
    words = main.argv
    if words is None:
        script = main.body.script if main.body is not None else None
        found = commands(units(script)) if isinstance(script, Script) else []
        words = found[0].words if len(found) == 1 and not found[0].redirects else ()
        words = words[1:] if words[:1] == ("exec",) else words
    if not words or "/" not in words[0] or "\0" in words[0]:
        return None
    return posixpath.normpath(posixpath.join(place or "/", words[0]))
