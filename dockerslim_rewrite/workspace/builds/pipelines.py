"""Builds in the files of other CI services, in npm's scripts and in Jenkinsfiles: their commands are shell.

Sources: GitLab, "CI/CD YAML syntax reference"; Azure Pipelines, "Docker@2 task"; CircleCI, Travis CI and Bitbucket
likewise run lists of commands in the folder of the checkout. Jenkins, "Docker Pipeline" and "Pipeline Syntax", agent.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import partial

from ...knowledge.build_commands import names_a_builder
from ...record import evolve
from ...text.lines import line_at
from ..repository import Repository, joined
from .found import FoundBuild, Place, Text, Unknown
from .places import folder
from .reading import json_file, scalars, yaml_file
from .shell_scripts import ScriptReader
from .shell_values import stand_in
from .yaml_values import Map, Scalar, Seq, mapping, scalar

_SHELL_STEP = re.compile(r"""\bsh\s*+\(?\s*+(?:script\s*+:\s*+)?('''|\"\"\"|'|")(.*?)\1""", re.S)
_DOCKER_STEP = re.compile(
    r"""\bdocker\.build\s*+\(?\s*+(['"])(?P<tag>[^'"\n]*+)\1(?:\s*+,\s*+(['"])(?P<rest>[^'"\n]*+)\3)?"""
)
_AGENT = re.compile(r"\bdockerfile\s*+\{(?P<fields>[^{}]*+)\}")
_FIELD = re.compile(r"""\b(?P<name>filename|dir|additionalBuildArgs)\s++(['"])(?P<value>[^'"\n]*+)\2""")
#: What Groovy puts into a text that no shell could: ``${env.TAG}``.
_GROOVY = re.compile(r"\$\{[^{}\w]*+\w++[.(\[][^{}]*+\}")
#: Where steps are told to work, by CircleCI and Azure, and what they then run.
_STEP_FOLDERS = ("working_directory", "workingDirectory")
_STEP_SCRIPTS = ("command", "script", "bash", "pwsh", "powershell")
_ENTERS = re.compile(r"(?m)(?:^[^\S\n]*+|[;&|]\s*+)(?:cd|pushd)\s")
#: How far behind the one before a script of a package.json is looked for.
_NEAR = 100_000
#: Of so many steps in a Jenkinsfile the directory is looked for.
_MOST_STEPS = 200
_JENKINS_FOLDER = re.compile(r"""\bdir\s*+\(\s*+(['"])([^'"\n]*+)\1\s*+\)\s*+\{""")
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
        for script, home in _scripts(document):
            if names_a_builder(script):
                text = _AZURE.sub(lambda match: "${" + match[1].upper().replace(".", "_") + "}", script)
                yield from ScriptReader(repository, "ci", path, script.line, _homes(path, home), known).read(text)
        yield from _azure(repository, path, document)


def _homes(path: str, home: Text) -> list[Text]:
    """Where commands start whose step works in *home*: in the checkout's folder, or in that of a project within, whose
    own repository the file *path* was written for.
    """
    project = posixpath.dirname(path)
    if posixpath.basename(project).startswith("."):
        project = posixpath.dirname(project)
    return [home, joined(project, home)] if project and isinstance(home, str) else [home]


def _scripts(document: Map) -> Iterator[tuple[Scalar, Text]]:
    """All scalars of *document* with the directory that their step starts in, as far as the file tells."""
    told: dict[int, Text] = {}
    general = mapping(document.get("default")).get("before_script", document.get("before_script"))
    for step in _mappings(document):
        where = next((scalar(step.get(name)) for name in _STEP_FOLDERS if step.get(name) is not None), None)
        before = step.get("before_script", general) if step.get("script") is not None else None
        home: Text = ""
        if where is not None:
            home = Unknown(str(where)) if "$" in where or where.startswith(("/", "~")) else str(where)
        elif before is not None and any(_ENTERS.search(one) for one in scalars(before)):
            # Commands that come first have gone somewhere: where, only they know.
            home = Unknown("before_script")
        for value in (step.get(name) for name in _STEP_SCRIPTS if home != ""):
            told.update((id(one), home) for one in (scalars(value) if value is not None else ()))
    yield from ((one, told.get(id(one), "")) for one in scalars(document))


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


def _azure(repository: Repository, path: str, document: Map) -> Iterator[FoundBuild]:
    for step in _mappings(document):
        task = scalar(step.get("task"))
        if task is not None and task.startswith("Docker@"):
            found = _docker_task(repository, path, step, task.line)
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


def jenkinsfile(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds of the Jenkinsfile *path*: its ``sh`` steps, ``docker.build``, and agents that are Dockerfiles.

    Groovy itself is not run.
    """
    text = repository.read(path) or ""
    for found, (at, command) in enumerate(_jenkins_commands(text)):
        line = line_at(text, at)
        home = _jenkins_folder(text, at) if found < _MOST_STEPS else Unknown("dir")
        foreign: dict[str, Text] = {}
        shell = _GROOVY.sub(partial(_stood_in, foreign), command)
        yield from ScriptReader(repository, "jenkins", path, line, [home], foreign).read(shell)


def _stood_in(foreign: dict[str, Text], match: re.Match[str]) -> str:
    return stand_in(match[0], foreign)


def _jenkins_commands(text: str) -> Iterator[tuple[int, str]]:
    """Where in *text* something is built, and the shell's command for it."""
    for match in _SHELL_STEP.finditer(text):
        if names_a_builder(match[2]):
            yield match.start(2), match[2]
    for match in _DOCKER_STEP.finditer(text):
        yield match.start(), f'docker build -t "{match["tag"]}" {match["rest"] or "."}'
    for match in _AGENT.finditer(text):
        told = {one["name"]: one["value"] for one in _FIELD.finditer(match["fields"])}
        where = told.get("dir") or "."
        name = posixpath.join(where, told.get("filename") or "Dockerfile")
        yield match.start(), f"docker build -f '{name}' {told.get('additionalBuildArgs', '')} '{where}'"


def _jenkins_folder(text: str, at: int) -> Text:
    """The directory of the ``dir`` blocks of *text* that hold the step at *at*."""
    home = ""
    for match in _JENKINS_FOLDER.finditer(text, 0, at):
        depth = 1
        for one in re.finditer(r"[{}]", text[match.end() : at]):
            depth += 1 if one[0] == "{" else -1
            if depth == 0:
                break
        if depth > 0:
            if "$" in match[2] or match[2].startswith("/"):
                return Unknown(match[2])
            home = joined(home, match[2])
    return home
