"""Where a build starts, and what relative destinations stand for there.

Source: BuildKit ``frontend/dockerfile/dockerfile2llb``, pathRelativeToWorkingDir: a trailing slash stays, and ``.``
means the folder with a slash.
"""

from __future__ import annotations

from functools import partial

from ...ir.build import Build, Stage
from ...ir.steps import Copy, Step, Value
from ...patterns import re
from ...record import record
from ...text import Span
from ..bases import base_head, base_image
from ..facts import Facts

_PLAIN = re.compile(
    r"(?:\./+)?(?P<path>(?!\.\.?(?:/|\Z))[A-Za-z0-9_.@+-]+(?:/(?!\.\.?(?:/|\Z))[A-Za-z0-9_.@+-]+)*/?)\Z"
)
_HERE = frozenset((".", "./"))


@record
class Absolute:
    """A relative destination in full: where it stands, as it is written, and what it stands for."""

    span: Span
    before: str
    after: str


def start_folder(step: Step, stage: Stage, build: Build, facts: Facts) -> str | None:
    """The folder of the base image in which *step* of *stage* runs; None where it is not known, or where a WORKDIR
    stands above.
    """
    at: Stage = stage
    while True:
        first = facts.recall("the first WORKDIR", at.index, partial(_first_workdir, at))
        if first is not None and first < step.index:
            return None
        base = facts.graph.bases[at.index]
        if base is None:
            break
        at = build.stages[base]
    head = base_head(build, facts, stage)
    if "windows" in (head.origin.flag("platform") or "").lower():
        return None
    if head.image.lower() == "scratch":
        return "/"
    image = base_image(build, facts, stage)
    return image.workdir if image is not None else None


def _first_workdir(stage: Stage) -> int | None:
    return next((one.index for one in stage.steps if isinstance(one, Value) and one.keyword == "WORKDIR"), None)


def in_full(copy: Copy, stage: Stage, build: Build, facts: Facts) -> Absolute | None:
    """The destination of *copy* in full, where it is relative to the folder of the base image alone; else None."""
    written = copy.destination
    match = _PLAIN.match(written)
    if (match is None and written not in _HERE) or copy.origin.json is not None:
        return None
    folder = start_folder(copy, stage, build, facts)
    if folder is None:
        return None
    logical = copy.origin.args_logical
    end = len(logical.text.rstrip())
    if not logical.text[:end].endswith(written):
        return None
    after = f"{folder.rstrip('/')}/{match['path'] if match is not None else ''}"
    return Absolute(logical.span(end - len(written), end), written, after)
