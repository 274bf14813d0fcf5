"""What a container does from its ENTRYPOINT and CMD on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..analysis.flow.start import start_of
from ..analysis.flow.state import stage_state, states
from ..analysis.project import Behaviour, Doubt, Evidence
from ..analysis.usage import Container
from ..ir.build import Build
from ..ir.steps import Exec
from ..record import field_names
from ..shell.script import Script
from .follow import Follower
from .placement import Placed
from .tree import ContextTree


def without_context(build: Build, name: str) -> Behaviour:
    """What the container does as far as the Dockerfile alone tells."""
    return behaviour_of(build, ContextTree(Path(), listing=()), Placed({}, {}, ()), name)


def behaviour_of(
    build: Build, tree: ContextTree, placed: Placed, name: str, container: Container | None = None
) -> Behaviour:
    """What the container of *build*'s last stage does; *name* is the Dockerfile's in evidence.

    *container* tells what is run in place of what the image says.
    """
    state = stage_state(build.stages[-1], states(build))
    follower = Follower(build, tree, placed, state.env, name)
    entrypoint, command = start_of(build)
    first = entrypoint or command
    if container is not None and container.starts:
        given = _given(container, entrypoint)
        if given is not None:
            follower.program(given, state.workdir or "/", container.started or container.where)
            return follower.behaviour()
    if first is None:
        line = build.stages[-1].head.line
        return Behaviour(doubts=(Doubt("what it starts stands in the base image", Evidence(name, line), blind=True),))
    where = Evidence(name, first.line)
    arguments = command.argv if entrypoint is not None and command is not None else None
    cwd = state.workdir or "/"
    if first.argv is not None:
        follower.arguments = tuple(arguments or ())
        follower.program((*first.argv, *(arguments or ())), cwd, where)
    elif first.body is not None and isinstance(first.body.script, Script):
        follower.script(first.body.script.text, cwd, where, 0)
    else:
        follower.doubt("what it starts cannot be read", where, blind=True)
    return follower.behaviour()


def together(found: Sequence[Behaviour]) -> Behaviour:
    """All that happens in one or another of several ways to start."""
    if len(found) == 1:
        return found[0]
    return Behaviour(
        **{
            name: tuple(dict.fromkeys(item for one in found for item in getattr(one, name)))
            for name in field_names(found[0])
        }
    )


def _given(container: Container, entrypoint: Exec | None) -> tuple[str | None, ...] | None:
    """The words that *container* starts; None where the image's own ENTRYPOINT takes no others.

    Source: Dockerfile reference, "Understand how CMD and ENTRYPOINT interact".
    """
    if container.entrypoint is not None:
        return (*container.entrypoint, *(container.command or ()))
    if entrypoint is None:
        return container.command
    return None if entrypoint.argv is None else (*entrypoint.argv, *(container.command or ()))
