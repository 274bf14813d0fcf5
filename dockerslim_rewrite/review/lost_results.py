"""What COPY and mounts take from a stage that made it before the request and does not seem to make it any more.

What a command writes is told by its words alone, so all of this is a doubt.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from ..analysis.flow.state import State, expand, states
from ..change import Remark
from ..ir.build import Build, Stage
from ..ir.steps import Copy, Onbuild, Run, Step
from ..patterns import re
from .breaks import FILES, Version, below, plain, remark, taken
from .modes import steps_of
from .subtract import same_stages

_WORDS = re.compile(r"[^\s\"'`=;|&()<>,\[\]{}]+")
_PATTERN = re.compile(r"[*?\[$]")
#: Commands that make something of sources.
_BUILDS = re.compile(r"(?<![\w-])(?:build|compile|make|generate|package|publish|bundle|assemble)(?![\w-])")
#: Commands that install programs of those names.
_INSTALLS = re.compile(r"(?<![\w-])(?:apt|apt-get|apk|dnf|yum|microdnf|zypper|pacman)\s")
#: So much of a command is shown.
_SHOWN = 40


def lost_results(before: Version, after: Version) -> Iterator[Remark]:
    """Remarks on paths that instructions of *after*, which *before* had as well, take from a stage: no line of that
    speaks of the path any more, or the RUN that made it is gone.
    """
    counterpart = same_stages(before.places, after.places)
    old, new = states(before.build), states(after.build)
    known = {(step.origin.keyword, source, name.lower()) for step, _, source, name in _all_taken(before.build)}
    for step, stage, source, name in _all_taken(after.build):
        there = counterpart.get(stage.index + 1)
        path = expand(source, new[step.index])
        if not there or not path or _PATTERN.search(path) or not plain(path):
            continue
        if (step.origin.keyword, source, name.lower()) not in known:
            continue
        image = f"/{plain(path)}"
        was, now = steps_of(before.build, before.build.stages[there - 1]), steps_of(after.build, stage)
        if stage.head.image != before.build.stages[there - 1].head.image or _is_copied(after, stage, image):
            continue
        said = {_said(one) for one in was}
        if any("$" in _said(one) for one in now if _said(one) not in said):
            # What a variable stands for may be the path.
            continue
        keyword = step.origin.keyword
        last = next((one for one in reversed(was) if _speaks(one, image, old)), None)
        if last is not None and not any(_speaks(one, image, new) for one in now):
            reason = f"nothing in `{name}` speaks of {source} any more, as {_shown(last)} did"
            yield remark(FILES, f"{reason}: {keyword} fails unless something else makes it", step.line, fails=False)
            continue
        gone = _gone(was, now)
        if gone is not None and not any(_names(one, image, new) for one in now):
            reason = f"{source} of `{name}` may come of {_shown(gone)}, which this change removes: {keyword} fails then"
            yield remark(FILES, reason, step.line, fails=False)


def _all_taken(build: Build) -> Iterator[tuple[Step, Stage, str, str]]:
    for stage in build.stages:
        for step in stage.steps:
            yield from ((step, *one) for one in taken(step, build))


def _is_copied(after: Version, stage: Stage, image: str) -> bool:
    """Whether something of the context lies at *image* of *stage*, or below it."""
    placed = (one.placed(after.build).stages[stage.index] for one in after.projects().values())
    return any(below(one, image) for one in placed)


def _gone(was: Sequence[Step], now: Sequence[Step]) -> Run | None:
    """The last RUN of *was* that builds something and is not among *now*, where none of *now* is new."""
    said = {_said(one) for one in was if isinstance(one, Run)}
    left = {_said(one) for one in now if isinstance(one, Run)}
    if left - said or any(isinstance(one, Onbuild) for one in now):
        return None
    runs = (one for one in reversed(was) if isinstance(one, Run) and _said(one) not in left)
    return next(
        (one for one in runs if _BUILDS.search(one.origin.args) and not _INSTALLS.search(one.origin.args)), None
    )


def _said(step: Step) -> str:
    return " ".join(step.origin.args.split())


def _shown(step: Step) -> str:
    text = f"{step.origin.keyword} {_said(step)}"
    return f"`{text if len(text) <= _SHOWN else f'{text[:_SHOWN]}…'}`".replace("``", "`")


def _speaks(step: Step, image: str, known: Sequence[State]) -> bool:
    """Whether *step* names *image*, a directory above it, or something below it."""
    return any(one == image or _inside(image, one) or _inside(one, image) for one in _paths(step, known))


def _names(step: Step, image: str, known: Sequence[State]) -> bool:
    """Whether *step* names *image* or something below it, or copies from elsewhere to a directory above it."""
    above = isinstance(step, Copy) and step.origin.flag("from") is not None
    return any(one == image or _inside(one, image) or (above and _inside(image, one)) for one in _paths(step, known))


def _inside(path: str, folder: str) -> bool:
    return folder != "/" and path.startswith(f"{folder}/")


def _paths(step: Step, known: Sequence[State]) -> Iterator[str]:
    """The places in the image that words of *step* may name, seen from where it is run."""
    folder = known[step.index].workdir or "/"
    text = step.origin.text
    for word in _WORDS.findall(text):
        yield posixpath.normpath(posixpath.join(folder, word))
    if step.origin.keyword in ("RUN", "COPY", "ADD"):
        # What is written beside, or without a name, lies where it is run.
        yield folder
