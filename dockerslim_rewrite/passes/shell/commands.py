"""What several passes ask of a command in a RUN: its words behind sudo, its line, its options."""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.facts import Facts
from ...analysis.shell.calls import Call
from ...ir.build import Build, Stage
from ...shell.script import Pipeline, Script, Simple, Word, walk

__all__ = ["Call", "calls", "output_is_read", "reads_pipe", "written"]


def calls(build: Build, facts: Facts, *stages: Stage) -> Iterator[Call]:
    """The simple commands of all RUNs that can be read, in *stages* or else in the whole build."""
    for stage in stages or build.stages:
        yield from facts.calls(stage)


def written(words: tuple[Word, ...]) -> tuple[str, ...]:
    """*words* as they stand in the text: what claims name."""
    return tuple(word.text for word in words)


def reads_pipe(script: Script, command: Simple) -> bool:
    """Whether *command* gets something on its standard input: a pipe, a file or a here-document."""
    if any(redirect.operator.lstrip("0").startswith("<") for redirect in command.redirects):
        return True
    for node in script.nodes:
        if isinstance(node, Pipeline):
            for item in node.items[1:]:
                if any(inner is command for inner in walk(item)):
                    return True
    return False


def output_is_read(script: Script, command: Simple) -> bool:
    """Whether what *command* prints goes anywhere but into the build's log: a pipe, a file or a substitution."""
    for redirect in command.redirects:
        if redirect.operator.lstrip("012&").startswith(">"):
            target = redirect.target.text if redirect.target is not None else None
            if target not in ("/dev/null", "1", "2"):
                return True
    start, end = command.span
    if any(span.start <= start and end <= span.end for span in script.substituted):
        return True
    return any(
        isinstance(node, Pipeline) and any(inner is command for item in node.items[:-1] for inner in walk(item))
        for node in script.nodes
    )
