"""Questions about steps that the check and the matcher both ask."""

from __future__ import annotations

from ..ir.build import Build, Stage
from ..ir.steps import Run, Step
from ..shell.script import Script


def base_of(stage: Stage, build: Build) -> int | str:
    """What *stage* is built from: the index of an earlier stage, or the image as written."""
    image = stage.head.image
    for other in reversed(build.stages[: stage.index]):
        if other.head.alias is not None and other.head.alias.lower() == image.lower():
            return other.index
    return image


def source_of(name: str, at: int, build: Build) -> int | str:
    """What ``--from=name`` means in stage *at*: the index of an earlier stage, or an image."""
    for other in reversed(build.stages[:at]):
        if other.head.alias is not None and other.head.alias.lower() == name.lower():
            return other.index
    if name.isdigit() and int(name) < at:
        return int(name)
    return name


def script_of(step: Step) -> Script | None:
    """The shell script of a RUN, if it has one that reads cleanly."""
    if isinstance(step, Run) and step.body is not None and isinstance(step.body.script, Script):
        return step.body.script
    return None
