"""Which Dockerfiles of a repository build on the images that others of it make."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection, Iterator, Mapping

from ..knowledge.images import image_facts
from ..patterns import re
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
#: What may say how the image of a folder is called, and how much of it is read.
_TELLS = re.compile(r"(?i)\.(?:sh|bash|env|mk|conf|cfg|ini|ps1|bat)\Z|\A(?:makefile|build|image)\Z")
_MOST_BESIDE, _MOST_TEXT, _MOST_LINES = 50, 64 * 1024, 2_000
#: In larger repositories only what a folder is called like counts: all texts are looked through for all names.
_MOST_DOCKERFILES, _MOST_NAMES = 300, 100
_SCRIPT = re.compile(r"(?<![\w./-])[\w./-]{1,200}\.sh\b")
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
    """The heirs of each image, by its name without a tag, and of each build that others name as ``kind:name``.

    Whoever begins with an image goes on from it, built by somebody here or not.
    """
    found: dict[str, dict[Heir, None]] = {}
    for build in graph.builds:
        for name, heir in _named(build, repository):
            found.setdefault(name, {})[heir] = None
    for path in graph.dockerfiles:
        for name, heir in _begun(repository, path):
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
    lists = _reads_lists(_with_scripts(repository, file, text))
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


def _begun(repository: Repository, path: str) -> tuple[tuple[str, Heir], ...]:
    """The images that the Dockerfile at *path* begins with by its own words, without its stages and the catalogue's."""

    def read() -> tuple[tuple[str, Heir], ...]:
        text = repository.read(path)
        if text is None:
            return ()
        lists: bool | None = None
        defaults = dict(_DEFAULT.findall(text))
        stages = {alias.lower() for alias in _ALIAS.findall(text)}
        found = []
        for match in _FROM.finditer(text):
            variable = _VARIABLE.match(match[1])
            written = match[1] if variable is None else variable[2] or defaults.get(variable[1], "")
            name = untagged(written)
            if name and name.lower() not in stages and image_facts(name, None) is None:
                lists = _reads_lists(_with_scripts(repository, path, text)) if lists is None else lists
                found.append((name, Heir(Place(path, line_at(text, match.start())), True, lists)))
        return tuple(found)

    return repository.recall(("images that it begins with", path), read)


def heirs_by_folder(repository: Repository, graph: BuildGraph, own: Collection[str]) -> Mapping[str, tuple[Heir, ...]]:
    """The heirs of Dockerfiles whose images nobody is seen to name: by the path of each, those that begin with an image
    called like its folder, or named by a script or a text in it.

    *own* are the images of which it is known who builds them. What is in the catalogue comes from elsewhere.
    """
    named: dict[str, list[Heir]] = {}
    bases: dict[str, set[str]] = {}
    for path in graph.dockerfiles:
        for name, heir in _begun(repository, path):
            bases.setdefault(path, set()).add(name)
            if name not in own:
                named.setdefault(name, []).append(heir)
    by_end: dict[str, list[str]] = {}
    for name in named:
        by_end.setdefault(name.rpartition("/")[2], []).append(name)
    few = len(graph.dockerfiles) <= _MOST_DOCKERFILES and len(named) <= _MOST_NAMES
    found: dict[str, tuple[Heir, ...]] = {}
    for path in graph.dockerfiles if named else ():
        names = dict.fromkeys(name for called in _called(path) for name in by_end.get(called, ()))
        if few:
            beside = _beside(repository, posixpath.dirname(path))
            names |= dict.fromkeys(name for name in named if name in beside)
        # Who begins with an image does not make it.
        heirs = [heir for name in names if name not in bases.get(path, ()) for heir in named[name]]
        heirs = [heir for heir in heirs if heir.place.path != path]
        if heirs:
            found[path] = tuple(heirs)
    return found


def _beside(repository: Repository, folder: str) -> str:
    """The texts of the scripts and settings in *folder*, and in folders that lie in it."""

    def read() -> str:
        root = repository.root / folder
        texts: list[str] = []
        try:
            inside = sorted(os.scandir(root), key=lambda entry: entry.name)
            for entry in [one for one in inside if one.is_dir(follow_symlinks=False)][:_MOST_BESIDE]:
                inside += sorted(os.scandir(entry.path), key=lambda one: one.name)[:_MOST_BESIDE]
        except OSError:
            return ""
        for entry in inside:
            if len(texts) < _MOST_BESIDE and _TELLS.search(entry.name) and entry.is_file(follow_symlinks=False):
                shown = os.path.relpath(entry.path, repository.root).replace(os.sep, "/")
                texts.append(repository.read(shown, _MOST_TEXT) or "")
        return "\n".join(texts)

    return repository.recall(("scripts beside", folder), read)


def _with_scripts(repository: Repository, path: str, text: str) -> str:
    """*text*, the Dockerfile at *path*, with the scripts that its lines name behind them."""
    if ".sh" not in text:
        return text
    lines = []
    for line in text.split("\n")[:_MOST_LINES]:
        lines.append(line)
        for name in _SCRIPT.findall(line):
            file = posixpath.normpath(posixpath.join(posixpath.dirname(path), name.lstrip("/")))
            near = posixpath.join(posixpath.dirname(path), posixpath.basename(name))
            found = next((one for one in (file, near) if repository.is_file(one)), None)
            lines.append((repository.read(found, _MOST_TEXT) or "") if found is not None else "")
    return "\n".join(lines)


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
