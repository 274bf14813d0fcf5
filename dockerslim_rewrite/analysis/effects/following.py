"""What those who follow commands share: what is held, what was reached, and how to go on."""

from __future__ import annotations

import posixpath
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from ...knowledge.effects import builds, installer_habit, is_plain, list_habit
from ...knowledge.managers import manager_name
from ...shell.names import SYSTEM_PATH
from ...shell.script import Node
from .reached import Files, Reached, Unread
from .wrappers import Words


class Following(ABC):
    """Collects in ``found`` what is reached.

    *files* are what the image holds of the build, *text_of* reads the context; *downloads* are names of files that
    the build fetches from the network.
    """

    def __init__(
        self,
        files: Files,
        text_of: Callable[[str], str | None],
        variables: Mapping[str, str],
        downloads: frozenset[str] = frozenset(),
    ) -> None:
        self.downloads = downloads
        self.files = files
        self.text_of = text_of
        self.variables = variables
        self.found: list[Reached] = []
        self._seen: set[tuple[object, ...]] = set()

    @abstractmethod
    def text(self, text: str, folder: str | None, place: str, *, surely: bool = True, depth: int = 0) -> None:
        """Follow the shell script *text*."""

    @abstractmethod
    def command(
        self,
        argv: Words,
        folder: str | None,
        place: str,
        *,
        surely: bool = True,
        depth: int = 0,
        user: str | None = None,
        fed: Node | None = None,
    ) -> None:
        """Follow the command *argv*; *fed* is what is piped into it."""

    def own(self, word: str, folder: str | None) -> str | None:
        """The image path of the file of this build that the command *word* starts; None for another."""
        if "/" in word:
            path = joined(folder, word)
            return path if path in self.files.context or path in self.files.texts else None
        for place in (*(self.variables.get("PATH") or "").split(":"), *SYSTEM_PATH):
            path = f"{place}/{word}"
            if path in self.files.context or path in self.files.texts:
                return path
        return None

    def read(self, path: str, folder: str | None) -> str | None:
        """The text of the file of this build at an image path; None where it is another's, or cannot be read."""
        whole = joined(folder, path)
        if whole is None:
            return None
        if whole in self.files.texts:
            return self.files.texts[whole]
        context = self.files.context.get(whole)
        return self.text_of(context) if context is not None else None

    def first(self, key: tuple[object, ...]) -> bool:
        """Whether *key* is met for the first time."""
        known = key in self._seen
        self._seen.add(key)
        return not known

    def unread(self, kind: str, what: str, place: str) -> None:
        """Note that *what*, of this *kind*, is not read."""
        if kind == "script" and installer_habit(what) is not None:
            return
        # What was downloaded is that, even where it is called as build scripts are.
        if kind in ("script", "build") and posixpath.basename(what) in self.downloads:
            kind = "download"
        self.found.append(Unread(kind, what, place))


def joined(folder: str | None, path: str | None) -> str | None:
    """The image path that *path* means in *folder*; None where that is not known."""
    if path is None or path.startswith("~"):
        return None
    if path.startswith("/"):
        return posixpath.normpath(path)
    return posixpath.normpath(posixpath.join(folder, path)) if folder else None


def is_known(name: str) -> bool:
    """Whether something is known of what the program *name* does."""
    return is_plain(name) or name in builds() or list_habit(name, "") is not None or manager_name(name) is not None
