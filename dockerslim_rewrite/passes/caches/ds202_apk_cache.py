"""DS202: apk's index and cache."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from ...analysis.bases import base_image
from ...analysis.effects.apk_index import without_index
from ...analysis.facts import Facts, Use
from ...analysis.packages.cleanup import mounted, removes
from ...analysis.shell.operations import Kind
from ...change import AddsOption, Change, Claim, RemovesCommand, RemovesWords, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Run
from ...knowledge.old_tools import lacks
from ...record import evolve
from ...shell.edits import described, drop_command, drop_word, insert_after
from ...shell.script import Simple
from ...text import Edit
from ..base import Proposals, missed
from .refreshing import is_commented

CACHE = "/var/cache/apk"
_ADDS = frozenset((Kind.INSTALL, Kind.UPGRADE))
_UPDATE_FLAGS = ("-U", "--update", "--update-cache")


def apk_cache(build: Build, facts: Facts) -> Proposals:
    """Let `apk add` and `apk upgrade` work with `--no-cache` where they leave the package index in the image.

    `apk update` and `apk add --update` leave the index in /var/cache/apk. With `--no-cache` apk fetches a fresh index,
    uses it and keeps nothing, so `apk update` and `--update` have nothing to do. Where the RUN deletes the index by
    itself, or the stage does not ship, nothing is gained and all stays.

    Safe because the same packages from the same index are installed. A cache mount, or a link from /etc/apk/cache,
    means that the cache is wanted; then all stays. So it does where something that runs later, scripts of the build
    context included, installs from the index without fetching it anew; where a program is not known, the level is
    standard. Source: Alpine wiki, "Alpine Package Keeper", apk-add(8).
    """
    #: Each change with the stage, and whether its RUN fetched the index that others read.
    found: list[tuple[Change, Stage, bool]] = []
    linked = "/etc/apk/cache" in build.text
    for stage in build.stages:
        for run in stage.runs:
            uses = [use for use in facts.uses(run) if use.operation.manager.name == "apk"]
            adds = [use for use in uses if use.operation.kind in _ADDS]
            if not uses or linked or mounted(run, (CACHE, "/etc/apk/cache")):
                continue
            if not adds:
                if facts.graph.ships(stage.index) and any(use.operation.kind is Kind.UPDATE for use in uses):
                    alone = _without(run, stage, build, facts)
                    yield alone or missed(run.line, "apk update stands alone: its index stays in this layer")
                continue
            pays = _leaves_index(run, facts) and facts.graph.ships(stage.index)
            if not pays and not _reads_index(run, uses, adds, stage, facts):
                continue
            told = next((use for use in uses if use.operation.kind is Kind.UPDATE and _described(run, use)), None)
            if told is not None:
                yield missed(run.line, "the index stays: a comment describes apk update, which would go")
                continue
            change = _change(run, uses, adds)
            if change is None:
                continue
            old = lacks("apk", base_image(build, facts, stage))
            if old is not None:
                yield missed(run.line, f"the index stays: {old}")
                continue
            reader = facts.recall("trigger of apk", None, partial(_trigger_without_index, build, facts))
            if reader is not None:
                yield missed(run.line, f"the index stays: the trigger on line {reader} installs from it")
                continue
            fails = facts.recall("needs apk's cache", stage.index, partial(_fails_without, build, facts, stage))
            if fails is not None:
                yield missed(run.line, f"the cache stays: rm without -f on line {fails} fails if there is none")
                continue
            verdict = without_index(run, stage, facts)
            if verdict.obstacle is not None:
                yield missed(run.line, f"the index stays: {verdict.obstacle}")
                continue
            saving = change.saving if pays else None
            change = evolve(change, safety=max(change.safety, verdict.safety), evidence=verdict.evidence, saving=saving)
            found.append((change, stage, _leaves_index(run, facts)))
    yield from _with_readers(found, facts)


def _without(run: Run, stage: Stage, build: Build, facts: Facts) -> Change | None:
    """Drop *run*, which does nothing but fetch an index that nobody reads; None where that is not sure."""
    script = facts.script(run)
    if script is None or len(script.commands) != 1 or script.commands[0].argv != ("apk", "update"):
        return None
    if is_commented(run, build):
        return None
    verdict = without_index(run, stage, facts)
    if verdict.obstacle is not None or _read_later(run, stage, facts):
        return None
    return Change(
        edits=(Edit.delete(*build.document.without(run.origin)),),
        title="drop the RUN that only fetches apk's index",
        reason="what installs packages fetches an index of its own, and this one stays in the layer",
        safety=verdict.safety,
        claims=(RemovesCommand(("apk", "update")),),
        line=run.line,
        evidence=verdict.evidence,
        saving=facts.uses(run)[0].operation.manager.saving,
    )


def _read_later(run: Run, stage: Stage, facts: Facts) -> bool:
    """Whether an install behind *run* reads the index that it left."""
    for index in (stage.index, *facts.graph.heirs(stage.index)):
        for later in facts.build.stages[index].runs:
            if index == stage.index and later.index <= run.index:
                continue
            done = [use.operation for use in facts.uses(later) if use.operation.manager.name == "apk"]
            if any(one.kind is not Kind.REMOVE and not one.has_flag("--no-cache", *_UPDATE_FLAGS) for one in done):
                return True
    return False


def _with_readers(found: Sequence[tuple[Change, Stage, bool]], facts: Facts) -> Iterator[Change]:
    """The changes *found*, each that takes an index away with those of the RUNs that read it: none of them would find
    it alone.
    """
    groups: list[list[tuple[Change, Stage]]] = []
    for change, stage, fetches in found:
        chain = facts.graph.chain(stage.index)
        leader = next((one for one in reversed(groups) if one[0][1].index in chain), None)
        if fetches or leader is None:
            groups.append([(change, stage)])
        else:
            leader.append((change, stage))
    for (first, _), *others in groups:
        changes = [first, *(one for one, _ in others)]
        yield evolve(
            first,
            edits=tuple(edit for one in changes for edit in one.edits),
            claims=tuple(claim for one in changes for claim in one.claims),
            safety=max(one.safety for one in changes),
            evidence=tuple(dict.fromkeys(fact for one in changes for fact in one.evidence)),
            saving=sum(one.saving or 0 for one in changes) or None,
        )


def _leaves_index(run: Run, facts: Facts) -> bool:
    """Whether *run*, as it stands, leaves an index in the layer."""
    script = facts.script(run)
    if script is None or any(removes(command, CACHE) for command in script.commands):
        return False
    done = [use.operation for use in facts.uses(run) if use.operation.manager.name == "apk"]
    kept = [one for one in done if not one.has_flag("--no-cache")]
    return any(one.kind is Kind.UPDATE or (one.kind in _ADDS and one.has_flag(*_UPDATE_FLAGS)) for one in kept)


def _reads_index(run: Run, uses: list[Use], adds: list[Use], stage: Stage, facts: Facts) -> bool:
    """Whether *run* installs from an index that an earlier RUN leaves, and which this rule may take away."""
    fetched = [use for use in uses if use.operation.kind is Kind.UPDATE]
    if fetched or all(use.operation.has_flag("--no-cache", *_UPDATE_FLAGS) for use in adds):
        return False
    for at in facts.graph.chain(stage.index):
        first = facts.recall("leaves apk's index", at, partial(_first_leaving, at, facts))
        if facts.graph.ships(at) and first is not None and (at != stage.index or first < run.index):
            return True
    return False


def _first_leaving(at: int, facts: Facts) -> int | None:
    """The first RUN of the stage *at* that leaves an index: every RUN behind it asks."""
    return next((run.index for run in facts.build.stages[at].runs if _leaves_index(run, facts)), None)


def _trigger_without_index(build: Build, facts: Facts) -> int | None:
    """The line of an ONBUILD whose RUN installs from the index that the image holds; None when there is none."""
    for stage in build.stages:
        for trigger in stage.triggers:
            for use in facts.uses(trigger):
                if use.operation.manager.name != "apk":
                    continue
                if use.operation.kind is Kind.UPDATE:
                    break
                if use.operation.kind in _ADDS and not use.operation.has_flag("--no-cache", *_UPDATE_FLAGS):
                    return trigger.line
    return None


def _fails_without(build: Build, facts: Facts, stage: Stage) -> int | None:
    """The line of an ``rm`` that stays, and fails when nothing lies in the cache; None when there is none."""
    for index in (stage.index, *facts.graph.heirs(stage.index)):
        for run in build.stages[index].runs:
            script = facts.script(run)
            if script is None or run.body is None:
                continue
            for command in script.commands:
                if removes(command, CACHE) and not _forgives(command):
                    return build.document.line_of(run.body.logical.before(command.span.start))
    return None


def _forgives(command: Simple) -> bool:
    """Whether an ``rm`` takes files that are not there for removed."""
    return any(re.match(r"-\w*f|--force\Z", word.text) for word in command.words[1:])


def _described(run: Run, use: Use) -> bool:
    assert run.body is not None
    return described(run.body, run.origin, use.command)


def _change(run: Run, uses: list[Use], adds: list[Use]) -> Change | None:
    edits: list[Edit] = []
    claims: list[Claim] = []
    body = run.body
    assert body is not None
    for use in adds:
        operation, words = use.operation, use.command.words
        command = operation.lead
        if operation.has_flag("--no-cache"):
            continue
        edits.append(insert_after(body.logical, words[operation.verb].span.end, " --no-cache"))
        claims.append(AddsOption(command, ("--no-cache",)))
        for flag in operation.flags:
            word = words[flag.at]
            if flag.name in _UPDATE_FLAGS and word.text == flag.name:
                edits += drop_word(body, run.origin, word.span)
                claims.append(RemovesWords(command, (flag.name,)))
    updates = [use for use in uses if use.operation.kind is Kind.UPDATE]
    if updates and any(use.operation.kind not in _ADDS | {Kind.UPDATE, Kind.REMOVE} for use in uses):
        # What asks the index needs it: it stays, whatever apk add does.
        return None
    for use in updates:
        gone = None if use.operation.operands else drop_command(body, run.origin, use.command)
        if gone is None:
            return None
        if not _overlap(edits, gone):
            edits += gone
            claims.append(RemovesCommand(tuple(word.text for word in use.command.words)))
    if not edits:
        return None
    return Change(
        edits=tuple(edits),
        title="apk works with --no-cache",
        reason="apk then keeps no package index in the layer",
        safety=Safety.SAFE,
        claims=tuple(claims),
        line=run.line,
        saving=uses[0].operation.manager.saving,
    )


def _overlap(edits: list[Edit], others: list[Edit]) -> bool:
    """Whether one of *others* takes text that one of *edits* takes; then it waits for the next round."""
    return any(a.span.start < b.span.end and b.span.start < a.span.end for a in edits for b in others)
