"""What the validator says of a result: changes are withdrawn until it accepts the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..change import Remark, RemarkKind
from .engine import Engine, Key, Outcome

if TYPE_CHECKING:
    from ..validate import Judgement


def proven(engine: Engine, outcome: Outcome) -> tuple[Outcome, list[Remark]]:
    """Withdraw changes until the validator accepts the rest; each withdrawn one is reported as a bug."""
    from ..validate import Verdict

    bugs: list[Remark] = []
    banned: set[Key] = set()
    judgement = _judge(engine, outcome)
    while judgement.verdict is not Verdict.OK and outcome.changes:
        low, high = 0, len(outcome.changes)
        while high - low > 1:
            middle = (low + high) // 2
            if _judge(engine, engine.run(frozenset(banned), middle)).verdict is Verdict.OK:
                low = middle
            else:
                high = middle
        guilty = engine.run(frozenset(banned), high)
        change, key = guilty.changes[-1], guilty.keys[-1]
        why = _judge(engine, guilty).violations
        reason = why[0].reason if why else "the validator could not decide"
        bugs.append(
            Remark(RemarkKind.BUG, f"withdrawn, not proven: {change.title}: {reason}", change.line, rule=change.rule)
        )
        banned.add(key)
        outcome = engine.run(frozenset(banned))
        judgement = _judge(engine, outcome)
    return outcome, bugs


def _judge(engine: Engine, outcome: Outcome) -> Judgement:
    from ..validate import validate

    project = engine.project()
    read = project.text if project is not None else None
    return validate(engine.source.text, outcome.text, outcome.changes, outcome.patch, read)
