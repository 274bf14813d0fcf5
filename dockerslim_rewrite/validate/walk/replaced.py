"""Whether an instruction stands for another, of the same kind or not, by a claim."""

from __future__ import annotations

from collections.abc import Sequence

from ...change import ChangesBase, ChangesFlag, ChangesForm, ReplacesInstruction, RespellsValue
from ...ir.build import Stage
from ...ir.steps import Arg, Copy, Exec, Healthcheck, Label, Onbuild, Run, Step, Value
from ..bases.base_images import argument_only_chooses_bases
from ..core.instructions import Side
from ..core.verdict import Undecided
from ..metadata.metadata import maintainer_as_label
from ..moves.copies import same_but_for_flags, same_copy
from ..shell.bodies import Bodies
from ..shell.claims import Claimed, Licences
from ..shell.forms import same_process, same_test
from .runs import always, frame
from .standing import Standing


class Replaced:
    """The instructions of the program *new* that stand for others of *old*."""

    def __init__(self, old: Side, new: Side, claimed: Claimed) -> None:
        self.old = old
        self.new = new
        self.claimed = claimed

    def holds(self, left: Step, right: Step, stage: Stage | None, standing: Standing) -> bool:
        """Whether *right* stands for *left* of *stage* by a claim."""
        licences = self.claimed.near(left.origin.span)
        if isinstance(left, Onbuild) and isinstance(right, Onbuild):
            if left.trigger is None or right.trigger is None:
                return False
            return self._same_trigger(left.trigger, right.trigger, licences)
        spelled = _spelled(licences, "COPY")
        if spelled and isinstance(left, Copy) and isinstance(right, Copy):
            from ..bases.start_folders import spelled_in_full

            left = spelled_in_full(left, right, spelled, self.old.build, self.old.stage)
        if any((c.before, c.after) == (left.keyword, right.keyword) for c in licences.of(ReplacesInstruction)):
            if isinstance(left, Copy) and isinstance(right, Copy):
                return same_copy(left, right, self.old, self.new, licences.of(ChangesFlag))
            if left.keyword == "MAINTAINER" and isinstance(left, Value) and isinstance(right, Label):
                return maintainer_as_label(left, right, standing.escape)
            raise Undecided(f"{left.keyword} → {right.keyword} cannot be followed", left.line, right.line)
        if left.keyword != right.keyword:
            return False
        if any(claim.keyword == left.keyword for claim in licences.of(ChangesForm)):
            if isinstance(left, Exec) and isinstance(right, Exec):
                return same_process(left, right, standing.launch, stage, self.old.build)
            if isinstance(left, Healthcheck) and isinstance(right, Healthcheck):
                return self.old.flags(left) == self.new.flags(right) and same_test(left, right, standing.launch)
        if isinstance(left, Value) and isinstance(right, Value):
            users = _spelled(licences, "USER")
            if users and self._same_account(left, right, users):
                return True
            return _same_folder(left, right, licences, standing)
        if isinstance(left, Copy) and isinstance(right, Copy):
            return same_but_for_flags(left, right, self.old, self.new, licences.of(ChangesFlag))
        if isinstance(left, Arg) and isinstance(right, Arg):
            return len(left.pairs) == len(right.pairs) and all(
                a.key == b.key and (a.value == b.value or self._chooses_base(left, a.key))
                for a, b in zip(left.pairs, right.pairs, strict=True)
            )
        return False

    def _same_account(self, left: Value, right: Value, claims: Sequence[RespellsValue]) -> bool:
        # Most files name no user; what reads accounts is loaded for those that do.
        from ..users.numbered_users import same_account

        return same_account(left, right, claims, self.old, self.new)

    def _same_trigger(self, left: Step, right: Step, licences: Licences) -> bool:
        """Whether two triggers of ONBUILD are one; they run in another build, whose stages are not these."""
        old, new = self.old.elsewhere(), self.new.elsewhere()
        if isinstance(left, Run) and isinstance(right, Run):
            frame(left, right, licences, old, new)
            return bool(Bodies(always(licences)).longest([left], right, frozenset()))
        if isinstance(left, Copy) and isinstance(right, Copy):
            claimed = any(
                (c.before, c.after) == (left.keyword, right.keyword) for c in licences.of(ReplacesInstruction)
            )
            return claimed and same_copy(left, right, old, new, ())
        return False

    def _chooses_base(self, step: Arg, key: str) -> bool:
        """Whether a new default of *key* shows in base images only, which are compared by themselves."""
        build = self.old.build
        claimed = bool(self.claimed.all.of(ChangesBase))
        return claimed and step in build.preamble and argument_only_chooses_bases(build, key)


def _spelled(licences: Licences, keyword: str) -> list[RespellsValue]:
    return [claim for claim in licences.of(RespellsValue) if claim.keyword == keyword]


def _same_folder(left: Value, right: Value, licences: Licences, standing: Standing) -> bool:
    claimed = {(claim.before, claim.after) for claim in _spelled(licences, "WORKDIR")}
    if left.keyword != "WORKDIR" or (left.value, right.value) not in claimed or "$" in left.value + right.value:
        return False
    path = standing.folder(left)
    return path is not None and path == standing.folder(right)
