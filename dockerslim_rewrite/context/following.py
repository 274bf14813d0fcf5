"""What those who follow a container's processes share: the build, its context, and how to go on."""

from __future__ import annotations

import posixpath
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ..analysis.project import Evidence
from ..ir.build import Build
from .collected import Collected
from .placement import Placed
from .tree import ContextTree

if TYPE_CHECKING:
    from .python.modules import Modules

Words = Sequence[str | None]


class Following(Collected, ABC):
    """Follows processes and collects what they do. ``environment`` is what ENV sets in the last stage; *modules* gives
    those of Python, once a program asks for them.
    """

    def __init__(
        self,
        build: Build,
        tree: ContextTree,
        placed: Placed,
        environment: Mapping[str, str | None],
        name: str,
        modules: Callable[[], Modules],
    ) -> None:
        super().__init__()
        self.build = build
        self.tree = tree
        self.placed = placed
        self.environment = environment
        self.dockerfile = name
        self._modules = modules
        self.seen: set[tuple[object, ...]] = set()
        self.arguments: tuple[str | None, ...] = ()

    @cached_property
    def modules(self) -> Modules:
        """The modules of the project, for Python programs."""
        return self._modules()

    @abstractmethod
    def script(self, text: str, cwd: str | None, where: Evidence, depth: int, *, line: int = 1) -> None:
        """Follow the shell script *text*, whose first line is line *line* of the file in *where*."""

    @abstractmethod
    def program(self, argv: Words, cwd: str | None, where: Evidence, depth: int = 0) -> None:
        """Follow the program that the words *argv* start in *cwd*."""

    def placed_file(self, path: str | None, cwd: str | None) -> str | None:
        """The context path of the file at an image path."""
        if path is None or (not path.startswith("/") and cwd is None):
            return None
        return self.placed.context_of.get(posixpath.normpath(posixpath.join(cwd or "/", path)))
