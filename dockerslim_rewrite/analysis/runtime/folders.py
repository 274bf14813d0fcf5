"""Where the steps of a stage work, with the folder that its base image begins in."""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.build import Stage
from ...record import evolve
from ..facts import Facts
from ..flow.state import after


def folders(stage: Stage, facts: Facts, start: str | None) -> Mapping[int, str | None]:
    """The working directory of each step of *stage*, by index; None where it is not known.

    *start* is the one of the image beneath it, where that is known.
    """
    state = facts.state(stage.head)
    state = evolve(state, workdir=state.workdir or start)
    found: dict[int, str | None] = {}
    for step in stage.steps:
        found[step.index] = state.workdir
        state = after(state, step)
    return found
