"""Builds of development containers. Source: containers.dev, "Dev Container metadata reference"."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from ..repository import Repository
from .found import FoundBuild, Place, Text, Unknown
from .places import folder
from .reading import json_file, line_of


def devcontainer(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The build that the devcontainer.json *path* asks for; both of its paths are relative to it."""
    data, text = json_file(repository, path, comments=True)
    build = data.get("build") if isinstance(data, dict) else None
    details: dict[str, Any] = build if isinstance(build, dict) else {}
    name = details.get("dockerfile") or (data.get("dockerFile") if isinstance(data, dict) else None)
    if not isinstance(name, str):
        return
    home = posixpath.dirname(path)
    context = details.get("context") or data.get("context") or "."
    args = details.get("args")
    yield FoundBuild(
        kind="devcontainer",
        place=Place(path, line_of(text, f'"{name}"')),
        name=data["name"] if isinstance(data.get("name"), str) else "devcontainer",
        context=folder(repository, home, _text(context)),
        dockerfile=folder(repository, home, _text(name)),
        target=_text(details["target"]) if details.get("target") else None,
        args=tuple((key, _text(value)) for key, value in args.items()) if isinstance(args, dict) else (),
    )


def _text(value: object) -> Text:
    """A value of the file; ``${localEnv:NAME:default}`` is only known on the machine."""
    text = str(value)
    return Unknown(text) if re.search(r"\$\{(?:(?!\$\{)[^}])*\}", text) else text
