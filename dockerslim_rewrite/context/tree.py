"""The files of a build context, listed and read when asked for, within limits.

Nothing is read or listed through symbolic links: a build is sent the links themselves. So the walk ends, and nothing
outside the folder is read. Where a link leads within the folder is told by what it says.
"""

from __future__ import annotations

import codecs
import os
import posixpath
import stat
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cached_property
from itertools import islice, takewhile
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from ..analysis.project import FileFacts
from ..ir.build import Build
from ..patterns import re
from ..record import record
from ..text.paths import LONGEST
from ..unfinished import is_unfinished
from .dockerignore import Dockerignore
from .recent import Recent

T = TypeVar("T")

#: Folders with many files that hold no source of the project: listed last, so that a limit cuts them first.
_HEAVY = frozenset((".git", ".hg", ".svn", "node_modules", "venv", ".venv", "vendor", "__pycache__", ".tox", "target"))
#: Lists that pip is given, by their usual names.
_REQUIREMENTS = re.compile("req|constraint", re.IGNORECASE)
_LISTS = (".txt", ".in", ".pip")
#: So many places of files are remembered: as many as COPYs and mounts of one Dockerfile name.
_PLACES = 64
#: So many links may lead to one another, as for Linux.
_MOST_LINKS = 40


def _lists_packages(path: str) -> bool:
    name = posixpath.basename(path).lower()
    return name.endswith(_LISTS) and _REQUIREMENTS.search(name) is not None


@record
class Limits:
    """What one context may cost: files and folders listed, seconds to list them, bytes of one file and of all read."""

    entries: int = 100_000
    seconds: float = 5.0
    file_bytes: int = 1024 * 1024
    read_bytes: int = 64 * 1024 * 1024


@record
class Stored:
    """A context that was read elsewhere: its files, whether these are all, and the texts of those that have one.

    ``links`` are what links say, by path, ``empty`` the folders without anything in them, and ``bare`` those that a
    build is sent without anything in them: all that they hold is ignored, and they are not.
    """

    files: tuple[FileFacts, ...]
    complete: bool
    texts: Mapping[str, str]
    links: Mapping[str, str] = MappingProxyType({})
    empty: frozenset[str] = frozenset()
    bare: frozenset[str] = frozenset()


@record(eq=False, slots=False)
class ContextTree:
    """The files under *root* that *ignore* lets in, or those of *listing*, or *stored* ones, where they are given."""

    root: Path
    ignore: Dockerignore = Dockerignore()
    limits: Limits = Limits()
    listing: tuple[FileFacts, ...] | None = None
    stored: Stored | None = None

    @property
    def listed(self) -> bool:
        """Whether somebody asked which files there are."""
        return "_listing" in self.__dict__

    @property
    def texts_read(self) -> Mapping[str, str | None]:
        """What ``read`` gave to whoever asked, by path."""
        return self._texts

    @property
    def files(self) -> tuple[FileFacts, ...]:
        """The regular files that a build is sent, sorted by path."""
        return self._listing.files

    @property
    def complete(self) -> bool:
        """Whether no limit was reached, and every folder could be read."""
        return self._listing.complete

    @property
    def links(self) -> Mapping[str, str]:
        """What the symbolic links that a build is sent say, by context path."""
        return self._listing.links

    def followed(self, path: str) -> str | None:
        """The context path that *path* leads to where links in it are followed; None where they lead in a circle, or
        *path* is longer than any.

        Like BuildKit, this takes the context's folder for the root of all that links say.
        """
        if len(path) > LONGEST:
            return None
        at: list[str] = []
        waiting = path.split("/")
        for _ in range(_MOST_LINKS):
            target = None
            while waiting and target is None:
                step = waiting.pop(0)
                if step == "..":
                    del at[-1:]
                elif step not in ("", "."):
                    at.append(step)
                    target = self.links.get("/".join(at))
            if target is None:
                return "/".join(at)
            at = [] if target.startswith("/") else at[:-1]
            waiting = [*target.split("/"), *waiting]
        return None

    def unknown(self, path: str) -> bool:
        """Whether something else brings what lies at *path*: a folder above holds nothing, as that of a submodule that
        was not fetched, or of what is built first.
        """
        if not self._listing.empty or len(path) > LONGEST:
            return False
        parts = path.split("/")
        return any("/".join(parts[:count]) in self._listing.empty for count in range(1, len(parts) + 1))

    def is_bare(self, path: str) -> bool:
        """Whether *path* is a folder that a build is sent without anything in it, since all of that is ignored."""
        return path in self._listing.bare

    def recall(self, key: Hashable, find: Callable[[], T]) -> T:
        """What *find* finds out about the files, once for *key*."""
        if key not in self._recalled:
            self._recalled[key] = find()
        found: T = self._recalled[key]
        return found

    def recall_of(self, build: Build, key: Hashable, find: Callable[[], T]) -> T:
        """What *find* finds out about the files for *build*, once for *key* while others ask about the same build."""
        return self._recent.recall(build, key, find)

    def laid(self, source: str, target: str) -> Mapping[str, str]:
        """The context paths of the file *source*, or of all files below it, by where they lie once *source* is put at
        the image path *target*.
        """
        return self._laid_last.recall((source, target), "laid", lambda: MappingProxyType(self._laid(source, target)))

    def _laid(self, source: str, target: str) -> dict[str, str]:
        if source in self.by_path:
            return {target: source}
        prefix = f"{source}/" if source else ""
        first = bisect_left(self._paths, prefix)
        below = takewhile(lambda path: path.startswith(prefix), islice(self._paths, first, None))
        return {posixpath.join(target, path[len(prefix) :]): path for path in below}

    def at_depth(self, depth: int) -> tuple[Sequence[str], Sequence[str]]:
        """The context paths of the files and of the folders that lie *depth* folders deep."""
        return self._at_depth.get(depth, ((), ()))

    @cached_property
    def _at_depth(self) -> Mapping[int, tuple[list[str], list[str]]]:
        found: dict[int, tuple[list[str], list[str]]] = {}
        for at, paths in enumerate((self.by_path, self.folders)):
            for path in paths:
                found.setdefault(path.count("/"), ([], []))[at].append(path)
        return found

    @cached_property
    def _paths(self) -> list[str]:
        return sorted(self.by_path)

    @cached_property
    def _recalled(self) -> dict[Hashable, Any]:
        return {}

    @cached_property
    def _recent(self) -> Recent:
        return Recent()

    @cached_property
    def _laid_last(self) -> Recent:
        return Recent(_PLACES)

    @cached_property
    def by_path(self) -> dict[str, FileFacts]:
        """``files`` by context path."""
        return {file.path: file for file in self.files}

    @cached_property
    def folders(self) -> frozenset[str]:
        """The context paths of the folders that hold ``files``, at any depth."""
        found: set[str] = set()
        for file in self.files:
            parent = file.path.rpartition("/")[0]
            while parent and parent not in found:
                found.add(parent)
                parent = parent.rpartition("/")[0]
        return frozenset(found)

    @property
    def contents(self) -> Stored:
        """All that is listed, without texts."""
        return self._listing

    @cached_property
    def _listing(self) -> Stored:
        if self.listing is not None:
            return Stored(self.listing, True, {})
        if self.stored is not None:
            return self.stored
        found: list[FileFacts] = []
        links: dict[str, str] = {}
        empty: set[str] = set()
        bare: set[str] = set()
        waiting: deque[str] = deque(("",))
        heavy: deque[str] = deque()
        complete = True
        count = 0
        end = time.monotonic() + self.limits.seconds
        while waiting or heavy:
            folder = waiting.popleft() if waiting else heavy.popleft()
            try:
                entries = os.scandir(self.root / folder)
            except OSError:
                complete = False
                continue
            before, let_in = count, len(found) + len(links) + len(waiting) + len(heavy)
            with entries:
                for entry in entries:
                    if is_unfinished(entry.name):
                        # It is gone in a moment: what comes of a build must not depend on another run.
                        continue
                    count += 1
                    if count > self.limits.entries or (count % 256 == 0 and time.monotonic() > end):
                        return Stored(
                            tuple(sorted(found, key=_path)), False, {}, links, frozenset(empty), frozenset(bare)
                        )
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    try:
                        is_folder = entry.is_dir(follow_symlinks=False)
                        if self._skips(path, is_folder):
                            continue
                        if is_folder:
                            (heavy if entry.name in _HEAVY else waiting).append(path)
                        elif entry.is_file(follow_symlinks=False):
                            facts = entry.stat(follow_symlinks=False)
                            found.append(FileFacts(path, facts.st_size, stat.S_IMODE(facts.st_mode)))
                        elif entry.is_symlink():
                            links[path] = os.readlink(entry.path)
                    except OSError:
                        complete = False
            if count > before and len(found) + len(links) + len(waiting) + len(heavy) == let_in:
                bare.add(folder)
            if count == before:
                empty.add(folder)
        return Stored(tuple(sorted(found, key=_path)), complete, {}, links, frozenset(empty), frozenset(bare))

    def _skips(self, path: str, is_folder: bool) -> bool:
        if self._exceptions:
            return not is_folder and self.ignore.excludes(path)
        # The folders above were let in, so only the name itself is left to be asked about.
        return any(pattern.matches(path) for pattern in self.ignore.patterns)

    @cached_property
    def _exceptions(self) -> bool:
        return self.ignore.has_exceptions

    @cached_property
    def _texts(self) -> dict[str, str | None]:
        return {}

    @cached_property
    def _spent(self) -> list[int]:
        return [0]

    def read(self, path: str) -> str | None:
        """The text of a file in ``files``; None for what is not there, binary, no UTF-8, or beyond the limits.

        pip reads its lists in UTF-16 as well where they begin with its mark, as PowerShell writes them.
        """
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path: str) -> str | None:
        facts = self.by_path.get(path)
        if facts is None or facts.size > self.limits.file_bytes or self._spent[0] > self.limits.read_bytes:
            return None
        if self.stored is not None:
            text = self.stored.texts.get(path)
            self._spent[0] += facts.size
            return text
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            descriptor = os.open(self.root / path, flags)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return None
                data = file.read(self.limits.file_bytes + 1)
        except OSError:
            return None
        self._spent[0] += len(data)
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and _lists_packages(path)
        if len(data) > self.limits.file_bytes or (b"\0" in data and not wide):
            return None
        try:
            return data.decode("utf-16" if wide else "utf-8-sig")
        except UnicodeDecodeError:
            return None


def _path(file: FileFacts) -> str:
    return file.path
