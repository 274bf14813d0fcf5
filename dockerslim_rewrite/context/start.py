"""What a container does from its ENTRYPOINT and CMD on."""

from __future__ import annotations

from pathlib import Path

from ..analysis.flow.state import stage_state, states
from ..analysis.project import Behaviour, Doubt, Evidence
from ..analysis.runtime.start import start_of
from ..ir.build import Build
from ..shell.script import Script
from .follow import Follower
from .placement import Placed
from .python.modules import Modules
from .tree import ContextTree


def without_context(build: Build, name: str) -> Behaviour:
    """What the container does as far as the Dockerfile alone tells."""
    tree = ContextTree(Path(), listing=())
    return behaviour_of(build, tree, Placed({}, {}, ()), name, Modules(tree.read))


def behaviour_of(build: Build, tree: ContextTree, placed: Placed, name: str, modules: Modules) -> Behaviour:
    """What the container of *build*'s last stage does; *name* is the Dockerfile's in evidence."""
    state = stage_state(build.stages[-1], states(build))
    follower = Follower(build, tree, placed, state.env, name, modules)
    entrypoint, command = start_of(build)
    first = entrypoint or command
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
