"""What a RUN runs that may read an argument of the build from its environment, where no rename reaches it.

While a RUN runs, the arguments of its stage are variables of its environment: a script of the context, a Makefile or a
``setup.py`` may read them by their names. What only installs packages by their names reads none.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..analysis.effects.asking import Effects, effects
from ..analysis.effects.reached import Reached, Unread
from ..analysis.facts import Facts
from ..analysis.project import Project
from ..analysis.shell.operations import Kind, is_local, operation
from ..ir.build import Build, Stage
from ..ir.steps import Arg, Copy, Run, Step
from ..knowledge.order import ignores_variables
from .environment import line_reading

#: Kinds of what cannot be read: a program of the image reads no argument that is another project's invention.
_UNKNOWN = {
    "script": "{} cannot be read",
    "download": "{} cannot be read",
    "dynamic": "{} is known only when it runs",
}
_FETCHERS = frozenset(("curl", "wget", "aria2c", "git", "hg", "svn"))
_INSTALLS = frozenset((Kind.INSTALL, Kind.UPGRADE, Kind.UPDATE, Kind.DOWNLOAD))


def reader_of(build: Build, argument: str, name: str, projects: Iterable[Project | None]) -> str | None:
    """Why something that *build* runs with its *argument* may read the variable *name*, in words; None where nothing
    does. *projects* are what each known build of the file has for a context.
    """
    for project in projects or (None,):
        facts = Facts(build, open_project=lambda one=project: one)  # type: ignore[misc]
        for stage, run in _with_argument(facts, argument):
            found = _reads(facts, stage, run, name)
            if found is not None:
                return found
    return None


def _with_argument(facts: Facts, name: str) -> Iterator[tuple[Stage, Run]]:
    """The RUNs that have the argument *name*, with their stages."""
    for stage in facts.build.stages:
        below = facts.graph.chain(stage.index)[1:]
        there = any(_declares(step, name) for at in below for step in facts.build.stages[at].steps)
        for step in stage.steps:
            there = there or _declares(step, name)
            if there and isinstance(step, Run):
                yield stage, step


def _declares(step: Step, name: str) -> bool:
    return isinstance(step, Arg) and any(pair.key == name for pair in step.pairs)


def _reads(facts: Facts, stage: Stage, run: Run, name: str) -> str | None:
    if _is_given(facts, run, name):
        return None
    known: Effects = effects(facts)
    looking = [one for one in known.of_run(run, stage) if _may_look(one, run)]
    if not looking:
        return None
    project = facts.project
    searched: set[str] = set()
    if project is not None:
        files = _readable(known.files_of(run, stage).context, looking)
        place = _place_reading(files, project, name)
        if place is not None:
            return f"{place} reads {name}, and line {run.line} may run it"
        searched = {posixpath.basename(path) for path in files if project.text(path) is not None}
    for one in looking:
        if isinstance(one, Unread) and one.kind in _UNKNOWN and posixpath.basename(one.what) not in searched:
            return f"line {run.line} may read {name}: {_UNKNOWN[one.kind].format(one.what)}"
        if isinstance(one, Unread) and one.kind == "build" and _brings_unknown(facts, stage, run):
            return f"line {run.line} may read {name}: what {one.what} builds cannot be read"
    return None


def _is_given(facts: Facts, run: Run, name: str) -> bool:
    """Whether all that *run* runs is given the variable *name*, as in `make V=$V`, or looks at none.

    Who is given it has it whatever the argument is called.
    """
    script = facts.script(run)
    commands = [[word.text.strip("\"'") for word in one.words] for one in script.commands] if script is not None else []
    if run.argv is not None:
        commands.append(list(run.argv))
    looking = [words for words in commands if words and not ignores_variables(words)]
    return bool(looking) and all(any(word.startswith(f"{name}=") for word in words[1:]) for words in looking)


def _may_look(one: Reached, run: Run) -> bool:
    """Whether what runs may look at a variable that is none of its own; what a script runs is not in the Dockerfile."""
    if isinstance(one, Unread) or one.place != f"line {run.line}":
        return True
    return not ignores_variables([word if word is not None else "$" for word in one.argv])


def _readable(files: Mapping[str, str], looking: Sequence[Reached]) -> list[str]:
    """The context paths among *files* that one of *looking* may read, or run."""
    named: set[str] = set()
    for one in looking:
        if isinstance(one, Unread):
            if one.kind == "program":
                continue
            return list(dict.fromkeys(files.values()))
        done = operation(one.argv)
        inside = not one.place.startswith("line ")
        if done is None and not inside and one.name in ("env", "set", "export", "git", "cd"):
            continue
        packages = done is not None and done.kind in _INSTALLS and not _runs_own(one.argv)
        if inside or not packages:
            return list(dict.fromkeys(files.values()))
        named |= {posixpath.basename(word) for word in one.argv if word}
    # An installer of packages reads the lists that it is told of.
    return [path for path in dict.fromkeys(files.values()) if posixpath.basename(path) in named]


def _runs_own(argv: Sequence[str | None]) -> bool:
    """Whether an installer is given code of the project to install, or may run scripts of its manifest."""
    words = [word or "$" for word in argv]
    if words[0].rpartition("/")[2] in ("npm", "yarn", "pnpm", "bun", "composer", "bundle", "poetry", "uv", "pdm"):
        named = [word for word in words[2:] if not word.startswith("-")]
        return not named
    of_python = "pip" in " ".join(words[:3])
    behind_option = {at + 1 for at, word in enumerate(words) if word in ("-r", "--requirement", "-c", "--constraint")}
    return any(is_local(word, of_python=of_python) for at, word in enumerate(words) if at and at not in behind_option)


def _place_reading(paths: Iterable[str], project: Project, name: str) -> str | None:
    for path in paths:
        text = project.text(path)
        line = line_reading(path, text, name) if text is not None and name in text else None
        if line is not None:
            return f"{path}:{line}"
    return None


def _brings_unknown(facts: Facts, stage: Stage, run: Run) -> bool:
    """Whether files that nobody has read are there when *run* builds something: fetched, or copied from somewhere."""
    project = facts.project
    for at in facts.graph.chain(stage.index):
        for step in facts.build.stages[at].steps:
            if at == stage.index and step.index > run.index:
                break
            if isinstance(step, Copy) and (
                project is None or not project.complete or any("://" in source for source in step.sources)
            ):
                return True
        if any(call.name in _FETCHERS and call.run.index <= run.index for call in facts.calls(facts.build.stages[at])):
            return True
    return project is None and bool(run.mounts)
