"""Compose and Bake files that nobody would find by their names: those which a command of the repository reads.

Sources: Docker documentation, "docker compose" (``-f``, ``--project-directory``), "Pre-defined environment variables"
(``COMPOSE_FILE``), "docker buildx bake" (``--file``; paths are seen from the working directory); Tilt API reference,
``docker_compose``; Azure Pipelines, "DockerCompose@1 task" (``dockerComposeFile``).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Final

from ...knowledge.repository import build_source
from ...record import record
from ..repository import Repository, joined
from .interpolation import read_env

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
        home = posixpath.dirname(path)
        for call in _in_text(posixpath.basename(path), text[:_MAX_TEXT]):
            found.update(dict.fromkeys(_placed(repository, call, home)))
            if len(found) >= _MAX_COMMANDS:
                return tuple(found)
    return tuple(found)


@record
class _Call:
    kind: str
    names: tuple[str, ...]
    project: str | None = None
    env_files: tuple[str, ...] = ()


def _in_text(name: str, text: str) -> Iterator[_Call]:
    if name == ".env":
        values = read_env(text) if "COMPOSE_FILE" in text else {}
        listed = values.get("COMPOSE_FILE", "").split(values.get("COMPOSE_PATH_SEPARATOR") or ":")
        yield _Call("compose", tuple(one for one in listed if one))
        return
    if build_source(name) == "tilt":
        for match in _TILT.finditer(text):
            yield _Call("compose", tuple(_QUOTED.findall(match["names"])))
        return
    for match in _TASK.finditer(text):
        yield _Call("compose", (match["name"],))
    for match in _COMMAND.finditer(text):
        options = [(one["name"], one["value"].strip("\"'")) for one in _OPTION.finditer(match["options"])]
        project = next((value for key, value in options if key == "--project-directory"), None)
        names = tuple(value for key, value in options if key in ("-f", "--file"))
        env_files = tuple(value for key, value in options if key == "--env-file")
        yield _Call("bake" if "bake" in match["tool"] else "compose", names, project, env_files)


def _placed(repository: Repository, call: _Call, home: str) -> Iterator[Called]:
    if not call.names or any("$" in one for one in (*call.names, call.project or "")):
        return
    for folder in dict.fromkeys((home, "")):
        paths = tuple(joined(folder, one) for one in call.names)
        if all(map(repository.is_file, paths)):
            # Compose sees paths from the folder of the first file, Bake from where it is run.
            own = posixpath.dirname(paths[0]) if call.project is None else joined(folder, call.project)
            env_files = tuple(joined(folder, one) for one in call.env_files)
            yield Called(call.kind, paths, folder if call.kind == "bake" else own, env_files)
            return
