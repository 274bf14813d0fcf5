"""What several passes ask of a command in a RUN: its words behind sudo, its line, its options."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from ..analysis.facts import Facts
from ..analysis.packages import unwrapped
from ..ir.build import Build, Stage
from ..ir.steps import Run
from ..shell.body import Body
from ..shell.script import Pipeline, Script, Simple, Word, walk


class Call(NamedTuple):
    """A simple command in a RUN. ``words`` begin with the command proper, behind sudo and its like."""

    stage: Stage
    run: Run
    body: Body
    script: Script
    command: Simple
    words: tuple[Word, ...]

    @property
    def name(self) -> str:
        """The command's name without its folder; empty when an expansion gives it."""
        return posixpath.basename(self.words[0].literal or "") if self.words else ""

    @property
    def argv(self) -> tuple[str | None, ...]:
        """The words after quote removal, None for each that an expansion decides."""
        return tuple(word.literal for word in self.words)

    def line(self, build: Build) -> int:
        """The line of the file on which the command starts."""
        return build.document.line_of(self.body.logical.before(self.command.span.start))


def calls(build: Build, facts: Facts, *stages: Stage) -> Iterator[Call]:
    """The simple commands of all RUNs that can be read, in *stages* or else in the whole build."""
    for stage in stages or build.stages:
        for run in stage.runs:
            script = facts.script(run)
            if script is None or run.body is None:
                continue
            for command in script.commands:
                words = command.words[unwrapped(command.argv) :] if command.words else ()
                yield Call(stage, run, run.body, script, command, words)


def written(words: tuple[Word, ...]) -> tuple[str, ...]:
    """*words* as they stand in the text: what claims name."""
    return tuple(word.text for word in words)


def reads_pipe(script: Script, command: Simple) -> bool:
    """Whether *command* gets something on its standard input: a pipe, a file or a here-document."""
    if any(redirect.operator.lstrip("0").startswith("<") for redirect in command.redirects):
        return True
    for node in walk(script.root):
        if isinstance(node, Pipeline):
            for item in node.items[1:]:
                if any(inner is command for inner in walk(item)):
                    return True
    return False
