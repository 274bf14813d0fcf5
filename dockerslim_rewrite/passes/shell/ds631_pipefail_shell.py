"""DS631: SHELL with pipefail."""

from __future__ import annotations

from ...analysis.bases import system
from ...analysis.facts import Facts
from ...change import AddsInstruction, Change, Safety
from ...ir.build import Build
from ...render.instructions import instruction
from ..base import Proposals, missed
from .pipe_shells import BASH, PLAIN_BASH, PipeShell, above, linked, obstacle, shell_of, unguarded, unnoticed, why


def pipefail_shell(build: Build, facts: Facts) -> Proposals:
    """Set pipefail for all RUNs at once: `SHELL ["/bin/bash", "-o", "pipefail", "-c"]`.

    hadolint looks for SHELL. It also governs what comes later, in this stage and in images that are built from it, so
    this rule runs only on request; DS610 sets the option where it counts.

    One SHELL instruction stands before the first RUN with a pipeline: bash where it surely is there, on Alpine ash,
    which is what /bin/sh is there. All that it governs must allow it; else nothing is changed and the remark says why:
    a shell-form CMD, ENTRYPOINT or HEALTHCHECK would run under another shell, ONBUILD in another build; a script may
    mean something else in bash than in dash; a pipeline may fail although nothing is wrong (`yes |`, `| head`,
    `| grep -q`, `grep … |`, `… | … ||`). Level standard, since a build that passes only because a failure went
    unnoticed fails now. Source: Docker's "Building best practices", "Using pipes"; hadolint DL4006.
    """
    guarded: set[int] = set()
    for stage in build.stages:
        first = next(unguarded(stage, facts), None)
        if first is None or facts.graph.bases[stage.index] in guarded:
            continue
        line = first.line
        state = facts.state(first)
        bash = state.shell in PLAIN_BASH
        if state.shell is not None and not bash:
            yield missed(line, "no pipefail: SHELL is set already; add -o pipefail there if that shell knows it")
            continue
        known = system(build, facts, stage)
        shell = PipeShell(BASH, other=False) if bash else shell_of(known, linked=linked(stage, facts, first))
        if isinstance(shell, str):
            yield missed(line, f"no pipefail: {shell}")
            continue
        reason = obstacle(build, facts, stage, first, shell)
        if reason is not None:
            yield missed(line, f"no pipefail: {reason}")
            continue
        guarded.update((stage.index, *facts.graph.heirs(stage.index)))
        lower = build.text[slice(*first.origin.keyword_span)].islower()
        text = instruction("shell" if lower else "SHELL", shell.text.removeprefix("SHELL "), facts.templates)
        yield Change(
            edits=(above(build, first, text),),
            title="fail when any command of a pipeline fails",
            reason=why(unnoticed(first, facts)),
            safety=Safety.STANDARD,
            claims=(AddsInstruction("SHELL", text),),
            line=line,
            evidence=(known.evidence,),
        )
