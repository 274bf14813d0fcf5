"""What a base image makes of CMD: its ENTRYPOINT, which gets the words, and the shell that runs a text."""

from __future__ import annotations

from ...analysis.bases import base_head, base_image
from ...analysis.facts import Facts
from ...ir.build import Build, Stage
from ...ir.reference import InvalidReference, parse
from ...ir.steps import Exec
from ...knowledge.entrypoints import entrypoint_minds
from ...shell.state import leaks


def minded(step: Exec, first: str, stage: Stage, build: Build, facts: Facts) -> str | None:
    """Why the base image's ENTRYPOINT may do something else with the words than with a shell's; None where it cannot.

    In shell form its first word is the shell, in exec form it is *first*.
    """
    if step.keyword == "ENTRYPOINT":
        return None
    while not any(isinstance(one, Exec) and one.keyword == "ENTRYPOINT" for one in stage.steps):
        base = facts.graph.bases[stage.index]
        if base is None:
            break
        stage = build.stages[base]
    else:
        return None
    if stage.head.image == "scratch":
        return None
    image = base_image(build, facts, stage)
    if image is not None and image.entrypoint is False:
        return None
    name = _image_name(stage.head.image)
    minds = entrypoint_minds(name, first) if name is not None else None
    if minds is None:
        return f"whether {stage.head.image} has an ENTRYPOINT, which would get the words, is not known"
    if not minds:
        return None
    return f"the ENTRYPOINT of {name} does more when {first} is its first word than when it is a shell"


def shell_unsure(step: Exec, stage: Stage, build: Build, facts: Facts) -> str | None:
    """Why it is not known that /bin/sh runs the text of *step* today, and is the same then; None where it is."""
    if facts.state(step).shell is not None:
        return "SHELL is set"
    image = _image_name(base_head(build, facts, stage).image)
    if base_image(build, facts, stage) is None and (image is None or entrypoint_minds(image, "") is None):
        return "the base image is not known, nor the SHELL that it may have set"
    for below in facts.graph.chain(stage.index):
        for run in build.stages[below].runs:
            script = facts.script(run)
            if script is not None and (leaks(script).unknown or "").endswith("replaces /bin/sh"):
                return f"line {run.line} puts another program at /bin/sh"
    return None


def _image_name(image: str) -> str | None:
    try:
        reference = parse(image)
    except InvalidReference:
        return None
    return None if reference.template else reference.familiar_name
