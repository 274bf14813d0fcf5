"""What a container does from its ENTRYPOINT and CMD on."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..analysis.flow.start import start_of
from ..analysis.flow.state import stage_state, states
from ..analysis.project import Behaviour, Doubt, Evidence, Listener, WriteKind, WrittenPath
from ..analysis.usage import Container
from ..ir.build import Build
from ..ir.steps import Exec, Healthcheck
from ..knowledge.habits import only_servers
from ..knowledge.vocabulary import vocabularies
from ..knowledge.written import configuration_names
from ..patterns import re
from ..record import field_names
from ..shell.script import Script
from .collected import at_path
from .configuration.entries import Entry
from .configuration.files import configured
from .configuration.written import written
from .follow import Follower
from .habitual import habitual, started_by
from .options import bound_sockets, options
from .placement import Placed
from .tree import ContextTree

if TYPE_CHECKING:
    from .python.modules import Modules

#: Variables with further options.
_OPTIONS = ("JAVA_OPTS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "NODE_OPTIONS")
#: Manifests and configuration that may name the driver of a database.
_LISTS = re.compile(
    r"(?:requirements[^/]*\.(?:txt|in)|Pipfile|pyproject\.toml|package\.json|Cargo\.toml|schema\.prisma|ormconfig[^/]*|"
    r"(?:config|settings|database|knexfile)[^/]*\.(?:json|ya?ml|toml|ini|env|js|ts)|\.env[^/]*)\Z"
)


def without_context(build: Build, name: str) -> Behaviour:
    """What the container does as far as the Dockerfile alone tells."""
    from .python.modules import Modules

    tree = ContextTree(Path(), listing=())
    return behaviour_of(build, tree, Placed({}, {}, (), {}), name, lambda: Modules(tree.read))


def behaviour_of(
    build: Build,
    tree: ContextTree,
    placed: Placed,
    name: str,
    modules: Callable[[], Modules],
    container: Container | None = None,
) -> Behaviour:
    """What the container of *build*'s last stage does; *name* is the Dockerfile's in evidence.

    *container* tells what is run in place of what the image says.
    """
    state = stage_state(build.stages[-1], states(build))
    follower = Follower(build, tree, placed, state.env, name, modules)
    entrypoint, command = start_of(build)
    first = entrypoint or command
    if container is not None and container.starts:
        given = _given(container, entrypoint)
        if given is not None:
            where = container.started or container.where
            follower.program(given, state.workdir or "/", where)
            if follower.followed:
                _surroundings(follower, state.workdir or "/", [(where, [word or "" for word in given])])
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
    if follower.followed:
        _surroundings(follower, cwd, list(_started(build, name)))
    return follower.behaviour()


def written_beside(
    build: Build,
    tree: ContextTree,
    placed: Placed,
    name: str,
    modules: Callable[[], Modules],
    containers: Sequence[Container],
) -> tuple[WrittenPath, ...]:
    """What is written by commands that run in the container beside what it starts: tests of health, those of the
    image and those that *containers* are given, and what somebody runs in them. What is not known of them counts for
    nothing: it would end the test, not the container.
    """
    state = stage_state(build.stages[-1], states(build))
    follower = Follower(build, tree, placed, state.env, name, modules)
    cwd = state.workdir or "/"
    step = next((one for one in reversed(build.stages[-1].steps) if isinstance(one, Healthcheck)), None)
    if step is not None and step.test == "CMD":
        argv = step.argv if step.argv is not None else ("sh", "-c", step.command)
        follower.program(argv, cwd, Evidence(name, step.line))
    for words, where in (check for one in containers for check in one.checks):
        follower.program(words, cwd, where)
    return follower.behaviour().writes


def _started(build: Build, name: str) -> Iterator[tuple[Evidence, list[str]]]:
    """The words of the image's own commands, with where they stand."""
    for step in start_of(build):
        if step is not None:
            words = list(step.argv) if step.argv is not None else step.origin.args.split()
            yield Evidence(name, step.line), words


def _surroundings(follower: Follower, cwd: str, commands: Sequence[tuple[Evidence, list[str]]]) -> None:
    """What the program's configuration and its libraries do; *commands* are the words that start it."""
    packages = tuple(dict.fromkeys(follower.packages))
    follower.programs += started_by(packages)
    texts = [follower.build.text, *(follower.tree.read(path) or "" for path in dict.fromkeys(follower.followed))]
    listed = [path for path in follower.tree.by_path if _LISTS.search(path) and "node_modules/" not in path]
    servers = only_servers([*texts, *(follower.tree.read(path) or "" for path in listed)])
    follower.writes += habitual(packages, follower.environment, servers=servers)
    cwd = next((package.folder for package in packages if package.folder is not None), cwd)
    image = Evidence(follower.dockerfile, 0)
    variables = [Entry((name,), value, 0) for name, value in follower.environment.items() if value is not None]
    jvm = [(image, (follower.environment.get(name) or "").split()) for name in _OPTIONS]
    told = [(image, variables)]
    told += (
        (where, [Entry((name,), value, where.line) for name, value in options(words)])
        for where, words in (*commands, *jvm)
    )
    for where, words in commands:
        follower.writes += (
            at_path(one, WriteKind.FILE, f"the socket {one}", cwd, where) for one in bound_sockets(words)
        )
    for where, entries in told:
        for one in written(entries, where.path, cwd, {}):
            if isinstance(one, WrittenPath):
                follower.writes.append(one)
            else:
                follower.listeners.append(one)
    shipped = {*follower.placed.image_of, *(path for path in follower.tree.by_path if "/resources/" in f"/{path}")}
    if any(path.endswith(vocabularies()["dotnet"].suffixes) for path in follower.followed):
        # Publishing puts the configuration beside the program, where it is read by its name.
        shipped |= {path for path in follower.tree.by_path if configuration_names()[1].match(posixpath.basename(path))}
    for found in configured(follower.tree, sorted(shipped), texts, cwd, follower.environment):
        if isinstance(found, WrittenPath):
            follower.writes.append(found)
        elif isinstance(found, Listener):
            follower.listeners.append(found)
        else:
            follower.doubts.append(found)


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
