"""What code of the project does while the image is built: scripts and programs that RUN starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..analysis.flow.graph import stage_graph
from ..analysis.flow.state import states
from ..analysis.project import Behaviour, Evidence
from ..ir.build import Build
from ..shell.script import Script
from .follow import Follower
from .habitual import habitual
from .placement import Placed
from .tree import ContextTree

if TYPE_CHECKING:
    from .python.modules import Modules


def built(
    build: Build, tree: ContextTree, placed: Placed, name: str, modules: Callable[[], Modules]
) -> tuple[tuple[int, Behaviour], ...]:
    """What each RUN of the last stage and of its bases in the file does, by line; *name* is the Dockerfile's."""
    graph, before = stage_graph(build), states(build)
    found: list[tuple[int, Behaviour]] = []
    for at in graph.chain(len(build.stages) - 1) if build.stages else ():
        for run in build.stages[at].runs:
            script = run.body.script if run.body is not None else None
            state = before[run.index]
            follower = Follower(build, tree, placed, state.env, name, modules)
            cwd = state.workdir or "/"
            if isinstance(script, Script):
                follower.script(script.text, cwd, Evidence(name, run.line), 0)
            elif run.argv is not None:
                follower.program(run.argv, cwd, Evidence(name, run.line))
            follower.writes += habitual(follower.packages, state.env)
            found.append((run.line, follower.behaviour()))
    return tuple(sorted(found, key=lambda one: one[0]))
