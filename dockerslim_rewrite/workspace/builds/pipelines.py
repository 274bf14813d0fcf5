"""Builds in the files of other CI services, in npm's scripts and in Jenkinsfiles: their commands are shell.

Sources: GitLab, "CI/CD YAML syntax reference"; Azure Pipelines, "Docker@2 task"; CircleCI, Travis CI and Bitbucket
likewise run lists of commands in the folder of the checkout.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from ...knowledge.build_commands import names_a_builder
from ...record import evolve
from ..repository import Repository
from .found import FoundBuild, Place, Text, Unknown
from .places import folder
from .reading import json_file, line_of, scalars, yaml_file
from .shell_scripts import ScriptReader
from .yaml_values import Map, Scalar, Seq, mapping, scalar

_SHELL_STEP = re.compile(r"""\bsh\s*+\(?\s*+(?:script\s*+:\s*+)?('''|\"\"\"|'|")(.*?)\1""", re.S)
_AZURE = re.compile(r"\$\(([A-Za-z_][\w.]*)\)")


def pipeline(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds of the CI file *path*."""
    for document in yaml_file(repository, path):
        variables = {
            name: str(item)
            for name, item in mapping(document.get("variables")).items()
            if isinstance(item, Scalar) and "$" not in item
        }
        known: dict[str, Text] = dict(variables)
        for script in scalars(document):
            if names_a_builder(script):
                text = _AZURE.sub(lambda match: "${" + match[1].upper().replace(".", "_") + "}", script)
                yield from ScriptReader(repository, "ci", path, script.line, [""], known).read(text)
        yield from _azure(repository, path, document)


def _azure(repository: Repository, path: str, document: Map) -> Iterator[FoundBuild]:
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
            stack.extend(value.values())
            task = scalar(value.get("task"))
            if task is not None and task.startswith("Docker@"):
                found = _docker_task(repository, path, value, task.line)
                if found is not None:
                    yield found


def _docker_task(repository: Repository, path: str, step: Map, line: int) -> FoundBuild | None:
    inputs = {name.lower(): item for name, item in mapping(step.get("inputs")).items()}
    command = scalar(inputs.get("command")) or "buildAndPush"
    if command.lower() not in ("build", "buildandpush"):
        return None
    name = _checkout(str(scalar(inputs.get("dockerfile")) or "**/Dockerfile"))
    wanted = _checkout(str(scalar(inputs.get("buildcontext")) or "**"))
    dockerfile: Text = Unknown(name) if "*" in name or "$" in name else folder(repository, "", name)
    context: Text = Unknown(wanted) if "*" in wanted or "$" in wanted else folder(repository, "", wanted)
    if wanted == "**" and isinstance(dockerfile, str):
        # The task's own default: the folder of the Dockerfile.
        context = posixpath.dirname(dockerfile)
    tag = scalar(inputs.get("repository"))
    tags: tuple[Text, ...] = () if tag is None else (str(tag) if "$" not in tag else Unknown(str(tag)),)
    return FoundBuild("ci", Place(path, line), str(tag or "Docker task"), context, dockerfile, tags=tags)


def _checkout(text: str) -> str:
    return re.sub(r"\$\((?:Build\.SourcesDirectory|System\.DefaultWorkingDirectory)\)/?", "", text)


def package_scripts(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds in the scripts of the package.json *path*, which run in its folder."""
    data, text = json_file(repository, path)
    scripts = data.get("scripts") if isinstance(data, dict) else None
    for name, script in scripts.items() if isinstance(scripts, dict) else ():
        if isinstance(script, str) and names_a_builder(script):
            line = line_of(text, f'"{name}"', max(text.find('"scripts"'), 0))
            homes: list[Text] = [posixpath.dirname(path)]
            for found in ScriptReader(repository, "package.json", path, 1, homes).read(script):
                yield _at(found, path, line)


def _at(found: FoundBuild, path: str, line: int) -> FoundBuild:
    return evolve(found, place=Place(path, line))


def jenkinsfile(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds in the ``sh`` steps of the Jenkinsfile *path*; Groovy itself is not run."""
    text = repository.read(path)
    for match in _SHELL_STEP.finditer(text or ""):
        if names_a_builder(match[2]):
            line = (text or "").count("\n", 0, match.start(2)) + 1
            yield from ScriptReader(repository, "jenkins", path, line, [""]).read(match[2])
