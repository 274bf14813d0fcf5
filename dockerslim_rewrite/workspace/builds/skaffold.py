"""Builds of Skaffold. Source: skaffold.yaml reference, ``build.artifacts`` (v4beta14), ``requires``, ``profiles``."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ..repository import Repository, joined
from .found import FoundBuild, Place, Text, Unknown
from .places import file, folder
from .reading import yaml_file
from .yaml_values import Map, mapping, scalar, sequence


def skaffold(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The artifacts of the file *path* that are built from Dockerfiles, those of its profiles too."""
    home = posixpath.dirname(path)
    for document in yaml_file(repository, path):
        if not str(document.get("apiVersion", "")).startswith("skaffold/"):
            continue
        yield from _artifacts(repository, path, home, mapping(document.get("build")), None)
        for item in sequence(document.get("profiles")):
            profile = mapping(item)
            condition = f"profile {scalar(profile.get('name')) or ''}".strip()
            yield from _artifacts(repository, path, home, mapping(profile.get("build")), condition)


def _artifacts(repository: Repository, path: str, home: str, build: Map, condition: str | None) -> Iterator[FoundBuild]:
    for item in sequence(build.get("artifacts")):
        artifact = mapping(item)
        if any(kind in artifact for kind in ("jib", "bazel", "buildpacks", "buildpack", "custom", "ko")):
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
            condition=condition,
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
