"""What a container starts: the ENTRYPOINT and CMD of the last stage, with the ones that it inherits within the file."""

from __future__ import annotations

from ...ir.build import Build
from ...ir.steps import Exec
from .graph import stage_graph


def start_of(build: Build) -> tuple[Exec | None, Exec | None]:
    """The ENTRYPOINT and the CMD in force at the end of the last stage; None for what stands in the base image.

    An ENTRYPOINT resets a CMD of the base. Source: Dockerfile reference, "Understand how CMD and ENTRYPOINT interact".
    """
    graph = stage_graph(build)
    chain = graph.chain(len(build.stages) - 1)[::-1] if build.stages else ()
    entrypoint: Exec | None = None
    command: Exec | None = None
    for index in chain:
        own = [step for step in build.stages[index].steps if isinstance(step, Exec)]
        entry = [step for step in own if step.keyword == "ENTRYPOINT"]
        if entry:
            entrypoint, command = entry[-1], None
        commands = [step for step in own if step.keyword == "CMD"]
        if commands:
            command = commands[-1]
    return entrypoint, command
