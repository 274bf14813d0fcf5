"""The two sides of a pull request: files, how their Dockerfiles are built, and what they are rewritten into."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from itertools import islice
from pathlib import Path

from ..context.locate import locate
from ..context.project import FolderProject, Trees
from ..ir.build import Build, read_build
from ..pipeline import Options, Result, rewrite
from ..pipeline.baseline import Known, standing
from ..record import evolve
from ..regular import read_whole
from ..syntax import ParseError, parse
from ..text import Source
from ..workspace.builds.found import FoundBuild
from ..workspace.discovery import Covered, discover, refusal_of
from ..workspace.inference import possible_contexts, sources_of
from ..workspace.repository import Repository
from ..workspace.uses import Workspace
from .breaks import Version
from .descriptions import Descriptions
from .git import Git, GitError
from .given import Given, given_to

#: As many bytes as `rewrite` takes.
_MOST = 4 * 1024 * 1024
#: The options for a Dockerfile, by its path on disk.
OptionsFor = Callable[[Path], Options]


class Side:
    """One side of the pull request, as files in *root*; *home* is where they are configured."""

    def __init__(self, root: Path, options: OptionsFor, home: Path) -> None:
        self.root, self._options, self._home = root, options, home
        self._workspace = Workspace(root)
        self._projects: dict[tuple[str, str | None], tuple[FolderProject, ...]] = {}
        self._trees: Trees = {}

    @cached_property
    def descriptions(self) -> Descriptions:
        """What describes the builds of this side."""
        return Descriptions(self._workspace, self.root)

    @property
    def repository(self) -> Repository:
        """The files of this side."""
        return self._workspace.repository

    def discovered(self, paths: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
        """The Dockerfiles below *paths*, and what looks like one but cannot be rewritten, with the reason."""
        covered, left_alone = [], []
        for one in discover([os.path.normpath(self.root / path) for path in paths or (".",)]):
            if isinstance(one, Covered):
                covered.append(self._inside(one.path))
            elif not one.folder:
                left_alone.append((self._inside(one.path), one.reason))
        return sorted(covered), sorted(left_alone)

    def _inside(self, path: str) -> str:
        return os.path.relpath(path, self.root).replace(os.sep, "/")

    def given(self, path: str) -> Given:
        """What the builds of the Dockerfile *path* are given."""
        return given_to(self._workspace, self.root, path)

    def data(self, path: str) -> bytes:
        """The content of the file *path*; nothing where it cannot be read."""
        try:
            return read_whole(self.root / path, _MOST)
        except OSError:
            return b""

    def standing(self, accepted: Known, path: str) -> Known:
        """Those of *accepted* that hold for what the Dockerfile *path* says."""
        try:
            return standing(accepted, read_build(parse(Source.from_bytes(self.data(path)))))
        except ParseError:
            return accepted

    def projects(self, path: str, context: str | None = None) -> tuple[FolderProject, ...]:
        """What is known of the Dockerfile *path*, for each way to build it, built with *context* where one is named."""
        if (path, context) not in self._projects:
            folder = None if context is None else self.root / context
            self._projects[path, context] = self._workspace.projects(self.root / path, folder, trees=self._trees)
        return self._projects[path, context]

    def options_of(self, path: str, context: str | None = None) -> Options:
        """The options for the Dockerfile *path*, built with *context*, a path of the repository, where one is named."""
        return evolve(self._options(self._home / path), builds=partial(self.projects, path, context))

    def context_of(self, path: str) -> str | None:
        """The context, a path of the repository, that the Dockerfile *path* is certainly built with."""
        found = self.projects(path) if (self.root / path).is_file() else ()
        if not found or any(one.usage.guessed for one in found) or self._might_be_others(path):
            return None
        return self._place(found[-1])

    def _might_be_others(self, path: str) -> bool:
        """Whether nobody builds the Dockerfile *path*, and several directories hold all that it copies."""
        if self.builds_of(path):
            return False
        file = self.root / path
        sources = sources_of(file)
        return bool(sources) and len([*islice(possible_contexts(file, self.repository, sources), 2)]) > 1

    def told(self, path: str) -> frozenset[tuple[str, str]]:
        """What descriptions of builds say of the context of the Dockerfile *path*, and which do."""
        return frozenset((one.place.path, str(one.context)) for one in self._workspace.builds_of(self.root / path))

    def builds_of(self, path: str) -> Sequence[FoundBuild]:
        """The builds of the Dockerfile *path*."""
        return self._workspace.builds_of(self.root / path)

    def _place(self, project: FolderProject) -> str:
        """The folder of *project* as a path of the repository; the empty one is its root."""
        found = os.path.relpath(project.name, os.path.realpath(self.root)).replace(os.sep, "/")
        return "" if found == "." else found

    def version(self, path: str, build: Build, context: str | None = None) -> Version:
        """The Dockerfile *path* with the program *build*, as it is built here."""
        builds = self._workspace.builds_of(self.root / path)
        return Version(
            build,
            lambda: {self._place(one): one for one in self.projects(path, context) if one.usage.untold is None},
            lambda: frozenset(name.lower() for one in builds for name, _ in one.contexts),
            tuple((one.target, str(one.place)) for one in builds if isinstance(one.target, str) and one.target),
            lambda: self._further(builds),
            lambda: builds,
        )

    def _further(self, builds: Sequence[FoundBuild]) -> dict[str, dict[str, FolderProject]]:
        """What is known of the further contexts of *builds*, by their names and paths."""
        found: dict[str, dict[str, FolderProject]] = {}
        for name, value in (one for build in builds for one in build.contexts):
            if isinstance(value, str) and self.repository.is_folder(value):
                located = evolve(locate(None, self.root / value), shown=value or "the repository's root")
                found.setdefault(name.lower(), {})[value] = FolderProject(located, trees=self._trees)
        return found

    def rewritten(self, path: str, options: Options) -> Result:
        """What *options* make of the Dockerfile *path*. Raises ``OSError``, ``ParseError`` and ``ValueError``."""
        data = read_whole(self.root / path, _MOST)
        if b"\0" in data:
            raise ValueError("binary data")
        return rewrite(data, options, path)


class Base:
    """The base, which is written out when somebody first asks."""

    def __init__(self, git: Git, commit: str, folder: Path, options: OptionsFor) -> None:
        self._git, self._commit, self._folder, self._options = git, commit, folder, options
        self._side: Side | None = None
        self._contents: dict[str, bytes] = {}

    def expect(self, paths: Sequence[str]) -> None:
        """Read the files *paths* at once, since each of them will be asked for."""
        self._contents = self._git.contents(self._commit, paths)

    def _unpacked(self) -> Side:
        if self._side is None:
            self._folder.mkdir()
            self._git.unpack(self._commit, self._folder)
            self._side = Side(self._folder, self._options, self._git.root)
        return self._side

    def context_of(self, path: str) -> str | None:
        """The context that the Dockerfile *path* was certainly built with."""
        return self._unpacked().context_of(path)

    def told(self, path: str) -> frozenset[tuple[str, str]]:
        """What descriptions of builds said of the context of the Dockerfile *path*, and which did."""
        return self._unpacked().told(path)

    @property
    def descriptions(self) -> Descriptions:
        """What described the builds."""
        return self._unpacked().descriptions

    def data(self, path: str) -> bytes:
        """The content of the file *path*; nothing where there is none."""
        if path in self._contents:
            return self._contents[path]
        try:
            return self._git.content(self._commit, path)
        except GitError:
            return b""

    def holds(self, path: str | None) -> bool:
        """Whether *path* was a Dockerfile."""
        if path is None:
            return False
        data = self.data(path)
        return bool(data) and refusal_of(os.path.basename(path), data) is None

    def version(self, path: str) -> Version | None:
        """The Dockerfile *path*; None where it was none. Its contexts are read when somebody asks for them."""
        try:
            build = read_build(parse(Source.from_bytes(self.data(path))))
        except ParseError:
            return None
        return Version(
            build,
            lambda: self._unpacked().version(path, build).projects(),
            lambda: self._unpacked().version(path, build).named(),
            further=lambda: self._unpacked().version(path, build).further(),
            builds=lambda: self._unpacked().version(path, build).builds(),
        )

    def rewritten(self, path: str) -> Result | None:
        """What the Dockerfile *path* became; None where it could not be read."""
        side = self._unpacked()
        try:
            # What was accepted was there as well.
            return side.rewritten(path, evolve(side.options_of(path), accepted=frozenset()))
        except Exception:  # noqa: BLE001 - what could not be read before is new now
            return None


__all__ = ["Base", "OptionsFor", "Side"]
