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


@record
class Baked:
    """The files that a step reads, and the folder that it is run in."""

    names: tuple[str, ...]
    folder: str


def baked(repository: Repository, path: str) -> Iterator[Baked]:
    """What the steps of the workflow or action *path* let Bake read by name."""
    if "bake-action@" not in (repository.read(path) or ""):
        return
    for document in known_yaml(repository, path):
        jobs = [*mapping(document.get("jobs")).values(), document.get("runs")]
        for job in map(mapping, jobs):
            for step in map(mapping, sequence(job.get("steps"))):
                uses = scalar(step.get("uses"))
                if uses is not None and _ACTION.match(uses):
                    found = _read(mapping(step.get("with")))
                    if found is not None:
                        yield found


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
