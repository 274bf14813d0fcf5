"""The simple commands of the RUNs, each behind sudo and its like: what most passes look through."""

from __future__ import annotations

from ...ir.build import Build, Stage
from ...ir.steps import Run
from ...record import record
from ...shell.body import Body
from ...shell.script import Script, Simple, Word
from .operations import unwrapped


@record
class Call:
    """A simple command in a RUN.

    ``words`` begin with the command proper, behind sudo and its like; ``argv`` are they after quote removal, None for
    each that an expansion decides; ``name`` is the first without its folder, empty when an expansion gives it.
    """

    stage: Stage
    run: Run
    body: Body
    script: Script
    command: Simple
    words: tuple[Word, ...]
    argv: tuple[str | None, ...]
    name: str

    def line(self, build: Build) -> int:
        """The line of the file on which the command starts."""
        return build.document.line_of(self.body.logical.before(self.command.span.start))


def stage_calls(stage: Stage) -> tuple[Call, ...]:
    """The simple commands of all RUNs of *stage* that can be read, in the order of the text."""
    found = []
    for run in stage.runs:
        body = run.body
        if body is None or not isinstance(body.script, Script):
            continue
        for command in body.script.commands:
            words, argv = command.words, command.argv
            at = unwrapped(argv) if words else 0
            if at:
                words, argv = words[at:], argv[at:]
            name = (argv[0] or "").rpartition("/")[2] if argv else ""
            found.append(Call(stage, run, body, body.script, command, words, argv, name))
    return tuple(found)
