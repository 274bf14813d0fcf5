"""Behind which instruction a stage that builds and runs is cut in two."""

from __future__ import annotations

from ...ir.build import Stage
from ...ir.steps import Copy, Run, Step


def cut_of(stage: Stage, *, again: bool = False) -> Step | None:
    """The last instruction of *stage* that its builder keeps; None where nothing runs or copies.

    What is only copied from the build context behind the last command goes straight to where it runs; *again*: all that
    is copied from there does, so that the last of it counts.
    """
    changing = [step for step in stage.steps if isinstance(step, Run | Copy)]
    runs = [step for step in changing if isinstance(step, Run)]
    if not runs or again:
        return changing[-1] if changing else None
    late = [step for step in changing if step.index > runs[-1].index]
    plain = all(step.origin.flag("from") is None and not step.origin.heredocs for step in late)
    return runs[-1] if plain else changing[-1]
