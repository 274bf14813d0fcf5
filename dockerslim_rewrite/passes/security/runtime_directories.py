"""Directories that a Dockerfile makes and never fills: they are for the running program, which writes there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Sequence

from ...analysis.effects.writes import writes
from ...analysis.facts import Facts
from ...analysis.flow.destinations import destination
from ...analysis.flow.places import BROAD, Frame, moved
from ...ir.build import Build
from ...ir.steps import Copy, Run, Step
from ...record import record
from ...shell.script import Simple
from ...text.paths import within
from .user_rights import is_ownable

#: What may remove or move directories: nobody is given one that is not there any more.
_TAKES_AWAY = frozenset(("rm", "rmdir", "unlink", "mv", "find", "rsync"))


@record
class Made:
    """A directory that a RUN makes: the stage and the step that make it, and their line."""

    stage: int
    step: int
    line: int


def runtime_directories(build: Build, facts: Facts, stages: Sequence[int]) -> dict[str, Made]:
    """The directories that RUNs of *stages* make with ``mkdir``, and that nothing of the build fills."""
    found = _Found()
    for index in stages:
        for step in build.stages[index].steps:
            state = facts.state(step)
            if isinstance(step, Copy):
                found.fill(destination(step, state))
            elif isinstance(step, Run):
                found.run(step, index, facts)
    folders = {facts.state(step).workdir for index in stages for step in (*build.stages[index].steps,)}
    folders |= {folder_after(step, facts) for index in stages for step in build.stages[index].steps}
    worked = [folder for folder in folders if folder is not None]
    return {
        path: made
        for path, made in found.made.items()
        if is_ownable(path) and not any(within(folder, path) for folder in worked)
    }


def directories_below(build: Build, facts: Facts, stages: Sequence[int], folders: Collection[str]) -> dict[str, Made]:
    """The directories below *folders* that RUNs of *stages* make with ``mkdir`` and that stay, filled or not.

    They are root's, whoever gets *folders*: COPY changes no owner of a directory that is there already.
    """
    found = _Found(filled=True)
    for index in stages:
        for run in build.stages[index].runs:
            found.run(run, index, facts)
    below: dict[str, Made] = {}
    for path, made in found.made.items():
        for folder in folders:
            # What lies between them is made on the way.
            while within(path, folder) and path != folder:
                below.setdefault(path, made)
                path = posixpath.dirname(path)
    return below


def folder_after(step: Step, facts: Facts) -> str | None:
    """The directory that *step* itself leads into, where it is a WORKDIR."""
    value = getattr(step, "value", "") if step.keyword == "WORKDIR" else ""
    folder = facts.state(step).workdir
    return posixpath.normpath(posixpath.join(folder or "/", value.strip("\"'"))) if value else None


class _Found:
    """The directories that are made and empty so far; *filled* ones as well, where they are told to count."""

    def __init__(self, *, filled: bool = False) -> None:
        self.made: dict[str, Made] = {}
        self.filled = filled

    def fill(self, path: str | None) -> None:
        """Note that something is put at *path*."""
        for folder in list(self.made):
            if path is not None and within(path, folder) and not self.filled:
                del self.made[folder]

    def run(self, run: Run, stage: int, facts: Facts) -> None:
        """Note what the commands of *run* make and fill."""
        script = facts.script(run)
        state = facts.state(run)
        frame = Frame(state.workdir, state.constants, BROAD)
        for command in script.commands if script is not None else ():
            result = writes(command, frame)
            words = [word or "" for word in command.argv]
            name = posixpath.basename(words[0]) if words else ""
            if name == "mkdir":
                for place in result.places:
                    self.made[place.path] = Made(stage, run.index, run.line)
            elif name == "chmod":
                if not self.filled:
                    self._opened(words)
            elif name not in ("chown", "chgrp", "ls"):
                for place in result.places:
                    self.fill(place.path)
                for path in result.removed:
                    self.made.pop(path, None)
                if name in _TAKES_AWAY:
                    self._taken(words, frame)
                if result.unknown is not None:
                    self._named(command, frame)
            frame = moved(command, frame)

    def _taken(self, words: Sequence[str], frame: Frame) -> None:
        """Leave out directories that a command may remove or move which is told of them or of what they lie in."""
        for word in words[1:]:
            known = re.split(r"[*?\[$]", word, maxsplit=1)[0]
            path = posixpath.join(frame.folder or "/", known)
            whole = posixpath.normpath(path)
            for folder in list(self.made):
                among = within(folder, whole) if known == word else folder.startswith(path) and folder != whole
                if among and not word.startswith("-"):
                    del self.made[folder]

    def _opened(self, words: Sequence[str]) -> None:
        """Leave out directories that chmod opens to everybody."""
        if any(word[-1:] in "2367" and word.isdigit() for word in words[1:]):
            for word in words[2:]:
                self.made.pop(posixpath.normpath(word), None)

    def _named(self, command: Simple, frame: Frame) -> None:
        """Leave out directories that a command which is not understood speaks of, or runs in."""
        for folder in list(self.made):
            inside = frame.folder is not None and within(frame.folder, folder)
            if inside or any(folder in word.text for word in command.words):
                del self.made[folder]
