"""DS106: stages that the result does not need."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...analysis.flow.graph import references
from ...change import Change, DropsStage, Safety
from ...ir.build import Build, Stage
from ...syntax import SegmentKind
from ...text import Edit
from ..base import Proposals, missed


def drop_unreachable_stage(build: Build, facts: Facts) -> Proposals:
    """Drop a stage without a name that the last stage does not need.

    The classic builder builds it all the same; readers wonder what it is for.

    Right because nothing copies or mounts from it, no stage is built from it, and without a name only
    `--target NUMBER` could ask for it. A stage with a name is what `--target` is made for (tests, development), so it
    stays. So does everything where a stage is chosen by a build argument or by its number, and a stage with comments.
    Source: Dockerfile reference, FROM; `docker build --target`.
    """
    if len(build.stages) < 2:
        return
    needed = _needed(len(facts.shipped.stages) - 1, facts)
    for stage in build.stages[:-1]:
        if stage.index in needed or stage.head.alias is not None:
            # What a name is for: compose files, skaffold and people ask for it with --target.
            continue
        line = stage.head.line
        problem = _obstacle(stage, build)
        if problem is not None:
            yield missed(line, f"nothing needs this stage, but it stays: {problem}")
            continue
        yield Change(
            edits=(_without(stage, build),),
            title=f"drop stage {stage.index}, which nothing needs",
            reason="no stage is built from it or copies from it, and it has no name to ask for",
            safety=Safety.AGGRESSIVE,
            claims=(DropsStage(str(stage.index)),),
            line=line,
        )


def _needed(index: int, facts: Facts) -> set[int]:
    """The stages that stage *index* needs, itself included."""
    found: set[int] = set()
    open_ = [index]
    while open_:
        at = open_.pop()
        if at in found:
            continue
        found.add(at)
        base = facts.graph.bases[at]
        open_ += [*facts.graph.sources[at], *([base] if base is not None else [])]
    return found


def _obstacle(stage: Stage, build: Build) -> str | None:
    for other in build.stages:
        named = [other.head.image, *(name for step in other.steps for name in references(step))]
        if "$" in other.head.image or any("$" in name for name in named):
            return f"a build argument chooses what line {other.head.line} is built from"
        if any(name.isdigit() for name in named):
            return "stages are called by their numbers, which would change"
    if any(stage.head.origin.span.start <= one.span.start < _end(stage, build) for one in build.document.comments):
        return "comments stand in it"
    if _comment_above(stage, build):
        return "a comment describes it"
    return None


def _end(stage: Stage, build: Build) -> int:
    last = stage.steps[-1] if stage.steps else stage.head
    return last.origin.span.end


def _comment_above(stage: Stage, build: Build) -> bool:
    """Whether a comment stands between the FROM and what comes before: it may head the stage, blank lines or not."""
    start = stage.head.origin.span.start
    segments = build.document.segments
    at = next(index for index, one in enumerate(segments) if one.span.start == start) - 1
    while at >= 0 and segments[at].kind is SegmentKind.BLANK:
        at -= 1
    return at >= 0 and segments[at].kind is SegmentKind.COMMENT


def _without(stage: Stage, build: Build) -> Edit:
    """Deletes the stage with the blank lines behind it."""
    end = _end(stage, build)
    for segment in build.document.segments:
        if segment.kind is SegmentKind.BLANK and segment.span.start == end:
            end = segment.span.end
    return Edit.delete(stage.head.origin.span.start, end)
