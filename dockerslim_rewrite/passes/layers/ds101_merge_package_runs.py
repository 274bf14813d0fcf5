"""DS101: the steps of one package manager in one layer."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import partial

from ...analysis.deleted import deletes, lists_gone
from ...analysis.effects.package_lists import after_deletion
from ...analysis.facts import Facts, Use
from ...analysis.flow.outcome import must_succeed
from ...analysis.merging.merging import commented, switched_off
from ...analysis.packages.apt import LISTS, changes_sources, command_changes_sources, reads_lists
from ...analysis.packages.cleanup import appendable, mounted
from ...analysis.shell.operations import Kind, Operation
from ...ir.build import Build, Stage
from ...ir.steps import Run
from ...knowledge.managers import manager as manager_data
from ...shell.edits import starts_errexit
from ..base import Proposals
from .blocks import merged

_ADDS = frozenset((Kind.INSTALL, Kind.UPGRADE))
_FETCHES = ("-U", "--update", "--update-cache")
_CLEANERS = frozenset((Kind.CLEAN, Kind.REMOVE))
#: Managers whose index an install leaves in the layer.
_INDEXED = frozenset(("apt", "zypper", "yum", "dnf", "microdnf", "tdnf"))
_SYSTEM = frozenset(("apt", "apk", "yum", "dnf", "microdnf", "tdnf", "zypper", "pacman"))


def merge_package_runs(build: Build, facts: Facts) -> Proposals:
    """Join the RUNs of one package manager: update with install, install with install, install with its cleanup.

    An update in a layer of its own is cached for months while the install behind it changes: packages that moved are
    not found. A cleanup in a layer of its own frees nothing, the files stay in the layer below. Installs that share no
    index stay apart: joined, the edit of one would run both again. So do those whose index lies in a cache mount, and
    so in no layer. So do an update and its installs where the lists
    could not be deleted behind them: the layer would be no smaller.

    Safe for the reasons of DS103. Source: Docker's "Building best practices", apt-get.
    """
    for stage in build.stages:
        yield from merged(
            stage,
            facts,
            partial(_reason, facts, facts.graph.ships(stage.index)),
            against=partial(_lists_stay, stage, facts),
        )


def _reason(facts: Facts, ships: bool, group: Sequence[Run], run: Run) -> str | None:
    before = [use.operation for one in group for use in facts.uses(one)]
    here = [use.operation for use in facts.uses(run)]
    for manager in dict.fromkeys(op.manager.name for op in before):
        kinds = {op.kind for op in before if op.manager.name == manager}
        added = [op for op in here if op.manager.name == manager]
        added_kinds = {op.kind for op in added}
        first = next((op.kind for op in added if op.kind in _ADDS | {Kind.UPDATE}), None)
        if Kind.UPDATE in kinds and first is Kind.UPDATE and added_kinds & _ADDS:
            # It fetches an index of its own: joined, one would be fetched right after the other.
            continue
        if Kind.UPDATE in kinds and not kinds & _ADDS and added_kinds & _ADDS:
            if manager == "apk" and all(op.has_flag("--no-cache") for op in added if op.kind in _ADDS):
                # They fetch an index of their own: the other one is of no use, and only takes room where it ships.
                return "what apk left is only gone if it is not fetched in a layer of its own" if ships else None
            return f"{manager}'s index and the install that reads it belong in one layer, or the index goes stale"
        joined = kinds & _ADDS and added_kinds & _ADDS and manager in _INDEXED and Kind.UPDATE not in added_kinds
        # Lists of apt that lie in a layer below, and an index that was deleted already, are no smaller for it.
        fetched = (
            Kind.UPDATE in kinds and not any(lists_gone(one, facts) for one in group)
            if manager == "apt"
            else not _cleaned(group[-1], manager, facts)
        )
        installs = [at for at, op in enumerate(before) if op.manager.name == manager and op.kind in _ADDS]
        updates = [at for at, op in enumerate(before) if op.manager.name == manager and op.kind is Kind.UPDATE]
        # Where the layer does not ship, nobody deletes the index, and it takes no room.
        # What lies in a cache mount is in no layer.
        cached = mounted(run, (LISTS,) if manager == "apt" else manager_data(manager).paths)
        shared = (
            joined and fetched and ships and not cached and not (updates and installs and min(updates) > min(installs))
        )
        if shared and not _other_thought(group, run, manager, facts):
            return f"the installs share {manager}'s index, which is only gone if it is deleted in their layer"
        left = any(_leaves(op) for op in before if op.manager.name == manager)
        if ships and left and not cached and not _gone(group[-1], manager, facts) and _cleans(run, manager, facts):
            return f"what {manager} left is only gone if it is deleted in the same layer"
        follows = manager in _SYSTEM and Kind.UPDATE in added_kinds and not added_kinds & _ADDS and kinds & _ADDS
        if follows and _is_read_next(run, manager, facts) and not _other_thought(group, run, manager, facts):
            return f"the steps of {manager} belong in one layer"
    return None


def _is_read_next(run: Run, manager: str, facts: Facts) -> bool:
    """Whether the instruction behind *run* installs with *manager* from the index that *run* fetches."""
    stage = next(one for one in facts.build.stages if run in one.steps)
    at = stage.steps.index(run) + 1
    following = stage.steps[at] if at < len(stage.steps) else None
    return isinstance(following, Run) and any(
        use.operation.manager.name == manager and use.operation.kind in _ADDS for use in facts.uses(following)
    )


def _other_thought(group: Sequence[Run], run: Run, manager: str, facts: Facts) -> bool:
    """Whether *run* installs for something else than *group*, which installs more than once already: a comment tells.

    The edit of one of many would run all of them again. An index of its own costs less.
    """
    if switched_off(group[-1], run, facts):
        return True
    several = sum(
        use.operation.manager.name == manager and use.operation.kind in _ADDS
        for one in group
        for use in facts.uses(one)
    )
    # What apt's next install reads has to stay for it; the others fetch their index again by themselves.
    return (several > 1 or manager != "apt") and commented(group[-1], run, facts)


def _leaves(done: Operation) -> bool:
    """Whether *done* leaves something of its manager's behind that a cleanup finds."""
    known = done.manager
    if known.name == "apk":
        # It keeps no package, and the index only where it is told to fetch it.
        return done.kind is Kind.UPDATE or (done.has_flag(*_FETCHES) and not done.has_flag("--no-cache"))
    keeps_none = known.option is not None and done.has_flag(known.option, *known.option_alternatives)
    return done.kind in _ADDS | {Kind.UPDATE} and not keeps_none


def _lists_stay(stage: Stage, facts: Facts, runs: Sequence[Run]) -> str | None:
    """Why apt's lists would stay in the layer of *runs* joined; None where they can go, or do not ship.

    Later RUNs that install from them can be given lists of their own, where each update of the stage can be repeated.
    """
    uses = [use for run in runs for use in facts.uses(run) if use.operation.manager.name == "apt"]
    installing = {use.run.index for use in uses if use.operation.kind in _ADDS}
    if not any(use.operation.kind is Kind.UPDATE for use in uses) or not facts.graph.ships(stage.index):
        return None
    if any(facts.script(run) is None or lists_gone(run, facts) for run in runs) or mounted(runs[-1], (LISTS,)):
        return None
    readers = facts.recall("RUNs that read apt's lists", stage.index, lambda: _readers(stage, facts))
    later = frozenset(readers[bisect_right(readers, runs[-1].index) :])
    repeated = len(installing) < 2 or (
        facts.recall("updates repeat", stage.index, lambda: _repeats(stage, facts))
        and not _sources_change(uses, later, stage, facts)
    )
    verdict = after_deletion(runs[-1], stage, facts, later if repeated else frozenset())
    script = facts.script(runs[-1])
    braced = script is not None and len(script.root.items) > 1 and starts_errexit(script.root)
    reason = appendable(runs[-1], facts) or verdict.obstacle
    if reason is None and braced:
        reason = "the last of them would stand in braces, where && behind them switches `set -e` off"
    return None if reason is None else f"apt's lists would stay in the layer: {reason}"


def _sources_change(uses: Sequence[Use], later: frozenset[int], stage: Stage, facts: Facts) -> bool:
    """Whether something between the last update of *uses* and the last of the RUNs *later* may change where packages
    come from: an update of their own would find others there.
    """
    last = [use for use in uses if use.operation.kind is Kind.UPDATE][-1]
    if not any(use.run is last.run and use.operation.kind is Kind.INSTALL for use in uses):
        # Apart from its first install the index goes stale, whatever becomes of it.
        return False
    script = facts.script(last.run)
    behind = script.commands if script is not None else ()
    if later and command_changes_sources(one for one in behind if one.span.start >= last.command.span.end):
        return True
    changing = facts.recall(
        "steps that change apt's sources",
        stage.index,
        lambda: [step.index for step in stage.steps if changes_sources(step, facts)],
    )
    return any(last.run.index < at < max(later, default=0) for at in changing)


def _readers(stage: Stage, facts: Facts) -> tuple[int, ...]:
    """The RUNs of *stage* and of those built from it that read apt's lists without having fetched them, by index."""
    stages = [stage, *(facts.build.stages[index] for index in facts.graph.heirs(stage.index))]
    return tuple(sorted(run.index for one in stages for run in one.runs if reads_lists(run, facts)))


def _repeats(stage: Stage, facts: Facts) -> bool:
    """Whether the build of *stage* depends on each of its updates, so that each can stand in another RUN as well."""
    for run in stage.runs:
        script, updates = facts.script(run), [use for use in facts.uses(run) if use.operation.kind is Kind.UPDATE]
        errexit = facts.state(run).errexit
        if script is None or not all(must_succeed(script, use.command, errexit=errexit) for use in updates):
            return False
    return True


def _cleaned(run: Run, manager: str, facts: Facts) -> bool:
    """Whether *run* deletes behind its last step of *manager* what that left."""
    uses = [use for use in facts.uses(run) if use.operation.manager.name == manager]
    return bool(uses) and (uses[-1].operation.kind is Kind.CLEAN or _gone(run, manager, facts))


def _gone(run: Run, manager: str, facts: Facts) -> bool:
    """Whether *run* deletes *manager*'s cache itself."""
    script = facts.script(run)
    return script is not None and any(
        deletes(command, path, run, facts) for command in script.commands for path in manager_data(manager).paths
    )


def _cleans(run: Run, manager: str, facts: Facts) -> bool:
    """Whether *run* does nothing but clean up, and part of it is *manager*'s cache."""
    script = facts.script(run)
    if script is None:
        return False
    cleaners = {id(use.command): use.operation for use in facts.uses(run) if use.operation.kind in _CLEANERS}
    hit = False
    for command in script.commands:
        operation = cleaners.get(id(command))
        if operation is not None:
            # What a project no longer needs is some files; removed packages of a system are what was built with.
            cleans = operation.kind is Kind.CLEAN or manager in _SYSTEM
            hit = hit or (cleans and operation.manager.name == manager)
            continue
        if command.name != "rm" and not (command.words and command.words[-1].literal == "true"):
            return False
        hit = hit or any(deletes(command, path, run, facts) for path in manager_data(manager).paths)
    return hit
