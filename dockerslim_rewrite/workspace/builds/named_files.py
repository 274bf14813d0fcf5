"""Compose and Bake files that nobody would find by their names: those which a command of the repository reads.

Sources: Docker documentation, "docker compose" (``-f``, ``--project-directory``), "Pre-defined environment variables"
(``COMPOSE_FILE``), "docker buildx bake" (``--file``; paths are seen from the working directory); Tilt API reference,
``docker_compose``; Azure Pipelines, "DockerCompose@1 task" (``dockerComposeFile``); containers.dev, "Dev Container
metadata reference" (``dockerComposeFile``).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ...knowledge.repository import build_source
from ...patterns import re
from ...record import record
from ..repository import Repository, joined
from .bake_action import baked
from .command_folders import folders_of
from .interpolation import read_env
from .reading import json_file

_COMMAND = re.compile(
    r"\b(?P<tool>(?:docker|podman|nerdctl)[- ]compose|docker buildx bake|docker bake)\b"
    r"(?P<options>(?:(?:[ \t]|\\\n)++"
    r"(?:-f|--file|--project-directory|--env-file|-p|--project-name|--profile)[ =][^\s\\]++)++)"
)
_OPTION = re.compile(r"(?P<name>-f|--file|--project-directory|--env-file)[ =](?P<value>\S+)")
_TILT = re.compile(r"\bdocker_compose\(\s*+(?P<names>\[[^\]\[(]*+\]|[\"'][^\"'(]*+[\"'])")
_TASK = re.compile(
    r"\bdockerComposeFile:[ \t]*+[\"']?(?:\*\*/|\$\((?:Build\.SourcesDirectory|System\.DefaultWorkingDirectory)\)/)?"
    r"(?P<name>[^\s\"',}#]++)"
)
_VARIABLE = re.compile(
    r"(?<![\w$.-])(?<!\$\{)(?P<name>COMPOSE_FILE|COMPOSE_PATH_SEPARATOR)[\"']?(?:[ \t]*+[:?!]?=|:)[ \t]*+"
    r"(?:\"(?P<double>[^\"\n]*+)\"|'(?P<single>[^'\n]*+)'|(?P<bare>[^\s\"'&|#]++))"
)
_QUOTED = re.compile(r"[\"']([^\"']+)[\"']")
#: So many characters of a file are searched for commands, and so many commands of all files are followed.
_MAX_TEXT: Final = 256 * 1024
_MAX_COMMANDS: Final = 1_000


@record
class Called:
    """Files that one command reads together, in order. ``base`` is the folder that their paths are relative to.

    ``env_files`` are those that the command takes variables from, in the place of ``.env``.
    """

    kind: str
    paths: tuple[str, ...]
    base: str
    env_files: tuple[str, ...] = ()


def composed_files(called: Called) -> tuple[str, ...]:
    """Those of the files that are compose files, which Bake reads as well."""
    return tuple(path for path in called.paths if called.kind == "compose" or path.endswith((".yml", ".yaml")))


def called_files(repository: Repository, paths: Iterable[str]) -> tuple[Called, ...]:
    """What the files *paths* (scripts, Makefiles, pipelines, Tiltfiles, ``.env``) let Compose and Bake read.

    A command may be run in the folder of its file, or in the root: the first in which all its files are counts.
    """
    found: dict[Called, None] = {}
    for path in paths:
        text = repository.read(path) or ""
        for call in (*_in_text(repository, path, text[:_MAX_TEXT]), *_in_actions(repository, path)):
            found.update(dict.fromkeys(_placed(repository, call)))
            if len(found) >= _MAX_COMMANDS:
                return tuple(found)
    return tuple(found)


@record
class _Call:
    """``folders`` are those that it may be run in, the likeliest first."""

    kind: str
    names: tuple[str, ...]
    folders: tuple[str, ...]
    project: str | None = None
    env_files: tuple[str, ...] = ()


def _in_text(repository: Repository, path: str, text: str) -> Iterator[_Call]:
    name = posixpath.basename(path)
    kind = build_source(path)
    beside = tuple(dict.fromkeys((posixpath.dirname(path), "")))
    if name == ".env":
        values = read_env(text) if "COMPOSE_FILE" in text else {}
        yield _listed(values, beside)
        return
    if kind == "tilt":
        for match in _TILT.finditer(text):
            yield _Call("compose", tuple(_QUOTED.findall(match["names"])), beside)
        return
    if kind == "devcontainer":
        yield from _lived_in(repository, path)
        return
    for match in _TASK.finditer(text):
        yield _Call("compose", (match["name"],), beside)
    told: dict[str, str] = {}
    for match in _VARIABLE.finditer(text) if "COMPOSE_FILE" in text else ():
        told[match["name"]] = match["double"] or match["single"] or match["bare"] or ""
        if match["name"] == "COMPOSE_FILE":
            yield _listed(told, tuple(folders_of(path, text, match.start())))
    for match in _COMMAND.finditer(text):
        options = [(one["name"], one["value"].strip("\"'")) for one in _OPTION.finditer(match["options"])]
        project = next((value for key, value in options if key == "--project-directory"), None)
        names = tuple(value for key, value in options if key in ("-f", "--file"))
        env_files = tuple(value for key, value in options if key == "--env-file")
        folders = tuple(folders_of(path, text, match.start()))
        yield _Call("bake" if "bake" in match["tool"] else "compose", names, folders, project, env_files)


def _in_actions(repository: Repository, path: str) -> Iterator[_Call]:
    if build_source(path) == "workflow":
        for one in baked(repository, path):
            yield _Call("bake", one.names, (one.folder,))


def _listed(values: Mapping[str, str], folders: tuple[str, ...]) -> _Call:
    """The files that ``COMPOSE_FILE`` among *values* lists."""
    listed = values.get("COMPOSE_FILE", "").split(values.get("COMPOSE_PATH_SEPARATOR") or ":")
    return _Call("compose", tuple(one for one in listed if one), folders)


def _lived_in(repository: Repository, path: str) -> Iterator[_Call]:
    """The compose files that the devcontainer.json *path* starts; they are relative to it."""
    data, _ = json_file(repository, path, comments=True)
    named = data.get("dockerComposeFile") if isinstance(data, dict) else None
    names = [one for one in (named if isinstance(named, list) else [named]) if isinstance(one, str)]
    yield _Call("compose", tuple(names), (posixpath.dirname(path),))


def _placed(repository: Repository, call: _Call) -> Iterator[Called]:
    if not call.names or any("$" in one for one in (*call.names, call.project or "")):
        return
    for folder in call.folders:
        paths = tuple(joined(folder, one) for one in call.names)
        if all(map(repository.is_file, paths)):
            # Compose sees paths from the folder of the first file, Bake from where it is run.
            own = posixpath.dirname(paths[0]) if call.project is None else joined(folder, call.project)
            env_files = tuple(joined(folder, one) for one in call.env_files)
            yield Called(call.kind, paths, folder if call.kind == "bake" else own, env_files)
            return
