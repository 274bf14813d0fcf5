"""Compiled programs: which language the sources of a program are in that a RUN builds."""

from __future__ import annotations

import posixpath

from ..analysis.flow.destinations import destination
from ..analysis.flow.graph import stage_graph
from ..analysis.flow.state import states
from ..ir.build import Build
from ..ir.steps import Copy, Run
from ..knowledge.vocabulary import vocabularies
from ..patterns import re
from ..shell.script import Script
from ..text.paths import matches
from .tree import ContextTree
from .words import sources_of

#: What builds programs of a language, as a regular expression, and the files that tell the programs' names.
_BUILDERS = {
    "go": (r"go (?:build|install)", ("go.mod",)),
    "rust": (r"cargo (?:build|install)", ("Cargo.toml",)),
    "c": (
        r"(?:make|gmake|cmake|ninja|meson|gcc|g\+\+|cc|c\+\+|clang|clang\+\+)",
        ("CMakeLists.txt", "Makefile", "meson.build", "configure.ac"),
    ),
    "dotnet": (r"dotnet (?:publish|build)", ()),
}

#: What makes archives of Java, or may.
_MAKES = re.compile(
    r"(?:\A|/)(?:mvnw?|gradlew?|sbt|lein|clojure|clj|ant|mill|jar|javac|kotlinc|scala-cli|bazel|make|cp|mv|ln|unzip|sh|bash)\Z"
)
_FILE = re.compile(r"[^/.*]\.[A-Za-z0-9]+\Z")


def language_of(name: str, build: Build, tree: ContextTree) -> str | None:
    """The compiled language whose sources a RUN makes the program *name* of, by a command of its build tool."""
    return tree.recall_of(build, ("language", name), lambda: _by_any_name(name, build, tree))


def _by_any_name(name: str, build: Build, tree: ContextTree) -> str | None:
    """The language of the program *name*, be it another name that it has where it is built."""
    found = (_language_of(one, build, tree) for one in (name, *_names_before(name, build)))
    return next((language for language in found if language is not None), None)


def _names_before(name: str, build: Build) -> list[str]:
    """What files are called in other stages that COPY brings as *name*, one name each."""
    return [
        posixpath.basename(step.sources[0])
        for stage in build.stages
        for step in stage.steps
        if isinstance(step, Copy)
        and step.origin.flag("from")
        and len(step.sources) == 1
        and posixpath.basename(step.destination) == name
    ]


def _language_of(name: str, build: Build, tree: ContextTree) -> str | None:
    named = {language: _names(name, files, tree) for language, (_, files) in _BUILDERS.items()}
    word = re.compile(rf"(?:\A|[\s/=]){re.escape(name)}(?:\s|\Z)")
    for language, text in tree.recall_of(build, "makers", lambda: _makers(build, tree)):
        if named[language] or word.search(text):
            return language
    return None


def _makers(build: Build, tree: ContextTree) -> tuple[tuple[str, str], ...]:
    """The commands of *build* that build tools carry out, with the languages whose sources are in the context."""
    scripts = (run.body.script for stage in build.stages for run in stage.runs if run.body is not None)
    commands = (one for script in scripts if isinstance(script, Script) for one in script.commands)
    texts = [" ".join(word or "" for word in command.argv) for command in commands]
    found = []
    for language, (tools, _) in _BUILDERS.items():
        own = [text for text in texts if re.search(rf"(?:\A|/){tools}\b", text)]
        if own and sources_of(vocabularies()[language], tree.by_path):
            found += [(language, text) for text in own]
    return tuple(found)


def brought_archive(archive: str, cwd: str | None, build: Build) -> bool:
    """Whether *archive*, of Java, started in *cwd*, may be the project's own: a COPY brings it, or a RUN makes one.

    What is downloaded in the last stage is somebody else's program.
    """
    path = posixpath.normpath(posixpath.join(cwd or "/", archive))
    own = posixpath.basename(path)
    known = states(build)
    at: int | None = build.stages[-1].index
    while at is not None:
        for step in build.stages[at].steps:
            if isinstance(step, Copy):
                target = destination(step, known[step.index])
                # One file that is copied beside it tells nothing of the archive.
                near = target is None or f"{path}/".startswith(f"{target.rstrip('/')}/")
                named = [posixpath.basename(word) for word in (*step.sources, step.destination)]
                if any(matches(own, name) or matches(name, own) for name in named if name) or (
                    near and not any(_FILE.search(source) for source in step.sources)
                ):
                    return True
            elif isinstance(step, Run):
                script = step.body.script if step.body is not None else None
                if not isinstance(script, Script) or any(_MAKES.search(one.name or "") for one in script.commands):
                    return True
        at = stage_graph(build).bases[at]
    return False


def _names(name: str, files: tuple[str, ...], tree: ContextTree) -> bool:
    """Whether one of the build tool's *files* names a program *name*."""
    there = tree.recall(files, lambda: [path for path in tree.by_path if posixpath.basename(path) in files])
    found = map(tree.read, there)
    word = re.compile(rf"(?:\A|[\s/\"'(=:]){re.escape(name)}(?:[\s\"'):]|\Z)")
    return any(text is not None and word.search(text) for text in found)
