"""DS603: CMD and ENTRYPOINT in exec form."""

from __future__ import annotations

import posixpath

from ...analysis.facts import Facts
from ...change import Safety
from ...ir.build import Build, Stage
from ...ir.steps import Exec
from ...knowledge.processes import is_init, launches
from ...patterns import re
from ...shell.names import INTERPRETERS
from ..base import Proposals, missed
from .base_forms import minded
from .exec_forms import Stays, all_of, commands, in_exec_form, in_lines, runs_by_itself, spreads
from .interpreters import without_interpreter

_SOURCES = tuple(
    f".{one}"
    for one in ["js", "mjs", "cjs", "ts", "py", "go", "rb", "rs", "php", "java", "kt", "cs", "pl", "ex", "exs"]
)
#: How languages read the variable. Source: POSIX, "Environment variables" (a shell exports the PWD that it sets).
_PWD = re.compile(
    r"\benv\.PWD\b|\b(?:environ|ENV|_ENV|_SERVER|env)(?:\.get)?\s*[\[({]+\s*[\"']PWD\b"
    r"|\b(?:getenv|Getenv|LookupEnv|get_env|var|var_os|GetEnvironmentVariable)\(\s*[\"']PWD[\"']"
)


def json_form(build: Build, facts: Facts) -> Proposals:
    """Write CMD and ENTRYPOINT as a JSON array where their words need no shell.

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
            bare = without_interpreter(one.words[0], one.step, one.stage, build, facts)
            if bare is not None:
                yield missed(one.step.line, f"{one.step.keyword} stays in shell form: {bare}")
                continue
            if spreads(one.step, one.script, one.words):
                yield missed(
                    one.step.line, f"{one.step.keyword} stays in shell form: one of its words is laid out in lines"
                )
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
            text = in_lines(one.step, one.script, one.words)
            yield in_exec_form(one.step, all_of(one.step), one.words, why, safety, text)


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
