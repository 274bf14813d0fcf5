"""The folder that everything read must lie in, and reading from it within bounds."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Callable, Hashable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from ..knowledge.repository import build_source
from ..regular import read_regular
from ..text import readable
from ..text.yaml_nodes import Allowance, TooManyValues

#: No description of builds that people write is larger; beyond, reading would cost minutes for nothing.
MAX_BYTES = 2 * 1024 * 1024
#: So many commands that may build something are followed in one repository: the matrix of a workflow and the rules of a
#: Makefile make many of a few bytes.
MAX_COMMANDS = 6_000
#: How many folders above one that is under no version control may say how it is built.
_ABOVE = 3
_TOO_MANY_COMMANDS = (
    f"with the files before it, it holds more than {MAX_COMMANDS:,} commands that may build images; neither the rest of"
    " them nor what comes after is followed"
)
T = TypeVar("T")
_MARKS = (".git", ".hg", ".svn", ".jj")


def root_of(path: Path, within: Path | None = None) -> Path:
    """The repository that *path* lies in: the nearest folder above with ``.git``.

    With *within*, a folder that *path* lies in, no folder above that one is looked into.
    Without any it is the highest of a few folders above that describes builds, else the folder itself: what is not
    under version control may lie in a home folder, of which nobody wants all to be read.
    """
    folder = Path(os.path.realpath(path))
    if not os.path.isdir(folder):
        folder = folder.parent
    parents = list(folder.parents)
    if within is not None:
        parents = [place for place in parents if place.is_relative_to(os.path.realpath(within))]
    for place in (folder, *parents):
        if any(os.path.exists(place / mark) for mark in _MARKS):
            return place
    above = [place for place in parents[:_ABOVE] if _describes_builds(place)]
    return above[-1] if above else folder


def _describes_builds(folder: Path) -> bool:
    try:
        return _holds_builds(str(folder), os.stat(folder).st_mtime_ns)
    except OSError:
        return False


@lru_cache(maxsize=256)
def _holds_builds(folder: str, changed: int) -> bool:
    """Whether the listing of *folder*, as it is since *changed*, names what describes builds. Raises ``OSError``."""
    return any(build_source(name) in ("compose", "bake", "skaffold") for name in os.listdir(folder))


class Repository:
    """The files below *root*. Nothing outside is ever read, through links neither.

    ``complaints`` says once for each file that was not read why: one line, with the file's name first.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        self.complaints: dict[str, str] = {}
        self._allowance: Allowance | None = Allowance()
        self._allowed: set[str] = set()
        self._commands = MAX_COMMANDS
        self._recalled: dict[Hashable, Any] = {}

    def read(self, path: str, limit: int = MAX_BYTES) -> str | None:
        """The text of the file at *path*, relative to the root; None, with a complaint, where it cannot be had."""
        found = self._content(path, limit)
        if isinstance(found, str):
            self.complain(path, found)
            return None
        try:
            return found.decode("utf-8-sig")
        except UnicodeDecodeError:
            self.complain(path, "is not UTF-8 text; not read")
            return None

    def _content(self, path: str, limit: int) -> bytes | str:
        """What the file holds, or why that is not known."""
        if not self.inside(path):
            return "lies outside of the repository; not read"
        target = self.root / path
        try:
            found = os.stat(target)
            if not stat.S_ISREG(found.st_mode):
                return "is not a regular file; not read"
            if found.st_size > limit:
                return f"is larger than {limit // 1024} KiB; not read"
            return read_regular(target, limit)
        except OSError as error:
            return f"cannot be read: {error.strerror}"

    def complain(self, path: str, reason: str) -> None:
        """Remember *reason* for the file *path*, unless there is one already."""
        self.complaints.setdefault(path, readable(reason))

    def recall(self, key: Hashable, find: Callable[[], T]) -> T:
        """What *find* finds out about the files, once for *key*."""
        if key not in self._recalled:
            self._recalled[key] = find()
        found: T = self._recalled[key]
        return found

    def allows(self, path: str, text: str) -> bool:
        """Whether the YAML *text* of the file *path* may be read besides what was; the first that may not is told."""
        if path in self._allowed:
            return True
        if self._allowance is None:
            return False
        try:
            self._allowance.spend(text)
        except TooManyValues as error:
            self.complain(path, f"{error}; neither it nor what comes after it is read")
            self._allowance = None
            return False
        self._allowed.add(path)
        return True

    def follows(self, path: str) -> bool:
        """Whether one more command of the file *path* may be followed; the first that may not is told."""
        if self._commands == 0:
            self.complain(path, _TOO_MANY_COMMANDS)
        self._commands -= 1
        return self._commands >= 0

    def is_file(self, path: str) -> bool:
        """Whether there is a file at *path*, inside the repository."""
        return self.inside(path) and os.path.isfile(self.root / path)

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at *path*, inside the repository."""
        return self.inside(path) and os.path.isdir(self.root / path)

    def inside(self, path: str) -> bool:
        """Whether *path*, relative to the root and with all links followed, lies in the repository."""
        if path.startswith(("/", "../")) or path == ".." or "\0" in path:
            return False
        if self._free_of_links(path):
            return True
        real = os.path.realpath(self.root / path)
        return real == str(self.root) or real.startswith(str(self.root).rstrip("/") + "/")

    def _free_of_links(self, path: str) -> bool:
        """Whether nothing on the way from the root to *path* is a link: then there is nothing to follow."""
        parts = path.split("/")
        if ".." in parts:
            return False
        at = str(self.root)
        for part in parts:
            if part not in ("", "."):
                at = f"{at.rstrip('/')}/{part}"
                try:
                    if stat.S_ISLNK(os.lstat(at).st_mode):
                        return False
                except FileNotFoundError:
                    # Below what is not there nothing is.
                    return True
                except (OSError, ValueError):
                    return False
        return True

    def relative(self, path: Path) -> str | None:
        """*path* relative to the root, with ``/``; None for what lies outside."""
        real = os.path.abspath(path)
        root = str(self.root)
        if real == root:
            return ""
        return real[len(root.rstrip("/")) + 1 :] if real.startswith(root.rstrip("/") + "/") else None


def joined(folder: str, path: str) -> str:
    """*path* as seen from *folder*, both relative to the root; ``""`` is the root, ``../x`` lies outside."""
    found = posixpath.normpath(posixpath.join(folder, path))
    return "" if found == "." else found
