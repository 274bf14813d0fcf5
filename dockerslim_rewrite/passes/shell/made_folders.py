"""Which directories are there when a command of a RUN comes, because the file makes them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import cached_property

from ...analysis.effects.writes import writes
from ...analysis.facts import Facts
from ...analysis.flow.destinations import destination, is_folder
from ...analysis.flow.places import BROAD, Frame, moved, path_of
from ...ir.build import Stage
from ...ir.steps import Copy, Run, Step
from ...knowledge.costs import is_ordinary_folder
from ...shell.script import Simple


class MadeFolders:
    """The directories that *stage* and the stages beneath it make with WORKDIR, COPY and ``mkdir``."""

    def __init__(self, stage: Stage, facts: Facts) -> None:
        self.facts = facts
        self.steps: list[Step] = []
        for at in facts.graph.chain(stage.index):
            self.steps = [*facts.build.stages[at].steps, *self.steps]

    def holds(self, run: Run, change: Simple) -> bool:
        """Whether the directory that *change*, a ``cd`` of *run*, enters is surely there."""
        return any(command is change for command in self._entered.get((id(run), change.span.start), ()))

    @cached_property
    def _entered(self) -> dict[tuple[int, int], list[Simple]]:
        """The ``cd`` of all steps whose directory is there, by step and place.

        They are found on one walk: a file of many would be walked anew for each.
        """
        found: set[str] = set()
        entered: dict[tuple[int, int], list[Simple]] = {}
        for step in self.steps:
            if isinstance(step, Run):
                for command in self._of_run(step, found):
                    entered.setdefault((id(step), command.span.start), []).append(command)
            elif isinstance(step, Copy):
                place = destination(step, self.facts.state(step))
                if place is not None and is_folder(step):
                    _add(found, place)
            folder = self.facts.state(step).workdir
            if folder is not None:
                _add(found, folder)
        return entered

    def _of_run(self, run: Run, found: set[str]) -> Iterator[Simple]:
        """Add what *run* makes to *found*; its ``cd`` whose directory is in there when they come."""
        state, script = self.facts.state(run), self.facts.script(run)
        if state.workdir is not None:
            _add(found, state.workdir)
        frame = Frame(state.workdir, state.constants, BROAD)
        before: Simple | None = None
        for command in script.commands if script is not None else ():
            if command.name == "cd" and len(command.words) > 1:
                target = path_of(command.words[1], frame)
                there = target is not None and (target in found or is_ordinary_folder(target))
                if there or _just_made(before, command):
                    yield command
            before = command
            result = writes(command, frame)
            if command.name == "mkdir":
                for place in result.places:
                    _add(found, place.path)
            for path in result.removed:
                found.discard(path)
            if command.name == "rm":
                for word in command.words[1:]:
                    gone = path_of(word, frame)
                    found -= {one for one in found if gone is not None and (one == gone or one.startswith(f"{gone}/"))}
            frame = moved(command, frame)


def _just_made(before: Simple | None, change: Simple) -> bool:
    """Whether the command *before* made the directory that *change* enters, wherever both work."""
    if before is None or before.name != "mkdir" or "$(" in change.words[1].text or "`" in change.words[1].text:
        return False
    return before.words[-1].text == change.words[1].text


def _add(found: set[str], path: str) -> None:
    while path not in ("", "/") and path not in found:
        found.add(path)
        path = posixpath.dirname(path)
