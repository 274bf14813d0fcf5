"""Whether an instruction was added by a claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ...change import AddsCommand, AddsInstruction, SetsUser
from ...ir.steps import Run, Step, Value
from ...text import Span
from ..bases.base_images import installs_what_is_missing
from ..core.instructions import Side
from ..core.verdict import Unsound
from ..shell.claims import Claimed
from ..stages.environments import makes_environment
from ..users.accounts import makes_account
from ..users.final_user import step_under_user


class Added:
    """The instructions of the program *new* that *claimed* changes add.

    ``copied_later`` are the indices of those that copy all of what another one copies a part of, beforehand.
    """

    def __init__(self, new: Side, claimed: Claimed) -> None:
        self.new = new
        self.claimed = claimed
        self.copied_later: set[int] = set()
        self._texts: Counter[str] = Counter()

    def holds(self, right: Step, gap: Span, rest: Iterable[Step]) -> bool:
        """Whether claims at *gap* of the old text add *right*, with *rest* behind it."""
        if right.index in self.copied_later:
            self.copied_later.remove(right.index)
            return True
        licences = self.claimed.near(gap)
        text = right.origin.logical.text.strip()
        added = next((claim.text for claim in licences.of(AddsInstruction) if self._is(claim.text, text)), None)
        if added is not None:
            text = added
            allowed = (
                not isinstance(right, Run)
                or installs_what_is_missing(right, text, licences.claims)
                or makes_account(right, licences.claims)
                or makes_environment(right, licences.claims)
            )
            return allowed and self._once(text, [claim.text for claim in self.claimed.all.of(AddsInstruction)])
        if not isinstance(right, Value) or right.keyword != "USER":
            return False
        if all(claim.user != right.value for claim in licences.of(SetsUser)):
            return False
        stage = self.new.build.stages[self.new.stage]
        under = step_under_user(rest, stage, self.new.build)
        if under is not None:
            raise Unsound(f"{under.keyword} would run as {right.value}", None, under.line)
        return self._once(right.value, [claim.user for claim in self.claimed.all.of(SetsUser)])

    def _is(self, claimed: str, text: str) -> bool:
        """Whether *text* is the instruction that is *claimed*, but for commands that other claims append to it."""
        claimed, text = " ".join(claimed.split()), " ".join(text.split())
        if claimed == text:
            return True
        more = {" ".join(claim.argv) for claim in self.claimed.all.of(AddsCommand)}
        rest = text.removeprefix(claimed)
        parts = [" ".join(part.split()) for part in rest.split("&&")]
        return rest != text and claimed[:4].upper() == "RUN " and parts[0] == "" and set(parts[1:]) <= more

    def _once(self, text: str, claimed: list[str]) -> bool:
        """Whether *text* was added no more often than claims say so."""
        self._texts[text] += 1
        return self._texts[text] <= claimed.count(text)
