"""Whether a command of a RUN deletes a path, in the words that the RUN's shell makes of it."""

from __future__ import annotations

from functools import partial

from ..ir.steps import Run
from ..shell.braces import EXPANDING
from ..shell.script import Simple
from .bases import system
from .facts import Facts
from .packages.apt import LISTS
from .packages.cleanup import removes
from .shell.operations import Kind, operation


def deletes(command: Simple, path: str, run: Run, facts: Facts) -> bool:
    """Whether *command* of *run* is an ``rm`` that takes *path*, all that is in it, or a folder above it."""
    if removes(command, path):
        return True
    if not any(word.value.brace for word in command.words):
        return False
    return _expands(run, facts) and removes(command, path, braces=True)


def lists_gone(run: Run, facts: Facts) -> bool:
    """Whether *run* deletes the lists behind its last update; so it is said of one that cannot be read."""
    script = facts.script(run)
    if script is None:
        return True
    last = max((use.command.span.start for use in facts.uses(run) if use.operation.kind is Kind.UPDATE), default=-1)
    return any(_removes_lists(command, run, facts) and command.span.start > last for command in script.commands)


def _removes_lists(command: Simple, run: Run, facts: Facts) -> bool:
    """Whether *command* of *run* deletes apt's lists. Source: apt-get(8), distclean (apt 2.7 and later)."""
    if deletes(command, LISTS, run, facts):
        return True
    found = operation(command.argv)
    return found is not None and found.manager.name == "apt" and found.subcommand in ("dist-clean", "distclean")


def _expands(run: Run, facts: Facts) -> bool:
    """Whether the shell of *run* surely expands braces."""
    return facts.recall("expands braces", run.index, partial(_shell_expands, run, facts))


def _shell_expands(run: Run, facts: Facts) -> bool:
    shell = facts.state(run).shell
    if shell is not None:
        return bool(shell) and shell[0].rpartition("/")[2] in EXPANDING
    stage = next((stage for stage in facts.build.stages if run in stage.runs), None)
    return stage is not None and system(facts.build, facts, stage).shell in EXPANDING
