"""Whether WORKDIR may stand for the ``cd`` that heads a RUN: the validator's own view of who starts where."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from ..ir.build import Build, Stage
from ..ir.steps import Arg, Copy, Env, Exec, Healthcheck, Label, Listing, Onbuild, Run, Shell, Step, Value
from ..shell.script import Script
from .observe import Block, Command, Unit, units
from .program import base_of, script_of
from .verdict import Unsound

_FOLDER = re.compile(r"/(?!proc\b|sys\b|dev\b|run\b)[A-Za-z0-9_.@+-]*(?:/[A-Za-z0-9_.@+-]+)*\Z")
_WAY = re.compile(r"PWD\b|\bcd\s+-|~-|\bpopd\b|\bpushd\b|\bdirs\b")


def is_workdir(step: Step, folder: str) -> bool:
    """Whether *step* sets the working directory to *folder*."""
    return isinstance(step, Value) and step.keyword == "WORKDIR" and step.value == folder


def leading_cd(run: Run, folder: str, workdir: str | None) -> tuple[str, ...] | None:
    """The ``cd`` to *folder* that heads *run*, started in *workdir*, as written; None where it is no such RUN.

    Only units joined by ``&&`` count: were the folder missing, none of them would run, and the build would end.
    """
    script = script_of(run)
    if script is None or not _FOLDER.match(folder) or ".." in folder.split("/"):
        return None
    found = units(script)
    head = found[0] if found else None
    if not isinstance(head, Command) or head.assignments or head.redirects or head.nested or len(head.words) != 2:
        return None
    name, path = head.words
    if name != "cd" or path.startswith(("\0", "-")) or ".." in path.split("/"):
        return None
    if not path.startswith("/"):
        if workdir is None:
            return None
        path = posixpath.join(workdir, path)
    if posixpath.normpath(path) != folder or len(found) == 1 or run.mounts:
        return None
    if _WAY.search(script.text) or any(_changes_folder(unit) for unit in found[1:]):
        return None
    return head.raw


def _changes_folder(unit: Unit) -> bool:
    if isinstance(unit, Command):
        return unit.words[:1] == ("cd",) or any(_changes_folder(one) for one in unit.nested)
    return any(_changes_folder(one) for part in unit.parts for one in part)


def check_unseen(behind: Sequence[Step], stage: Stage, build: Build) -> None:
    """Raise where a step of *behind*, or what comes of *stage*, starts in the working directory that was set."""
    for step in behind:
        if isinstance(step, Value) and step.keyword == "WORKDIR" and step.value.strip("\"'").startswith("/"):
            return
        if not _indifferent(step):
            raise Unsound(f"{step.keyword} starts in another folder", None, step.line)
    last = stage.index == build.stages[-1].index
    if last or any(base_of(other, build) == stage.index for other in build.stages):
        raise Unsound("the image starts in another folder", None, stage.head.line)


def _indifferent(step: Step) -> bool:
    if isinstance(step, Run):
        script = step.body.script if step.body is not None else None
        head: Unit | None = units(script)[0] if isinstance(script, Script) and units(script) else None
        while isinstance(head, Block) and head.kind in ("then", "or") and head.parts[0]:
            head = head.parts[0][0]
        return isinstance(head, Command) and head.words[:1] == ("cd",) and _absolute(head.words)
    if isinstance(step, Copy):
        return step.destination.strip("\"'").startswith("/")
    if isinstance(step, Value):
        return step.keyword != "WORKDIR"
    return isinstance(step, Env | Arg | Label | Listing | Exec | Shell | Healthcheck | Onbuild)


def _absolute(words: tuple[str, ...]) -> bool:
    return len(words) == 2 and words[1].startswith("/")
