"""What speaks against an unprivileged user, and what such a user has to own: from the Dockerfile and its context."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from ...analysis.facts import Facts
from ...analysis.flow.destinations import destination
from ...analysis.flow.start import start_of
from ...analysis.flow.state import stage_state
from ...analysis.project import Behaviour, FileFacts, Project, WriteKind, WrittenPath
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Exec, Listing, Step
from ...knowledge.processes import server_named
from ...knowledge.users import is_temporary
from ...record import record
from ...shell.script import Script
from .runners import always_starts, covered, required
from .user_obstacles import FIRST_FREE_PORT, commanded, declared

#: Programs that run code of the project, and nothing else.
_INTERPRETERS = re.compile(r"python[\d.]*|node|nodejs|npm|yarn|pnpm|java|ruby|bundle|puma|rackup|dotnet|php|deno|bun")
_SYSTEM = re.compile(
    r"(?!/usr/src/[^/])/(?:bin|boot|dev|etc|lib|lib32|lib64|libx32|proc|root|run|sbin|sys|usr)(?:/.*)?\Z"
    r"|/(?:home|media|mnt|opt|srv|tmp|var)\Z|/var/(?:lib|log|cache|run|spool|tmp|local|opt|mail|lock|backups)\Z|/\Z"
)
#: Data that outlives containers: it usually lies on a volume, whose files have the owner that they have.
_KEPT = frozenset((WriteKind.DATABASE, WriteKind.UPLOAD))
#: A name of a service that starts as root for good reasons, which is worth to be said even where it is not all.
_MAY_SERVE = re.compile(r"\b(?:cron|crond|sshd|supervisord|gosu|su-exec|s6-|runit|my_init|nginx|httpd|apache2)\b")


@record
class Findings:
    """``obstacles`` keep the container root's. ``doubts`` leave an unprivileged user plausible and no more.

    ``evidence`` is what an unprivileged user rests on. ``folders`` are image paths that it must own, ``copied`` the
    indices of COPY steps whose files it must own, ``helped`` tells that a build context would answer open questions.
    """

    obstacles: tuple[str, ...]
    doubts: tuple[str, ...]
    evidence: tuple[str, ...]
    folders: tuple[str, ...]
    copied: tuple[int, ...]
    helped: bool


def findings(build: Build, facts: Facts, stage: Stage, home: str) -> Findings:
    """What is found about a user with the home folder *home* in the image of *stage*, the last one."""
    chain = _chain(facts, stage)
    steps = [step for index in chain for step in build.stages[index].steps]
    obstacles = [*declared(steps), *commanded(build, facts, chain)]
    doubts: list[str] = []
    evidence: list[str] = []
    project = facts.project
    obstacles += required(project)
    if start_of(build) == (None, None) and not always_starts(project):
        obstacles.append("what it starts stands in the base image")
        return Findings(tuple(dict.fromkeys(obstacles)), (), (), (), (), helped=False)
    if project is not None and project.missing(build):
        name, line = project.missing(build)[0]
        doubts.append(f"{project.name} does not hold {name}, which line {line} copies, so it is not the context")
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
        helped = not obstacles
        return _owned(build, facts, stage, obstacles + unknown, doubts, evidence, {workdir}, None, helped=helped)
    doubts += covered(project, found.writes)
    doubts += [f"{one.reason} ({one.evidence})" for one in found.doubts if not one.blind]
    obstacles += [f"{one.reason} ({one.evidence})" for one in found.doubts if one.blind]
    if not found.followed and not obstacles:
        obstacles.append("it starts nothing of the project, so nothing tells what it is for")
    folders: set[str | None] = set()
    for write in found.writes:
        problem, doubt, folder = _write(write, home)
        if problem:
            obstacles.append(problem)
        if doubt:
            doubts.append(doubt)
        folders.add(folder)
        if folder:
            evidence.append(f"writes {write.written} ({write.evidence})")
    if any(folders):
        doubts += _left_behind(facts, stage)
    if doubts:
        folders.add(workdir)
    if found.followed:
        evidence.append(f"read: {', '.join(found.followed[:6])}{' and more' if len(found.followed) > 6 else ''}")
    return _owned(build, facts, stage, obstacles, doubts, evidence, folders, (project, found), helped=False)


def _behaviour(build: Build, project: Project | None, *, known: bool) -> Behaviour:
    """What the container does; without a context only what adds to reasons that are not *known* yet."""
    if project is not None:
        return project.behaviour(build)
    if known and not _MAY_SERVE.search(build.text):
        return Behaviour()
    from ...context.start import without_context

    return without_context(build, "Dockerfile")


def _chain(facts: Facts, stage: Stage) -> list[int]:
    found: list[int] = []
    at: int | None = stage.index
    while at is not None:
        found.insert(0, at)
        at = facts.graph.bases[at]
    return found


def _left_behind(facts: Facts, stage: Stage) -> Iterator[str]:
    """The RUNs of *stage* that run code of the project, whose files are root's."""
    for run in stage.runs:
        script = facts.script(run)
        for command in script.commands if script is not None else ():
            words = [word or "" for word in command.argv]
            name = posixpath.basename(words[0]) if words else None
            installs = name in ("npm", "yarn", "pnpm", "bundle") or words[1:3] == ["-m", "pip"]
            if plausible_program(name) and not installs:
                yield f"line {run.line} runs {' '.join(words[:3])} while building, which may leave files of root's"


def _without_context(build: Build, steps: Sequence[Step]) -> Iterator[str]:
    """What keeps a container root's for want of a build context."""
    entrypoint, command = start_of(build)
    first = entrypoint or command
    name = program_of(first) if first is not None else None
    exposed = [step for step in steps if isinstance(step, Listing) and step.keyword == "EXPOSE"]
    if not plausible_program(name):
        yield f"what {name or 'the container'} does stands in its build context"
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


def _write(write: WrittenPath, home: str) -> tuple[str | None, str | None, str | None]:
    """For a path that is written: an obstacle, a doubt, and the folder to own."""
    shown = f"{write.written} ({write.evidence})"
    folder = write.folder
    if folder is None:
        return None, f"it writes {shown}", None
    if is_temporary(folder) or folder == home or folder.startswith(home + "/"):
        return None, None, None
    if _SYSTEM.match(folder):
        return f"it writes {shown} in a folder of the system", None, None
    doubt = f"{shown} is data that is usually kept on a volume, which may be root's" if write.kind in _KEPT else None
    return None, doubt, folder


def _owned(
    build: Build,
    facts: Facts,
    stage: Stage,
    obstacles: list[str],
    doubts: list[str],
    evidence: list[str],
    folders: set[str | None],
    known: tuple[Project, Behaviour] | None,
    *,
    helped: bool,
) -> Findings:
    """Findings with the folders and COPY steps that the user must own."""
    own = sorted(folder for folder in folders if folder and not _SYSTEM.match(folder))
    own = [folder for folder in own if not is_temporary(folder)]
    copies = [(step.index, destination(step, facts.state(step))) for step in stage.steps if isinstance(step, Copy)]
    copied: set[int] = set()
    if known is None:
        for index, target in copies:
            if target is not None and any(_within(target, folder) for folder in own):
                copied.add(index)
    else:
        # The last COPY that can have put a file there did.
        latest = [(index, target) for index, target in reversed(copies) if target is not None]
        for path, file in known[0].image_files(build).items():
            if _for_others(file) and not _is_written(path, known[1], own):
                continue
            copied.update([index for index, target in latest if _within(path, target)][:1])
    return Findings(
        tuple(dict.fromkeys(obstacles)),
        tuple(dict.fromkeys(doubts)),
        tuple(dict.fromkeys(evidence)),
        tuple(own),
        tuple(sorted(copied)),
        helped,
    )


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _for_others(file: FileFacts) -> bool:
    """Whether users other than the owner may read a file, and run it if the owner may."""
    return bool(file.mode & 0o004) and bool(file.mode & 0o001 or not file.mode & 0o100)


def _is_written(path: str, behaviour: Behaviour, own: list[str]) -> bool:
    """Whether the file at the image path *path* is one that is written, or lies in a folder that is below its COPY."""
    for write in behaviour.writes:
        if write.path is not None and _within(path, write.path):
            return True
        if write.path is None and write.folder in own and posixpath.dirname(path) == write.folder:
            return True
    return False
