"""RUN instructions: one or more of them against the one that took their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from itertools import islice, takewhile

from ...change import AddsMount, EntersFolder, RemovesCommand
from ...ir.steps import Run, Step
from ...text import Span
from ..core.instructions import Side
from ..core.observe import Command, Unit, units
from ..core.program import script_of
from ..core.verdict import Unsound
from ..shell.bodies import Bodies, stays_exec
from ..shell.claims import Claimed, Licences, joining_runs
from ..shell.entering import is_idle
from ..shell.folders import has_cd, headed_by_cd
from ..shell.mounts import licensed_mounts
from .standing import Standing


class Runs:
    """Follows RUN instructions from the *old* program to the *new* one."""

    def __init__(self, claimed: Claimed, old: Side, new: Side) -> None:
        self.claimed = claimed
        self.old = old
        self.new = new
        # A RUN that is gone counts no more in what was joined later.
        gone = sum(claim.argv[:1] == ("cd",) for claim in claimed.all.of(RemovesCommand))
        self.most = 1 + gone + sum(claim.count - 1 for claim in joining_runs(claimed.all))

    def match(self, before: Sequence[Step], at: int, right: Run, exported: Set[str], workdir: str | None) -> int:
        """How many RUNs of *before* from *at* on, which start in *workdir*, became *right*.

        Raises ``Unsound`` or ``Undecided`` for none.
        """
        first = before[at]
        assert isinstance(first, Run)
        frame(first, right, self._near(first, first), self.old, self.new)
        bodies = Bodies(self._near, workdir, _body(before[at - 1] if at else None))
        taken = bodies.longest(self.candidates(before, at), right, exported)
        runs = [step for step in before[at : at + taken] if isinstance(step, Run) and step.argv is not None]
        if runs and right.argv is None:
            from ..shell.exec_runs import check_shell

            check_shell(runs, self.old.build, self.old.stage)
        return taken

    def _near(self, first: Run, last: Run) -> Licences:
        return self.claimed.near(Span(first.origin.span.start, last.origin.span.end))

    def candidates(self, before: Sequence[Step], at: int) -> Iterator[Run]:
        """The RUNs from *at* on that claims allow to have become one."""
        flags = self.old.flags(before[at])
        for index, step in enumerate(islice(before, at, at + self.most)):
            if not isinstance(step, Run):
                return
            if index and (
                stays_exec(step, self.claimed.near(step.origin.span))
                or self.old.flags(step) != flags
                or not joining_runs(self.claimed.near(step.origin.span))
            ):
                return
            yield step

    def entered(self, before: Sequence[Step], at: int, right: Step, standing: Standing) -> int:
        """How many RUNs of *before* from *at* on became *right*, some without the ``cd`` to where it is already.

        0 where there are none of these. Raises like ``match``.
        """
        if not isinstance(right, Run):
            return 0
        folders = {claim.folder for claim in self.claimed.all.of(EntersFolder)}
        if not folders:
            return 0
        inside, here = standing.entered.folder, standing.here
        folder = inside or here
        if folder is None or folder not in folders:
            return 0

        def headless(run: Run) -> bool:
            near = self._near(run, run)
            claimed = any(claim.folder == folder for claim in near.of(EntersFolder))
            return claimed and headed_by_cd(run, folder, here, near.claims, standing.known)

        found = self.candidates(before, at)
        runs = list(found if inside is None else takewhile(headless, found))
        if not any(map(headless, runs)) or (inside is not None and has_cd(right)):
            return 0
        frame(runs[0], right, self._near(runs[0], runs[0]), self.old, self.new)
        try:
            return Bodies(self._near, standing.workdir, _body(before[at - 1] if at else None), headless).longest(
                runs, right, standing.exported
            )
        except Unsound:
            if inside is not None:
                raise
            return 0

    def vanishes(self, run: Run, before: Step | None, workdir: str | None) -> bool:
        """Whether claims remove every command of *run*, which starts in *workdir* and stands right behind *before*."""
        script = script_of(run)
        if script is None:
            return False
        licences = self.claimed.near(run.origin.span)
        found = units(script)
        if is_idle(found, _body(before), workdir, licences.claims):
            return not run.origin.flags
        return bool(found) and all(isinstance(unit, Command) and licences.removes(unit) for unit in found)


def _body(step: Step | None) -> tuple[Unit, ...]:
    script = script_of(step) if step is not None else None
    return units(script) if script is not None else ()


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


def always(licences: Licences) -> Callable[[Run, Run], Licences]:
    """The *licences* for every two RUNs."""
    return lambda first, last: licences
