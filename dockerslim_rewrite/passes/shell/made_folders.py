"""Which directories are there when a command of a RUN comes, because the file makes them."""

from __future__ import annotations

import posixpath

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
        found: set[str] = set()
        for step in self.steps:
            if isinstance(step, Run):
                target = self._of_run(step, found, change if step is run else None)
                if step is run:
                    return target is not None and (target in found or is_ordinary_folder(target))
            elif isinstance(step, Copy):
                place = destination(step, self.facts.state(step))
                if place is not None and is_folder(step):
                    _add(found, place)
            folder = self.facts.state(step).workdir
            if folder is not None:
                _add(found, folder)
        return False

    def _of_run(self, run: Run, found: set[str], until: Simple | None) -> str | None:
        """Add what *run* makes to *found*; where it meets *until*, the path that this one enters."""
        state, script = self.facts.state(run), self.facts.script(run)
        if state.workdir is not None:
            _add(found, state.workdir)
        frame = Frame(state.workdir, state.constants, BROAD)
        for command in script.commands if script is not None else ():
            if command is until:
                return path_of(command.words[1], frame) if len(command.words) > 1 else None
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
        return None


def _add(found: set[str], path: str) -> None:
    while path not in ("", "/") and path not in found:
        found.add(path)
        path = posixpath.dirname(path)
