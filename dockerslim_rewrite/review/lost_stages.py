"""Stages that a request takes away: names and numbers in the head that meant one in the base, and mean none now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..analysis.flow.graph import references
from ..change import Remark
from ..ir.arguments import global_arguments
from ..ir.build import Build, Stage
from ..ir.expansion import ExpansionError
from ..ir.expansion import expand as fill
from ..ir.steps import Copy, From, Onbuild, Step
from ..knowledge.images import canonical_name, catalogued
from .breaks import STAGES, Version, remark, stages_by_name
from .subtract import Places, counterparts, same_stages


def lost_stages(before: Version, after: Version) -> Iterator[Remark]:
    """Remarks on references of *after* to stages that *before* had under that name or number."""
    names = stages_by_name(before.build)
    there = stages_by_name(after.build)
    old, new = before.places, after.places
    stages = same_stages(old, new)
    same = counterparts(old, new)

    def kept(step: From | Step) -> bool:
        at = new.at(step.line)
        other = None if at is None else same[at]
        return at is not None and other is not None and old.found[other].said == new.found[at].said

    def counterpart(name: str) -> Stage | None:
        """The stage that was *name* before; None where that is gone: one that had its own name took its lines."""
        number = next((at for at, one in stages.items() if at and one == names[name] + 1), None)
        stage = None if number is None else after.build.stages[number - 1]
        return None if stage is None or (stage.head.alias and stage.name in names) else stage

    def now(name: str) -> str:
        """What became of the stage *name* of before."""
        same = counterpart(name)
        if same is None:
            return "this change removes it"
        alias = same.head.alias
        return f"this change names it `{alias}`" if alias else "it has no name any more"

    earlier: set[str] = set()
    arguments = global_arguments(after.build)
    for stage in after.build.stages:
        written = stage.head.image.lower()
        image = _filled(stage.head.image, arguments)
        wanted: list[tuple[str, From | Step]] = [(image, stage.head)] if image not in earlier else []
        wanted += [
            (name.lower(), step)
            for step in stage.steps
            if not isinstance(step, Onbuild)
            for name in references(step)
            if name.lower() not in there
        ]
        for name, step in dict.fromkeys(wanted):
            # Which image an argument names, a build may say otherwise.
            doubted = isinstance(step, From) and image != written
            fails = canonical_name(name) not in catalogued() and not doubted
            default = f", which {stage.head.image} names by default," if doubted else ""
            if name in names and name not in after.named():
                moved = name in there
                became = "it stands further below now" if moved else now(name)
                reason = f"`{name}`{default} was a stage before this change, and is pulled as an image now: {became}"
                yield remark(STAGES, reason, step.line, fails=fails)
            elif fails and kept(step) and name in before.named() and name not in after.named():
                reason = f"`{name}` was a context that builds named, and none does now: it is pulled as an image"
                described = any(not one.usage.guessed for one in after.projects().values())
                yield remark(STAGES, reason, step.line, fails=described)
        earlier |= {stage.name} if stage.head.alias else set()
        for step in stage.steps:
            for name in references(step) if isinstance(step, Copy) and kept(step) else ():
                other = _counted_otherwise(name, stages, new)
                if other:
                    yield remark(STAGES, other, step.line, fails=False)
    yield from _another_last(before.build, after.build, stages)
    for name, place in after.targets:
        if name.lower() in names and name.lower() not in there and after.build.stages:
            reason = f"{place} builds the stage `{name}`, which is not there any more: {now(name.lower())}"
            told = counterpart(name.lower()) or after.build.stages[-1]
            yield remark(STAGES, reason, told.head.line)


def _filled(image: str, arguments: Mapping[str, str | None]) -> str:
    """*image* in lower case, with what *arguments* say; as it is written where that is not known."""
    try:
        return (fill(image, arguments) if "$" in image else image).lower()
    except ExpansionError:
        return image.lower()


def _another_last(before: Build, after: Build, stages: Mapping[int, int]) -> Iterator[Remark]:
    """A remark where the last stage, which builds without a target make, was another one, which is there still."""
    if not (before.stages and after.stages):
        return
    was, last = len(before.stages), after.stages[-1]
    there = next((at for at, one in stages.items() if at and one == was), None)
    earlier = stages.get(len(after.stages))
    if there is None or there == len(after.stages) or not earlier:
        return
    names = [one.head.alias or f"the one of line {one.head.line}" for one in (last, after.stages[there - 1])]
    reason = f"the last stage is `{names[0]}` now, and was `{names[1]}`: builds without a target make another image"
    yield remark(STAGES, reason, last.head.line, fails=False)


def _counted_otherwise(name: str, stages: Mapping[int, int], new: Places) -> str:
    """What is to say where the number *name* counted to a stage that has another number now."""
    at = int(name) + 1 if name.isdecimal() else 0
    moved = next((there for there, one in stages.items() if at and one == at and there != at), None)
    if moved is None or at >= len(new.labels):
        return ""
    return (
        f"--from={name} counts to the stage `{new.labels[at]}` now; before this change it was "
        f"`{new.labels[moved]}`, which is {moved - 1} now: name the stage"
    )
