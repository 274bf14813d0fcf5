"""DS413: stages that are counted or named and are not there."""

from __future__ import annotations

import re

from ...analysis.facts import Facts
from ...analysis.flow.graph import references
from ...change import Remark, RemarkKind
from ...ir.build import Build, Stage
from ...ir.steps import Copy
from ..base import Proposals

_NUMBER = re.compile(r"[+-]?[0-9]+\Z")


def missing_stage(build: Build, facts: Facts) -> Proposals:
    """Tell where `--from` counts more stages than there are, or names the stage that it stands in.

    BuildKit refuses such a file before it builds anything: "invalid stage index", "circular dependency detected".

    Nothing is changed: which stage is meant only the author knows. Safe for that reason. A name that no stage has is
    an image or a further context of the build, so nothing is told of it; nor of triggers, which count in another file.
    Source: Dockerfile reference, COPY --from; BuildKit, dockerfile2llb/convert.go.
    """
    count = len(build.stages)
    for stage in build.stages:
        for step in stage.steps:
            if not isinstance(step, Copy):
                continue
            for name in references(step):
                said = _fault(name, stage, count)
                if said:
                    yield Remark(RemarkKind.ANALYSIS, said, step.line, breaks=True)


def _fault(name: str, stage: Stage, count: int) -> str:
    """What is wrong with *name* in ``--from`` within *stage*, of *count* stages; nothing where it may be right."""
    if _NUMBER.match(name):
        if not 0 <= int(name) < count:
            many = f"are {count} stages" if count > 1 else "is 1 stage"
            return f"--from={name} counts stages from 0, and there {many}, so the build fails"
        itself = int(name) == stage.index
    else:
        itself = bool(stage.head.alias) and name.lower() == stage.name
    return f"--from={name} is the stage that it stands in, so the build fails" if itself else ""
