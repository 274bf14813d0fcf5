"""DS617: stages that are named by their number."""

from __future__ import annotations

import re

from ...analysis.facts import Facts
from ...change import Change, Layout, Safety
from ...ir.build import Build
from ...ir.steps import Copy
from ...text import Edit
from ..base import Proposals, missed


def stage_index(build: Build, facts: Facts) -> Proposals:
    """Write `COPY --from=0` with the name of the stage.

    A number changes its meaning as soon as somebody inserts a stage.

    Safe because the name and the number denote the same stage. A stage without a name keeps its number: naming it is
    the author's choice. Source: Dockerfile reference, COPY --from.
    """
    for stage in build.stages:
        for step in stage.steps:
            if not isinstance(step, Copy):
                continue
            flag = next((one for one in step.origin.flags if one.name == "from"), None)
            if flag is None or not re.fullmatch(r"\d+", flag.value or ""):
                continue
            index = int(flag.value or "")
            if index >= stage.index:
                continue
            alias = build.stages[index].head.alias
            if alias is None:
                yield missed(step.line, f"stage {index} has no name", f"line {build.stages[index].head.line}")
                continue
            if sum(other.name == alias.lower() for other in build.stages) > 1:
                yield missed(step.line, f"two stages are called {alias}")
                continue
            logical = step.origin.logical
            text = logical.text[flag.span.start : flag.span.end]
            if (flag.value or "") not in text:
                yield missed(step.line, "the number is written in pieces")
                continue
            at = flag.span.start + text.rindex(flag.value or "")
            yield Change(
                edits=(Edit(logical.span(at, at + len(flag.value or "")), alias),),
                title=f"--from={index} becomes --from={alias}",
                reason="a number changes its meaning when a stage is inserted",
                safety=Safety.SAFE,
                claims=(Layout(),),
                line=step.line,
                evidence=(f"line {build.stages[index].head.line}",),
            )
