"""DS107: an image of one layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...analysis.bases import base_image
from ...analysis.facts import Facts
from ...change import Change, FlattensStage, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Onbuild, Run
from ...knowledge.configurations import Configuration, configuration
from ...render.instructions import instruction
from ..base import Proposals, missed

if TYPE_CHECKING:
    from ...analysis.runtime.shipped import Shipping


def flatten(build: Build, facts: Facts) -> Proposals:
    """Copy what the last stage comes to into an empty image, as its only layer.

    What a layer deletes or writes over is still in the layer below: with one layer, nothing is paid for twice. It is
    what `docker build --squash` did, and more, as the base image's own layers become part of it. It is an option
    (`--flatten`), since such an image shares no layer with others, and is pulled anew as a whole when a byte changes;
    a file is flattened or split into builder and runtime, not both in one run.

    All that the last stage configures is said again, and so is what its base image does: it is done only where that is
    known, which is so for Debian, Alpine, BusyBox and releases of Ubuntu, and where the stage says itself what the
    container runs. A VOLUME with commands behind it declines it: BuildKit keeps what they write there, others do not.
    Source: Dockerfile reference, "COPY --from", "VOLUME"; moby's `--squash`.
    """
    if not build.stages:
        return
    stage = build.stages[-1]
    if sum(isinstance(step, Run | Copy) for step in stage.steps) < 2 or stage.head.image.lower() == "scratch":
        return
    known = _configuration(build, facts, stage)
    shipping = _whole(stage, known) if isinstance(known, Configuration) else None
    problem = known if isinstance(known, str) else _problem(stage, shipping)
    if problem is not None or shipping is None or isinstance(known, str):
        yield missed(stage.head.line, f"not flattened: {problem}")
        return
    from ..stages.stage_text import Install, split_text

    lines = [instruction("ENV", f"{key}={value}", facts.templates) for key, value in known.environment.items()]
    if known.labels:
        lines.append("LABEL " + " ".join(f"{key}={value}" for key, value in known.labels.items()))
    names = (_free("layers", build), stage.head.alias or _free("flat", build))
    split = split_text(
        build, stage, shipping, "scratch", lines, ("/",), Install("", (), True, None), names, facts.templates
    )
    yield Change(
        edits=split.edits,
        title="the last stage becomes one layer",
        reason="what a layer deletes or writes over is not in the image any more",
        safety=Safety.AGGRESSIVE,
        claims=(FlattensStage(*names, tuple(lines)),),
        line=stage.head.line,
    )


def _configuration(build: Build, facts: Facts, stage: Stage) -> Configuration | str:
    """What the base image of *stage* configures, or why that is not known."""
    base = facts.graph.bases[stage.index]
    if base is not None:
        return f"it is built from the stage {build.stages[base].name}"
    image = base_image(build, facts, stage)
    found = configuration(image.name, image.parts.version) if image is not None else None
    return found or f"what {stage.head.image} configures is not known"


def _problem(stage: Stage, shipping: Shipping | None) -> str | None:
    from ..stages.split_project import other_shell

    if stage.head.origin.flags:
        return "FROM names a platform"
    if any(isinstance(step, Onbuild) for step in stage.steps):
        return "its triggers run in other builds"
    if not any(step.keyword in ("CMD", "ENTRYPOINT") for step in stage.steps):
        return "the container runs the base image's own command"
    if (early := other_shell(stage)) is not None:
        return early.reason
    last = max((run.index for run in stage.runs), default=-1)
    volume = next((step for step in stage.steps if step.keyword == "VOLUME" and step.index < last), None)
    if volume is not None:
        return f"engines differ in what commands after the VOLUME on line {volume.line} leave in it"
    if shipping is None or any(state.workdir is None for state in shipping.states):
        return "the working directory is not known"
    return None


def _whole(stage: Stage, known: Configuration) -> Shipping:
    """All that *stage* comes to, on a base with the configuration *known*."""
    from ...analysis.flow.environment import Environment, Names
    from ...analysis.flow.places import Place
    from ...analysis.flow.state import State, after
    from ...analysis.runtime.shipped import Shipping

    state = State(Environment().having(dict(known.environment).items()), Names(), "/", None, None)
    states = [state]
    for step in stage.steps:
        state = after(state, step)
        states.append(state)
    return Shipping((Place("/"),), frozenset(), (), False, None, tuple(states))


def _free(name: str, build: Build) -> str:
    """*name*, or *name* with a number, so that no stage is called so."""
    taken = {(stage.head.alias or "").lower() for stage in build.stages}
    return next(one for one in (name, *(f"{name}{number}" for number in range(2, len(taken) + 3))) if one not in taken)
