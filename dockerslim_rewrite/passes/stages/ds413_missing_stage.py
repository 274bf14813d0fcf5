"""DS413: stages that are not there or need each other, and bases and platforms without a name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...analysis.facts import Facts
from ...analysis.flow.graph import references
from ...change import Remark, RemarkKind
from ...ir.arguments import PLACEHOLDER, is_given
from ...ir.build import Build, Stage
from ...ir.steps import Arg, Copy, Run, Step
from ...patterns import re
from ..base import Proposals

_NUMBER = re.compile(r"[+-]?[0-9]+\Z")
#: A variable without a default of its own.
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
#: How a tag begins, and what a part of a name may look like: separators stand inside.
_TAG = re.compile(r"\w")
_PART = re.compile(r"[A-Za-z0-9](?:.*[A-Za-z0-9])?")


def missing_stage(build: Build, facts: Facts) -> Proposals:
    """Tell where `--from` counts too many stages or has a variable, stages need each other, or FROM names nothing.

    BuildKit refuses such a file before it builds anything: "invalid stage index", "circular dependency detected", "base
    name should not be blank", "variable expansion is not supported for --from", "empty platform value".

    Nothing is changed: which stage or image is meant only the author knows. Safe for that reason. A name that no stage
    has is an image or a further context of the build, so nothing is told of it; nor of triggers, which count in another
    file. Source: Dockerfile reference, COPY --from, and "Understand how ARG and FROM interact"; BuildKit,
    dockerfile2llb/convert.go, and pull request 6153 for variables.
    """
    declared = {pair.key for step in build.preamble if isinstance(step, Arg) for pair in step.pairs}
    for stage in build.stages:
        said = _nameless(stage, declared, facts) or _no_platform(stage, declared)
        if said:
            yield _breaks(said, stage.head)
    count = len(build.stages)
    later = _later(build)
    circles = [*_circles(build)]
    # That two need each other says more than that one comes later.
    circular = {one.line for one in circles}
    for stage in build.stages:
        for step in stage.steps:
            for name in references(step) if isinstance(step, Copy | Run) else ():
                said = _fault(name, stage, count) if isinstance(step, Copy) else ""
                if not said and step.line not in circular:
                    said = _too_early(name, step, stage, build, later)
                if said:
                    yield _breaks(said, step)
    yield from circles


def _breaks(said: str, step: Step) -> Remark:
    return Remark(RemarkKind.ANALYSIS, f"{said}, so the build fails", step.line, breaks=True)


def _nameless(stage: Stage, declared: set[str], facts: Facts) -> str:
    """Why the base of *stage* has no name; nothing where it has one, or where an argument may give it one."""
    image = stage.head.image
    missing = [
        name
        for match in _VARIABLE.finditer(image)
        if (name := match[1] or match[2]) not in declared and not is_given(name)
    ]
    if not missing:
        return ""
    left = _VARIABLE.sub(lambda match: "" if (match[1] or match[2]) in missing else "x", image)
    # A name that is only half there is looked at where the stage is built.
    half = _is_half(left) and facts.graph.ships(stage.index)
    return f"no ARG above the first FROM declares {missing[0]}, which {image} needs" if not left or half else ""


def _is_half(image: str) -> bool:
    """Whether *image* lacks the name, a part of it, its tag or its digest, or one of them begins with a separator.

    Source: distribution/reference, regexp.go.
    """
    if "$" in image:
        return False
    named, digested, digest = image.partition("@")
    colon = named.rfind(":") if ":" in named.rpartition("/")[2] else len(named)
    repository, tag = named[:colon], named[colon + 1 :]
    tagged = colon < len(named)
    return (
        (bool(digested) and not digest)
        or (tagged and _TAG.match(tag) is None)
        or any(_PART.fullmatch(part) is None for part in repository.split("/"))
    )


def _no_platform(stage: Stage, declared: set[str]) -> str:
    """Why the platform of *stage* has no name; nothing where it has one, or where an argument may give it one."""
    flag = stage.head.origin.flag("platform") or ""
    match = _VARIABLE.fullmatch(flag)
    name = (match[1] or match[2]) if match is not None else None
    if name is None or name in declared or is_given(name):
        return ""
    return f"no ARG above the first FROM declares {name}, which --platform={flag} needs"


def _fault(name: str, stage: Stage, count: int) -> str:
    """What is wrong with *name* in ``--from`` within *stage*, of *count* stages; nothing where it may be right."""
    if f"${{{PLACEHOLDER}" in name:
        # Whatever that language puts there, it is no variable any more.
        return ""
    if "$" in name:
        return f"BuildKit puts no variables into --from={name} (name a stage for it: `FROM {name} AS …`)"
    if _NUMBER.match(name):
        if not 0 <= int(name) < count:
            many = f"are {count} stages" if count > 1 else "is 1 stage"
            return f"--from={name} counts stages from 0, and there {many}"
        itself = int(name) == stage.index
    else:
        itself = bool(stage.head.alias) and name.lower() == stage.name
    return f"--from={name} is the stage that it stands in" if itself else ""


def _later(build: Build) -> dict[str, int]:
    """For each name of a stage the first that has it."""
    found: dict[str, int] = {}
    for stage in build.stages:
        if stage.head.alias:
            found.setdefault(stage.name, stage.index)
    return found


def _too_early(name: str, step: Step, stage: Stage, build: Build, later: Mapping[str, int]) -> str:
    """What is wrong where *stage* takes from the stage *name*, which comes later; nothing where that is not so.

    Source: moby/buildkit, pull request 4568: the order is checked since dockerfile/1.10, and always had to be kept.
    """
    at = int(name) if _NUMBER.match(name) else later.get(name.lower())
    if at is None or not stage.index < at < len(build.stages):
        return ""
    return f"{step.origin.keyword} takes from {_called(build.stages[at])}, which comes later"


def _called(stage: Stage) -> str:
    """*stage* as people find it."""
    return (
        f"`{stage.head.alias}` (line {stage.head.line})" if stage.head.alias else f"the stage of line {stage.head.line}"
    )


def _circles(build: Build) -> Iterator[Remark]:
    """The steps by which a stage takes from one that needs it."""
    names = {stage.name: stage.index for stage in build.stages if stage.head.alias}
    bases = [names.get(stage.head.image.lower()) for stage in build.stages]
    taken: list[dict[int, Step]] = []
    for stage in build.stages:
        found: dict[int, Step] = {}
        for step in stage.steps:
            for name in references(step) if isinstance(step, Copy | Run) else ():
                at = int(name) if _NUMBER.match(name) else names.get(name.lower())
                if at is not None and at != stage.index and 0 <= at < len(build.stages):
                    found.setdefault(at, step)
        taken.append(found)
    for stage in build.stages:
        # What was taken from an earlier stage is told there.
        for at, step in taken[stage.index].items():
            if at > stage.index and _needs(at, stage.index, bases, taken):
                yield _breaks(
                    f"{step.origin.keyword} takes from {_called(build.stages[at])}, which needs this one", step
                )
                return


def _needs(start: int, target: int, bases: Sequence[int | None], taken: Sequence[Mapping[int, Step]]) -> bool:
    """Whether the stage *start* cannot be built before the stage *target*."""
    seen, waiting = {start}, [start]
    while waiting:
        at = waiting.pop()
        base = bases[at]
        for other in {*taken[at], *(() if base is None else (base,))} - seen:
            if other == target:
                return True
            seen.add(other)
            waiting.append(other)
    return False
