"""DS210: package managers' caches in cache mounts, instead of deleting them."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...analysis.flow.buildkit import builds_today, needs_buildkit
from ...analysis.packages.cleanup import mounted, removes
from ...analysis.shell.operations import Kind, operation
from ...change import AddsMount, Change, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Exec, Run
from ...knowledge.cache_mounts import CacheMount
from ...knowledge.cache_mounts import cache_mounts as mounts_of
from ...knowledge.managers import manager
from ...shell.script import Script
from ...text import Edit
from ..base import Proposals, missed
from .estimates import left_behind

_FILLS = frozenset((Kind.INSTALL, Kind.UPGRADE, Kind.UPDATE, Kind.DOWNLOAD, Kind.BUILD))
#: The file by which Debian's images tell apt to keep no archives; lists are kept all the same.
_ARCHIVES = "/var/cache/apt"
_FOREIGN = "the syntax directive names a front end that may not know cache mounts"


def cache_mounts(build: Build, facts: Facts) -> Proposals:
    """Keep package managers' caches in cache mounts: out of the image, and there for the next build.

    Deleting a cache makes the image small; a cache mount does that as well, and the next build on the same machine
    downloads only what is new. It is an option (`--cleanup cache-mount`), since builds on fresh machines gain nothing.

    Safe because the same commands run; what they download lies on the mount and not in the layer. It is done for a RUN
    as root whose cache is neither switched off nor deleted by the RUN, in files that BuildKit builds, as Docker does by
    default since 23.0; older builders refuse the file, and the reason says so.
    Stores that later commands read (Go's modules, Maven's repository) are mounted for all commands that use them, and
    only where no other command follows that might. Source: Dockerfile reference, "RUN --mount=type=cache".
    """
    modern = needs_buildkit(build)
    today = builds_today(build)
    for stage in build.stages:
        for run in stage.runs:
            for name in dict.fromkeys(use.operation.manager.name for use in facts.uses(run)):
                known = mounts_of().get(name)
                if known is None or not _fills(run, name, facts) or _covered(run, known):
                    continue
                problem = _problem(run, name, known, stage, facts) if today else _FOREIGN
                if problem is not None:
                    yield missed(run.line, f"no cache mount for {name}: {problem}")
                    continue
                yield from _mount(run, name, known, stage, build, facts, modern=modern)


def _mount(
    run: Run, name: str, known: CacheMount, stage: Stage, build: Build, facts: Facts, *, modern: bool
) -> Proposals:
    uses = [use for use in facts.uses(run) if use.operation.manager.name == name]
    mounts = [
        f"type=cache,target={target}{',sharing=locked' if known.locked else ''}"
        for target in known.targets
        if not mounted(run, (target,))
    ]
    flags = run.origin.flags
    at = run.origin.logical.after(flags[-1].span.end) if flags else run.origin.keyword_span.end
    yield Change(
        edits=(Edit.insert(at, "".join(f" --mount={mount}" for mount in mounts)),),
        title=f"{name}'s cache in a cache mount",
        reason=f"{known.targets[0]} stays out of the image and helps the next build on this machine"
        + ("" if modern else "; from now on the file needs BuildKit (Docker 23 or later) or buildah"),
        safety=Safety.STANDARD,
        claims=tuple(AddsMount(mount) for mount in mounts),
        line=run.line,
        saving=left_behind(uses, stage, build, facts),
    )


def _fills(run: Run, name: str, facts: Facts) -> bool:
    return any(use.operation.manager.name == name and use.operation.kind in _FILLS for use in facts.uses(run))


def _covered(run: Run, known: CacheMount) -> bool:
    return all(mounted(run, (target,)) for target in known.targets if target != _ARCHIVES)


def _problem(run: Run, name: str, known: CacheMount, stage: Stage, facts: Facts) -> str | None:
    if not facts.state(run).may_be_root:
        return f"the RUN is not root's, to whom {known.targets[0]} belongs"
    uses = [use for use in facts.uses(run) if use.operation.manager.name == name]
    option = manager(name).option
    if option and any(use.operation.has_flag(option, *manager(name).option_alternatives) for use in uses):
        return f"{option} switches it off"
    environment = manager(name).environment
    if environment and (environment in facts.state(run).env or environment in facts.state(run).args):
        return f"{environment} switches it off"
    script = facts.script(run)
    assert script is not None
    for target in known.targets:
        if any(removes(command, target) for command in script.commands):
            return f"the RUN deletes {target} itself"
    if any(use.operation.kind is Kind.CLEAN for use in uses):
        return "the RUN empties it itself"
    return _stored(run, name, stage, facts) if known.store else None


def _stored(run: Run, name: str, stage: Stage, facts: Facts) -> str | None:
    """Who else may read a store that would not be in the image any more."""
    for later in facts.later_runs(run, stage):
        script = facts.script(later)
        if script is None:
            return f"the RUN on line {later.line} could not be read and may need it"
        used = {use.operation.manager.name for use in facts.uses(later)}
        strange = [one for one in script.commands if one.words and operation(one.argv) is None]
        if name not in used and strange:
            return f"{strange[0].words[0].text} on line {later.line} may need it"
    for step in facts.build.stages[-1].steps:
        if isinstance(step, Exec) and _starts_through(step, name):
            return f"the container starts through {name}"
    return None


def _starts_through(step: Exec, name: str) -> bool:
    if step.argv is not None:
        calls: list[tuple[str | None, ...]] = [step.argv]
    elif step.body is not None and isinstance(step.body.script, Script):
        calls = [command.argv for command in step.body.script.commands]
    else:
        return step.body is not None
    found = [operation(argv) for argv in calls if argv]
    return any(one is not None and one.manager.name == name for one in found)
