"""Files that a RUN cannot be without and that are not there when it runs, though the context has them: they are copied
later, deleted before, left out by the COPY, or looked for in another directory.

Sources: Dockerfile reference, "WORKDIR", "COPY --exclude"; rm(1).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from ..analysis.flow.destinations import destination
from ..analysis.flow.state import State, states
from ..change import Remark
from ..ir.steps import Copy, Run, Step
from ..text.paths import PATTERN, matches
from .breaks import FILES, Version, plain, remark
from .brings import is_filled, is_mounted, lies_in, may_bring
from .modes import covers
from .named_files import NamedFile, commands_of, named_files
from .run_before import is_alone
from .startable import Sides
from .starts import image_of


def lost_places(before: Version, after: Version, sides: Sides) -> Iterator[Remark]:
    """Remarks on RUNs of the stage of *after* that *sides* compare with one of *before*."""
    old, new = states(before.build), states(after.build)
    earlier = {_said(step): step for step in sides.steps[0] if isinstance(step, Run)}
    for step in sides.stages[1].steps:
        if not isinstance(step, Run):
            continue
        was = earlier.get(_said(step))
        for named in named_files(step, new[step.index].workdir):
            if not named.sure or is_filled(named.image) or not is_alone(step, named, sides):
                continue
            fate = _not_yet(step, named.image, sides.after, sides.steps[1], new)
            if fate and was is not None:
                # What failed before is no news.
                image = image_of(named.word, old[was.index].workdir, first=named.first)
                fate = "" if image is None or _not_yet(was, image, sides.before, sides.steps[0], old) else fate
            elif not fate and was is not None:
                fate = _elsewhere(was, step, named, sides, (old, new))
            if fate:
                yield remark(FILES, f"RUN names {named.word}, which {fate}, so it fails", step.line)
                break


def _said(step: Step) -> str:
    return " ".join(step.origin.text.split())


def _not_yet(run: Run, image: str, placed: Mapping[str, str], steps: Sequence[Step], known: Sequence[State]) -> str:
    """Why what lies at *image* in the end, as *placed* says, is not there when *run* is; empty where it may be."""
    path = placed.get(image)
    if path is None or is_mounted(run, image, known[run.index], lambda _: True):
        return ""
    fate = "is copied only below"
    for step in (one for one in steps if one.index < run.index):
        if isinstance(step, Copy):
            target = destination(step, known[step.index])
            if target is not None and not lies_in(image, target):
                continue
            if target is not None and _excludes(step, path):
                fate = f"--exclude on line {step.line} leaves out"
            elif target in (None, image) or _takes(step, path) or may_bring(step, image, known[step.index]):
                fate = ""
        elif isinstance(step, Run) and _removes(step, image, known[step.index].workdir):
            fate = fate or f"is deleted on line {step.line}"
        elif may_bring(step, image, known[step.index]):
            fate = ""
    return fate


def _takes(copy: Copy, path: str) -> bool:
    """Whether *copy* may take *path* of the context along."""
    open_ = any("$" in one or PATTERN.search(one) or plain(one) == path for one in copy.sources)
    return open_ or covers(copy, path)


def _excludes(copy: Copy, path: str) -> bool:
    """Whether *copy* takes all of the context but *path*."""
    patterns = [flag.value or "" for flag in copy.origin.flags if flag.name == "exclude"]
    whole = copy.origin.flag("from") is None and all(not plain(one) for one in copy.sources)
    return whole and any("$" not in one and matches(path, plain(one)) for one in patterns)


def _removes(run: Run, image: str, folder: str | None) -> bool:
    """Whether *run* deletes what lies at *image*, and names it for nothing else."""
    commands = commands_of(run) or ()
    name = posixpath.basename(image)
    naming = [one for one in commands if any(name in (word or "") for word in one)]
    if len(naming) != 1 or any(one[0] in ("cd", "pushd") for one in commands):
        return False
    (argv,) = naming
    return argv[0] == "rm" and any(image_of(word, folder, first=False) == image for word in argv[1:])


def _elsewhere(
    was: Run, run: Run, named: NamedFile, sides: Sides, known: tuple[Sequence[State], Sequence[State]]
) -> str:
    """Why *run* does not find what is *named* and *was* found in the directory in which that was run."""
    old, new = known
    folder = new[run.index].workdir
    image = image_of(named.word, old[was.index].workdir, first=named.first)
    if image is None or image == named.image or image not in sides.before or named.image in sides.after:
        return ""
    steps = [one for one in sides.steps[1] if one.index < run.index]
    copies = (destination(one, new[one.index]) for one in steps if isinstance(one, Copy))
    if any(target is None for target in copies) or any(may_bring(one, named.image, new[one.index]) for one in steps):
        return ""
    if is_mounted(run, named.image, new[run.index], lambda _: True):
        return ""
    return f"is not in {folder}, where it is run now"
