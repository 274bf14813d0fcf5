"""From a rewrite to what is to be judged: the groups of RUNs that changed, and the stages that they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from dockerslim_rewrite import Result
from dockerslim_rewrite.change import AddsInstruction, Change, DropsStage, EntersFolder, MovesInstruction
from dockerslim_rewrite.ir.build import Build, read_build
from dockerslim_rewrite.syntax import parse
from dockerslim_rewrite.text import Source
from tests.trace.allowances import allowance, shells
from tests.trace.model import Allowance, Body
from tests.trace.stages import Placed, bodies


@dataclass(frozen=True, slots=True)
class Pair:
    """Bodies before and after, what may differ between them, and the shells that may be /bin/sh.

    line: of the file before, from 1. runs: how many RUNs stand after. whole: a whole stage, whose groups are pairs of
    their own: here only what one RUN leaves for the next matters.
    """

    before: tuple[Body, ...]
    after: tuple[Body, ...]
    allow: Allowance
    shells: tuple[str, ...]
    line: int
    whole: bool

    @property
    def runs(self) -> int:
        return len(self.after)


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A stage with changed RUNs that no sandbox can judge, and why."""

    reason: str


def pairs(result: Result) -> Iterator[Pair | Unjudged]:
    """What changed between the RUNs of a rewrite."""
    if not result.changed:
        return
    before, after = _read(result.original), _read(result.text)
    gone = {claim.name for change in result.changes for claim in change.claims if isinstance(claim, DropsStage)}
    kept = [
        (stage, found) for stage, found in zip(before.stages, bodies(before), strict=True) if stage.name not in gone
    ]
    left = [found for _, found in kept]
    right = bodies(after)
    if len(left) != len(right):
        yield Unjudged("stages were added or split")
        return
    added = _added_runs(result.changes)
    source = Source(result.original)
    edited = {
        id(change): frozenset(source.position(edit.span.start).line for edit in change.edits)
        for change in result.changes
    }
    for (stage, old), new, other in zip(kept, right, after.stages, strict=True):
        if isinstance(old, str) or isinstance(new, str):
            if [run.origin.text for run in stage.runs] != [run.origin.text for run in other.runs]:
                yield Unjudged(old if isinstance(old, str) else str(new))
            continue
        yield from _stage(old, tuple(one for one in new if one.body.script not in added), result.changes, edited)


def _stage(
    old: Sequence[Placed], new: Sequence[Placed], changes: Sequence[Change], edited: Mapping[int, frozenset[int]]
) -> Iterator[Pair]:
    before, after = [one.body for one in old], [one.body for one in new]
    if before == after:
        return
    found = 0
    possible = shells(changes, before)
    for first_last in _groups(before, after):
        i, i_end, j, j_end = first_last
        steps = [first_last]
        if i_end - i == j_end - j:
            steps = [(at, at + 1, at - i + j, at - i + j + 1) for at in range(i, i_end)]
        for first, last, start, end in steps:
            lines = (old[first].first, old[last - 1].last) if last > first else (0, 0)
            near = [
                change
                for change in changes
                if _governs(change) or any(lines[0] <= line <= lines[1] for line in (change.line, *edited[id(change)]))
            ]
            allow = allowance(near, before[first:last])
            yield Pair(tuple(before[first:last]), tuple(after[start:end]), allow, possible, lines[0], whole=False)
            found += 1
    if found > 1 or len(after) > 1:
        yield Pair(
            tuple(before), tuple(after), allowance(changes, before), possible, old[0].first if old else 1, whole=True
        )


def _groups(before: Sequence[Body], after: Sequence[Body]) -> list[tuple[int, int, int, int]]:
    """The runs of bodies that differ, as slices of both sides; one slice where a body is on one side only."""
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    found = [(i, i_end, j, j_end) for tag, i, i_end, j, j_end in codes if tag != "equal"]
    twice = len(set(before)) < len(before) or len(set(after)) < len(after)
    if twice or any(i == i_end or j == j_end for i, i_end, j, j_end in found):  # which are which cannot be told
        return [(found[0][0], found[-1][1], found[0][2], found[-1][3])]
    return found


def _governs(change: Change) -> bool:
    """Whether a change acts on RUNs that it does not edit."""
    return any(
        isinstance(claim, MovesInstruction | EntersFolder)
        or (isinstance(claim, AddsInstruction) and claim.keyword == "SHELL")
        for claim in change.claims
    )


def _added_runs(changes: Sequence[Change]) -> frozenset[str]:
    """The scripts of RUN instructions that claims add: there is nothing before that they could be compared with."""
    texts = [
        claim.text
        for change in changes
        for claim in change.claims
        if isinstance(claim, AddsInstruction) and claim.keyword == "RUN"
    ]
    return frozenset(text.split(None, 1)[-1] for text in texts)


def _read(text: str) -> Build:
    return read_build(parse(Source(text)))
