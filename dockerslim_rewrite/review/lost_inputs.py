"""Files of fixed names that tools cannot be without, such as package-lock.json, and that a request takes away."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from ..analysis.flow.outcome import must_succeed
from ..analysis.flow.state import State
from ..change import Remark
from ..ir.steps import Run
from ..knowledge.tool_inputs import inputs_of
from ..shell.script import Script
from .breaks import FILES, remark
from .brings import is_mounted, may_bring
from .gone import gone_from
from .named_files import NamedFile, Words
from .run_before import is_alone
from .startable import Sides


def lost_inputs(known: Sequence[State], sides: Sides, where: str, moved: Mapping[str, str | None]) -> Iterator[Remark]:
    """Remarks on the first RUN of a stage that needs a file which lay where it is run, in the states *known*, where no
    other lies that would do. *moved* has the paths of the repository that the request takes away.
    """
    told: set[str] = set()
    for step in sides.stages[1].steps:
        folder = known[step.index].workdir
        if not isinstance(step, Run) or folder is None:
            continue
        for argv, earlier, text in _commands(step):
            needs = inputs_of(argv)
            if needs is None or any(name in text for name in needs.files):
                # What speaks of the file before may write it, or ask for it.
                continue
            folders = [folder, *(_above(folder) if needs.upwards else ())]
            images = [posixpath.join(one, name) for one in folders for name in needs.files]
            if any(image in sides.after or _may_be(image, step, known, sides) for image in images):
                continue
            for image in images[: len(needs.files)]:
                gone = gone_from(image, step, known, sides, where, moved)
                if gone is None or gone[0] in told:
                    continue
                told.add(gone[0])
                sure = is_alone(step, NamedFile(image, image, True, False, True, "", earlier), sides)
                doubt = "" if sure else " unless what runs before brings it"
                reason = f"`{needs.command}` needs {gone[0]}, which {gone[1]}, so RUN fails{doubt}"
                yield remark(FILES, reason, step.line, f"line {step.line}: {gone[0]}", fails=sure)


def _may_be(image: str, step: Run, known: Sequence[State], sides: Sides) -> bool:
    """Whether something else may put a file at *image* before *step*."""
    steps = (one for one in sides.steps[1] if one.index < step.index)
    if is_mounted(step, image, known[step.index], sides.new.holds):
        return True
    return any(may_bring(one, image, known[one.index]) for one in steps)


def _above(folder: str) -> Iterator[str]:
    while folder not in ("", "/"):
        folder = posixpath.dirname(folder)
        yield folder


def _commands(run: Run) -> Iterator[tuple[Words, tuple[Words, ...], str]]:
    """The commands of *run* that have to succeed where it is run, each with those before it, and the text before it."""
    if run.argv is not None:
        yield run.argv, (), ""
        return
    script = run.body.script if run.body is not None else None
    if not isinstance(script, Script) or any(one.name in ("cd", "pushd") for one in script.commands):
        return
    for command in script.commands:
        if command.argv and must_succeed(script, command):
            before = (one.argv for one in script.commands if one.argv and one.span.start < command.span.start)
            yield command.argv, tuple(before), script.text[: command.span.start]
