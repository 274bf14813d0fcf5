"""The project in a folder on disk: everything is read when it is first asked for."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Hashable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from ..analysis.flow.start import start_of
from ..analysis.flow.state import stage_state, states
from ..analysis.project import (
    Behaviour,
    Classified,
    Doubt,
    Evidence,
    FileFacts,
    Installation,
    Manifest,
    NativeExtension,
)
from ..analysis.usage import Usage
from ..ir.build import Build
from ..ir.steps import Copy
from ..knowledge.vocabulary import vocabularies
from ..record import evolve, record
from ..regular import read_text
from .dockerignore import Dockerignore, DockerignoreError, TooManyPatterns, read_dockerignore
from .locate import Location
from .placement import Placed, place
from .recent import Recent
from .tree import ContextTree, Limits, Stored

if TYPE_CHECKING:
    from .python.modules import Modules

T = TypeVar("T")

_MAX_IGNORE = 1024 * 1024
#: So few sources of COPY put no more files of a context into stages than are followed.
_FEW = 8


@record
class StoredProject:
    """What was read of a project elsewhere, in place of its folder: ``whole`` is its folder, ``tree`` what is sent."""

    ignore_text: str | None
    tree: Stored
    whole: Stored


#: Trees of files that several projects may read, by their folder, the text of its ignore file, and what they may cost.
Trees: TypeAlias = dict[tuple[Path, str, Limits], ContextTree]


class FolderProject:
    """The project at *location*; *dockerfile* is the name that evidence in the Dockerfile carries, *usage* is how the
    repository builds and runs it. What is *stored* takes the place of what lies in the folder.

    Implements ``analysis.project.Project``.
    """

    def __init__(
        self,
        location: Location,
        dockerfile: str = "Dockerfile",
        limits: Limits | None = None,
        usage: Usage | None = None,
        stored: StoredProject | None = None,
        trees: Trees | None = None,
    ) -> None:
        self._trees = {} if trees is None else trees
        self.usage = usage or Usage()
        self._stored = stored
        self._location = location
        self._dockerfile = dockerfile
        self._limits = limits or Limits()
        # The text alone does not tell how far a build goes: a target may end it.
        self._builds = Recent()
        self._image_files: tuple[Placed, dict[str, FileFacts]] | None = None
        self._installations: dict[tuple[str, str], Installation] = {}
        self._beyond = False

    @property
    def location(self) -> Location:
        """Where the project lies."""
        return self._location

    @property
    def name(self) -> str:
        """The folder, as a path of this machine."""
        return str(self._location.root)

    @property
    def shown(self) -> str:
        """The folder, for people: as a path of the repository where it lies in one."""
        return self._location.shown or self.name

    @property
    def found(self) -> str:
        """How the folder was found, for people."""
        return self._location.found

    @cached_property
    def _ignore(self) -> Dockerignore:
        return self._read_ignore or Dockerignore()

    @cached_property
    def _read_ignore(self) -> Dockerignore | None:
        """The patterns of the ignore file in force; None where they are more than are followed."""
        text = self.ignore_text
        try:
            return read_dockerignore(text) if text else Dockerignore()
        except TooManyPatterns:
            return None
        except DockerignoreError:
            # Builds fail with it; that is for the build to say.
            return Dockerignore()

    @property
    def ignore_fault(self) -> str | None:
        """Why builds refuse the ignore file in force; None where they read it."""
        try:
            read_dockerignore(self.ignore_text or "")
        except TooManyPatterns:
            return None
        except DockerignoreError as error:
            return str(error)
        return None

    @cached_property
    def ignore_text(self) -> str | None:
        """The text of the ignore file in force, None without one or where it cannot be read."""
        if self._stored is not None:
            return self._stored.ignore_text
        file = self._location.ignore
        try:
            return None if file is None else read_text(file, _MAX_IGNORE)
        except OSError:
            return None

    @property
    def ignore_path(self) -> str | None:
        """The path of the ignore file in force as people name it, None without one."""
        file = self._location.ignore
        if file is None:
            return None
        return file.name if file.parent == self._location.root else self._location.ignore_shown or str(file)

    @property
    def ignore_file(self) -> Path:
        """The ignore file in force, or the one to be written."""
        return self._location.ignore or self._location.root / ".dockerignore"

    @cached_property
    def tree(self) -> ContextTree:
        """The files that a build is sent."""
        if self._read_ignore is None or self._beyond:
            return ContextTree(self._location.root, self._ignore, self._limits, stored=Stored((), False, {}))
        if self._stored is not None:
            return ContextTree(self._location.root, self._ignore, self._limits, stored=self._stored.tree)
        return self._listed(self.ignore_text or "", self._ignore)

    def _listed(self, text: str, ignore: Dockerignore) -> ContextTree:
        """The files that *ignore*, made of *text*, lets in, read once for all projects with the same folder."""
        key = (self._location.root, text, self._limits)
        if key not in self._trees:
            self._trees[key] = ContextTree(self._location.root, ignore, self._limits)
        return self._trees[key]

    @cached_property
    def _modules(self) -> Modules:
        from .python.modules import Modules

        return Modules(self.tree.read)

    @cached_property
    def whole(self) -> ContextTree:
        """All files of the folder, those that the ignore file keeps from a build among them."""
        if self._stored is not None:
            return ContextTree(self._location.root, Dockerignore(), self._limits, stored=self._stored.whole)
        return self._listed("", Dockerignore())

    def carried(self, most: int) -> FolderProject | None:
        """The same project with all that may be asked of its folder, so that it can be read where the folder is not.

        None where its texts come to more than *most* characters.
        """
        if self._read_ignore is None:
            return None
        if self._stored is not None:
            return self
        limits = evolve(self._limits, read_bytes=most)
        tree = ContextTree(self._location.root, self._ignore, limits)
        texts: dict[str, str] = {}
        total = 0
        for file in tree.files:
            text = tree.read(file.path)
            if text is not None:
                texts[file.path] = text
                total += len(text)
            if total > most:
                return None
        whole = ContextTree(self._location.root, Dockerignore(), limits)
        stored = StoredProject(
            self.ignore_text,
            evolve(tree.contents, texts=texts),
            whole.contents,
        )
        return FolderProject(self._location, self._dockerfile, self._limits, self.usage, stored)

    @cached_property
    def digest(self) -> str | None:
        """The SHA-256 of all that a build is sent, without Dockerfiles and lock; None where not all is at hand."""
        from .digest import digest_of

        return None if self._stored is not None else digest_of(self.tree)

    @property
    def complete(self) -> bool:
        """Whether all files of the context are listed."""
        return self.tree.complete

    @property
    def files(self) -> tuple[FileFacts, ...]:
        """The files that a build is sent, sorted by path."""
        return self.tree.files

    @cached_property
    def manifests(self) -> tuple[Manifest, ...]:
        """The package managers' files."""
        from .manifests import manifests_of

        return manifests_of(self.tree)

    def installation(self, manager: str, entry: str) -> Installation:
        """What *manager* reads when it installs from *entry*."""
        key = (manager, entry)
        if key not in self._installations:
            from .installing import installation_of

            self._installations[key] = installation_of(self.tree, manager, entry)
        return self._installations[key]

    @cached_property
    def extensions(self) -> tuple[NativeExtension, ...]:
        """Native extensions of the project."""
        from .manifests import extensions_of

        return extensions_of(self.tree)

    @cached_property
    def classified(self) -> tuple[Classified, ...]:
        """What is sent to the build and rarely needed in an image."""
        from .roles import classify

        return classify(self.tree)

    def holds(self, path: str) -> bool | None:
        """Whether the build is sent a file or folder at this context path; None when the listing is not complete."""
        led = self.tree.followed(path)
        if not path or led in self.tree.by_path or led in self.tree.folders:
            return True
        return False if self.tree.complete and not self.in_submodule(path) else None

    def keeps_out(self, path: str) -> bool:
        """Whether the ignore file keeps *path* from the build, whether it is there or not."""
        return self._ignore.excludes(path)

    def excluded(self, path: str) -> bool:
        """Whether the folder holds *path*, and the ignore file keeps it from the build."""
        return self._ignore.excludes(path) and (path in self.whole.by_path or path in self.whole.folders)

    def text(self, path: str) -> str | None:
        """The text of the file at a context path."""
        return self.tree.read(path)

    def laid(self, source: str, target: str) -> Mapping[str, str]:
        """Where *source* lies once it is put at *target*."""
        return self.tree.laid(source, target)

    def recall(self, key: Hashable, find: Callable[[], T]) -> T:
        """What *find* finds out about the files, once for *key*."""
        return self.tree.recall(key, find)

    def placed(self, build: Build) -> Placed:
        """Which file of the context lies where in the image."""
        found = self._of(build, "placed", lambda: place(build, self.tree))
        if found.beyond and not self._beyond:
            # Nobody is to believe that the image holds nothing: from here on no file is known.
            self._beyond = True
            self.__dict__.pop("tree", None)
        return found

    def follows(self, build: Build) -> bool:
        """Whether all that *build* copies is followed; where that is more than anybody copies, no file is known."""
        copied = sum(len(step.sources) for stage in build.stages for step in stage.steps if isinstance(step, Copy))
        return copied <= _FEW or not self.placed(build).beyond

    def _of(self, build: Build, key: Hashable, find: Callable[[], T]) -> T:
        """What *find* finds out about *build* in this project, while others ask about the same one."""
        return self._builds.recall((build.text, len(build.stages)), key, find)

    def missing(self, build: Build) -> tuple[tuple[str, int], ...]:
        """The sources of COPY, ADD and mounts, with their lines, that the build is not sent."""
        return self.placed(build).missing

    def in_submodule(self, path: str) -> bool:
        """Whether *path* is, holds or lies in a submodule that is not checked out here."""
        bare = posixpath.normpath("/" + path).lstrip("/")
        return any(
            f"{bare}/".startswith(f"{one}/") or one.startswith(f"{bare}/")
            for one in self._location.submodules
            if one not in self.whole.folders
        )

    def image_files(self, build: Build) -> Mapping[str, FileFacts]:
        """The files of the context in the last stage of *build*, by image path."""
        placed = self.placed(build)
        if self._image_files is None or self._image_files[0] is not placed:
            # Rules ask for one file after the other of the same build.
            files = {image: self.tree.by_path[path] for image, path in placed.context_of.items()}
            self._image_files = placed, files
        return self._image_files[1]

    def copied(self, build: Build) -> tuple[Mapping[str, str], ...]:
        """For each stage of *build*, which file of the context lies at which image path."""
        return self.placed(build).stages

    def copied_by(self, build: Build) -> Mapping[str, tuple[int, ...]]:
        """The COPYs of the last stage, by index, that put a file of the context at an image path, in their order."""
        return self.placed(build).steps

    def behaviour(self, build: Build) -> Behaviour:
        """What the containers do, by what the context holds; the image's own start is always one of them, where it has
        one: somebody else may run it.
        """
        return self._of(build, "behaviour", lambda: self._behaviour(build))

    def _behaviour(self, build: Build) -> Behaviour:
        if not build.stages:
            return Behaviour(doubts=(Doubt("there is no stage", Evidence(self._dockerfile, 1)),))
        from .start import behaviour_of, together, written_beside

        # Containers that start the same differ in nothing else that is followed.
        starts = {(one.entrypoint, one.command): one for one in self.usage.containers if one.starts}
        own = start_of(build) != (None, None)
        plain = own or self.usage.plain or len(starts) < len(self.usage.containers)
        ways = [*([None] if plain or not starts else []), *starts.values()]
        placed = self.placed(build)
        about = (build, self.tree, placed, self._dockerfile, lambda: self._modules)
        found = together([behaviour_of(*about, one) for one in ways])
        beside = written_beside(*about, (*self.usage.containers, *self.usage.by_hand))
        writes = tuple(dict.fromkeys((*found.writes, *beside)))
        return evolve(found, writes=writes) if beside else found

    def code(self, build: Build, languages: tuple[str, ...]) -> Behaviour:
        """What the sources in *languages* show that *build* is sent, whatever of them the container starts."""
        return self._of(build, languages, lambda: self._languages(build, languages))

    def _languages(self, build: Build, languages: tuple[str, ...]) -> Behaviour:
        from .brought import sources_in
        from .start import together

        cwd = stage_state(build.stages[-1], states(build)).workdir or "/"
        placed = self.placed(build)
        found = [sources_in(vocabularies()[one], self.tree, placed, cwd) for one in languages]
        return together(found) if found else Behaviour()

    def built(self, build: Build) -> tuple[tuple[int, Behaviour], ...]:
        """What code of the project does while the image is built, by the lines of RUNs."""
        return self._of(build, "built", lambda: self._while_built(build))

    def _while_built(self, build: Build) -> tuple[tuple[int, Behaviour], ...]:
        if not build.stages:
            return ()
        from .building import built

        placed = self.placed(build)
        return built(build, self.tree, placed, self._dockerfile, lambda: self._modules)
