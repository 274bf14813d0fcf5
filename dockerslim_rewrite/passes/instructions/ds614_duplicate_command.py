"""DS614: CMD, ENTRYPOINT or HEALTHCHECK given twice in one stage."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...change import Change, DropsInstruction, Safety
from ...ir.build import Build
from ...text import Edit
from ..base import Proposals, missed

_LAST_WINS = ("CMD", "ENTRYPOINT", "HEALTHCHECK")


def duplicate_command(build: Build, facts: Facts) -> Proposals:
    """Drop a CMD, ENTRYPOINT or HEALTHCHECK that a later one in the same stage overrides.

    Only the last one of a stage counts; the others mislead readers.

    Safe because the image configuration holds one value of each, the last; other stages are looked at on their own,
    and triggers of ONBUILD belong to another build. Comments stay where they are. Source: Dockerfile reference.
    """
    for stage in build.stages:
        for keyword in _LAST_WINS:
            steps = [step for step in stage.steps if step.keyword == keyword]
            for step in steps[:-1]:
                if step.origin.comments:
                    yield missed(step.line, f"this {keyword} is overridden, but comments stand inside it")
                    continue
                yield Change(
                    edits=(Edit.delete(*build.document.without(step.origin)),),
                    title=f"drop {'an' if keyword[0] == 'E' else 'a'} {keyword} that has no effect",
                    reason=f"the {keyword} on line {steps[-1].line} overrides it",
                    safety=Safety.SAFE,
                    claims=(DropsInstruction(keyword),),
                    line=step.line,
                    evidence=(f"line {steps[-1].line}",),
                )
