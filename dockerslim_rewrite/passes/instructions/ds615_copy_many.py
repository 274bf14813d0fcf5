"""DS615: the destination of a COPY with several sources."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...change import Change, Layout, Safety
from ...ir.build import Build
from ...ir.steps import Copy, Onbuild
from ...text import Edit
from ..base import Proposals


def copy_many(build: Build, facts: Facts) -> Proposals:
    """End the destination of a COPY or ADD with several sources in a slash.

    Several files can only go into a folder; the slash says that the destination is one, and older builders refuse the
    instruction without it.

    Safe because with more than one source the destination is taken as a folder in any case. Source: Dockerfile
    reference, COPY.
    """
    for step in build:
        copy = step.trigger if isinstance(step, Onbuild) else step
        if not isinstance(copy, Copy) or len(copy.sources) < 2:
            continue
        destination = copy.destination
        if destination.endswith(("/", "\\", "}", '"', "'")) or destination in (".", "..") or "$" in destination:
            continue
        logical = copy.origin.args_logical
        at = logical.text.rindex(destination) + len(destination)
        yield Change(
            edits=(Edit.insert(logical.after(at), "/"),),
            title=f"destination {destination} becomes {destination}/",
            reason="several sources need a directory as destination",
            safety=Safety.SAFE,
            claims=(Layout(),),
            line=step.line,
        )
