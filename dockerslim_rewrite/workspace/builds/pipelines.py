"""Builds in the files of other CI services, and in npm's scripts: their commands are shell.

Sources: Travis CI, "Job Lifecycle"; Bitbucket, Drone, Woodpecker and AWS CodeBuild likewise run lists of commands in
the directory of the checkout. Task, "Schema Reference".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import partial

from ...knowledge.build_commands import names_a_builder
from ...patterns import re
from ...record import evolve
from ...text.lines import line_at
from ..repository import Repository, joined
from .azure import azure
from .circle import circle
from .found import FoundBuild, Place, Text, Unknown
from .gitlab import gitlab
from .reading import json_file, scalars, yaml_file
from .shell_scripts import ScriptReader, Step
from .shell_values import stand_in
from .yaml_values import Map, Scalar, Seq, mapping, scalar

#: Where steps are told to work, what they run first, and what after that in the same shell.
_FOLDERS = ("working_directory", "workingDirectory", "dir", "directory")
_FIRST = ("before_script", "before_install", "install")
_SCRIPT = ("script", "commands")
_MOST_FIRST = 20
#: What a service puts into a text before a shell sees it.
_TEMPLATE = re.compile(r"\{\{[^{}]*+\}\}")
#: How far behind the one before a script of a package.json is looked for.
_NEAR = 100_000


#: Who reads which file, by what its path holds.
_OWN = ((".gitlab", gitlab), ("gitlab-ci", gitlab), ("azure", azure), (".circleci/", circle))


def pipeline(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds of the CI file *path*."""
    own = next((reader for part, reader in _OWN if part in path.lower()), _plain)
    yield from own(repository, path)


def _plain(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds of a file whose service runs lists of commands, each list in one shell."""
    for document in yaml_file(repository, path):
        known: dict[str, Text] = {
            name: str(item)
            for name, item in mapping(document.get("variables")).items()
            if isinstance(item, Scalar) and "$" not in item
        }
        for home, texts in _lists(document, tasks=posixpath.basename(path).lower().startswith("taskfile")):
            foreign: dict[str, Text] = {}
            steps = [Step(_TEMPLATE.sub(partial(_stood_in, foreign), one), one.line, path) for one in texts]
            reader = ScriptReader(repository, "ci", path, 1, _homes(path, home), known | foreign)
            yield from reader.steps(steps)


def _homes(path: str, home: Text) -> list[Text]:
    """Where commands start whose step works in *home*: in the checkout's folder, or in that of a project within, whose
    own repository the file *path* was written for.
    """
    project = posixpath.dirname(path)
    if posixpath.basename(project).startswith("."):
        project = posixpath.dirname(project)
    return [home, joined(project, home)] if project and isinstance(home, str) else [home]


def _lists(document: Map, *, tasks: bool) -> Iterator[tuple[Text, list[Scalar]]]:
    """The commands of *document* that one shell runs, with the directory that they start in.

    Of *tasks* each command has a shell of its own.
    """
    general = [] if tasks else _first(document)
    for step in _mappings(document):
        where = next((scalar(step.get(name)) for name in _FOLDERS if step.get(name) is not None), None)
        home: Text = "" if where is None else str(where)
        if where is not None and ("$" in where or "{{" in where or where.startswith(("/", "~"))):
            home = Unknown(str(where))
        for name, value in step.items():
            if name in _FOLDERS or (step is document and name in _FIRST):
                continue
            texts = [one for one in value if isinstance(one, Scalar)] if isinstance(value, Seq) else [value]
            if not all(isinstance(one, Scalar) for one in texts):
                continue
            if tasks:
                yield from ((home, [one]) for one in texts)
            else:
                before = ((step is not document and _first(step)) or general) if name in _SCRIPT else []
                if len(before) > _MOST_FIRST:
                    # Where they end up is not followed for each step again.
                    before, home = [], Unknown("before_script")
                yield home, [*before, *texts]


def _first(step: Map) -> list[Scalar]:
    """What *step* runs before its script, in the same shell."""
    return [one for key in _FIRST if key in step for one in scalars(step[key])]


def _mappings(document: Map) -> Iterator[Map]:
    seen: set[int] = set()
    stack: list[object] = [document]
    while stack:
        value = stack.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Seq):
            stack.extend(value)
        elif isinstance(value, Map):
            yield value
            stack.extend(value.values())


def package_scripts(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds in the scripts of the package.json *path*, which run in its folder."""
    data, text = json_file(repository, path)
    scripts = data.get("scripts") if isinstance(data, dict) else None
    at = max(text.find('"scripts"'), 0)
    for name, script in scripts.items() if isinstance(scripts, dict) else ():
        if isinstance(script, str) and names_a_builder(script):
            # They come in the file's order; one that is written with escapes is not found.
            at = max(text.find(f'"{name}"', at, at + _NEAR), at)
            line = line_at(text, at)
            homes: list[Text] = [posixpath.dirname(path)]
            for found in ScriptReader(repository, "package.json", path, 1, homes).read(script):
                yield _at(found, path, line)


def _at(found: FoundBuild, path: str, line: int) -> FoundBuild:
    return evolve(found, place=Place(path, line))


def _stood_in(foreign: dict[str, Text], match: re.Match[str]) -> str:
    return stand_in(match[0], foreign)
