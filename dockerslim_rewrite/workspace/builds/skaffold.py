"""Builds of Skaffold.

Sources: skaffold.yaml reference, ``build.artifacts`` (v4beta14), ``requires``, ``profiles``; Skaffold documentation,
"Custom Build Script" (run in the context, with ``BUILD_CONTEXT`` and ``IMAGE``).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Final

from ...record import evolve
from ..repository import Repository, joined
from .checkout import below
from .found import FoundBuild, Place, Text, Unknown
from .places import file, folder
from .reading import yaml_file
from .shell_scripts import ScriptReader
from .skaffold_profiles import with_profile
from .yaml_values import Map, mapping, scalar, sequence

#: Each profile has all artifacts anew.
_MAX_ARTIFACTS: Final = 20_000


def skaffold(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The artifacts of the file *path* that are built from Dockerfiles, those of its profiles too."""
    home = posixpath.dirname(path)
    for document in yaml_file(repository, path):
        if not str(document.get("apiVersion", "")).startswith("skaffold/"):
            continue
        left = _MAX_ARTIFACTS
        plain = dict.fromkeys(_artifacts(repository, path, home, mapping(document.get("build"))))
        yield from plain
        for profile in map(mapping, sequence(document.get("profiles"))):
            condition = f"profile {scalar(profile.get('name')) or ''}".strip()
            left -= len(plain)
            if left < 0:
                repository.complain(
                    path, f"its profiles have more than {_MAX_ARTIFACTS:,} artifacts; the rest is not read"
                )
                return
            whole = with_profile(document, profile)
            own = mapping(profile if whole is None else whole).get("build")
            for found in _artifacts(repository, path, home, mapping(own)):
                if found not in plain:
                    yield evolve(found, condition=condition)


def _artifacts(repository: Repository, path: str, home: str, build: Map) -> Iterator[FoundBuild]:
    for item in sequence(build.get("artifacts")):
        artifact = mapping(item)
        if "custom" in artifact:
            yield from _custom(repository, path, home, artifact)
            continue
        if any(kind in artifact for kind in ("jib", "bazel", "buildpacks", "buildpack", "ko")):
            continue
        details = mapping(artifact.get("docker") or artifact.get("kaniko"))
        where = _text(artifact.get("context")) or _text(artifact.get("workspace")) or "."
        context = folder(repository, home, where)
        part = _text(details.get("contextSubPath"))
        if part is not None and isinstance(context, str) and isinstance(part, str):
            context = joined(context, part)
        image = _text(artifact.get("image")) or Unknown("")
        given = ((name, _text(value)) for name, value in mapping(details.get("buildArgs")).items())
        yield FoundBuild(
            kind="skaffold",
            place=Place(path, artifact.line),
            name=str(image),
            context=context,
            dockerfile=file(repository, context, _text(details.get("dockerfile")) or "Dockerfile"),
            target=_text(details.get("target")),
            args=(*_required(artifact), *given),
            tags=(image,),
        )


def _custom(repository: Repository, path: str, home: str, artifact: Map) -> Iterator[FoundBuild]:
    """What the command of *artifact* builds; where a script hides it, the Dockerfile that it is said to need, with a
    context that nobody knows.
    """
    custom = mapping(artifact.get("custom"))
    command = scalar(custom.get("buildCommand"))
    image = _text(artifact.get("image")) or Unknown("")
    context = folder(repository, home, _text(artifact.get("context")) or ".")
    given: dict[str, Text] = {"IMAGE": image}
    if isinstance(context, str):
        given["BUILD_CONTEXT"] = below(context)
    found: list[FoundBuild] = []
    if command is not None and "{{" not in command:
        reader = ScriptReader(repository, "skaffold", path, command.line, [context], given)
        found = list(reader.read(command))
    yield from found
    needed = mapping(mapping(custom.get("dependencies")).get("dockerfile"))
    named = _text(needed.get("path"))
    if named is not None and not found:
        arguments = ((name, _text(value)) for name, value in mapping(needed.get("buildArgs")).items())
        yield FoundBuild(
            kind="skaffold",
            place=Place(path, artifact.line),
            name=str(image),
            context=Unknown(str(command or "custom")),
            dockerfile=file(repository, context, named),
            args=tuple(arguments),
            tags=(image,),
        )


def _required(artifact: Map) -> Iterator[tuple[str, Text]]:
    """The build arguments in which Skaffold hands over the images that *artifact* requires; their tags are its own."""
    for item in sequence(artifact.get("requires")):
        needed = mapping(item)
        image = scalar(needed.get("image"))
        if image is not None:
            yield str(scalar(needed.get("alias")) or image), Unknown(str(image))


def _text(value: object) -> Text | None:
    found = scalar(value)
    if found is None:
        return None
    return Unknown(str(found)) if "{{" in found else str(found)
