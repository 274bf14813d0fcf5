"""What a request breaks in files that a COPY of more brings: what RUN names and what a container starts is gone, may no
longer be executed, or is no script that the kernel starts. Where RUN starts it the build fails; what CMD and ENTRYPOINT
start no build looks at, so that is told as a note.

Sources: Dockerfile reference, "CMD", "ENTRYPOINT"; execve(2), EACCES and ENOENT; Git, core.fileMode and core.autocrlf.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..analysis.flow.state import State, states
from ..change import Remark
from ..ir.steps import Run
from ..patterns import re
from ..shell.names import POSIX_SHELLS
from .breaks import FILES, Version, remark
from .brings import is_filled, may_bring
from .gone import NOT_COPIED, gone_from
from .lost_inputs import lost_inputs
from .lost_places import lost_places
from .modes import steps_of
from .named_files import commands_of, is_idle, named_files
from .run_before import has_no_entrypoint, is_alone, run_before
from .startable import Sides, misread, not_startable
from .starts import Start, starts
from .subtract import same_stages

#: What people write and copy, by its name.
_SCRIPT = re.compile(r"\.(?:sh|bash|py|js|mjs|cjs|rb|pl|php)\Z")
#: Who starts something as the Dockerfile itself says.
_OWN = frozenset(("CMD", "ENTRYPOINT", "HEALTHCHECK"))


def lost_scripts(before: Version, after: Version, moved: Mapping[str, str | None]) -> Iterator[Remark]:
    """Remarks on files of the context that instructions of *after* name by their place in the image.

    *moved* has the paths of the repository that the request takes away, and where they went, if anywhere.
    """
    counterpart = same_stages(before.places, after.places)
    known, old = states(after.build), states(before.build)
    earlier = before.projects()
    for where, project in after.projects().items():
        other = earlier.get(where)
        if other is None or project.usage.guessed or not (project.complete and other.complete):
            continue
        if any(one[1] for one in project.placed(after.build).missing):
            # A build that ends at a COPY comes to nothing else.
            continue
        for stage in after.build.stages:
            there = counterpart.get(stage.index + 1)
            if there:
                pair = before.build.stages[there - 1], stage
                was, now = other.placed(before.build).stages[there - 1], project.placed(after.build).stages[stage.index]
                steps = steps_of(before.build, pair[0]), steps_of(after.build, stage)
                sides = Sides(was, now, pair, steps, other, project)
                yield from _in_stage(old, known, sides, where, moved, last=stage is after.build.stages[-1])
                yield from lost_places(before, after, sides)
                yield from lost_inputs(known, sides, where, moved)


def _in_stage(
    old: Sequence[State],
    known: Sequence[State],
    sides: Sides,
    where: str,
    moved: Mapping[str, str | None],
    *,
    last: bool,
) -> Iterator[Remark]:
    for step in sides.stages[1].steps:
        if isinstance(step, Run):
            yield from _run(step, known, sides, where, moved)
    copied = _copied_starts(sides, old, last=last)
    for start in starts(sides.stages[1], known, sides.new, last=last):
        yield from _started(start, known, sides, where, moved)
        if start.said in copied and copied[start.said].isdisjoint(start.images):
            yield from _never_copied(start, known, sides)


def _copied_starts(sides: Sides, old: Sequence[State], *, last: bool) -> dict[str, frozenset[str]]:
    """Who started a file of the context before, in the states *old*, and where that may have lain."""
    found = starts(sides.stages[0], old, sides.old, last=last)
    return {one.said: frozenset(one.images) for one in found if any(image in sides.before for image in one.images)}


def _never_copied(start: Start, known: Sequence[State], sides: Sides) -> Iterator[Remark]:
    """A remark where *start* is of another script than before, which nothing brings to where it is looked for."""
    if len(start.images) != 1 or not _SCRIPT.search(start.images[0]):
        return
    (image,) = start.images
    steps = sides.steps[1]
    runs = [commands_of(one) for one in steps if isinstance(one, Run)]
    if image in sides.after or not all(map(is_idle, runs)) or not has_no_entrypoint(sides.stages[1].head.image):
        return
    if not any(may_bring(one, image, known[one.index]) for one in steps):
        reason = f"{start.said} starts {start.word}, which nothing copies there, {start.fate}"
        yield remark(FILES, reason, start.line, fails=False)


def _started(
    start: Start, known: Sequence[State], sides: Sides, where: str, moved: Mapping[str, str | None]
) -> Iterator[Remark]:
    """Remarks on what *start* finds no more, or cannot start any more."""
    image = next((one for one in start.images if one in sides.after or one in sides.before), None)
    if image is None:
        return
    gone = gone_from(image, None, known, sides, where, moved)
    if gone is not None:
        reason = f"{start.said} starts {start.word}, which {gone[1]}, {start.fate}"
        yield remark(FILES, reason, start.line, f"line {start.line}: {gone[0]}", fails=False)
    elif start.alone:
        told = not_startable(image, sides, kernel=start.kernel)
        if told is not None:
            whose = "" if start.said in _OWN else f", which {start.said} starts"
            evidence = f"line {start.line}: {start.word} as it is"
            yield remark(FILES, f"{told}{whose}, {start.fate}", start.line, evidence, fails=False)


def _run(
    step: Run, known: Sequence[State], sides: Sides, where: str, moved: Mapping[str, str | None]
) -> Iterator[Remark]:
    for named in named_files(step, known[step.index].workdir):
        gone = gone_from(named.image, step, known, sides, where, moved)
        if gone is not None:
            path, fate = gone
            sure = named.sure
            doubt = ", so it fails" if sure else ""
            if named.operand and is_filled(named.image):
                sure, doubt = False, f"{doubt} unless the base image has it" if sure else ""
            if (sure or fate == NOT_COPIED) and not is_alone(step, named, sides):
                # What ran before may bring it under any name, and so may the base.
                sure, doubt = False, ", so it fails unless what runs before brings it"
            reason = f"RUN names {named.word}, which {fate}{doubt}"
            yield remark(FILES, reason, step.line, f"line {step.line}: {path}", fails=sure)
        elif named.first:
            told = not_startable(named.image, sides)
            if told is not None:
                # A script that runs before may give any file its mode and its line ends.
                sure = is_idle(run_before(step, named, sides))
                doubt = "" if sure else " unless what runs before sets that right"
                evidence = f"line {step.line}: {named.word} as it is"
                yield remark(FILES, f"{told}, so RUN fails{doubt}", step.line, evidence, fails=sure)
        elif named.reader in POSIX_SHELLS:
            told = misread(named.image, sides)
            if told is not None:
                # Which of its lines come to nothing, and whether the script goes on then, only a shell tells.
                yield remark(FILES, told, step.line, f"line {step.line}: {named.word} as it is", fails=False)
