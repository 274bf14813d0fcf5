"""What the validator says of a result: changes are withdrawn until it accepts the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..change import Remark, RemarkKind
from .budget import judged_size
from .engine import Engine
from .outcome import Hop, Key, Outcome

if TYPE_CHECKING:
    from ..validate import Judgement

#: So many changes of one file are withdrawn one by one: each costs a run of all passes. Real files need none.
MAX_WITHDRAWALS = 16
#: So many instructions are judged to find what to withdraw: a judgement reads the whole file, and a file of the length
#: that is followed at all takes most of a second for each.
MOST_JUDGED = 12_000
#: A run of all passes takes as long as so many judgements.
_RUN = 10
_SPENT = (
    f"{MAX_WITHDRAWALS} changes were withdrawn; those that were proven before the last one are kept, no more are tried"
)
_LONG = "not all changes are proven, and the file is too long to try them one by one; those that are proven are kept"
#: An outcome, how many of its rounds are proven, and how many changes of the round after those.
_Proved = tuple[Outcome, int, int]


class _EnoughError(Exception):
    """As much was judged as is for one file."""


class _Judge:
    """Asks the validator about a result and its rounds, for as long as the size of the file allows."""

    def __init__(self, engine: Engine) -> None:
        self.size = judged_size(engine.source.text, engine.first.build.document)
        self.left = MOST_JUDGED
        self.engine = engine

    def spend(self, judgements: int = 1) -> None:
        """Count so many *judgements*; the first, which is all that real files need, is always made."""
        if self.left < MOST_JUDGED and self.left < judgements * self.size:
            raise _EnoughError
        self.left -= judgements * self.size

    def whole(self, outcome: Outcome) -> bool:
        """Whether the validator accepts *outcome* as a whole."""
        from ..validate import Verdict, validate

        self.spend()
        project = self.engine.project()
        read = project.text if project is not None else None
        source = self.engine.source.text
        judgement = validate(source, outcome.text, outcome.changes, outcome.patch, read)
        return judgement.verdict is Verdict.OK

    def refused(self, hop: Hop, count: int | None = None) -> Judgement | None:
        """What the validator has against the first *count* changes of *hop* (all, without it); None where nothing."""
        from ..validate import Verdict, validate

        self.spend()
        text, patch = hop.after(count)
        judgement = validate(hop.before, text, tuple(change for change, _ in hop.changes[:count]), patch)
        return None if judgement.verdict is Verdict.OK else judgement


def proven(engine: Engine, outcome: Outcome) -> tuple[Outcome, list[Remark]]:
    """Withdraw changes until the validator accepts the rest; each withdrawn one is reported as a bug.

    Where it cannot follow from the original to the result in one step, because one change builds on what another made,
    it is asked about each round by itself: what follows from one another follows from the original.
    """
    bugs: list[Remark] = []
    banned: set[Key] = set()
    judge = _Judge(engine)
    best: _Proved = (outcome, 0, 0)
    try:
        while outcome.changes and not judge.whole(outcome):
            refused, at = None, 0
            for at, hop in enumerate(outcome.hops):
                best = _better(best, (outcome, at, 0))
                refused = judge.refused(hop)
                if refused is not None:
                    break
            if refused is None:
                break
            low, high = 0, len(hop.changes)
            while high - low > 1:
                middle = (low + high) // 2
                found = judge.refused(hop, middle)
                if found is None:
                    low = middle
                    best = _better(best, (outcome, at, low))
                else:
                    high, refused = middle, found
            change, key = hop.changes[low]
            reason = refused.violations[0].reason if refused.violations else "the validator could not decide"
            line = engine.source.position(key[1]).line
            bug = f"withdrawn, not proven: {change.title}: {reason}"
            bugs.append(Remark(RemarkKind.BUG, bug, line, rule=change.rule))
            banned.add(key)
            if len(banned) >= MAX_WITHDRAWALS:
                bugs.append(Remark(RemarkKind.MISSED, _SPENT, 1, rule="DS000"))
                return _until(engine, (outcome, at, low)), bugs
            judge.spend(_RUN)
            outcome = engine.run(frozenset(banned))
    except _EnoughError:
        bugs.append(Remark(RemarkKind.MISSED, _LONG, 1, rule="DS000"))
        return _until(engine, best), bugs
    return outcome, bugs


def _better(one: _Proved, other: _Proved) -> _Proved:
    """The one that has more changes; *other* where that is the same."""
    first, second = (sum(len(hop.changes) for hop in outcome.hops[:at]) + count for outcome, at, count in (one, other))
    return one if first > second else other


def _until(engine: Engine, proved: _Proved) -> Outcome:
    """The outcome that is *proved* as far as it is."""
    outcome, at, count = proved
    found = Outcome(engine.source.text)
    hops = outcome.hops[:at]
    if count:
        last = outcome.hops[at]
        hops.append(Hop(last.before, last.changes[:count]))
    for hop in hops:
        text, patch = hop.after()
        found.patch = found.patch.then(patch, engine.source.text)
        found.text = text
    kept = sum(len(hop.changes) for hop in hops)
    found.hops, found.remarks = hops, outcome.remarks
    found.changes, found.keys = outcome.changes[:kept], outcome.keys[:kept]
    return found
