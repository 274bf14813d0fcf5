"""DS603: CMD, ENTRYPOINT and HEALTHCHECK in exec form."""

from __future__ import annotations

import posixpath

from ...analysis.effects.asking import effects
from ...analysis.evidence import Evidence
from ...analysis.facts import Facts
from ...change import Safety
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Env, Exec, Healthcheck, Run
from ...knowledge.processes import is_init, launches
from ...patterns import re
from ...shell.names import INTERPRETERS, SYSTEM_PATH
from ...shell.script import Simple
from ...text.paths import within
from ..base import Proposals, missed
from .base_forms import minded
from .exec_forms import Stays, all_of, commands, in_exec_form, runs_by_itself, tests

_SOURCES = tuple(
    f".{one}"
    for one in ["js", "mjs", "cjs", "ts", "py", "go", "rb", "rs", "php", "java", "kt", "cs", "pl", "ex", "exs"]
)
#: How languages read the variable. Source: POSIX, "Environment variables" (a shell exports the PWD that it sets).
_PWD = re.compile(
    r"\benv\.PWD\b|\b(?:environ|ENV|_ENV|_SERVER|env)(?:\.get)?\s*[\[({]+\s*[\"']PWD\b"
    r"|\b(?:getenv|Getenv|LookupEnv|get_env|var|var_os|GetEnvironmentVariable)\(\s*[\"']PWD[\"']"
)
#: Commands whose words may be files that they write, and those whose addresses end in the name of such a file.
_WRITING = frozenset(("tee", "curl", "wget", "dd", "install"))
_FETCHING = frozenset(("curl", "wget", "aria2c"))


def json_form(build: Build, facts: Facts) -> Proposals:
    """Write CMD, ENTRYPOINT and HEALTHCHECK as a JSON array where their words need no shell.

    In shell form Docker runs `/bin/sh -c TEXT`: the shell is process 1, and the program may never see SIGTERM. BuildKit
    warns about it with every build.

    Safe where the text is one command of plain words: no variables, patterns, quotes that a shell would need, no
    operators, no built-in commands. A program outside the system's directories may be a script without a `#!` line,
    which only a shell runs: level standard, and left as it is where the build context has it so. Other scripts
    stay, as do a CMD whose words are arguments of an ENTRYPOINT in exec form, and an ENTRYPOINT with a CMD, which
    the shell form ignores and the exec form appends; tini and dumb-init only start what CMD says. Where the
    ENTRYPOINT of the base image looks at its first word (redis, postgres, nginx), or is not known, the level is
    aggressive: it gets the program where it got a shell. Source: Dockerfile reference, "Shell and exec form" and
    "Understand how CMD and ENTRYPOINT interact"; BuildKit check JSONArgsRecommended.
    """
    for one in commands(build, facts):
        if isinstance(one, Stays):
            yield missed(one.step.line, f"{one.step.keyword} stays in shell form: {one.reason}")
        elif _ignored(one.step, one.stage):
            yield missed(
                one.step.line, "CMD stays as it is: an ENTRYPOINT in shell form takes no arguments, so nothing reads it"
            )
        elif one.words is not None and one.others is None:
            bare = _without_interpreter(one.words[0], one.step, one.stage, build, facts)
            if bare is not None:
                yield missed(one.step.line, f"{one.step.keyword} stays in shell form: {bare}")
                continue
            given = _given_words(one.step, one.words, facts) or _reads_directory(facts)
            if given is not None:
                yield missed(one.step.line, f"{one.step.keyword} stays in shell form: {given}")
                continue
            minds = minded(one.step, one.words[0], one.stage, build, facts)
            why = "the words need no shell"
            if not (_replaces_shell(one.step) or launches(one.words)):
                why += _signals(one.step, one.stage, minds)
            safety = Safety.SAFE if runs_by_itself(one.words[0]) else Safety.STANDARD
            if minds is not None:
                safety, why = Safety.AGGRESSIVE, f"{why}; {minds}"
            yield in_exec_form(one.step, all_of(one.step), one.words, why, safety)
    found = list(tests(build, facts))
    # What is written alike stays alike: where one has to stay, so do the others.
    staying = {_asked(test.step): test.step.line for test in found if isinstance(test, Stays)}
    for test in found:
        if not isinstance(test, Stays) and test.words is not None:
            other = staying.get(_asked(test.step))
            if other is not None:
                yield missed(test.step.line, f"HEALTHCHECK stays in shell form, as the same one on line {other} does")
                continue
            bare = _without_interpreter(test.words[0], test.step, test.stage, build, facts)
            if bare is not None:
                yield missed(test.step.line, f"{test.step.keyword} stays in shell form: {bare}")
                continue
            safety = Safety.SAFE if runs_by_itself(test.words[0]) else Safety.STANDARD
            yield in_exec_form(test.step, test.place, test.words, "the words need no shell", safety)


def _given_words(step: Exec, words: tuple[str, ...], facts: Facts) -> str | None:
    """Who gives words to the ENTRYPOINT *step*, which ignores them in shell form; None where nobody does."""
    if step.keyword != "ENTRYPOINT":
        return None
    name = posixpath.basename(words[0])
    if len(words) == 1 and name in INTERPRETERS:
        return f"as a JSON array {name} would run what the image is given as a script"
    if facts.project is None:
        return None
    job = next(iter(facts.project.usage.workflows), None)
    if job is not None:
        return f"as a JSON array it would get the script of the job ({job})"
    for one in (*facts.project.usage.containers, *facts.project.usage.by_hand):
        if one.entrypoint is None and one.command:
            given = " ".join(word or "…" for word in one.command[:3])
            return f"as a JSON array it would get the words `{given}` of {one.started or one.where}"
    return None


def _reads_directory(facts: Facts) -> str | None:
    """The source that reads PWD, which a shell sets and nobody else; None where none does, as far as is known."""

    def look() -> str | None:
        project = facts.project
        if project is not None and not project.complete:
            return "a source of the build context, not all of which is known, may read PWD, which the shell sets"
        for file in project.files if project is not None else ():
            if project is not None and file.path.endswith(_SOURCES):
                text = project.text(file.path)
                if text is not None and "PWD" in text and _PWD.search(text):
                    return f"{file.path} reads PWD, which the shell sets"
        return None

    return facts.recall("reads PWD", None, look)


def _asked(step: Exec | Healthcheck) -> str:
    return step.command if isinstance(step, Healthcheck) else ""


def _ignored(step: Exec, stage: Stage) -> bool:
    """Whether *step* is a CMD beside an ENTRYPOINT in shell form, which takes no arguments: it is never started."""
    entrypoints = (one for one in stage.steps if isinstance(one, Exec) and one.keyword == "ENTRYPOINT")
    return step.keyword == "CMD" and any(one.argv is None for one in entrypoints)


def _signals(step: Exec, stage: Stage, minds: str | None) -> str:
    """Who gets the signals that the shell got, as far as that is known: what stands before CMD is process 1."""
    before = [one for one in stage.steps if isinstance(one, Exec) and one.keyword == "ENTRYPOINT"][-1:]
    if step.keyword == "ENTRYPOINT" or (not before and minds is None):
        return ", and as process 1 the program gets the signals"
    first = posixpath.basename((before[0].argv or ("",))[0] or "") if before else ""
    return f", and {first} hands the signals to the program, not to a shell" if is_init(first) else ""


def _replaces_shell(step: Exec) -> bool:
    """Whether the shell of *step* is replaced by the program already: it is started with ``exec``."""
    return step.origin.args.split()[:1] == ["exec"]


def _without_interpreter(name: str, step: Exec | Healthcheck, stage: Stage, build: Build, facts: Facts) -> str | None:
    """Why the kernel cannot start the program *name*; None where it can, or where the context does not hold it.

    Source: execve(2), ENOEXEC; POSIX, "Command Search and Execution": a shell then reads the file itself.
    """
    state = facts.state(step)
    settings = (pair for one in stage.steps if isinstance(one, Env) for pair in one.pairs if pair.key == "PATH")
    entries = [entry for pair in settings for entry in (pair.value or "").strip("\"'").split(":")]
    relative = next((entry for entry in entries if entry and entry[0] not in "/$"), None)
    if "/" not in name and relative is not None:
        return f"{relative} in PATH is taken by a shell only"
    here = posixpath.normpath(posixpath.join(state.workdir or "/", name))
    found = {posixpath.normpath(entry) for entry in (*entries, *SYSTEM_PATH)}
    copied = facts.project.copied(facts.build)[stage.index] if facts.project is not None else ()
    if "/" not in name and here in copied and posixpath.dirname(here) not in found:
        return f"{here} is found by a shell alone, where PATH leads to the working directory"
    path = here if "/" in name else None
    written = _written(name, path, stage, facts)
    if written is not None:
        return f"line {written} writes {name}, and whether that has a #! line is not known"
    mounted = None if path is None else _mounted(path, facts)
    if mounted is not None:
        return f"{mounted} mounts {name}, and whether that has a #! line is not known"
    told = None if path is None else effects(facts).files(stage).texts.get(path)
    if told is not None and not told.startswith("#!"):
        return f"{name} has no #! line, and only a shell runs such a file"
    if facts.project is None:
        return None
    if path is not None and told is None and not facts.project.complete:
        return f"whether {name} has a #! line is not known, since not all of the build context is"
    placed = facts.project.copied(facts.build)[stage.index]
    paths = [path] if path is not None else [posixpath.join(folder, name) for folder in (*entries, *SYSTEM_PATH)]
    source = next((placed[one] for one in map(posixpath.normpath, paths) if one in placed), None)
    text = facts.project.text(source) if source is not None else None
    if text is None or text.startswith(("#!", "\x7fELF")) or "\0" in text:
        return None
    return f"{source} has no #! line, and only a shell runs such a file"


def _mounted(path: str, facts: Facts) -> Evidence | None:
    """Where a directory of the host's is mounted over *path*; None where none is."""
    usage = facts.project.usage if facts.project is not None else None
    for one in (*usage.containers, *usage.by_hand) if usage is not None else ():
        for mount in one.mounts:
            if mount.kind == "bind" and mount.path is not None and within(path, mount.path):
                return mount.evidence
    return None


def _written(name: str, path: str | None, stage: Stage, facts: Facts) -> int | None:
    """The line that writes or fetches the text of the program *name*, at *path* or, where that is None, in a directory
    of PATH; None without one.
    """
    last = posixpath.basename(name)
    for step in stage.steps:
        if isinstance(step, Copy) and path is not None:
            fetched = [one for one in step.sources if "://" in one]
            if fetched and last in map(posixpath.basename, (step.destination, *fetched)):
                return step.line
            continue
        script = facts.script(step) if isinstance(step, Run) else None
        folder = facts.state(step).workdir or "/"
        for command in script.commands if script is not None else ():
            if script is not None and "#!" in script.text[command.span.start : command.span.end]:
                continue
            if _writes(command, name, path, folder):
                return step.line
    return None


def _writes(command: Simple, name: str, path: str | None, folder: str) -> bool:
    """Whether *command*, run in *folder*, writes the program *name*, at *path* or in a directory of PATH."""
    targets = [one.target.literal for one in command.redirects if one.target is not None and one.target.literal]
    if path is None:
        return any(posixpath.dirname(one) in SYSTEM_PATH and posixpath.basename(one) == name for one in targets)
    words = [word for word in command.argv[1:] if word]
    targets += words if command.name in _WRITING else []
    fetched = map(posixpath.basename, words) if command.name in _FETCHING else ()
    return posixpath.basename(name) in fetched or any(
        posixpath.normpath(posixpath.join(folder, one)) == path for one in targets
    )
