"""Which files of a project an installation in an image would take.

Sources: PEP 425, 427, 600 and 656; ``packaging.tags``. Images are taken to have the C library of Debian 10 or later,
and to be built for x86-64 and for arm64: a wheel that is missing for one of them is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from ...record import record
from .simple import IndexFile

MACHINES = ("x86_64", "aarch64")
_OLD = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}
_LIBC = 28


@record
class Release:
    """One version of a project: ``wheels`` by machine, ``source`` the archive of sources; None where there is none."""

    version: Version
    wheels: Mapping[str, IndexFile]
    source: IndexFile | None

    @property
    def compiled(self) -> bool:
        """Whether one of the machines gets no wheel."""
        return any(machine not in self.wheels for machine in MACHINES)


def releases(files: Iterable[IndexFile], python: str) -> tuple[Release, ...]:
    """The versions that an installation with that version of *python* may choose, newest first."""
    wheels: dict[Version, dict[str, tuple[int, IndexFile]]] = {}
    sources: dict[Version, IndexFile] = {}
    for file in files:
        if file.yanked or not _fits(file.requires_python, python):
            continue
        if file.name.endswith(".whl"):
            try:
                _, version, _, tags = parse_wheel_filename(file.name)
            except (InvalidWheelFilename, ValueError):
                continue
            for machine in MACHINES:
                order = _order(python, machine)
                ranks = [order[tag] for tag in tags if tag in order]
                best = wheels.setdefault(version, {}).get(machine)
                if ranks and (best is None or min(ranks) < best[0]):
                    wheels[version][machine] = (min(ranks), file)
        else:
            try:
                _, version = parse_sdist_filename(file.name)
            except (InvalidSdistFilename, ValueError):
                continue
            sources.setdefault(version, file)
    found = [
        Release(version, {machine: one for machine, (_, one) in wheels.get(version, {}).items()}, sources.get(version))
        for version in wheels.keys() | sources.keys()
    ]
    usable = [one for one in found if one.source is not None or not one.compiled]
    return tuple(sorted(usable, key=lambda one: one.version, reverse=True))


def _fits(wanted: str, python: str) -> bool:
    """Whether some patch release of *python* is *wanted*: the newest stands for all."""
    try:
        return not wanted or SpecifierSet(wanted).contains(full_version(python))
    except InvalidSpecifier:
        return False


def full_version(python: str) -> str:
    """A patch release of the minor version *python* that no specifier excludes for being too old."""
    return f"{python}.99"


@lru_cache(maxsize=32)
def _order(python: str, machine: str) -> Mapping[Tag, int]:
    """The tags that an interpreter takes, with their rank, the best first."""
    minor = (int(python.split(".")[0]), int(python.split(".")[1]))
    platforms = list(_platforms(machine))
    tags = [*cpython_tags(minor, platforms=platforms), *compatible_tags(minor, f"cp{minor[0]}{minor[1]}", platforms)]
    return {tag: rank for rank, tag in reversed(list(enumerate(tags)))}


def _platforms(machine: str) -> Iterator[str]:
    for minor in range(_LIBC, (4 if machine == "x86_64" else 16), -1):
        yield f"manylinux_2_{minor}_{machine}"
        if (2, minor) in _OLD:
            yield f"{_OLD[2, minor]}_{machine}"
    yield f"linux_{machine}"
