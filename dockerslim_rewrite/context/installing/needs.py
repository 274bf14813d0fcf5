"""The files and obstacles that a reader of manifests collects."""

from __future__ import annotations

import posixpath
from typing import Any

from ...analysis.project import Installation, Obstacle
from ...patterns import re
from ...text.structured import read_json, read_toml
from ..tree import ContextTree

#: More files than a manifest leads to in any project that builds.
_MOST = 200
_TOKEN = re.compile(r"[^\s\"'=,;:]+")
_REMOTE = re.compile(r"(?!file:)[a-z][a-z0-9+.-]+://", re.I)


class Needs:
    """What one installation reads of *tree*."""

    def __init__(self, tree: ContextTree) -> None:
        self.tree = tree
        self._files: dict[str, None] = {}
        self._folders: dict[str, None] = {}
        self._obstacles: dict[Obstacle, None] = {}

    def installation(self) -> Installation:
        """What was collected."""
        if len(self._files) > _MOST:
            self.against("it reads too many files of the project")
        loose = [path for path in self._files if not any(path.startswith(f"{one}/") for one in self._folders)]
        return Installation(tuple(loose), tuple(self._folders), tuple(self._obstacles))

    def against(self, reason: str, *unless: str) -> None:
        """Note that the installation needs more than files can be named, unless one of the words is in the command."""
        self._obstacles[Obstacle(reason, frozenset(unless))] = None

    def seen(self, path: str) -> bool:
        """Whether *path* was collected before."""
        return path in self._files

    def optional(self, path: str) -> bool:
        """Collect the file at *path* if the context holds it; whether it does."""
        if path not in self.tree.by_path:
            return False
        self._files[path] = None
        return True

    def required(self, path: str, named: str = "") -> bool:
        """Collect the file at *path*, which *named* says is read; whether the context holds it."""
        if self.optional(path):
            return True
        self.against(f"{named} names {path}, which is not in the context" if named else f"{path} is not in the context")
        return False

    def folder(self, path: str) -> bool:
        """Collect all that lies in the folder at *path*, if the context holds it; whether it does."""
        if path not in self.tree.folders:
            return False
        self._folders[path] = None
        return True

    def text(self, path: str) -> str:
        """The text of a file; empty, and an obstacle, where it cannot be read."""
        text = self.tree.read(path)
        if text is None:
            self.against(f"{path} cannot be read")
        return text or ""

    def json(self, path: str) -> dict[str, Any]:
        """The JSON object in a file. Raises ``ValueError`` for anything else."""
        data = read_json(self.text(path) or "{}")
        if not isinstance(data, dict):
            raise ValueError(path)
        return data

    def toml(self, path: str) -> dict[str, Any]:
        """The TOML document in a file. Raises ``ValueError`` for anything else."""
        return read_toml(self.text(path))

    def configuration(self, path: str, *, folders: bool = False) -> None:
        """Collect the configuration at *path*, if it is there, with all files of the context that it names, and all
        *folders* where these may be named as well.
        """
        if self.optional(path):
            self.named_in(self.text(path), posixpath.dirname(path), folders=folders)

    def named_in(self, text: str, folder: str, *, folders: bool = False) -> None:
        """Collect the files of the context, and the *folders*, that words of *text* name from *folder*."""
        for token in _TOKEN.findall(text):
            path = within(folder, token)
            if path is not None and not self.optional(path) and folders:
                self.folder(path)

    def packages(self, place: str, folder: str, named: str) -> None:
        """Collect the archive, or folder of packages, that *named* says is installed from, unless it is a URL."""
        if _REMOTE.match(place):
            return
        path = within(folder, place.replace("\\", "/").removeprefix("file:"))
        if not path or not (self.optional(path) or self.folder(path)):
            self.against(f"{named} looks for packages in a local directory that cannot be copied first: {place}")


def within(folder: str, path: str) -> str | None:
    """The context path of *path* as seen from *folder*; None where that is outside of the context."""
    if path.startswith(("/", "~")) or "\\" in path:
        return None
    full = posixpath.normpath(posixpath.join(folder, path))
    return None if full.startswith("..") else ("" if full == "." else full)
