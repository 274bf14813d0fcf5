"""DS626: folders that are left with the RUN."""

from __future__ import annotations

import posixpath

from ...analysis.facts import Facts
from ...change import Change, RemovesCommand, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Run, Value
from ...patterns import re
from ...shell.edits import drop_command
from ...shell.script import AndOr, Node, Script, Simple, Word
from ...text import Edit
from ..base import Proposals, missed
from .commands import written

#: Folders that are always there.
_ALWAYS_THERE = re.compile(r"/*(?:\.\.?/+)*(?:\.\.?)?\Z")


def idle_cd(build: Build, facts: Facts) -> Proposals:
    """Drop a `cd` that ends a RUN: the next one starts in WORKDIR all the same.

    `RUN cd app && make && cd ..` reads as if the folder stayed set from RUN to RUN. It does not: each has a shell of
    its own.

    Safe because nothing runs behind it and it cannot fail: it goes up, to `/`, to WORKDIR, or into the folder that
    `mkdir` or `git clone` has just made. Elsewhere it stays, since it may end the build; whoever wrote it perhaps
    wanted WORKDIR. Source: Dockerfile reference, RUN and WORKDIR.
    """
    for stage in build.stages:
        for run in stage.runs:
            script = facts.script(run)
            if script is None or run.body is None or run.body.form != "shell":
                continue
            last = _last(script)
            if last is None:
                continue
            text = " ".join(written(last.words))
            alone = len(script.commands) == 1
            sure = _is_workdir(last, run, stage, facts) or _just_made(last, run, stage) if alone else False
            if not sure and not _certain(last, script):
                if not alone:
                    yield missed(run.line, f"{text} ends with its RUN; WORKDIR sets where the next one starts")
                continue
            edits = _whole(run, build) if alone else drop_command(run.body, run.origin, last)
            if edits is None:
                yield missed(run.line, f"{text} ends with its RUN, but a comment or an option stands there")
                continue
            yield Change(
                edits=tuple(edits),
                title=f"drop {text} at the end of a RUN",
                reason="the directory is left with the RUN: the next one starts in WORKDIR",
                safety=Safety.SAFE,
                claims=(RemovesCommand(written(last.words)),),
                line=run.line,
            )


def _last(script: Script) -> Simple | None:
    """The ``cd`` that ends *script*, which is nothing else or a chain of ``&&``."""
    node: Node | None = script.root.items[0] if len(script.root.items) == 1 and not script.root.separators else None
    if isinstance(node, AndOr):
        node = node.items[-1] if all(operator.text == "&&" for operator in node.operators) else None
    if not isinstance(node, Simple) or node.name != "cd" or node.assignments or node.redirects:
        return None
    return node if len(node.words) == 2 else None


def _certain(last: Simple, script: Script) -> bool:
    """Whether the folder that *last* enters is there for certain."""
    path = last.words[1].text
    if _ALWAYS_THERE.match(path):
        return True
    chain = script.root.items[0]
    if not isinstance(chain, AndOr):
        return False
    return _makes(chain.items[-2], last.words[1])


def _just_made(last: Simple, run: Run, stage: Stage) -> bool:
    """Whether the RUN right before *run*, which is nothing but *last*, ends with making the folder."""
    before = next((step for step in stage.steps if step.index == run.index - 1), None)
    if not isinstance(before, Run) or before.body is None or not isinstance(before.body.script, Script):
        return False
    script = before.body.script
    if len(script.root.items) != 1 or script.root.separators or any(one.name == "cd" for one in script.commands):
        return False
    node = script.root.items[0]
    if isinstance(node, AndOr):
        node = node.items[-1] if all(operator.text == "&&" for operator in node.operators) else node
    return _makes(node, last.words[1])


def _makes(command: Node, folder: Word) -> bool:
    """Whether *command* fails unless *folder* is there behind it."""
    path, glob, brace, tilde, _ = folder.value
    if not isinstance(command, Simple) or path is None or glob or brace or tilde:
        return False
    made, words = command.words[-1:], command.argv
    if command.name == "mkdir":
        return words[-1] == path
    return words[:2] == ("git", "clone") and path in (words[-1], _cloned(made[0].text))


def _cloned(address: str) -> str:
    return posixpath.basename(address.strip("\"'").rstrip("/")).removesuffix(".git")


def _is_workdir(last: Simple, run: Run, stage: Stage, facts: Facts) -> bool:
    """Whether *last* enters the folder in which *run* starts, by a WORKDIR of this stage."""
    named = any(
        isinstance(step, Value) and step.keyword == "WORKDIR" and step.value.startswith("/")
        for step in stage.steps
        if step.index < run.index
    )
    path = last.words[1].literal
    return named and path is not None and path.rstrip("/") == facts.state(run).workdir


def _whole(run: Run, build: Build) -> list[Edit] | None:
    """All of *run* goes; None where something stands in it that says more."""
    if run.origin.comments or run.origin.flags:
        return None
    return [Edit.delete(*build.document.without(run.origin))]
