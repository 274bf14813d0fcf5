"""RUN instructions: one or more of them against the one that took their place."""

from __future__ import annotations

from collections.abc import Sequence, Set

from ..change import AddsMount, MergesRuns
from ..ir.steps import Run, Step
from ..text import Span
from .bodies import Bodies
from .claims import Claimed, Licences
from .instructions import Side
from .mounts import licensed_mounts
from .observe import Command, units
from .program import script_of
from .verdict import Unsound


class Runs:
    """Follows RUN instructions from the *old* program to the *new* one."""

    def __init__(self, claimed: Claimed, old: Side, new: Side) -> None:
        self.claimed = claimed
        self.old = old
        self.new = new
        self.most = 1 + sum(claim.count - 1 for claim in claimed.all.of(MergesRuns))

    def match(self, before: Sequence[Step], at: int, right: Run, exported: Set[str]) -> int:
        """How many RUNs of *before* from *at* on became *right*. Raises ``Unsound`` or ``Undecided`` for none."""
        group = self._candidates(before, at)
        licences = self.claimed.near(Span(group[0].origin.span.start, group[-1].origin.span.end))
        frame(group[0], right, licences, self.old, self.new)
        return Bodies(licences).longest(group, right, exported)

    def _candidates(self, before: Sequence[Step], at: int) -> list[Run]:
        """The RUNs from *at* on that claims allow to have become one."""
        first = before[at]
        assert isinstance(first, Run)
        group = [first]
        flags = self.old.flags(first)
        while len(group) < self.most and at + len(group) < len(before):
            step = before[at + len(group)]
            if not isinstance(step, Run) or not self.claimed.near(step.origin.span).of(MergesRuns):
                break
            if self.old.flags(step) != flags or step.argv is not None:
                break
            group.append(step)
        return group

    def vanishes(self, run: Run) -> bool:
        """Whether claims remove every command of *run*."""
        script = script_of(run)
        if script is None:
            return False
        licences = self.claimed.near(run.origin.span)
        found = units(script)
        return bool(found) and all(isinstance(unit, Command) and licences.removes(unit) for unit in found)


def frame(left: Run, right: Run, licences: Licences, old: Side, new: Side) -> None:
    """Raise ``Unsound`` unless *right* has the flags of *left*, but for mounts that claims add."""
    mounts = licensed_mounts(licences.of(AddsMount))
    flags = new.flags(right)
    if mounts:
        flags = tuple(flag for flag in flags if not (flag[0] == "mount" and flag[1] in mounts))
    if old.flags(left) != flags:
        raise Unsound("flags of a RUN changed", left.line, right.line)
    if _strips_tabs(left) != _strips_tabs(right):
        raise Unsound("tabs in a here-document are no longer stripped, or are now", left.line, right.line)


def _strips_tabs(run: Run) -> bool:
    """Whether a ``<<-`` takes tabs away that stand at the beginning of lines."""
    return any(heredoc.chomp for heredoc in run.origin.heredocs) and "\n\t" in run.origin.text
