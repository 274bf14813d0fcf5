"""How long a Dockerfile may be for anything to be done with it.

Steps are counted, not seconds, so that results do not depend on the machine. Of 97,574 real files the longest has some
six hundred instructions; what is longer was made to keep somebody busy.
"""

from __future__ import annotations

from ..change import Remark, RemarkKind
from ..ir.build import Build
from ..ir.steps import Run
from ..shell.script import Script

MOST_INSTRUCTIONS = 2_000
MOST_COMMANDS = 8_000


def beyond_budget(build: Build) -> Remark | None:
    """Why *build* is left as it is; None where it is of a length that people write."""
    steps = sum(len(stage.steps) + 1 for stage in build.stages) + len(build.preamble)
    if steps > MOST_INSTRUCTIONS:
        return _left(f"it has {steps} instructions, more than the {MOST_INSTRUCTIONS} that are followed")
    commands = 0
    for stage in build.stages:
        for step in stage.steps:
            script = step.body.script if isinstance(step, Run) and step.body is not None else None
            commands += len(script.commands) if isinstance(script, Script) else 0
    if commands > MOST_COMMANDS:
        return _left(f"its RUNs have {commands} commands, more than the {MOST_COMMANDS} that are followed")
    return None


def _left(reason: str) -> Remark:
    return Remark(RemarkKind.ANALYSIS, f"the file stays as it is: {reason}", 1, rule="DS000")
