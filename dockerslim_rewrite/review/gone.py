"""Whether a file that the context brought to a place of the image is not there any more, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..analysis.flow.state import State
from ..ir.steps import Copy, Run, Step
from ..text.paths import PATTERN, matches
from .breaks import fate_of, plain
from .brings import is_mounted, may_bring
from .modes import covers
from .startable import Sides

NOT_COPIED = "is not copied there any more"


def gone_from(
    image: str, step: Step | None, known: Sequence[State], sides: Sides, where: str, moved: Mapping[str, str | None]
) -> tuple[str, str] | None:
    """The context path of what lay at *image* before *step* (None: in the end) and does not any more, and what became
    of it; None where something else may have brought it there.
    """
    path = sides.before.get(image)
    old, new = sides.stages
    if path is None or image in sides.after or old.head.image != new.head.image:
        return None
    steps = [one for one in sides.steps[1] if step is None or one.index < step.index]
    if any(may_bring(one, image, known[one.index]) for one in steps):
        return None
    if isinstance(step, Run) and is_mounted(step, image, known[step.index], sides.new.holds):
        return None
    fate = fate_of(path, where, moved)
    if not fate and sides.new.excluded(path):
        fate = f"is kept from the build by {sides.new.ignore_path} now"
    if fate:
        # The COPY of more that brought it is there still.
        return (path, fate) if any(covers(one, path) or _matches(one, path) for one in steps) else None
    return (path, NOT_COPIED) if sides.new.holds(path) else None


def _matches(step: Step, path: str) -> bool:
    """Whether *step* copies by a pattern that stands for *path* of the context."""
    if not isinstance(step, Copy) or step.origin.flag("from") is not None:
        return False
    return any(PATTERN.search(one) and matches(path, plain(one)) for one in step.sources)
