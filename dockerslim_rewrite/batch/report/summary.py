"""The sums of a batch: by folder, rule and owner, and what was declined, with what would unlock it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ...change import RemarkKind
from ...passes import rules
from ...patterns import re
from ...record import record
from ..outcome import Outcome, Status
from ..plan.owners import NOBODY, Owners

#: So many reasons are listed.
_REASONS = 100
#: What a rule said in error is no finding.
_WITHDRAWN = RemarkKind.BUG.value
_VARYING = re.compile(r"\d+")


@record
class RuleSum:
    """What a rule did: its code and name, how often, in how many files, for how many bytes, for whose findings.

    ``left`` counts the places that it found and left as they are.
    """

    code: str
    name: str
    changes: int
    files: int
    saving: int
    answers: tuple[str, ...]
    left: int


@record
class OwnerSum:
    """What is an owner's: files looked at and changed, changes, bytes."""

    owner: str
    files: int
    changed: int
    changes: int
    saving: int


@record
class Declined:
    """A reason for which a rule left places as they are: how often, in how many files, with one file as an example.

    ``unlock`` says what would make the change.
    """

    rule: str
    reason: str
    count: int
    files: int
    example: str
    unlock: str


@record
class Summary:
    """The sums of a batch."""

    files: int
    changed: int
    same: int
    skipped: int
    failed: int
    changes: int
    saving: int
    layers: tuple[int, int]
    rules: tuple[RuleSum, ...]
    owners: tuple[OwnerSum, ...]
    declined: tuple[Declined, ...]
    folders: tuple[tuple[str, int, int], ...]


def summary(outcomes: Iterable[Outcome], owners: Owners) -> Summary:
    """The sums of *outcomes*, whose owners *owners* names; the same in whatever order they come."""
    states: Counter[Status] = Counter()
    by_rule: dict[str, list[int]] = {}
    by_owner: dict[str, list[int]] = {}
    by_folder: dict[str, list[int]] = {}
    reasons: dict[tuple[str, str, str], list[Any]] = {}
    before = after = 0
    for one in outcomes:
        states[one.status] += 1
        before, after = before + one.layers[0], after + one.layers[1]
        owner = " ".join(owners.of(one.name)) or NOBODY
        _add(by_owner, owner, 1, one.status is Status.CHANGED, len(one.changes), one.saving)
        if one.status is Status.CHANGED:
            _add(by_folder, one.name.rpartition("/")[0], 1, one.saving)
        for rule in {change.rule for change in one.changes}:
            _add(by_rule, rule, 0, 1, 0, 0)
        for change in one.changes:
            _add(by_rule, change.rule, 1, 0, change.saving or 0, 0)
        for remark in one.remarks:
            _add(by_rule, remark.rule, 0, 0, 0, remark.kind != _WITHDRAWN)
        _decline(reasons, one)
    names = {one.code: one for one in rules()}
    return Summary(
        sum(states.values()),
        states[Status.CHANGED],
        states[Status.SAME],
        states[Status.SKIPPED],
        states[Status.FAILED],
        sum(count for count, _, _, _ in by_rule.values()),
        sum(saving for _, saving in by_folder.values()),
        (before, after),
        tuple(
            RuleSum(code, names[code].name, changes, files, saving, tuple(names[code].answers), left)
            for code, (changes, files, saving, left) in sorted(
                by_rule.items(), key=lambda item: (-item[1][2], -item[1][0], item[0])
            )
            # Remarks on the text as a whole are no rule's.
            if code in names and (changes or left)
        ),
        tuple(
            OwnerSum(owner, *sums)
            for owner, sums in sorted(by_owner.items(), key=lambda item: (-item[1][3], -item[1][1], item[0]))
        ),
        tuple(
            Declined(rule, shown, count, len(files), min(files), _unlock(needs))
            for (rule, _, needs), (shown, count, files) in sorted(
                reasons.items(), key=lambda item: (-item[1][1], item[0])
            )[:_REASONS]
        ),
        tuple((folder, sums[0], sums[1]) for folder, sums in sorted(by_folder.items())),
    )


def _add(sums: dict[str, list[int]], key: str, *values: int) -> None:
    known = sums.setdefault(key, [0] * len(values))
    for index, value in enumerate(values):
        known[index] += value


def _decline(reasons: dict[tuple[str, str, str], list[Any]], one: Outcome) -> None:
    for remark in one.remarks:
        if remark.kind not in ("missed", "held"):
            continue
        key = (remark.rule, _VARYING.sub("#", remark.reason), remark.needs or "")
        known = reasons.setdefault(key, [remark.reason, 0, set()])
        known[0] = min(known[0], remark.reason)
        known[1] += 1
        known[2].add(one.name)


def _unlock(needs: str) -> str:
    return f"--level {needs}" if needs else "settle what the reason names, or make the change by hand"
