"""DS625: destinations of COPY in full."""

from __future__ import annotations

from ...analysis.effects.start_folders import in_full
from ...analysis.facts import Facts
from ...change import Change, RespellsValue, Safety
from ...ir.build import Build
from ...ir.steps import Copy
from ...text import Edit
from ..base import Proposals, missed


def absolute_destination(build: Build, facts: Facts) -> Proposals:
    """Write the full path where COPY has a relative destination and no WORKDIR says to what.

    `COPY . .` without a WORKDIR puts files where the base image has its working directory: in `/` for most, in `/go`
    for golang. A reader cannot see it, and another base image changes it.

    Level standard because it rests on the catalogue of images, which says in which folder a build on top of each one
    starts. The full path names the very place, a slash at its end included. What comes from a variable stays, and so
    does all behind a WORKDIR. Source: Dockerfile reference, COPY; BuildKit pathRelativeToWorkingDir.
    """
    for stage in build.stages:
        for step in stage.steps:
            if not isinstance(step, Copy) or step.keyword != "COPY":
                continue
            if step.destination.strip("\"'").startswith(("/", "$")) or facts.state(step).workdir is not None:
                continue
            found = in_full(step, stage, build, facts)
            if found is None:
                yield missed(step.line, f"the base image or a variable decides where {step.destination} is")
                continue
            yield Change(
                edits=(Edit(found.span, found.after),),
                title=f"COPY to {found.after} instead of {found.before}",
                reason="no WORKDIR says where that is; the base image does",
                safety=Safety.STANDARD,
                claims=(RespellsValue("COPY", found.before, found.after),),
                line=step.line,
            )
