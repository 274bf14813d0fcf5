"""DS622: a folder that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...analysis.facts import Facts
from ...change import Change, Safety, StopsWithoutFolder
from ...ir.build import Build
from ...shell.body import Body
from ...shell.script import Script, Sequence, Simple
from ...text import Edit
from ..base import Proposals, missed
from .commands import written

if TYPE_CHECKING:
    from ...analysis.flow.unchecked import Guard, Unchecked


def cd_failure(build: Build, facts: Facts) -> Proposals:
    """Stop where `cd` fails: `cd x && make` for `cd x; make`, `cd x || exit; …` before several commands.

    Where the folder is missing, what follows works in another one: it deletes, unpacks or builds there, and the RUN may
    even succeed.

    Safe where `cd` succeeds: then nothing differs. A build that passes although the folder is missing fails now, which
    is what the rule is for; hence level standard. Under `set -e` nothing is changed, nor where the RUN ends in
    `; exit 0` or `; true`, nor where the file makes the directory (WORKDIR, COPY, `mkdir`), nor in loops, conditions,
    functions, pipelines and substitutions, where `exit` would end more, or less, than the RUN. Where it would stand
    twice, `set -e` in front says it once. Source: ShellCheck SC2164.
    """
    from ...analysis.flow.unchecked import Guard, unchecked
    from .made_folders import MadeFolders

    for stage in build.stages:
        there = MadeFolders(stage, facts)
        for run in stage.runs:
            script, body = facts.script(run), run.body
            if script is None or body is None or facts.state(run).errexit or _forgives(script):
                continue
            doubtful = [found for found in unchecked(script) if not there.holds(run, found.change)]
            ending = [found for found in doubtful if found.guard is Guard.EXIT]
            changes = sum(command.name == "cd" for command in script.commands)
            if len(ending) > 1 or (ending and body.form == "heredoc" and changes > 1):
                # A script that changes folders again and again is written to go on; one guard in it is odd.
                times = f"{len(ending)} times cd" if len(ending) > 1 else "cd"
                reason = f"{times} may fail unnoticed; begin the RUN with set -e"
                yield missed(build.document.line_of(body.logical.before(ending[0].change.span.start)), reason)
                doubtful = [found for found in doubtful if found.guard is not Guard.EXIT]
            for found in doubtful:
                line = build.document.line_of(body.logical.before(found.change.span.start))
                text = " ".join(written(found.change.words))
                if found.guard is None or _background(script):
                    yield missed(line, f"{text} may fail unnoticed, and || exit would end more than that, or less")
                    continue
                yield Change(
                    edits=(_edit(found, found.guard, body, build),),
                    title=f"stop where {text} fails",
                    reason="else the commands after it work in another directory",
                    safety=Safety.STANDARD,
                    claims=(StopsWithoutFolder(written(found.change.words)),),
                    line=line,
                )


def _forgives(script: Script) -> bool:
    """Whether *script* ends in a command that says that failures do not count: `; exit 0`, `; true`, `; :`."""
    root = script.root
    last = root.items[-1] if len(root.items) > 1 else None
    return isinstance(last, Simple) and last.argv in (("exit", "0"), ("true",), (":",))


def _background(script: Script) -> bool:
    """Whether a list of *script* leaves a command running: && would take the folder's change there as well."""
    lists = (node for node in script.nodes if isinstance(node, Sequence))
    return any(separator.text == "&" for node in lists for separator in node.separators)


def _edit(found: Unchecked, guard: Guard, body: Body, build: Build) -> Edit:
    from ...analysis.flow.unchecked import Guard

    end = body.logical.after(found.change.span.end)
    if guard is Guard.EXIT:
        return Edit.insert(end, " || exit")
    behind = body.logical.after(found.separator.span.end)
    apart = build.text[behind].isspace() or build.text[behind] == build.document.escape
    return Edit.replace(end, behind, " &&" if apart else " && ")
