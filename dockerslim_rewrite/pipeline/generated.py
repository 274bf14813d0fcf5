"""Files that a program makes anew: what people change in them is lost, so they are told where to change it instead."""

from __future__ import annotations

from ..change import Remark, RemarkKind
from ..ignores import generated
from ..text import shown
from .engine import Engine
from .outcome import Outcome


def left_to_its_maker(engine: Engine, outcome: Outcome) -> Outcome:
    """*outcome*, or one without changes where the file is generated and nobody asked for it all the same: it says so
    itself, or a script of the repository makes it of a template. What was found stays; one remark counts what would
    change.
    """
    if engine.options.generated or not outcome.changes:
        return outcome
    said = generated(engine.first.build.document)
    project = engine.project() if said is None else None
    maker = project.usage.maker if project is not None else None
    if said is None and maker is None:
        return outcome
    why = "" if said is None else f'it says that it is generated ("{shown(said.text)}")'
    if maker is not None:
        why = str(maker)
    alone = Outcome(engine.source.text)
    count = len(outcome.changes)
    reason = (
        f"the file stays as it is: {why}. {count} {'change would' if count == 1 else 'changes would'} be made; "
        "make them in what generates it, or pass --generated to change this file all the same"
    )
    alone.remarks = [one for one in outcome.remarks if one.kind is RemarkKind.ANALYSIS]
    alone.remarks.append(Remark(RemarkKind.ANALYSIS, reason, 1 if said is None else said.first, rule="DS000"))
    return alone
