"""DS109: neighbouring RUNs, whatever they do."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ...analysis.facts import Facts
from ...analysis.merging.exec_runs import exec_script, exec_text
from ...analysis.merging.merging import apart, neighbours
from ...change import Change, ChangesForm, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Run
from ...knowledge.costs import one_block
from ...shell.script import Script
from ...shell.state import plain_chain
from ...text import Edit
from ..base import Proposals
from .blocks import costly, is_cheap_script, merged, proper, without_downloads


def merge_neighbours(build: Build, facts: Facts) -> Proposals:
    """Join neighbouring RUN instructions unless two of them are dear.

    Linters ask for one RUN where several follow each other. It saves a layer each and no bytes, so this rule runs only
    on request; DS101, DS102 and DS103 join what is worth it. Two RUNs that both download or compile keep their own
    layers: joined, a change to one would run both again. Those of one kind are one block: `./configure`, `make` and
    `make install`, one `git clone` after another, the steps of apt, a download and what works on the file.
    Neighbours stay apart where a commented-out instruction stands between them, or where the comment above the second
    heads what follows it, too.

    Safe because the bodies keep their order, stop at the first failure as separate RUNs do, and are joined only where
    neither sees the other's shell state (directory, variables, options, functions, exits). RUNs in exec form get the
    same words in shell form where a RUN before them shows that there is a shell, and their program is none of its own
    commands. Source: POSIX, "Shell Execution Environment" and "Consequences of Shell Errors"; hadolint DL3059.
    """

    def wanted(group: Sequence[Run], run: Run) -> str | None:
        if apart(group[-1], run, facts) is not None:
            return None
        return _together([facts.script(one) for one in (*group, run)])

    for stage in build.stages:
        yield from _in_shell_form(stage, facts)
        yield from merged(stage, facts, wanted)


def _together(scripts: Sequence[Script | None]) -> str | None:
    """Why the bodies *scripts* belong in one RUN, None among them for one that cannot be read; None where nothing says
    so.
    """
    dear = [script for script in scripts if script is None or not is_cheap_script(script)]
    if len(dear) <= 1:
        return "at most one of them downloads or compiles"
    read = [script for script in dear if script is not None]
    if len(read) < len(dear) or not all(map(costly, read)):
        return None
    used = without_downloads(read)
    if sum(map(bool, used)) <= 1:
        return "one of them works on what the other downloads"
    return one_block([proper(command) for run in used for command in run])


def _in_shell_form(stage: Stage, facts: Facts) -> Proposals:
    """RUNs in exec form that belong in one RUN with a neighbour, in shell form, so that they can be joined."""
    for series in neighbours(stage):
        wanted: dict[int, Run] = {}
        for first, second in pairwise(series):
            pair = (first, second)
            scripts = [facts.script(one) or exec_script(one, stage, facts) for one in pair]
            plain = all(script is not None and plain_chain(script.root) for script in scripts)
            if not plain or first.flags != second.flags or apart(first, second, facts) is not None:
                continue
            if _together(scripts) is not None:
                wanted.update({one.index: one for one in pair if one.argv is not None})
        for run in wanted.values():
            logical = run.origin.args_logical
            text = exec_text(run, stage, facts)
            assert text is not None
            yield Change(
                edits=(Edit.replace(logical.before(0), logical.after(len(logical.text.rstrip())), text),),
                title=f"RUN {text} in shell form",
                reason="the same words, which can then share a layer with their neighbour",
                safety=Safety.SAFE,
                claims=(ChangesForm("RUN"),),
                line=run.line,
            )
