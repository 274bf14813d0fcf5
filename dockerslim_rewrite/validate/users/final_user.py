"""The user of an image: an added USER acts on the containers alone, on nothing that the build does."""

from __future__ import annotations

from collections.abc import Iterable

from ...ir.build import Build, Stage
from ...ir.steps import Onbuild, Run, Step, Value
from ..core.program import base_of


def step_under_user(rest: Iterable[Step], stage: Stage, build: Build) -> Step | None:
    """The first step that a USER before the steps *rest* of *stage* would act on; None when there is none.

    Such are RUN, WORKDIR, which creates its folder as the user, and triggers, whose build is not known; those of
    stages built from *stage* too. COPY and ADD write as root whoever is the user.
    """
    found, replaced = _acts_on(rest)
    if found is not None or replaced:
        return found
    heirs = {stage.index}
    for other in build.stages[stage.index + 1 :]:
        if base_of(other, build) in heirs:
            found, replaced = _acts_on(other.steps)
            if found is not None:
                return found
            if not replaced:
                heirs.add(other.index)
    return None


def _acts_on(steps: Iterable[Step]) -> tuple[Step | None, bool]:
    """The first of *steps* that depends on the user, and whether another USER comes first."""
    for step in steps:
        if isinstance(step, Run | Onbuild) or step.keyword == "WORKDIR":
            return step, False
        if isinstance(step, Value) and step.keyword == "USER":
            return None, True
    return None, False
