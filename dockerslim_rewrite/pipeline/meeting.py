"""Whether proposed changes meet: which of them can be made in one round."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from ..change import Change, JoinsInstructions, Layout
from ..ir.build import Build
from ..syntax import Instruction
from ..text import Edit, Span


class Lines(NamedTuple):
    """Lines of the file, both ends included."""

    first: int
    last: int

    def meets(self, other: Lines) -> bool:
        """Whether the two have a line in common."""
        return self.first <= other.last and other.first <= self.last


def joined_lines(change: Change, build: Build) -> Lines | None:
    """The lines of the RUNs that *change* makes one: whether they may be depends on all that is in them."""
    if not any(isinstance(claim, JoinsInstructions) and claim.keyword == "RUN" for claim in change.claims):
        return None
    instructions = build.document.instructions

    def at(offset: int) -> Instruction:
        return instructions[bisect_right(instructions, offset, key=lambda one: one.span.start) - 1]

    last = at(max(edit.span.end for edit in change.edits))
    return Lines(at(min(edit.span.start for edit in change.edits)).line_number, last.end_line)


def in_substitution(change: Change, substituted: Sequence[Span]) -> bool:
    """Whether *change* edits more than layout within one of *substituted*, which are disjoint and sorted."""
    if not substituted or all(isinstance(claim, Layout) for claim in change.claims):
        return False
    for edit in change.edits:
        at = bisect_right(substituted, edit.span.start, key=lambda span: span.start) - 1
        if at >= 0 and edit.span.end <= substituted[at].end:
            return True
    return False


def meets(taken: list[Edit], edits: Sequence[Edit]) -> bool:
    """Whether one of *edits* touches what an edit in the sorted list *taken* touches, or inserts at its border."""
    for edit in edits:
        at = bisect_left(taken, edit)
        for other in taken[max(at - 1, 0) : at + 1]:
            first, second = sorted((other.span, edit.span))
            inserts = first.start == first.end or second.start == second.end
            if second.start < first.end or first == second or (inserts and second.start == first.end):
                return True
    return False
