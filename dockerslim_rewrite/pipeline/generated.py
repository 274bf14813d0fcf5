"""Files that a program makes anew: what people change in them is lost, so they are told where to change it instead."""

from __future__ import annotations

from ..change import Remark, RemarkKind
from ..ignores import generated
from ..text import shown
from .engine import Engine, Outcome


def left_to_its_maker(engine: Engine, outcome: Outcome) -> Outcome:
    """*outcome*, or one without changes where the file says that it is generated and nobody asked for it all the same:
    what was found stays, and one remark counts what would change.
    """
    if engine.options.generated or not outcome.changes:
        return outcome
    said = generated(engine.first.build.document)
    if said is None:
        return outcome
    alone = Outcome(engine.source.text)
    count = len(outcome.changes)
    reason = (
        f'the file stays as it is: it says that it is generated ("{shown(said.text)}"). '
        f"{count} {'change would' if count == 1 else 'changes would'} be made; make them in what generates it, "
        "or pass --generated to change this file all the same"
    )
    alone.remarks = [one for one in outcome.remarks if one.kind is RemarkKind.ANALYSIS]
    alone.remarks.append(Remark(RemarkKind.ANALYSIS, reason, said.first, rule="DS000"))
    return alone
