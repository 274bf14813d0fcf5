"""What libraries write and start by themselves, wherever a program that loads them says nothing of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..analysis.project import StartedProgram, UsedPackage, WriteKind, WrittenPath
from ..knowledge.habits import habit, quiet, starts


def habitual(
    packages: Iterable[UsedPackage],
    environment: Mapping[str, str | None],
    *,
    servers: bool = False,
) -> Iterator[WrittenPath]:
    """The writes of *packages*: each is a folder, its path is not known.

    The home folder is ``~``, unless a variable of *environment* names another place. A library that is in no list may
    write anywhere below the folder in which the program runs. *servers* tells that no database is in a file.
    """
    for package in packages:
        known = habit(package.language, package.name)
        if known is None:
            if not quiet(package.language, package.name):
                what = f"files of its own, since nobody knows what {package.name} writes"
                yield WrittenPath(None, package.folder, WriteKind.POSSIBLE, what, package.evidence)
        elif known.where not in ("temporary", "told") and not (known.where == "database" and servers):
            what = f"{known.what} (as {known.name} does)"
            folder = {"home": "~", "package": None}.get(known.where, package.folder)
            moved = next((environment[name] for name in known.moved if environment.get(name)), None)
            if known.where == "home" and moved is not None:
                folder = moved
            yield WrittenPath(None, folder, WriteKind.POSSIBLE, what, package.evidence)


def started_by(packages: Iterable[UsedPackage]) -> Iterator[StartedProgram]:
    """The programs that *packages* start."""
    for package in packages:
        for program in starts(package.language, package.name):
            name = None if program == "?" else program
            yield StartedProgram(name, f"what {package.name} starts", package.evidence)
