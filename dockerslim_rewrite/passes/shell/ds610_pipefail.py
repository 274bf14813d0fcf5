"""DS610: failures inside pipelines."""

from __future__ import annotations

from ...analysis.bases import System, base_image, base_name, system
from ...analysis.facts import Facts
from ...analysis.flow.start import start_of
from ...analysis.shell.pipes import breaks
from ...change import AddsCommand, AddsInstruction, AddsOption, Change, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Run
from ...patterns import re
from ...render.instructions import instruction
from ...shell.edits import insert_after
from ...shell.script import AndOr, Simple
from ...text import Edit
from ..base import Proposals, missed
from .pipe_shells import PLAIN_BASH, PipeShell, above, linked, obstacle, shell_of, unguarded, unnoticed, why

_SET = ("set", "-o", "pipefail")
#: Letters of options of `set` under which what stands behind means the same; o takes a word of its own.
_LETTERS = re.compile(r"-[eux]+\Z")
_TITLE = "fail when any command of a pipeline fails"


def pipefail(build: Build, facts: Facts) -> Proposals:
    """Let a RUN fail when any command of a pipeline fails: `set -o pipefail && curl … | tar x`.

    A pipeline's status is that of its last command. In `curl … | tar x` or `wget -O- … | sh` a failed download goes
    unnoticed, and a broken image is built.

    Where the shell knows the option (bash, Alpine's ash) the RUN sets it for itself. Debian's /bin/sh does not; there
    one SHELL instruction says bash, if several RUNs of a stage need it and no image is built from that stage: SHELL
    also governs what comes later, so all of that must allow it. Nothing is changed where no pipeline's status counts,
    where the base image is built in the same repository and sets SHELL with the option, or only `echo`, `printf` or
    `cat` stand before its last command, where a pipeline may fail although nothing is wrong (`yes |`, `| head`, `|
    grep -q`, `grep … |`, `… | … ||`), or where a script may mean something else in bash. Level standard, since a
    build that passes only because a failure went unnoticed fails now, which is what the rule is for. Source: Docker's
    "Building best practices", "Using pipes"; POSIX.1-2024, "set"; hadolint DL4006.
    """
    for stage in build.stages:
        runs = list(unguarded(stage, facts))
        if not runs or _guarded(stage, build, facts):
            continue
        known = system(build, facts, stage)
        foreign: list[tuple[Run, PipeShell]] = []
        for run in runs:
            shell = _shell(run, stage, known, facts)
            if isinstance(shell, str):
                yield missed(run.line, f"no pipefail: {shell}")
            elif shell.other:
                foreign.append((run, shell))
            else:
                yield from _in_run(run, facts, known)
        if foreign:
            yield from _by_shell(foreign, stage, build, facts, known)


def _guarded(stage: Stage, build: Build, facts: Facts) -> bool:
    """Whether *stage* goes on from an image of this repository whose SHELL sets the option, and sets none itself."""
    own = facts.project.usage.guarded if facts.project is not None else frozenset()
    name, _ = base_name(build, facts, stage)
    return name in own and all(facts.state(run).shell is None for run in stage.runs)


def _shell(run: Run, stage: Stage, known: System, facts: Facts) -> PipeShell | str:
    """The shell that could run *run* under the option, or why there is none."""
    shell = facts.state(run).shell
    if shell in PLAIN_BASH:
        return PipeShell("", other=False)
    if shell is not None:
        return "SHELL is set already; add -o pipefail there if that shell knows it"
    return shell_of(known, linked=linked(stage, facts, run))


def _in_run(run: Run, facts: Facts, known: System) -> Proposals:
    script = facts.script(run)
    assert script is not None
    reason = breaks(script)
    if reason is None and (run.body is None or run.body.form != "shell"):
        reason = "it is a here-document; add set -o pipefail to it"
    first = script.root.items[0]
    if reason is None and isinstance(first, AndOr) and any(operator.text == "||" for operator in first.operators):
        reason = "its list goes on after a failure; put set -o pipefail in front of it if it should not"
    if reason is not None:
        yield missed(run.line, f"no pipefail: {reason}")
        return
    own = first.items[0] if isinstance(first, AndOr) else first
    edit = Edit.insert(run.origin.args_logical.before(script.root.items[0].span.start), "set -o pipefail && ")
    claim: AddsCommand | AddsOption = AddsCommand(_SET)
    if isinstance(own, Simple) and _sets_options(own):
        # One `set` says it all.
        edit = insert_after(run.origin.args_logical, own.words[-1].span.end, " -o pipefail")
        claim = AddsOption(tuple(word.text for word in own.words), ("-o", "pipefail"))
    yield Change(
        edits=(edit,),
        title=_TITLE,
        reason=why(unnoticed(run, facts)),
        safety=Safety.STANDARD,
        claims=(claim,),
        line=run.line,
        evidence=(known.evidence,),
    )


def _sets_options(command: Simple) -> bool:
    """Whether *command* is a ``set`` of options by their letters, and nothing else."""
    words = [word.text for word in command.words]
    plain = not command.redirects and not command.assignments
    return plain and words[:1] == ["set"] and len(words) > 1 and all(_LETTERS.match(word) for word in words[1:])


def _by_shell(
    foreign: list[tuple[Run, PipeShell]], stage: Stage, build: Build, facts: Facts, known: System
) -> Proposals:
    """One SHELL for all RUNs of a stage whose /bin/sh does not know the option."""
    first, shell = foreign[0]
    reason = obstacle(build, facts, stage, first, shell)
    if reason is None and len(foreign) == 1:
        reason = "/bin/sh here does not know it, so a failure in the pipe goes unnoticed; let it write to a file first"
    if reason is None and (stage is not build.stages[-1] or facts.graph.heirs(stage.index)):
        reason = "/bin/sh here does not know it, and SHELL would also govern what is built from this stage"
    if reason is None and base_image(build, facts, stage) is None:
        reason = "which SHELL the base image sets is not known here"
    if reason is None and start_of(build) == (None, None):
        reason = "/bin/sh here does not know it, and SHELL would also govern what is built from this image"
    if reason is not None:
        yield missed(first.line, f"no pipefail: {reason}")
        return
    lower = build.text[slice(*first.origin.keyword_span)].islower()
    text = instruction("shell" if lower else "SHELL", shell.text.removeprefix("SHELL "), facts.templates)
    yield Change(
        edits=(above(build, first, text),),
        title=_TITLE,
        reason=why(unnoticed(first, facts)),
        safety=Safety.STANDARD,
        claims=(AddsInstruction("SHELL", text),),
        line=first.line,
        evidence=(known.evidence,),
    )
