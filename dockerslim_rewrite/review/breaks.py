"""What all that looks for losses shares: a Dockerfile on one side, its stages and paths, and how a loss is told.

A loss is what the head's program asks for, the base had, and the head has no more.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from ..analysis.flow.graph import references
from ..change import Remark, RemarkKind
from ..context.project import FolderProject
from ..ignores import holding, ignored_rules
from ..ir.build import Build, Stage
from ..ir.steps import Copy, Run, Step
from ..pipeline import Options
from ..pipeline.options import selected
from ..record import evolve, record
from ..workspace.builds.found import FoundBuild
from .subtract import Places

#: The rules that tell of files and of stages that are not there.
FILES, STAGES = "DS802", "DS413"
#: The rule that tells of what BuildKit refuses before it builds anything.
_REFUSED = "DS634"


@record(slots=False)
class Version:
    """A Dockerfile on one side: its program, and ``projects``, what is known of its contexts, by their paths.

    ``named`` tells the further contexts that its builds name, ``further`` what is known of those of them that are
    directories of the repository, by their paths; ``targets`` are the stages that builds ask for, each with its place;
    ``builds`` are all that are known.
    """

    build: Build
    projects: Callable[[], Mapping[str, FolderProject]]
    named: Callable[[], frozenset[str]] = frozenset
    targets: tuple[tuple[str, str], ...] = ()
    further: Callable[[], Mapping[str, Mapping[str, FolderProject]]] = dict
    builds: Callable[[], Sequence[FoundBuild]] = tuple

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
    # Where a flag is not known, nobody knows what the words behind it are.
    refused = {one.line for one in notes if one.rule == _REFUSED and one.breaks}
    others = [one for one in others if one.rule != FILES or one.line not in refused]
    told = [one for one in told if one.rule != FILES or one.line not in refused]
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


def stages_by_name(build: Build) -> dict[str, int]:
    """The stages of *build* by their names."""
    return {stage.name: stage.index for stage in build.stages if stage.head.alias}


def only_for(line: int, version: Version) -> str | None:
    """The stage of *line*, where neither the last one needs it nor one that a build is known to ask for."""
    build = version.build
    names = stages_by_name(build)
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


def taken(step: Step, build: Build) -> Iterator[tuple[Stage, str, str]]:
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


def takes_from_context(step: Step) -> bool:
    """Whether *step* needs files of the context."""
    if isinstance(step, Copy):
        local = any(not is_remote(source) for source in step.sources)
        return step.origin.flag("from") is None and local and not step.origin.heredocs
    return isinstance(step, Run) and bool(step.bound)


def below(placed: Mapping[str, str], path: str) -> list[str]:
    """The paths in the context of what lies at *path* of a stage, or below it."""
    return [placed[path]] if path in placed else [one for at, one in placed.items() if at.startswith(f"{path}/")]


def plain(source: str) -> str:
    """The path of the context that *source* names."""
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


def is_remote(source: str) -> bool:
    """Whether ADD fetches *source*, which then lies in no context. Source: Dockerfile reference, "ADD"."""
    return "://" in source or source.startswith("git@")


def remark(rule: str, reason: str, line: int, *evidence: str, fails: bool = True) -> Remark:
    """What a request breaks, or, where it may be otherwise, does not surely break."""
    return Remark(RemarkKind.ANALYSIS, reason, line, evidence, rule, breaks=fails)
