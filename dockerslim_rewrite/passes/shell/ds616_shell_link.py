"""DS616: /bin/sh linked to bash."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...change import AddsInstruction, Change, RemovesCommand, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Exec, Onbuild, Run, Shell
from ...patterns import re
from ...render.instructions import instruction
from ...shell.script import AndOr, Script, Simple
from ...text import Edit
from ..base import Proposals, missed
from .commands import written

_BODY = '["/bin/bash", "-c"]'
_BASHES = frozenset(("/bin/bash", "/usr/bin/bash", "bash"))
_SHELL = "/bin/sh"
#: Commands that start /bin/sh by themselves when they meet a script or a Makefile.
_OTHERS = re.compile(r"(?<![\w/.-])(?:/bin/)?sh\s+\S|system\(|\bmake\b")


def shell_link(build: Build, facts: Facts) -> Proposals:
    """Say `SHELL ["/bin/bash", "-c"]` instead of linking /bin/sh to bash.

    The link changes the shell for every program in the image, and upgrades of the package dash put it back; SHELL
    changes it for the instructions that follow, which is what was meant.

    At level aggressive, since at run time /bin/sh is the distribution's own again: scripts that start with `#!/bin/sh`
    and need bash fail. Safe are the RUNs behind it, which run under bash as before. Only a RUN that does nothing but
    set the link goes; where the file starts `sh` by name, or holds ONBUILD, all stays. Source: hadolint DL4005;
    Dockerfile reference, SHELL.
    """
    for stage in build.stages:
        for run in stage.runs:
            script = facts.script(run)
            links = [command for command in script.commands if _links(command)] if script else []
            if not links or script is None:
                continue
            reason = _obstacle(build, facts, stage, run, script)
            if reason is not None:
                yield missed(run.line, f"the link from /bin/sh stays: {reason}")
                continue
            logical = run.origin.logical
            lower = build.text[slice(*run.origin.keyword_span)].islower()
            text = instruction("shell" if lower else "SHELL", _BODY, facts.templates)
            yield Change(
                edits=(Edit.replace(run.origin.keyword_span.start, logical.after(len(logical.text.rstrip())), text),),
                title="SHELL instead of a link at /bin/sh",
                reason="SHELL sets the shell of what follows, and leaves /bin/sh as the distribution made it",
                safety=Safety.AGGRESSIVE,
                claims=(
                    AddsInstruction("SHELL", text),
                    *(RemovesCommand(written(command.words)) for command in script.commands),
                ),
                line=run.line,
            )


def _links(command: Simple) -> bool:
    """Whether *command* is ``ln`` from bash to /bin/sh."""
    operands = [word for word in command.argv[1:] if word is None or not word.startswith("-")]
    return command.name == "ln" and len(operands) == 2 and operands[0] in _BASHES and operands[1] == _SHELL


def _removes_shell(command: Simple) -> bool:
    operands = [word for word in command.argv[1:] if word is None or not word.startswith("-")]
    return command.name == "rm" and operands == [_SHELL]


def _obstacle(build: Build, facts: Facts, stage: Stage, run: Run, script: Script) -> str | None:
    roots = script.root.items
    if len(roots) > 1 and script.root.separators:
        return "the RUN does more than that"
    items = roots[0].items if len(roots) == 1 and isinstance(roots[0], AndOr) else roots
    if not all(isinstance(item, Simple) and (_links(item) or _removes_shell(item)) for item in items):
        return "the RUN does more than that"
    if run.origin.comments or script.comments or run.origin.flags or run.origin.heredocs:
        return "comments, flags or here-documents stand in the RUN"
    if facts.state(run).shell is not None:
        return "SHELL is set already"
    for heir in (stage.index, *facts.graph.heirs(stage.index)):
        for step in build.stages[heir].steps:
            if isinstance(step, Onbuild):
                return "ONBUILD would run under SHELL in another build"
            if heir == stage.index and step.index < run.index:
                continue
            if isinstance(step, Shell):
                break
            if isinstance(step, Exec) and step.argv is not None and step.argv[:1] in ((_SHELL,), ("sh",)):
                return f"line {step.line} starts sh by name"
            if isinstance(step, Run) and step is not run:
                text = step.body.logical.text if step.body else " ".join(step.argv or ())
                if (found := _OTHERS.search(text)) is not None:
                    return f"line {step.line} starts sh by name or through another program ({found[0].strip()})"
    return None
