"""Which Dockerfiles of a repository build on the images that others of it make."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from ..knowledge.images import image_facts
from ..pipeline.stage_labels import untagged
from ..record import record
from ..text.lines import line_at
from .builds.found import FoundBuild, Place
from .builds.graph import BuildGraph
from .repository import Repository

_FROM = re.compile(r"(?im)^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(\S+)")
_ALIAS = re.compile(r"(?im)^[ \t]*+FROM[ \t]++(?:--\S++[ \t]++)*+\S++[ \t]++AS[ \t]++(\S++)")
_DEFAULT = re.compile(r"(?im)^[ \t]*ARG[ \t]+(\w+)=[\"']?([^\s\"']+)")
#: Folders whose names say nothing of what is in them.
_PLAIN = frozenset(("docker", "context", "build", "image", "container", "src"))
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
    lists = _reads_lists(text)
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


def heirs_by_folder(repository: Repository, graph: BuildGraph, own: Collection[str]) -> Mapping[str, tuple[Heir, ...]]:
    """The heirs of Dockerfiles whose images nobody is seen to name: by the path of each, those that begin with an image
    called like its folder.

    *own* are the images of which it is known who builds them. What is in the catalogue comes from elsewhere.
    """
    named: dict[str, list[tuple[str, Heir]]] = {}
    bases: dict[str, set[str]] = {}
    for path in graph.dockerfiles:
        text = repository.read(path)
        if text is None:
            continue
        lists = _reads_lists(text)
        defaults = dict(_DEFAULT.findall(text))
        stages = {alias.lower() for alias in _ALIAS.findall(text)}
        for match in _FROM.finditer(text):
            variable = _VARIABLE.match(match[1])
            written = match[1] if variable is None else variable[2] or defaults.get(variable[1], "")
            name = untagged(written)
            bases.setdefault(path, set()).add(name)
            if not name or name in own or name.lower() in stages or image_facts(name, None) is not None:
                continue
            heir = Heir(Place(path, line_at(text, match.start())), True, lists)
            named.setdefault(name.rpartition("/")[2], []).append((name, heir))
    found = {
        path: tuple(
            heir
            for called in _called(path)
            for name, heir in named.get(called, ())
            # Who begins with an image does not make it.
            if heir.place.path != path and name not in bases.get(path, ())
        )
        for path in graph.dockerfiles
    }
    return {path: heirs for path, heirs in found.items() if heirs}


def _called(path: str) -> Iterator[str]:
    """What the image of the Dockerfile at *path* may be called: like its folder, or like what its own name adds."""
    folder, _, file = path.rpartition("/")
    above, _, name = folder.rpartition("/")
    yield name
    if name.lower() in _PLAIN:
        yield above.rpartition("/")[2]
    start, _, end = file.partition(".")
    yield end if start.lower() in ("dockerfile", "containerfile") else start


def _reads_lists(text: str) -> bool:
    """Whether the Dockerfile *text* may install packages before it fetches lists of its own."""
    commands = [set(part.split()) for part in _PARTS.split(text) if _APT.search(part)]
    first = next((at for at, words in enumerate(commands) if "update" in words), len(commands))
    return any("install" in words for words in commands[:first])


def names_of(build: FoundBuild) -> Iterator[str]:
    """What other builds call the image of *build*."""
    yield from (untagged(tag) for tag in build.tags if isinstance(tag, str))
    yield f"service:{build.name}"
    yield f"target:{build.name}"
