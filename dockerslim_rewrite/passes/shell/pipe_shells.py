"""Shells under which a pipeline may fail where one of its commands does, and what speaks against them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ...analysis.bases import System
from ...analysis.facts import Facts
from ...analysis.packages.cleanup import always_runs
from ...analysis.shell.pipes import breaks, piped, sets_pipefail
from ...analysis.shell.portability import differs_in_bash
from ...ir.build import Build, Stage
from ...ir.steps import Exec, Healthcheck, Onbuild, Run, Shell, Step
from ...shell.edits import starts_errexit
from ...shell.script import AndOr, Node, Pipeline, Script, Sequence, Simple, walk
from ...shell.state import leaks
from ...syntax.document import SegmentKind
from ...text import Edit

BASH = 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]'
PLAIN_BASH = (("/bin/bash", "-c"), ("/usr/bin/bash", "-c"), ("bash", "-c"))
#: What writes a text that it is given, and does not fail.
_SPEAKERS = frozenset(("echo", "printf", "cat", "true", ":"))
_ASH = 'SHELL ["/bin/ash", "-o", "pipefail", "-c"]'


class PipeShell(NamedTuple):
    """The SHELL instruction to write, and whether it starts another program than /bin/sh is today."""

    text: str
    other: bool


def unguarded(stage: Stage, facts: Facts) -> Iterator[Run]:
    """The RUNs of *stage* with pipelines in which a failure goes unnoticed."""
    for run in stage.runs:
        script = facts.script(run)
        shell = facts.state(run).shell or ()
        if script is None or "pipefail" in shell or own_interpreter(run):
            continue
        if not sets_pipefail(script) and unnoticed(run, facts):
            yield run


def unnoticed(run: Run, facts: Facts) -> list[str]:
    """The commands of *run* whose failure a pipeline hides, by name; those that only say a text do not fail."""
    script = facts.script(run)
    found = _counting(script, errexit=facts.state(run).errexit) if script is not None and piped(script) else []
    names = [_name(item) for node in found for item in node.items[:-1] if not says(item)]
    return list(dict.fromkeys(names))


def says(node: Node) -> bool:
    """Whether *node* does nothing but write a text: what echo substitutes may fail, and echo does not."""
    return isinstance(node, Simple) and node.name in _SPEAKERS and (node.name != "cat" or not node.nested)


def _name(node: Node) -> str:
    name = node.name if isinstance(node, Simple) and node.name != "sudo" else None
    return name or "what stands before the last |"


def why(names: list[str]) -> str:
    """What the option is for, where commands *names* may fail unnoticed."""
    several = len(names) > 1
    listed = f"{', '.join(names[:-1])} or {names[-1]}" if several else names[0]
    return f"without it the RUN goes on where {listed} fails, since only the last command of a pipeline decides"


def _counting(script: Script, *, errexit: bool) -> list[Pipeline]:
    """The pipelines of *script* whose status decides anything; of the others pipefail changes nothing."""
    strict = errexit or (bool(script.root.items) and starts_errexit(script.root))
    unread = {
        id(item.items[-1] if isinstance(item, AndOr) else item)
        for node in script.nodes
        if isinstance(node, Sequence) and not strict
        for item in node.items[:-1]
    }
    # The status of a substitution is that of an assignment alone; a command with words has its own.
    unread |= {
        id(inner)
        for command in script.commands
        if command.nested and (command.words or id(command) in unread)
        for nested in command.nested
        for inner in walk(nested)
    }
    return [node for node in piped(script) if id(node) not in unread]


def own_interpreter(run: Run) -> bool:
    """Whether the body is a here-document that names its interpreter, so that SHELL does not run it."""
    return run.body is not None and run.body.form == "heredoc" and run.body.logical.text.startswith("#!")


def linked(stage: Stage, facts: Facts, first: Run) -> bool:
    """Whether a RUN before *first* has made bash the program at /bin/sh."""
    found = facts.recall("the RUN that links /bin/sh", stage.index, lambda: _linking(stage, facts))
    return found is not None and found < first.index


def _linking(stage: Stage, facts: Facts) -> int | None:
    """The index of the first RUN of *stage* that makes bash the program at /bin/sh."""
    for run in stage.runs:
        script = facts.script(run)
        if script is None:
            continue
        for command in script.commands:
            words = [word.text.rsplit("/", 1)[-1] for word in command.words]
            if words[:1] == ["ln"] and words[-2:] == ["bash", "sh"] and always_runs(script, command):
                return run.index
    return None


def shell_of(known: System, *, linked: bool) -> PipeShell | str:
    """The SHELL for *known*, or why there is none."""
    if known.family == "alpine" and known.shell == "ash" and not linked:
        return PipeShell(_ASH, other=False)
    if known.family in ("debian", "rhel", "suse", "arch") and known.bash:
        return PipeShell(BASH, other=known.shell != "bash" and not linked)
    if known.family is None:
        return known.evidence
    return f"it is not known whether bash is in an image of the family {known.family}"


def obstacle(build: Build, facts: Facts, stage: Stage, first: Run, shell: PipeShell) -> str | None:
    """Why something that the SHELL would govern does not allow it."""
    steps = _governed(stage.steps, first.index)
    if not any(isinstance(step, Shell) and step.index > first.index for step in stage.steps):
        for heir in facts.graph.heirs(stage.index):
            steps += _governed(build.stages[heir].steps, -1)
    if "BASH_ENV" in build.text:
        return "BASH_ENV changes what bash does"
    for step in steps:
        reason = _step(step, facts, shell)
        if reason is not None:
            return f"on line {step.line} {reason}" if step.line != first.line else reason
    return None


def _governed(steps: tuple[Step, ...], start: int) -> list[Step]:
    found: list[Step] = []
    for step in steps:
        if step.index < start:
            continue
        if isinstance(step, Shell):
            break
        found.append(step)
    return found


def _step(step: Step, facts: Facts, shell: PipeShell) -> str | None:
    if isinstance(step, Exec) and step.argv is None:
        return f"{step.keyword} in shell form would run under it as well"
    if isinstance(step, Healthcheck) and step.test == "CMD" and step.argv is None:
        return "HEALTHCHECK in shell form would run under it as well"
    if isinstance(step, Onbuild):
        return "ONBUILD would run under it in another build"
    if not isinstance(step, Run) or step.argv is not None or own_interpreter(step):
        return None
    script = facts.script(step)
    if script is None:
        return "a script that cannot be read with certainty would run under it as well"
    if (leaks(script).unknown or "").endswith("replaces /bin/sh"):
        return "a command replaces /bin/sh"
    reason = breaks(script)
    if reason is None and shell.other:
        reason = differs_in_bash(script)
    return reason


def above(build: Build, run: Run, text: str) -> Edit:
    """The edit that puts the line *text* above *run*: before the comments that belong to it, and apart from those."""
    start, newline = run.origin.span.start, build.document.style.newline
    for segment in reversed(build.document.segments):
        if segment.span.end == start and segment.kind is SegmentKind.COMMENT:
            return Edit.insert(segment.span.start, text + newline * 2)
    return Edit.insert(start, text + newline)
