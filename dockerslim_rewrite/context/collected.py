"""What is collected of a container's processes on the way."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from ..analysis.project import (
    Behaviour,
    Doubt,
    Evidence,
    Listener,
    Need,
    Privilege,
    SharedLibrary,
    StartedProgram,
    UsedPackage,
    WriteKind,
    WrittenPath,
)

_HARMLESS_TARGETS = frozenset(("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/proc/1/fd/1", "/proc/1/fd/2"))


class Collected:
    """Lists that grow while processes are followed."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self.writes: list[WrittenPath] = []
        self.privileges: list[Privilege] = []
        self.libraries: list[SharedLibrary] = []
        self.doubts: list[Doubt] = []
        self.followed: list[str] = []
        self.packages: list[UsedPackage] = []
        self.programs: list[StartedProgram] = []
        self.commands: list[str] = []

    def behaviour(self) -> Behaviour:
        """All that was found, without repeats."""
        return Behaviour(
            tuple(dict.fromkeys(self.listeners)),
            certain(self.writes),
            tuple(dict.fromkeys(self.privileges)),
            tuple(dict.fromkeys(self.libraries)),
            tuple(dict.fromkeys(self.doubts)),
            tuple(dict.fromkeys(self.followed)),
            tuple(dict.fromkeys(self.packages)),
            tuple(dict.fromkeys(self.programs)),
            tuple(dict.fromkeys(self.commands)),
        )

    def doubt(self, reason: str, where: Evidence, *, blind: bool = False) -> None:
        """Note that *reason* keeps from being sure; ``blind`` where a program is not known at all."""
        self.doubts.append(Doubt(reason, where, blind))

    def need(self, need: Need, what: str, where: Evidence) -> None:
        """Note a privilege."""
        self.privileges.append(Privilege(need, what, where))

    def write(self, path: str | None, kind: WriteKind, written: str, cwd: str | None, where: Evidence) -> None:
        """Note that *path*, relative to *cwd*, is written."""
        if path not in _HARMLESS_TARGETS:
            self.writes.append(at_path(path, kind, written, cwd, where))

    def add(self, found: Behaviour | Collected) -> None:
        """Collect what was *found* elsewhere; of what is still being collected, all guesses too."""
        self.listeners += found.listeners
        self.writes += found.writes
        self.privileges += found.privileges
        self.libraries += found.libraries
        self.doubts += found.doubts
        self.followed += found.followed
        self.packages += found.packages
        self.programs += found.programs
        self.commands += found.commands


def certain(writes: Iterable[WrittenPath]) -> tuple[WrittenPath, ...]:
    """*writes* without repeats, and without guesses at paths and folders that others of them name for certain."""
    unique = dict.fromkeys(writes)
    known = {path for write in unique if write.kind is not WriteKind.POSSIBLE for path in (write.path, write.folder)}
    return tuple(
        write
        for write in unique
        if write.kind is not WriteKind.POSSIBLE or write.path is None or write.path not in known
    )


def at_path(path: str | None, kind: WriteKind, written: str, cwd: str | None, where: Evidence) -> WrittenPath:
    """A write to *path*, relative to *cwd*; None where the path is not known. The home folder is ``~``."""
    if path is not None and (path == "~" or path.startswith("~/")):
        return WrittenPath(None, "~", kind, written, where)
    full = None
    if path is not None and (path.startswith("/") or cwd) and not path.startswith("~"):
        full = posixpath.normpath(posixpath.join(cwd or "/", path))
    folder = None if full is None else full if kind is WriteKind.FOLDER else posixpath.dirname(full)
    return WrittenPath(full, folder, kind, written, where)
