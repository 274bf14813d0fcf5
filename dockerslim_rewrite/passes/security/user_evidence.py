"""What speaks against an unprivileged user, and what such a user has to own: from the Dockerfile and its context."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...analysis.facts import Facts
from ...analysis.flow.start import start_of
from ...analysis.flow.state import stage_state
from ...analysis.project import Behaviour, Project
from ...analysis.runtime.home import home_uses
from ...ir.build import Build, Stage
from ...ir.steps import Exec, Listing, Step
from ...knowledge.processes import server_named
from ...record import record
from ...shell.script import Script
from .brought import brought
from .runners import always_starts, covered, required
from .runtime_directories import Made, directories_below, runtime_directories
from .user_obstacles import FIRST_FREE_PORT, commanded, declared, inherited
from .user_rights import Rights, copies_of, copies_to_own, is_ownable, left_behind, within

#: Programs that run code of the project, and nothing else.
_INTERPRETERS = re.compile(r"python[\d.]*|node|nodejs|npm|yarn|pnpm|java|ruby|bundle|puma|rackup|dotnet|php|deno|bun")
#: A name of a service that starts as root for good reasons, which is worth to be said even where it is not all.
_MAY_SERVE = re.compile(r"\b(?:cron|crond|sshd|supervisord|gosu|su-exec|s6-|runit|my_init|nginx|httpd|apache2)\b")


@record
class Findings:
    """``obstacles`` keep the container root's. ``doubts`` leave an unprivileged user plausible and no more.

    ``evidence`` is what an unprivileged user rests on. ``folders`` are image paths that it must own, ``copied`` the
    indices of COPY steps whose files it must own, ``helped`` tells that a build context would answer open questions.
    ``made`` are those of the folders that a RUN makes, ``owned`` tells why the user has to own them.
    """

    obstacles: tuple[str, ...]
    doubts: tuple[str, ...]
    evidence: tuple[str, ...]
    folders: tuple[str, ...]
    copied: tuple[int, ...]
    helped: bool
    made: Mapping[str, Made]
    owned: tuple[str, ...]


def findings(build: Build, facts: Facts, stage: Stage, home: str | None) -> Findings:
    """What is found about a user of the image of *stage*, the last one, whose account has the folder *home*."""
    chain = facts.graph.chain(stage.index)[::-1]
    steps = [step for index in chain for step in build.stages[index].steps]
    obstacles = [*declared(steps), *inherited(build, facts, stage), *commanded(build, facts, chain)]
    doubts: list[str] = []
    evidence: list[str] = []
    obstacles += (f"{use.reason} (line {use.line})" for use in home_uses(build, facts, chain))
    project = facts.project
    obstacles += required(project)
    if start_of(build) == (None, None) and not always_starts(project):
        obstacles.append("what it starts stands in the base image")
        return _findings(obstacles, (), (), (), (), helped=False)
    if project is not None and project.missing(build):
        name, line = project.missing(build)[0]
        told = "so it is not the context"
        if project.in_submodule(name):
            told = "and which is a submodule that is not checked out"
        doubts.append(f"{project.shown} does not hold {name}, which line {line} copies, {told}")
        project = None
    unknown: list[str] = []
    if project is None:
        unknown = list(_without_context(build, steps))
        doubts.append("no build context says what it writes")
    found = _behaviour(build, project, known=bool(obstacles or unknown))
    obstacles += [f"it {one.need.value}: {one.what} ({one.evidence})" for one in found.privileges]
    for listener in found.listeners:
        if listener.port is None:
            doubts.append(f"the port that {listener.server} listens on is not known ({listener.evidence})")
        elif 0 < listener.port < FIRST_FREE_PORT:
            obstacles.append(f"{listener.server} listens on port {listener.port} ({listener.evidence})")
        else:
            evidence.append(f"{listener.server} listens on port {listener.port} ({listener.evidence})")
    workdir = stage_state(stage, facts.states).workdir
    if project is None:
        helped = not obstacles and facts.project is None
        alone = [workdir] if workdir is not None and is_ownable(workdir) else []
        inside = [step.index for step, target in copies_of(facts, stage) if any(within(target, one) for one in alone)]
        return _findings(obstacles + unknown, doubts, evidence, alone, inside, helped=helped)
    obstacles += covered(project, found.writes)
    doubts += [f"{one.reason} ({one.evidence})" for one in found.doubts if not one.blind]
    obstacles += [f"{one.reason} ({one.evidence})" for one in found.doubts if one.blind]
    if not found.followed and not obstacles:
        obstacles.append("it starts nothing of the project, so nothing tells what it is for")
    rights = Rights(home, stage_state(stage, facts.states).env.get("HOME"), workdir)
    made = runtime_directories(build, facts, chain)
    for folder, one_made in made.items():
        rights.give(folder, one_made.line)
    for write in found.writes:
        rights.add(write)
    obstacles += rights.obstacles
    doubts += rights.doubts
    evidence += (*rights.evidence, *rights.owned.values())
    below = _below(build, facts, chain, rights)
    if rights.folders:
        doubts += left_behind(build, facts, chain, rights)
    if doubts and workdir is not None and not rights.folders.get(workdir):
        rights.folders[workdir] = True
        if is_ownable(workdir):
            below |= _below(build, facts, chain, rights)
            doubts += left_behind(build, facts, chain, rights)
    made = below | made
    if found.followed:
        evidence.append(f"read: {', '.join(found.followed[:6])}{' and more' if len(found.followed) > 6 else ''}")
    # What a whole folder of the user's own does not hold yet, the program makes there by itself.
    wholes = [folder for folder, whole in rights.folders.items() if whole]
    own = {
        folder: whole
        for folder, whole in rights.folders.items()
        if is_ownable(folder) and (folder in made or not any(folder != one and within(folder, one) for one in wholes))
    }
    copied = set(copies_to_own(facts, stage, project, found, own))
    folders = own.keys() - brought(build, facts, stage, own, copied)
    return _findings(obstacles, doubts, evidence, folders, copied, helped=False, made=made, owned=rights.owned.values())


def _below(build: Build, facts: Facts, chain: Sequence[int], rights: Rights) -> dict[str, Made]:
    """The directories that RUNs make in folders that the user gets with all that is in them: its own as well."""
    wholes = [folder for folder, whole in rights.folders.items() if whole and is_ownable(folder)]
    found = directories_below(build, facts, chain, wholes)
    for folder in found:
        rights.folders.setdefault(folder, False)
    return found


def _behaviour(build: Build, project: Project | None, *, known: bool) -> Behaviour:
    """What the container does; without a context only what adds to reasons that are not *known* yet."""
    if project is not None:
        return project.behaviour(build)
    if known and not _MAY_SERVE.search(build.text):
        return Behaviour()
    from ...context.start import without_context

    return without_context(build, "Dockerfile")


def _without_context(build: Build, steps: Sequence[Step]) -> Iterator[str]:
    """What keeps a container root's for want of a build context."""
    entrypoint, command = start_of(build)
    first = entrypoint or command
    name = program_of(first) if first is not None else None
    exposed = [step for step in steps if isinstance(step, Listing) and step.keyword == "EXPOSE"]
    if not plausible_program(name):
        yield f"what {name or 'the container'} does was not read"
    elif not exposed:
        yield "nothing says which ports it listens on"


def program_of(step: Exec) -> str | None:
    """The name of the program that *step* starts, wrappers left out; None where it is not one simple command."""
    if step.argv is not None:
        words: tuple[str | None, ...] = step.argv
    elif step.body is not None and isinstance(step.body.script, Script) and len(step.body.script.commands) == 1:
        words = step.body.script.commands[0].argv
    else:
        return None
    names = [posixpath.basename(word or "") for word in words]
    while names and names[0] in ("exec", "tini", "dumb-init", "env", "nohup", "--"):
        names = names[1:]
    return names[0] if names else None


def plausible_program(name: str | None) -> bool:
    """Whether a program only runs an application, so that it is likely to run as anybody."""
    return name is not None and (bool(_INTERPRETERS.fullmatch(name)) or server_named(name) is not None)


def _findings(
    obstacles: Iterable[str],
    doubts: Iterable[str],
    evidence: Iterable[str],
    folders: Iterable[str],
    copied: Iterable[int],
    *,
    helped: bool,
    made: Mapping[str, Made] | None = None,
    owned: Iterable[str] = (),
) -> Findings:
    return Findings(
        tuple(dict.fromkeys(obstacles)),
        tuple(dict.fromkeys(doubts)),
        tuple(dict.fromkeys(evidence)),
        tuple(sorted(folders)),
        tuple(sorted(set(copied))),
        helped,
        made or {},
        tuple(dict.fromkeys(owned)),
    )
