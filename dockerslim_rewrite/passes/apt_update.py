"""DS213: installs from lists that an earlier layer fetched."""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.apt import LISTS, READS, changes_sources, command_changes_sources, lists_gone
from ..analysis.cleanup import append_to, appendable, mounted
from ..analysis.facts import Facts, Use
from ..analysis.outcome import must_succeed
from ..analysis.packages import Kind
from ..change import AddsCommand, Change, Claim, DropsFiles, Safety
from ..ir.build import Build, Stage
from ..ir.steps import Run, Step
from ..record import record
from ..render.fragments import fragment
from ..text import Edit
from .base import Proposals, missed, rewrite_pass

_WRAPPERS = ((), ("sudo",))


@record
class _Reader:
    """A RUN that installs with lists that ``fetched``, an earlier RUN, left; ``use`` is its first install."""

    run: Run
    use: Use
    fetched: Run


@rewrite_pass("DS213", "apt-update", Safety.STANDARD, ("DL3009",), mentions=("apt",))
def apt_update(build: Build, facts: Facts) -> Proposals:
    """Let each RUN that installs with apt fetch its own package lists, and delete them.

    A RUN that installs with the lists of an earlier layer forces that layer to keep them, 20 to 50 MB, and breaks when
    the earlier layer comes from the build cache: packages that have moved since are not found. With an update of its
    own it finds them, and neither layer has to keep the lists: DS201 deletes those of the first one.

    It is level standard because the lists may be newer than those of the layer below, where that one was cached. Only
    where all RUNs that read the lists can be given an update, and where nothing in between may have changed apt's
    sources: an update would bring packages from there that the install did not see. Source: Docker's "Building best
    practices", apt-get.
    """
    readers = [one for stage in build.stages for one in _readers(build, facts, stage)]
    trigger = next((one for stage in build.stages for one in stage.triggers if _reads_lists(one, facts)), None)
    if trigger is not None:
        for one in readers:
            yield missed(
                "DS213", one.run.line, f"the lists stay: the trigger on line {trigger.line} installs from them"
            )
        return
    obstacles = [(one, _obstacle(one, build, facts)) for one in readers]
    for one, obstacle in obstacles:
        if obstacle is not None:
            reason = f"apt-get update is left to the RUN on line {one.fetched.line}: {obstacle}"
            yield missed("DS213", one.run.line, reason)
    if all(obstacle is None for _, obstacle in obstacles):
        yield from (_change(one, facts) for one in readers)


def _readers(build: Build, facts: Facts, stage: Stage) -> Iterator[_Reader]:
    """The RUNs of *stage* that install with lists which an earlier RUN of the same layers fetched and left."""
    fetched: Run | None = None
    for run, shipped in _layers(build, facts, stage):
        uses = [use for use in facts.uses(run) if use.operation.manager.name == "apt"]
        first = next((use for use in uses if use.operation.kind in READS | {Kind.UPDATE}), None)
        reads = first is not None and first.operation.kind in READS and not mounted(run, (LISTS,))
        if reads and fetched is not None and first is not None and run in stage.runs:
            yield _Reader(run, first, fetched)
        if any(map(_updates, uses)):
            kept = shipped and not mounted(run, (LISTS,)) and not lists_gone(run, facts)
            fetched = run if kept else None


def _layers(build: Build, facts: Facts, stage: Stage) -> list[tuple[Run, bool]]:
    """The RUNs whose layers lie beneath the end of *stage*, in order, and whether the image has them."""
    base = facts.graph.bases[stage.index]
    beneath = [] if base is None else _layers(build, facts, build.stages[base])
    shipped = facts.graph.ships(stage.index)
    return [*beneath, *((run, shipped) for run in stage.runs)]


def _obstacle(reader: _Reader, build: Build, facts: Facts) -> str | None:
    """Why the RUN gets no update of its own; None where it may."""
    run, use = reader.run, reader.use
    script = facts.script(run)
    if script is None or run.body is None or not must_succeed(script, use.command, errexit=facts.state(run).errexit):
        return "the build does not depend on this install"
    if any(_updates(one) for one in facts.uses(run)):
        return "it updates the lists behind its install"
    if use.operation.wrappers not in _WRAPPERS:
        return f"it runs under {use.operation.wrappers[0]}"
    if run.flags and any(flag.name == "network" for flag in run.origin.flags):
        return "it names its network"
    unfit = appendable(run, facts)
    if unfit is not None:
        return unfit
    for step in _between(reader, build, facts):
        if changes_sources(step, facts):
            return f"{step.keyword} on line {step.line} may have changed where packages come from"
    updated = max(one.command.span.end for one in facts.uses(reader.fetched) if _updates(one))
    last = facts.script(reader.fetched)
    behind = [] if last is None else [command for command in last.commands if command.span.start >= updated]
    ahead = [command for command in script.commands if command.span.end <= use.command.span.start]
    if command_changes_sources(behind) or command_changes_sources(ahead):
        return "where packages come from may have changed since"
    return None


def _reads_lists(run: Run, facts: Facts) -> bool:
    """Whether *run* installs with apt before it updates, if it does."""
    uses = [use for use in facts.uses(run) if use.operation.manager.name == "apt"]
    first = next((use for use in uses if use.operation.kind in READS | {Kind.UPDATE}), None)
    return first is not None and first.operation.kind in READS


def _updates(use: Use) -> bool:
    return use.operation.manager.name == "apt" and use.operation.kind is Kind.UPDATE


def _between(reader: _Reader, build: Build, facts: Facts) -> Iterator[Step]:
    """The steps whose layers lie between the two RUNs."""
    at: int | None = next(stage.index for stage in build.stages if reader.run in stage.runs)
    while at is not None:
        stage = build.stages[at]
        yield from (step for step in stage.steps if reader.fetched.index < step.index < reader.run.index)
        if reader.fetched in stage.runs:
            return
        at = facts.graph.bases[at]


def _change(reader: _Reader, facts: Facts) -> Change:
    run, use = reader.run, reader.use
    assert run.body is not None
    command = (*use.operation.wrappers, "apt-get", "update")
    edits = [Edit.insert(run.body.logical.before(use.command.span.start), f"{' '.join(command)} && ")]
    claims: list[Claim] = [AddsCommand(command)]
    if not lists_gone(run, facts):
        cleanup = fragment("apt-lists")
        if use.operation.wrappers:
            cleanup = fragment("as-root", command=cleanup)
        edits.append(append_to(run, facts, cleanup))
        claims.append(DropsFiles(tuple(cleanup.split()), (f"{LISTS}/*",)))
    return Change(
        rule="DS213",
        edits=tuple(edits),
        title="apt-get update in the RUN that installs, and its lists deleted",
        reason=f"the lists of line {reader.fetched.line} grow old in the build cache, and can then go from its layer",
        safety=Safety.STANDARD,
        claims=tuple(claims),
        line=run.line,
    )
