"""Step by step through two programs: what is equal, what a claim licenses, what is neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from ...change import ChangesFlag, CopiesFirst, DropsInstruction, EntersFolder, JoinsInstructions, SetsUser
from ...ir.build import Build, Stage
from ...ir.steps import Arg, Copy, Env, From, Run, Step
from ...text import Span
from ..core.instructions import Side, fingerprint, names_stages, same_text
from ..core.program import base_of
from ..core.verdict import Undecided, Unsound
from ..metadata.labels import renamed
from ..metadata.metadata import joined
from ..moves.contents import Read
from ..moves.copies import same_but_for_flags
from ..moves.moves import Moves
from ..shell.claims import Claimed
from .added import Added
from .replaced import Replaced
from .runs import Runs
from .standing import Standing

if TYPE_CHECKING:
    from ..stages.splits import Split

#: How far neighbours are looked for that became one instruction with one that was moved.
_AHEAD = 200
_OVERRIDDEN = frozenset(("CMD", "ENTRYPOINT", "HEALTHCHECK"))


class Matcher:
    """Matches the steps of two builds; raises ``Unsound`` or ``Undecided`` at the first difference without licence.

    *places* leads from the indices of the stages of *old* that are still there to those of *new*; ``became`` leads
    from the indices of the old instructions that were followed to those of the new ones, ``later`` from those of which
    only a part is copied beforehand to where all of it is. *read* reads files of the build context.
    """

    def __init__(
        self, old: Build, new: Build, claimed: Claimed, places: Mapping[int, int], read: Read | None = None
    ) -> None:
        self.old = Side(old, places)
        self.new = Side(new, {index: index for index in places.values()})
        self.escape = old.document.escape
        self.claimed = claimed
        self.read = read
        self.runs = Runs(claimed, self.old, self.new)
        self.replaced = Replaced(self.old, self.new, claimed)
        self.added = Added(self.new, claimed)
        self.standing = Standing(self.escape)
        self.became: dict[int, int] = {}
        self.later: dict[int, int] = {}
        self._ends: dict[int, Standing] = {}

    def preamble(self) -> None:
        """Compare what stands before the first FROM."""
        steps = self.old.build.preamble
        self._series(steps, self.new.build.preamble, Span(0, self._end(0)))

    def stage(self, left: Stage, right: Stage) -> None:
        """Compare two stages; their images and names are compared elsewhere."""
        self._begin(left, right)
        start = left.head.origin.span.end
        self._series(left.steps, right.steps, Span(start, self._end(left.index + 1)), left)
        self._ends[left.index] = self.standing

    def split(self, left: Stage, found: Split) -> None:
        """Compare the stage *left* with the two that it became; their images and names are compared elsewhere."""
        self._begin(left, found.builder)
        cut = found.cut.origin.span.end
        self.claimed.moved((step.origin.span for step in found.configured[0] if step.index < found.cut.index), cut)
        self._series(*found.built, Span(left.head.origin.span.end, cut), left)
        self.new.stage = found.runtime.index
        self._series(*found.configured, Span(cut, self._end(left.index + 1)), left)

    def _begin(self, left: Stage, right: Stage) -> None:
        self.old.stage, self.new.stage = left.index, right.index
        base = base_of(left, self.old.build)
        end = self._ends.get(base) if isinstance(base, int) else None
        self.standing = Standing(self.escape, partial(_start, left, self.old.build), end)
        self._head(left.head, right.head)
        self.became[left.head.index] = right.head.index

    def _end(self, index: int) -> int:
        """Where the text before stage *index* ends."""
        stages = self.old.build.stages
        return stages[index].head.origin.span.start if index < len(stages) else len(self.old.build.text)

    def _head(self, before: From, after: From) -> None:
        flags = [(flag.name, flag.value) for flag in before.origin.flags]
        for claim in self.claimed.near(before.origin.span).of(ChangesFlag):
            if claim.keyword == "FROM" and claim.before is not None and (claim.name, claim.before) in flags:
                at = flags.index((claim.name, claim.before))
                flags[at : at + 1] = [] if claim.after is None else [(claim.name, claim.after)]
        if flags != [(flag.name, flag.value) for flag in after.origin.flags]:
            raise Unsound("a flag of FROM changed", before.line, after.line)

    def _series(self, before: Sequence[Step], after: Sequence[Step], place: Span, stage: Stage | None = None) -> None:
        """Walk through the steps at *place* of the old text, those of *stage* or of the preamble."""
        i = j = checked = 0
        matched = place.start
        before = list(before)
        moves = Moves(self.claimed, self.old.build)
        while i < len(before) or j < len(after):
            self.standing.entered.check(after[checked:j])
            checked = j
            right = after[j] if j < len(after) else None
            if right is not None and moves.waiting:
                before[i:i] = self._arriving(moves, before[i : i + _AHEAD], after, j, stage, matched)
            left = before[i] if i < len(before) else None
            if right is not None and self._moves(left, right):
                j += 1
                checked = j
                continue
            if left is not None and moves.may_leave(left) and not self._is_here(before, i, after, j, stage):
                moves.leave(before.pop(i), self.standing.workdir)
                continue
            gap = Span(matched, max(matched, left.origin.span.start) if left is not None else place.end)
            if left is not None and _overridden(left, before[i:], after[j:]) and self._dropped(left, before, i):
                i += 1
                continue
            if left is not None and isinstance(right, Run) and self.added.holds(right, gap, islice(after, j + 1, None)):
                j += 1
                continue
            if left is not None and right is not None:
                entered = self.runs.entered(before, i, right, self.standing)
                if entered:
                    for step in before[i : i + entered]:
                        moves.passes(step, self.standing.workdir)
                        matched = max(matched, step.origin.span.end)
                    i, j = i + entered, j + 1
                    checked = j
                    continue
                narrowed = self._narrowed(left, after, j, stage)
                if narrowed is not None:
                    moves.passes(left, self.standing.workdir)
                    if narrowed:
                        self.became[left.index] = right.index
                    i, j = i + 1, j + narrowed
                    matched = max(matched, left.origin.span.end)
                    continue
                around = self._merged_around(before, i, right, stage, moves)
                if around:
                    matched = max(matched, *(step.origin.span.end for step in before[i : i + around]))
                    del before[i : i + around]
                    j += 1
                    continue
                taken = self._taken(before, i, right, stage)
                if taken is None:
                    # What is gone observes nothing.
                    i += 1
                    continue
                if taken:
                    for step in before[i : i + taken]:
                        self.standing.advance(step)
                        moves.passes(step, self.standing.workdir)
                        self.became[step.index] = right.index
                    i, j = i + taken, j + 1
                    matched = max(matched, before[i - 1].origin.span.end)
                    continue
            if left is not None and self._dropped(left, before, i):
                i += 1
                continue
            if right is not None and self.added.holds(right, gap, islice(after, j + 1, None)):
                j += 1
                continue
            self._fail(left, right)
        if self.added.copied_later:
            raise Unsound("what was to be copied later is not")
        moves.end()
        self.standing.entered.check(after[checked:])
        if stage is not None:
            self.standing.entered.end(self.new.build.stages[self.new.stage], self.new.build)

    def _arriving(
        self, moves: Moves, ahead: Sequence[Step], after: Sequence[Step], j: int, stage: Stage | None, matched: int
    ) -> Sequence[Step]:
        """Those on their way that stand at *j* in the new program, where *ahead* comes next in the old one."""
        # A thousand may be on their way while a thousand are passed: they are lined up once for all of them.
        waiting = moves.waiting
        line = [*waiting, *ahead]
        for turn, step in enumerate(waiting):
            self.claimed.moved([step.origin.span], matched)
            count = self._is_here(line, turn, after, j, stage)
            if count:
                return moves.arrive(turn, count, self.standing.workdir)
        return ()

    def _is_here(self, before: Sequence[Step], at: int, after: Sequence[Step], there: int, stage: Stage | None) -> int:
        """How many steps, from the one *at* which the old program stands on, are the one *there* in the new program."""
        if there == len(after) or isinstance(before[at], Run) or isinstance(after[there], Run):
            return 0
        if self._narrowed(before[at], after, there, stage):
            return 1
        return self._taken(before, at, after[there], stage) or 0

    def _merged_around(self, before: Sequence[Step], at: int, right: Step, stage: Stage | None, moves: Moves) -> int:
        """How many steps of *before* from *at* on became *right*, together with what stood between and comes later.

        0 where nothing of that kind stands between.
        """
        left = before[at]
        if left.keyword != right.keyword or same_text(left, right):
            return 0
        near = before[at : at + _AHEAD]
        kind = {step.index for step in near if step.keyword == left.keyword}
        leaving = {
            step.index for step in takewhile(lambda step: step.index in kind or moves.may_leave(step), near)
        } - kind
        if not leaving:
            return 0
        rest = [step for step in before[at:] if step.index not in leaving]
        taken = self._taken(rest, 0, right, stage) or 0
        count = before.index(rest[taken - 1]) - at + 1 if taken > 1 else 0
        for step in before[at : at + count]:
            if step.index in leaving:
                moves.leave(step, self.standing.workdir)
                continue
            self.standing.advance(step)
            moves.passes(step, self.standing.workdir)
            self.became[step.index] = right.index
        return count

    def _taken(self, before: Sequence[Step], at: int, right: Step, stage: Stage | None) -> int | None:
        """How many steps of *before* from *at* on became *right*: 0 when none did, None when the first is gone."""
        left = before[at]
        if same_text(left, right) and (not names_stages(left) or self.old.flags(left) == self.new.flags(right)):
            return 1
        if isinstance(left, Run) and isinstance(right, Run):
            try:
                return self.runs.match(before, at, right, self.standing.exported, self.standing.workdir)
            except Unsound:
                if not self.runs.vanishes(left, before[at - 1] if at else None, self.standing.workdir):
                    raise
                return None
        licences = self.claimed.near(left.origin.span)
        same = left.keyword == right.keyword
        if same and fingerprint(left, self.old, renamed(licences)) == fingerprint(right, self.new):
            return 1
        if self.replaced.holds(left, right, stage, self.standing):
            return 1
        joins = {claim.keyword for claim in licences.of(JoinsInstructions)}
        if right.keyword in joins and not isinstance(right, Run):
            return joined(before, at, right, self.escape, self.claimed)
        return 0

    def _narrowed(self, left: Step, after: Sequence[Step], at: int, stage: Stage | None) -> int | None:
        """How many steps of *after* from *at* on copy beforehand a part of what *left* copies, and a later one all of
        it: none where earlier steps have copied that part already. None where no step does.
        """
        if not isinstance(left, Copy):
            return None
        licences = self.claimed.near(left.origin.span)
        claims = licences.of(CopiesFirst)
        if not claims:
            return None
        from ..moves.manifests import copied_later, is_claimed, unclaimed, values_of

        rights = [
            step for step in takewhile(lambda step: is_claimed(step, claims), after[at:]) if isinstance(step, Copy)
        ]
        workdir = self.standing.workdir
        earlier = list(takewhile(lambda step: not isinstance(step, Run), reversed(after[:at])))
        standing = unclaimed(claims, rights, earlier, left, workdir)
        if standing is None:
            return None
        flags = [*self.old.flags(left), *((claim.name, claim.after) for claim in licences.of(ChangesFlag))]
        where = (workdir, self.escape)
        variables: dict[str, str | None] = {}
        for one in after[:at]:
            if isinstance(one, Env | Arg):
                variables |= values_of(one, variables)
        rest = after[at + len(rights) :]
        for step in copied_later(left, rights, standing, rest, flags, where, self.read, variables):
            same = same_text(left, step) or self._owned(left, step)
            if same or self.replaced.holds(left, step, stage, self.standing):
                self.added.copied_later.add(step.index)
                self.later[left.index] = step.index
                return len(rights)
        return None

    def _owned(self, left: Copy, right: Step) -> bool:
        """Whether *right*, which stands elsewhere, copies what *left* does for the user that a change sets."""
        users = {claim.user for claim in self.claimed.all.of(SetsUser)}
        flags = [claim for claim in self.claimed.all.of(ChangesFlag) if claim.name == "chown" and claim.after in users]
        return isinstance(right, Copy) and same_but_for_flags(left, right, self.old, self.new, flags)

    def _moves(self, left: Step | None, right: Step) -> bool:
        """Whether *right* is a WORKDIR to the folder of a ``cd``, or back."""
        claims = self.claimed.all.of(EntersFolder)
        if not claims or right.keyword != "WORKDIR":
            return False
        near = self.claimed.near(left.origin.span).claims if isinstance(left, Run) else ()
        return self.standing.entered.moves(left, right, self.standing.here, claims, near, self.standing.known)

    def _fail(self, left: Step | None, right: Step | None) -> None:
        lines = (left.line if left else None, right.line if right else None)
        if left is None:
            raise Unsound(f"{right.keyword if right else 'a step'} was added", *lines)
        if right is None:
            raise Unsound(f"{left.keyword} is gone", *lines)
        raise Unsound(f"{left.keyword} became another {right.keyword}", *lines)

    def _dropped(self, left: Step, before: Sequence[Step], at: int) -> bool:
        if isinstance(left, Run):
            return self.runs.vanishes(left, before[at - 1] if at else None, self.standing.workdir)
        if all(claim.keyword != left.keyword for claim in self.claimed.near(left.origin.span).of(DropsInstruction)):
            return False
        if left.keyword in _OVERRIDDEN:
            return any(step.keyword == left.keyword for step in islice(before, at + 1, None))
        raise Undecided(f"a dropped {left.keyword} cannot be followed", left.line)


def _start(stage: Stage, build: Build) -> str | None:
    # Few changes ask where a base image starts.
    from ..bases.start_folders import start_folder

    return start_folder(stage.head, stage.index, build)


def _overridden(left: Step, before: Sequence[Step], after: Sequence[Step]) -> bool:
    """Whether fewer instructions of this kind follow than did, so that the first of them is the one that is gone.

    A later one may have become equal to it.
    """
    if left.keyword not in _OVERRIDDEN:
        return False
    return sum(one.keyword == left.keyword for one in before) > sum(one.keyword == left.keyword for one in after)
