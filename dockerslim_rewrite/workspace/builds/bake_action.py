"""What steps of workflows let Bake read through its action.

Source: README of docker/bake-action, "inputs" (``workdir``, ``source``, ``files``): the files are those of the
repository as it was pushed, seen from its root or from the folder behind ``{{defaultContext}}:``; with ``source: .``
those of the working directory.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...patterns import re
from ...record import record
from ..repository import Repository, joined
from .reading import known_yaml
from .yaml_values import Map, mapping, scalar, sequence

_ACTION = re.compile(r"(?:docker|depot)/bake-action@")
_DEFAULT = re.compile(r"\{\{\s*defaultContext\s*\}\}(?::(?P<folder>.*))?\Z")
_PARTS = re.compile(r"[\n,]")
_NAME = re.compile(r"[\w.-]+\Z")
#: How a step names the file that docker/metadata-action makes, which sets tags of targets and is none's only one.
_METADATA = "${{ steps.meta.outputs.bake-file"


@record
class Wanted:
    """A target that a step asks for on a line; ``plain`` tells that all files that it reads are the repository's."""

    name: str
    line: int
    plain: bool


@record
class Baked:
    """The files that a step reads, and the folder that it is run in."""

    names: tuple[str, ...]
    folder: str


def baked(repository: Repository, path: str) -> Iterator[Baked]:
    """What the steps of the workflow or action *path* let Bake read by name."""
    for given in _steps(repository, path):
        found = _read(given)
        if found is not None:
            yield found


def wanted(repository: Repository, path: str) -> Iterator[Wanted]:
    """The targets of this repository that the steps of the workflow or action *path* ask Bake for."""
    for given in _steps(repository, path):
        source = scalar(given.get("source")) or "."
        named = scalar(given.get("targets"))
        if named is None or not (source in (".", "./") or _DEFAULT.match(source)):
            continue
        plain = "$" not in (scalar(given.get("files")) or "").replace(_METADATA, "") and given.get("workdir") is None
        for at, line in enumerate(named.split("\n")):
            for name in map(str.strip, line.split(",")):
                if name and _NAME.match(name):
                    yield Wanted(name, named.line + at, plain)


def _steps(repository: Repository, path: str) -> Iterator[Map]:
    """What the steps of *path* give Bake's action."""
    if "bake-action@" not in (repository.read(path) or ""):
        return
    for document in known_yaml(repository, path):
        jobs = [*mapping(document.get("jobs")).values(), document.get("runs")]
        for job in map(mapping, jobs):
            for step in map(mapping, sequence(job.get("steps"))):
                uses = scalar(step.get("uses"))
                if uses is not None and _ACTION.match(uses):
                    yield mapping(step.get("with"))


def _read(given: Map) -> Baked | None:
    folder = scalar(given.get("workdir")) or "."
    source = scalar(given.get("source")) or "."
    remote = _DEFAULT.match(source)
    if remote is not None:
        folder = joined(folder, remote["folder"] or ".")
    elif source not in (".", "./"):
        return None
    names = [one.strip().removeprefix("cwd://") for one in _PARTS.split(scalar(given.get("files")) or "")]
    return Baked(tuple(one for one in names if one), joined("", folder)) if any(names) else None
