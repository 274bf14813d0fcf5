"""Which Dockerfiles of a repository build on the images that others of it make."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..pipeline.stage_labels import untagged
from ..record import record
from ..text.lines import line_at
from .builds.found import FoundBuild, Place
from .builds.graph import BuildGraph
from .repository import Repository

_FROM = re.compile(r"(?im)^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(\S+)")
_TAKEN = re.compile(r"(?i)(?:--from=|\bfrom=)([^\s,]+)")
_VARIABLE = re.compile(r"\$\{?(\w+)(?::?-([^}]*))?\}?\Z")
#: What parts commands from one another, and what they are looked for in.
_PARTS = re.compile(r"[\n&|;]")
_APT = re.compile(r"\bapt(?:-get)?\b")


@record
class Heir:
    """A Dockerfile that goes on from an image, or (not ``whole``) copies files of it; ``lists`` tells that it may read
    the package lists in it.
    """

    place: Place
    whole: bool
    lists: bool


def heirs_by_name(repository: Repository, graph: BuildGraph) -> Mapping[str, tuple[Heir, ...]]:
    """The heirs of each image, by its name without a tag, and of each build that others name as ``kind:name``."""
    found: dict[str, dict[Heir, None]] = {}
    for build in graph.builds:
        for name, heir in _named(build, repository):
            found.setdefault(name, {})[heir] = None
    return {name: tuple(heirs) for name, heirs in found.items()}


def _named(build: FoundBuild, repository: Repository) -> Iterator[tuple[str, Heir]]:
    """What the Dockerfile of *build* builds on or copies from."""
    path = build.dockerfile if isinstance(build.dockerfile, str) else None
    text = build.inline
    # One that is not there (another repository's, or one that was moved) has nothing to do with who asks for this one.
    if text is None and path is not None and repository.is_file(path):
        text = repository.read(path)
    if text is None:
        return
    file = path or build.place.path
    commands = [set(part.split()) for part in _PARTS.split(text) if _APT.search(part)]
    first = next((at for at, words in enumerate(commands) if "update" in words), len(commands))
    lists = any("install" in words for words in commands[:first])
    contexts = {name: str(value) for name, value in build.contexts}
    values = {name: str(value) for name, value in build.args if value is not None}
    for pattern, whole in ((_FROM, True), (_TAKEN, False)):
        for match in pattern.finditer(text):
            place = Place(file, line_at(text, match.start()))
            written = match[1]
            variable = _VARIABLE.match(written)
            if variable is not None:
                written = values.get(variable[1]) or variable[2] or written
            name = contexts[written] if written in contexts else untagged(written)
            yield name, Heir(place, whole, lists or not whole)


def names_of(build: FoundBuild) -> Iterator[str]:
    """What other builds call the image of *build*."""
    yield from (untagged(tag) for tag in build.tags if isinstance(tag, str))
    yield f"service:{build.name}"
    yield f"target:{build.name}"
