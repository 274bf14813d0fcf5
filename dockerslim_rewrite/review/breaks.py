"""What a request breaks: what the head's program asks for, the base had, and the head has no more."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from ..analysis.flow.graph import references
from ..analysis.flow.state import expand, states
from ..change import Remark, RemarkKind
from ..context.project import FolderProject
from ..ignores import holding, ignored_rules
from ..ir.arguments import global_arguments
from ..ir.build import Build, Stage
from ..ir.expansion import ExpansionError
from ..ir.expansion import expand as fill
from ..ir.steps import Copy, From, Onbuild, Run, Step
from ..knowledge.images import canonical_name, catalogued
from ..pipeline import Options
from ..pipeline.options import selected
from ..record import evolve, record
from .subtract import Places, counterparts, same_stages

#: The rules that tell of files and of stages that are not there.
FILES, STAGES = "DS802", "DS413"
_PATTERN = re.compile(r"(?<!\\)[*?\[]")
#: Directories that base images fill themselves.
_FILLED = re.compile(r"/(?:bin|etc|lib\w*|root|sbin|usr|var)(?:/|\Z)")


@record(slots=False)
class Version:
    """A Dockerfile on one side: its program, and ``projects``, what is known of its contexts, by their paths.

    ``named`` tells the further contexts that its builds name, ``further`` what is known of those of them that are
    directories of the repository, by their paths; ``targets`` are the stages that builds ask for, each with its place.
    """

    build: Build
    projects: Callable[[], Mapping[str, FolderProject]]
    named: Callable[[], frozenset[str]] = frozenset
    targets: tuple[tuple[str, str], ...] = ()
    further: Callable[[], Mapping[str, Mapping[str, FolderProject]]] = dict

    @cached_property
    def places(self) -> Places:
        """Its instructions, to know them again on the other side."""
        return Places(self.build.text)


def with_losses(
    notes: Sequence[Remark],
    losses: Sequence[Remark],
    build: Build,
    options: Options,
    made: Callable[[Remark], bool],
) -> tuple[Remark, ...]:
    """*notes* on the Dockerfile *build* with those of *losses* that *options* and its comments let be told.

    What tells of the same files goes. Nothing fails for files that are *made* before the build.
    """
    chosen = {one.code: one.name for phase in selected(options) for one in phase.passes}
    ignored = ignored_rules(build.document)
    told = [
        one
        for one in dict.fromkeys(losses)
        if one.rule in chosen
        and not any(holding(ignored, {one.rule.lower(), chosen[one.rule]}, [one.line]))
        and not ((one.breaks or one.rule == FILES) and made(one))
    ]
    covered = {place for one in told for place in one.evidence}
    others = [
        evolve(one, breaks=one.breaks and not (one.rule == FILES and made(one)))
        for one in notes
        if one.rule != FILES or not one.evidence or not covered.issuperset(one.evidence)
    ]
    failing = {one.line: one for one in others if one.rule == STAGES and one.breaks}
    twice = {one.line: one for one in told if one.rule == STAGES and one.line in failing}
    kept = (one for one in (*others, *told) if one not in twice.values())
    return tuple(
        sorted(
            (
                _as_one(one, twice[one.line]) if failing.get(one.line) is one and one.line in twice else one
                for one in kept
            ),
            key=lambda one: (one.line, not one.breaks),
        )
    )


def _as_one(failure: Remark, loss: Remark) -> Remark:
    """*failure* with what *loss* has to say of the same line."""
    more = loss.reason.partition("; ")[2]
    return evolve(failure, reason=f"{failure.reason}; {more}" if more else failure.reason)


def lost_stages(before: Version, after: Version) -> Iterator[Remark]:
    """Remarks on references of *after* to stages that *before* had under that name or number."""
    names = _names(before.build)
    there = _names(after.build)
    old, new = before.places, after.places
    stages = same_stages(old, new)
    same = counterparts(old, new)

    def kept(step: From | Step) -> bool:
        at = new.at(step.line)
        other = None if at is None else same[at]
        return at is not None and other is not None and old.found[other].said == new.found[at].said

    def counterpart(name: str) -> Stage | None:
        """The stage that was *name* before."""
        number = next((at for at, one in stages.items() if at and one == names[name] + 1), None)
        return None if number is None else after.build.stages[number - 1]

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


def _names(build: Build) -> dict[str, int]:
    """The stages of *build* by their names."""
    return {stage.name: stage.index for stage in build.stages if stage.head.alias}


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


def lost_files(before: Version, after: Version, moved: Mapping[str, str | None]) -> Iterator[Remark]:
    """Remarks on files that *after* asks for, and that its context, or the stage, had and has no more.

    *moved* has the paths of the repository that the request takes away, and where they went, if anywhere.
    """
    for where, project in after.projects().items():
        if project.usage.guessed:
            yield from _not_there_yet(before, after, where, project)
        missing = () if project.usage.guessed else project.missing(after.build)
        taken = [
            (step, *one)
            for stage in after.build.stages
            for step in stage.steps
            for one in _taken(step, after.build)
            if moved or not _makes(after.build, one[0])
        ]
        if project.usage.guessed or not (missing or taken):
            continue
        known = before.projects()
        other = known.get(where) or next(iter([*known.values()][::-1]), None)
        if other is None or not (project.complete and other.complete):
            continue
        had = set(other.missing(after.build))
        for source, line in dict.fromkeys(missing):
            if (source, line) in had or _PATTERN.search(source):
                continue
            path = _plain(source)
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
        for step, stage, source, name in taken:
            lost = _lost_in_stage(before.build, after.build, stage, (step, source, name), other, project)
            if lost:
                path, sure = lost
                told = fate_of(path, where, moved)
                if told or sure:
                    told = told or "is not copied there any more"
                    doubt = "" if sure else " unless the stage makes it otherwise"
                    reason = f"{source} of `{name}` was {path}, which {told}, so {step.origin.keyword} fails{doubt}"
                    yield remark(FILES, reason, step.line, f"line {step.line}: {path}", fails=sure)


def only_for(line: int, version: Version) -> str | None:
    """The stage of *line*, where neither the last one needs it nor one that a build is known to ask for."""
    build = version.build
    names = _names(build)
    wanted = {len(build.stages) - 1, *(names[name.lower()] for name, _ in version.targets if name.lower() in names)}
    waiting = list(wanted)
    while waiting:
        stage = build.stages[waiting.pop()]
        named = [stage.head.image, *(name for step in stage.steps for name in references(step))]
        counted = {int(name) for name in named[1:] if name.isdecimal() and int(name) < len(build.stages)}
        found = {names[name.lower()] for name in named if name.lower() in names} | counted
        waiting += found - wanted
        wanted |= found
    at = next((one for one in reversed(build.stages) if one.head.line <= line), None)
    return None if at is None or at.index in wanted else at.head.alias or str(at.index)


def _not_there_yet(before: Version, after: Version, where: str, project: FolderProject) -> Iterator[Remark]:
    """Remarks on files that *after* asks for and *before* did not, and that the directory *where* does not hold, of
    which nobody says but the other files in it, now or before, that it is the build context.
    """
    missing = project.missing(after.build)
    earlier = before.projects().get(where)
    held = len(missing) < _copied(after.build)
    if not missing or not (held or (earlier and len(earlier.missing(before.build)) < _copied(before.build))):
        return
    asked = {source for step in before.build if isinstance(step, Copy) for source in step.sources}
    for source, line in dict.fromkeys(missing):
        if source not in asked and not _PATTERN.search(source):
            path = posixpath.normpath(posixpath.join(where, _plain(source)))
            reason = f"{path} is not in the repository: COPY fails unless something makes it before the build"
            yield remark(FILES, reason, line, f"line {line}: {source}", fails=False)


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
    names = {str(one.index): one.index for one in old.stages} | _names(old)
    at = names.get(name.lower())
    path = expand(source, states(new)[step.index])
    if at is None or path is None or _PATTERN.search(path) or not _plain(path):
        return None
    image = f"/{_plain(path)}"
    came = _below(other.placed(old).stages[at], image)
    if not came or _below(project.placed(new).stages[stage.index], image):
        return None
    return came[0], not _FILLED.match(image) and not _makes(new, stage)


def _taken(step: Step, build: Build) -> Iterator[tuple[Stage, str, str]]:
    """What *step* takes from stages of *build*: the stage, the path as written, and what it calls the stage."""
    stages = {str(stage.index): stage for stage in build.stages} | {stage.name: stage for stage in build.stages}
    if isinstance(step, Copy):
        name = step.origin.flag("from")
        if name and name.lower() in stages:
            yield from ((stages[name.lower()], source, name) for source in step.sources)
    elif isinstance(step, Run):
        for mount in step.mounts:
            name = mount.get("from", "")
            if mount.get("type", "bind") == "bind" and name.lower() in stages:
                yield stages[name.lower()], mount.get("source") or mount.get("src") or "", name


def _makes(build: Build, stage: Stage) -> bool:
    """Whether *stage*, or one below it, may make files otherwise than by copying them from the context."""
    names = _names(build)
    at: int | None = stage.index
    while at is not None:
        for step in build.stages[at].steps:
            if isinstance(step, Run | Onbuild) or step.origin.keyword == "ADD":
                return True
            if isinstance(step, Copy) and step.origin.flag("from"):
                return True
        at = names.get(build.stages[at].head.image.lower())
    return False


def _below(placed: Mapping[str, str], path: str) -> list[str]:
    """The paths in the context of what lies at *path* of a stage, or below it."""
    return [placed[path]] if path in placed else [one for at, one in placed.items() if at.startswith(f"{path}/")]


def _plain(source: str) -> str:
    return posixpath.normpath("/" + source).lstrip("/")


def fate_of(path: str, where: str, moved: Mapping[str, str | None]) -> str:
    """What the request does to *path* of the context *where*, or to what lay below it; nothing where that is none."""
    whole = posixpath.join(where, path)
    if whole in moved:
        target = moved[whole]
        if target is None:
            return "is deleted by this change"
        inside = target.startswith(f"{where}/") or not where
        shown = posixpath.relpath(target, where or ".") if inside else f"{target}, outside of the build context,"
        return f"is renamed to {shown} by this change"
    above = next((one for one in moved if whole.startswith(f"{one}/")), None)
    if above is not None:
        return f"is not there any more, as {posixpath.relpath(above, where or '.')} is deleted or moved by this change"
    return "is deleted or moved by this change" if any(one.startswith(f"{whole}/") for one in moved) else ""


def _led(target: str | None, path: str, where: str, moved: Mapping[str, str | None]) -> str:
    """What the request does to the *target* that links lead *path* to; nothing where it does nothing, or none leads."""
    fate = fate_of(target, where, moved) if target and target != path else ""
    return f"leads to {target}, which {fate}" if fate else ""


def is_remote(source: str) -> bool:
    """Whether ADD fetches *source*, which then lies in no context. Source: Dockerfile reference, "ADD"."""
    return "://" in source or source.startswith("git@")


def remark(rule: str, reason: str, line: int, *evidence: str, fails: bool = True) -> Remark:
    """What a request breaks, or, where it may be otherwise, does not surely break."""
    return Remark(RemarkKind.ANALYSIS, reason, line, evidence, rule, breaks=fails)
