"""What speaks against an unprivileged user, and what such a user has to own: from the Dockerfile and its context."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from ...analysis.facts import Facts
from ...analysis.flow.start import start_of
from ...analysis.flow.state import stage_state
from ...analysis.packages.cleanup import appendable
from ...analysis.project import Behaviour, Listener, Project, WriteKind
from ...analysis.runtime.home import home_uses
from ...ir.build import Build, Stage
from ...ir.steps import Env, Exec, Listing, Run, Step
from ...knowledge.habits import known_library, serves
from ...knowledge.processes import server_named
from ...knowledge.starts import ports_told
from ...knowledge.users import built_folders, home_code
from ...patterns import re
from ...record import evolve, record
from ...shell.script import Script
from ...text.lines import line_at
from ...text.paths import within
from .brought import brought
from .runners import always_starts, confidential, covered, documented, required, told_ports, worked_in
from .runtime_directories import Made, directories_below, runtime_directories
from .user_obstacles import FIRST_FREE_PORT, commanded, declared, fetched, inherited
from .user_rights import Rights, copies_of, copies_to_own, is_ownable, left_behind

#: Programs that run code of the project, and nothing else.
_INTERPRETERS = re.compile(r"python[\d.]*|node|nodejs|npm|yarn|pnpm|java|ruby|bundle|puma|rackup|dotnet|php|deno|bun")
#: A path in root's home, as code names it.
_ROOTS_HOME = re.compile(r"""["'`](/root/[^"'`\s]+)["'`]""")
#: A name of a service that starts as root for good reasons, which is worth to be said even where it is not all.
_MAY_SERVE = re.compile(r"\b(?:cron|crond|sshd|supervisord|gosu|su-exec|s6-|runit|my_init|nginx|httpd|apache2)\b")


@record
class Findings:
    """``obstacles`` keep the container root's. ``doubts`` leave an unprivileged user plausible and no more.

    ``evidence`` is what an unprivileged user rests on. ``folders`` are image paths that it must own, ``copied`` the
    indices of COPY steps whose files it must own, ``helped`` tells that a build context would answer open questions.
    ``made`` are those of the folders that a RUN makes, ``owned`` tells why the user has to own them. What the program
    does is known but for that of libraries unless it was all ``read``; it may write in its ``home``. ``built`` are
    directories that RUNs, by index, leave in those of the user's, for the program to write on.
    """

    obstacles: tuple[str, ...]
    doubts: tuple[str, ...]
    evidence: tuple[str, ...]
    folders: tuple[str, ...]
    copied: tuple[int, ...]
    helped: bool
    made: Mapping[str, Made]
    owned: tuple[str, ...]
    read: bool = True
    home: bool = False
    built: Mapping[int, tuple[str, ...]] = MappingProxyType({})


def findings(build: Build, facts: Facts, stage: Stage, home: str | None) -> Findings:
    """What is found about a user of the image of *stage*, the last one, whose account has the folder *home*."""
    chain = facts.graph.chain(stage.index)[::-1]
    steps = [step for index in chain for step in build.stages[index].steps]
    obstacles = [*declared(steps), *fetched(steps), *inherited(build, facts, stage), *commanded(build, facts, chain)]
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
    obstacles += told_ports(project, {one.variable for one in found.listeners if one.variable is not None})
    for listener in found.listeners:
        into = doubts if listener.port is None else obstacles if 0 < listener.port < FIRST_FREE_PORT else evidence
        into.append(_listens(listener))
    workdir = stage_state(stage, facts.states).workdir
    if project is None:
        helped = not obstacles and facts.project is None
        alone = [workdir] if workdir is not None and is_ownable(workdir) else []
        place = Rights(None, None, workdir)
        place.folders.update((folder, True) for folder in alone)
        unknown += (one.reason for one in left_behind(build, facts, chain, place) if one.unread is not None and alone)
        inside = [step.index for step, target in copies_of(facts, stage) if any(within(target, one) for one in alone)]
        return _findings(obstacles + unknown, doubts, evidence, alone, inside, helped=helped)
    seen = Findings(tuple(obstacles), tuple(doubts), tuple(evidence), (), (), helped=False, made={}, owned=())
    return _in_context(build, facts, stage, project, found, seen, home)


def _in_context(
    build: Build, facts: Facts, stage: Stage, project: Project, found: Behaviour, seen: Findings, home: str | None
) -> Findings:
    """What was *seen* so far, with what is *found* in the files of *project*."""
    chain = facts.graph.chain(stage.index)[::-1]
    steps = [step for index in chain for step in build.stages[index].steps]
    obstacles, doubts, evidence = list(seen.obstacles), list(seen.doubts), list(seen.evidence)
    workdir = stage_state(stage, facts.states).workdir
    served = _serves(build, facts, stage, found, project)
    unread = next((one for one in found.packages if not known_library(one.language, one.name)), None)
    anywhere = next((f"{one.reason} ({one.evidence})" for one in found.doubts if one.open), None)
    if unread is not None and not served:
        # A server is there for those who connect to it. Any other program takes what it works on from somewhere, and
        # leaves what comes of it somewhere: in a directory with which whoever starts it covers one of the image's.
        anywhere = f"it may write anywhere: nobody knows what {unread.name} writes ({unread.evidence})"
    read = next((one for one in found.doubts if not one.blind), None)
    if read is not None and not served and any(isinstance(one, Exec) and one.keyword == "ENTRYPOINT" for one in steps):
        # A tool for people's own files, in a directory that they mount.
        obstacles.append(f"it works on what it is given: {read.reason} ({read.evidence})")
    obstacles += covered(project, found.writes, anywhere)
    obstacles += _in_roots_home(found, project)
    obstacles += confidential(project)
    doubts += documented(project)
    doubts += worked_in(project, workdir)
    doubts += [f"{one.reason} ({one.evidence})" for one in found.doubts if not one.blind]
    doubts += [anywhere] if anywhere is not None and anywhere not in doubts else []
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
    behind = list(left_behind(build, facts, chain, rights)) if rights.folders else []
    # A program that ran before may have left there, as root, what this one writes.
    writes = [one for one in found.writes if one.folder in rights.folders]
    if (doubts or behind) and workdir is not None and not rights.folders.get(workdir):
        rights.folders[workdir] = True
        if is_ownable(workdir):
            below |= _below(build, facts, chain, rights)
            behind += left_behind(build, facts, chain, rights)
    made = below | made
    built: dict[int, tuple[str, ...]] = {}
    for run, places in _built(build, facts, chain, project, rights):
        if run in stage.runs and appendable(run, facts) is None:
            built[run.index] = places
        else:
            obstacles.append(f"line {run.line} makes {places[0]}, which is root's, and which it writes")
    boundless = anywhere or next(
        (f"it writes {one.written} ({one.evidence})" for one in found.writes if one.folder is None), None
    )
    for left in behind:
        if left.unread is not None and left.unread.index not in built and writes:
            obstacles.append(f"{left.reason}, and it writes {writes[0].written} ({writes[0].evidence})")
        elif left.unread is not None and not left.builds and boundless is not None:
            obstacles.append(f"{left.reason}, and {boundless}")
        else:
            doubts.append(left.reason)
    if found.followed:
        evidence.append(f"read: {', '.join(found.followed[:6])}{' and more' if len(found.followed) > 6 else ''}")
    # What a whole folder of the user's own does not hold yet, the program makes there by itself.
    wholes = [folder for folder, whole in rights.folders.items() if whole and is_ownable(folder)]
    own = {
        folder: whole
        for folder, whole in rights.folders.items()
        if is_ownable(folder) and (folder in made or not any(folder != one and within(folder, one) for one in wholes))
    }
    copied = set(copies_to_own(facts, stage, project, found, own))
    for step, target in copies_of(facts, stage):
        if step.index in copied and not is_ownable(target) and (target != workdir or target == "/"):
            obstacles.append(f"line {step.line} copies what it writes together with files of the system")
    folders = own.keys() - brought(build, facts, stage, own, copied)
    if not served:
        results = {one.folder for one in found.writes if one.kind is not WriteKind.LOG}
        obstacles += _given((folders - made.keys()) & results, build, workdir)
    return evolve(
        _findings(obstacles, doubts, evidence, folders, copied, helped=False, made=made, owned=rights.owned.values()),
        read=unread is None,
        home=rights.at_home,
        built=built,
    )


def _given(folders: Iterable[str], build: Build, workdir: str | None) -> Iterator[str]:
    """Of *folders*, in which a program writes that serves nobody, those in a directory that nothing in *build* makes or
    names: what the program works on is put there from outside, and is whoever's it is.
    """
    for folder in sorted(folders):
        top = "/" + folder.split("/")[1]
        named = re.search(rf"(?<![\w.-]){re.escape(top)}(?![\w.-])", build.text)
        if is_ownable(top) and named is None and (workdir is None or not within(folder, workdir)):
            which = "which nothing here makes" if folder == top else f"and nothing here makes {top}"
            yield f"it writes in {folder}, {which}: people mount there what it works on"


def _listens(listener: Listener) -> str:
    """What is said of *listener*."""
    if listener.port is None:
        return f"the port that {listener.server} listens on is not known ({listener.evidence})"
    return f"{listener.server} listens on port {listener.port} ({listener.evidence})"


def _serves(build: Build, facts: Facts, stage: Stage, found: Behaviour, project: Project) -> bool:
    """Whether the program is seen to listen: by its code, by what the file says, or by who runs it."""
    if any(one.port for one in found.listeners) or any(one.ports for one in project.usage.containers):
        return True
    if any(serves(one.language, one.name) for one in found.packages):
        return True
    steps = [step for index in facts.graph.chain(stage.index) for step in build.stages[index].steps]
    if any(isinstance(step, Listing) and step.keyword == "EXPOSE" for step in steps):
        return True
    pairs = [pair for step in steps if isinstance(step, Env) for pair in step.pairs]
    return any(ports_told(pair.key, (pair.value or "").strip("\"'")) for pair in pairs)


def _in_roots_home(found: Behaviour, project: Project) -> Iterator[str]:
    """The first place in root's home that the code uses: other users do not even get to see what is there."""
    for path in found.followed:
        named = _ROOTS_HOME.search(text := project.text(path) or "")
        if named is not None:
            yield f"it uses {named[1]} ({path}:{line_at(text, named.start())}), in root's home"
            return
        for pattern, what in home_code(path):
            used = pattern.search(text)
            if used is not None:
                yield f"it uses {what} ({path}:{line_at(text, used.start())}), which lies in root's home today"
                return


def _built(
    build: Build, facts: Facts, chain: Sequence[int], project: Project, rights: Rights
) -> Iterator[tuple[Run, tuple[str, ...]]]:
    """The RUNs that leave directories for the program to write on in those that the user gets with all in them."""
    followed = {line: behaviour.commands for line, behaviour in project.built(build)}
    for run in (run for index in chain for run in build.stages[index].runs):
        script = facts.script(run)
        workdir = facts.state(run).workdir
        if script is None or workdir is None or not rights.folders.get(workdir):
            continue
        texts = [script.text, *followed.get(run.line, ())]
        places = dict.fromkeys(f"{workdir}/{folder}" for text in texts for folder in built_folders(text))
        if places:
            yield run, tuple(places)


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
