"""Files that a request takes away: what the head asks for, that the context or a stage had, and has no more."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from ..analysis.flow.state import expand, states
from ..change import Remark
from ..context.project import FolderProject
from ..ir.build import Build, Stage
from ..ir.steps import Copy, Onbuild, Run, Step
from ..patterns import re
from ..text.paths import PATTERN
from .breaks import FILES, Version, below, fate_of, only_for, plain, remark, stages_by_name, taken
from .brings import may_bring
from .modes import steps_of

#: Directories that base images fill themselves.
_FILLED = re.compile(r"/(?:bin|etc|lib\w*|root|sbin|usr|var)(?:/|\Z)")


def lost_files(before: Version, after: Version, moved: Mapping[str, str | None]) -> Iterator[Remark]:
    """Remarks on files that *after* asks for, and that its context, or the stage, had and has no more.

    *moved* has the paths of the repository that the request takes away, and where they went, if anywhere.
    """
    for where, project in after.projects().items():
        if project.usage.guessed:
            yield from _not_there_yet(before, after, where, project)
        missing = () if project.usage.guessed else project.missing(after.build)
        through = [
            (step, *one)
            for stage in after.build.stages
            for step in stage.steps
            for one in taken(step, after.build)
            if moved or not _makes(after.build, one[0])
        ]
        if project.usage.guessed or not (missing or through):
            continue
        known = before.projects()
        other = known.get(where) or next(iter([*known.values()][::-1]), None)
        if other is None or not (project.complete and other.complete):
            continue
        had = set(other.missing(after.build))
        for source, line in dict.fromkeys(missing):
            if (source, line) in had or PATTERN.search(source):
                continue
            path = plain(source)
            if project.excluded(path):
                told = f"is kept from the build by {project.ignore_path} now"
            else:
                fate = f"is not in the build context ({project.shown}) any more"
                told = fate_of(path, where, moved) or _led(project.tree.followed(path), path, where, moved) or fate
            keyword = next(step.origin.keyword for step in after.build if step.line == line)
            aside = only_for(line, after)
            alone = "" if aside is None else f" in a build of the stage `{aside}`, which no other needs"
            reason = f"{source} {told}, so {keyword} fails{alone}"
            yield remark(FILES, reason, line, f"line {line}: {source}", fails=aside is None)
        for step, stage, source, name in through:
            lost = _lost_in_stage(before.build, after.build, stage, (step, source, name), other, project)
            if lost:
                path, sure = lost
                told = fate_of(path, where, moved)
                if told or sure:
                    told = told or "is not copied there any more"
                    doubt = "" if sure else " unless the stage makes it otherwise"
                    reason = f"{source} of `{name}` was {path}, which {told}, so {step.origin.keyword} fails{doubt}"
                    yield remark(FILES, reason, step.line, f"line {step.line}: {path}", fails=sure)


def _not_there_yet(before: Version, after: Version, where: str, project: FolderProject) -> Iterator[Remark]:
    """Remarks on files that *after* asks for and *before* did not, and that the directory *where* does not hold, of
    which nobody says but the other files in it, now or before, that it is the build context.
    """
    missing = project.missing(after.build)
    earlier = before.projects().get(where)
    held = len(missing) < _copied(after.build)
    first = not where and not _copied(before.build)
    known = held or (earlier and len(earlier.missing(before.build)) < _copied(before.build))
    if not missing or not (known or first):
        return
    asked = {source for step in before.build if isinstance(step, Copy) for source in step.sources}
    for source, line in dict.fromkeys(missing):
        if not known and (project.keeps_out(plain(source)) or _is_anywhere(plain(source), project)):
            # The first COPY tells nothing of the context: another directory may be meant. What an ignore file keeps out
            # is told as that.
            continue
        if source not in asked and not PATTERN.search(source):
            path = posixpath.normpath(posixpath.join(where, plain(source)))
            keyword = next(step.origin.keyword for step in after.build if step.line == line)
            reason = f"{path} is not in the repository: {keyword} fails unless something makes it before the build"
            yield remark(FILES, reason, line, f"line {line}: {source}", fails=False)


def _is_anywhere(path: str, project: FolderProject) -> bool:
    """Whether some directory of *project* holds *path*, or it is not known."""
    held = (*project.whole.by_path, *project.whole.folders)
    return not project.whole.complete or any(f"/{one}".endswith(f"/{path}") for one in held)


def _copied(build: Build) -> int:
    """How many sources *build* copies from its context."""
    copies = (step for step in build if isinstance(step, Copy) and step.origin.flag("from") is None)
    return sum(len(step.sources) for step in copies)


def _lost_in_stage(
    old: Build,
    new: Build,
    stage: Stage,
    taken: tuple[Step, str, str],
    other: FolderProject,
    project: FolderProject,
) -> tuple[str, bool] | None:
    """The path in the context *other* of what *old* copied from it to where *new* takes it, and does not copy from
    *project*; and whether nothing else can have brought it there. None where nothing is lost.
    """
    step, source, name = taken
    names = {str(one.index): one.index for one in old.stages} | stages_by_name(old)
    at = names.get(name.lower())
    path = expand(source, states(new)[step.index])
    if at is None or path is None or PATTERN.search(path) or not plain(path):
        return None
    image = f"/{plain(path)}"
    came = below(other.placed(old).stages[at], image)
    if not came or below(project.placed(new).stages[stage.index], image) or _is_written(new, stage, image):
        return None
    return came[0], not _FILLED.match(image) and not _makes(new, stage)


def _is_written(build: Build, stage: Stage, image: str) -> bool:
    """Whether a here-document of *stage*, or of one below it, may be the file at *image*."""
    known = states(build)
    copies = (one for one in steps_of(build, stage) if isinstance(one, Copy) and one.origin.heredocs)
    return any(may_bring(one, image, known[one.index]) for one in copies)


def _makes(build: Build, stage: Stage) -> bool:
    """Whether *stage*, or one below it, may make files otherwise than by copying them from the context."""
    names = stages_by_name(build)
    at: int | None = stage.index
    while at is not None:
        for step in build.stages[at].steps:
            if isinstance(step, Run | Onbuild) or step.origin.keyword == "ADD":
                return True
            if isinstance(step, Copy) and step.origin.flag("from"):
                return True
        at = names.get(build.stages[at].head.image.lower())
    return False


def _led(target: str | None, path: str, where: str, moved: Mapping[str, str | None]) -> str:
    """What the request does to the *target* that links lead *path* to; nothing where it does nothing, or none leads."""
    fate = fate_of(target, where, moved) if target and target != path else ""
    return f"leads to {target}, which {fate}" if fate else ""
