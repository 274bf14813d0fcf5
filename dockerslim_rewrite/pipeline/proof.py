"""What the validator says of a result: changes are withdrawn until it accepts the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..change import Remark, RemarkKind
from .engine import Engine, Hop, Key, Outcome

if TYPE_CHECKING:
    from ..validate import Judgement

#: So many changes of one file are withdrawn one by one: each costs a run of all passes. Real files need none.
MAX_WITHDRAWALS = 16
_SPENT = (
    f"{MAX_WITHDRAWALS} changes were withdrawn; those that were proven before the last one are kept, no more are tried"
)


def proven(engine: Engine, outcome: Outcome) -> tuple[Outcome, list[Remark]]:
    """Withdraw changes until the validator accepts the rest; each withdrawn one is reported as a bug.

    Where it cannot follow from the original to the result in one step, because one change builds on what another made,
    it is asked about each round by itself: what follows from one another follows from the original.
    """
    from ..validate import Verdict

    bugs: list[Remark] = []
    banned: set[Key] = set()
    while outcome.changes and _judge(engine, outcome).verdict is not Verdict.OK:
        hop = next((one for one in outcome.hops if _judge_hop(one).verdict is not Verdict.OK), None)
        if hop is None:
            break
        at = _guilty(hop)
        change, key = hop.changes[at - 1]
        why = _judge_hop(hop, at).violations
        reason = why[0].reason if why else "the validator could not decide"
        line = engine.source.position(key[1]).line
        bugs.append(Remark(RemarkKind.BUG, f"withdrawn, not proven: {change.title}: {reason}", line, rule=change.rule))
        banned.add(key)
        if len(banned) >= MAX_WITHDRAWALS:
            bugs.append(Remark(RemarkKind.MISSED, _SPENT, 1, rule="DS000"))
            return _until(engine, outcome, hop, at - 1), bugs
        outcome = engine.run(frozenset(banned))
    return outcome, bugs


def _until(engine: Engine, outcome: Outcome, last: Hop, count: int) -> Outcome:
    """*outcome* up to the first *count* changes of the round *last*: all before it has been proven."""
    found = Outcome(engine.source.text)
    hops = outcome.hops[: outcome.hops.index(last)]
    if count:
        hops.append(Hop(last.before, last.changes[:count]))
    for hop in hops:
        text, patch = hop.after()
        found.patch = found.patch.then(patch, engine.source.text)
        found.text = text
    kept = sum(len(hop.changes) for hop in hops)
    found.hops, found.remarks = hops, outcome.remarks
    found.changes, found.keys = outcome.changes[:kept], outcome.keys[:kept]
    return found


def _guilty(hop: Hop) -> int:
    """How many of the hop's changes, from the first on, it takes for the validator to refuse them."""
    from ..validate import Verdict

    low, high = 0, len(hop.changes)
    while high - low > 1:
        middle = (low + high) // 2
        if _judge_hop(hop, middle).verdict is Verdict.OK:
            low = middle
        else:
            high = middle
    return high


def _judge_hop(hop: Hop, count: int | None = None) -> Judgement:
    from ..validate import validate

    text, patch = hop.after(count)
    return validate(hop.before, text, tuple(change for change, _ in hop.changes[:count]), patch)


def _judge(engine: Engine, outcome: Outcome) -> Judgement:
    from ..validate import validate

    project = engine.project()
    read = project.text if project is not None else None
    return validate(engine.source.text, outcome.text, outcome.changes, outcome.patch, read)
