"""Whether WORKDIR may stand for the ``cd`` that heads a RUN: the validator's own view of who starts where."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from ...change import Claim, EntersFolder
from ...ir.build import Build, Stage
from ...ir.steps import Arg, Copy, Env, Exec, Healthcheck, Label, Listing, Onbuild, Run, Shell, Step, Value
from ...patterns import re
from ...shell.script import Script
from ..bases.inherited import filled
from ..core.observe import Block, Command, Unit, units
from ..core.program import base_of, script_of
from ..core.verdict import Unsound
from .entering import left_with, stopping

_FOLDER = re.compile(r"/(?!proc\b|sys\b|dev\b|run\b)[A-Za-z0-9_.@+-]*(?:/[A-Za-z0-9_.@+-]+)*\Z")
#: A path that begins with a variable, or goes on with one.
_NAMED = re.compile(r'(?P<quote>"?)(?P<path>(?:[A-Za-z0-9_./@+-]|\$\w++|\$\{\w+\})+)(?P=quote)', re.ASCII)
_WAY = re.compile(r"PWD\b|\bcd\s+-|~-|\bpopd\b|\bpushd\b|\bdirs\b")


def is_workdir(step: Step, folder: str) -> bool:
    """Whether *step* sets the working directory to *folder*."""
    return isinstance(step, Value) and step.keyword == "WORKDIR" and step.value == folder


def headed_by_cd(run: Run, folder: str, workdir: str | None, claims: Iterable[Claim], known: Mapping[str, str]) -> bool:
    """Whether a ``cd`` to *folder* heads *run*, started in *workdir*, and is the only one in it; *known* are variables.

    By *claims* the list that it stands in may stop where it fails, and a ``cd`` at the end may go.

    Only units joined by ``&&`` count: were the folder missing, none of them would run, and the build would end.
    """
    script = script_of(run)
    if script is None or not _FOLDER.match(folder) or ".." in folder.split("/"):
        return False
    text, found = script.text, left_with(units(script), claims)
    if found != units(script):
        text = text.rpartition("cd")[0]
    found = _chained(found, claims)
    head = found[0] if found else None
    if not isinstance(head, Command) or head.assignments or head.redirects or head.nested or len(head.words) != 2:
        return False
    name, path = head.words
    if "\0" in path and (named := _NAMED.fullmatch(head.raw[1])):
        path = filled(named["path"], known)
    if name != "cd" or path.startswith(("\0", "-")) or ".." in path.split("/"):
        return False
    if not path.startswith("/"):
        if workdir is None:
            return False
        path = posixpath.join(workdir, path)
    if posixpath.normpath(path) != folder or len(found) == 1 or run.mounts:
        return False
    return not _WAY.search(text) and not any(map(_changes_folder, found[1:]))


def behind_cd(found: tuple[Unit, ...], claims: Iterable[Claim]) -> tuple[Unit, ...]:
    """The units *found* of a body that a ``cd`` heads without it, under *claims*."""
    return _chained(found, claims)[1:]


def _chained(found: tuple[Unit, ...], claims: Iterable[Claim]) -> tuple[Unit, ...]:
    chain = stopping(found[0], claims) if found else ()
    return (*chain, *found[1:]) if chain else found


def has_cd(run: Run) -> bool:
    """Whether *run* changes the folder itself: from a new folder that may lead elsewhere."""
    script = script_of(run)
    return script is None or any(map(_changes_folder, units(script)))


def _changes_folder(unit: Unit) -> bool:
    if isinstance(unit, Command):
        return unit.words[:1] == ("cd",) or any(_changes_folder(one) for one in unit.nested)
    return any(_changes_folder(one) for part in unit.parts for one in part)


class Entered:
    """Where the new program is while WORKDIR stands for the ``cd`` of RUNs of the old one."""

    __slots__ = ("folder",)

    def __init__(self) -> None:
        #: The folder that a WORKDIR in place of ``cd`` leads to; None where both programs are in one folder.
        self.folder: str | None = None

    def moves(
        self,
        left: Step | None,
        right: Step,
        here: str | None,
        claims: Sequence[EntersFolder],
        near: Iterable[Claim],
        known: Mapping[str, str],
    ) -> bool:
        """Whether *right* is a WORKDIR that only the new program has, where the old one stands in *here* before *left*.

        It leads to the folder of the ``cd`` that heads *left*, or back to *here*, by *claims*; those at *left* are
        *near*, and *known* the variables in force.
        """
        if not isinstance(right, Value) or right.keyword != "WORKDIR":
            return False
        goal = posixpath.normpath(filled(right.value, known))
        enters = isinstance(left, Run) and headed_by_cd(left, goal, here, near, known)
        if enters and any(claim.folder == goal for claim in claims):
            self.folder = goal
            return True
        if self.folder is None or goal != here or (left is not None and is_workdir(left, here)):
            return False
        if any((claim.folder, claim.back) == (self.folder, here) for claim in claims):
            self.folder = None
            return True
        return False

    def at(self, step: Step) -> None:
        """Take in that both programs came by *step*, after which they are in one folder again if it sets one."""
        if _sets_folder(step):
            self.folder = None

    def check(self, steps: Iterable[Step]) -> None:
        """Raise where one of *steps* of the new program starts in another folder than its like in the old one."""
        for step in steps if self.folder is not None else ():
            if not _sets_folder(step) and not _indifferent(step):
                raise Unsound(f"{step.keyword} starts in another directory", None, step.line)

    def end(self, stage: Stage, build: Build) -> None:
        """Raise where what comes of *stage*, at its end, starts in another folder."""
        if self.folder is None:
            return
        last = stage.index == build.stages[-1].index
        if last or any(base_of(other, build) == stage.index for other in build.stages):
            raise Unsound("the image starts in another directory", None, stage.head.line)
        self.folder = None


def _sets_folder(step: Step) -> bool:
    return isinstance(step, Value) and step.keyword == "WORKDIR" and step.value.strip("\"'").startswith("/")


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
