"""What is known of the project in a build context. Only data: reading it is the context's part.

Paths come in two kinds. A *context path* is relative to the context's root, with ``/`` and without a leading one
(``app/settings.py``; the root itself is ``""``). An *image path* is absolute in the image that the Dockerfile builds
(``/code/app/settings.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from enum import Enum
from typing import Protocol, TypeVar

from ..ir.build import Build
from ..record import record
from .evidence import Evidence as Evidence
from .usage import Usage

Answer = TypeVar("Answer")


class ManifestRole(Enum):
    """What a package manager's file is for."""

    MANIFEST = "manifest"
    LOCK = "lock"
    CONFIGURATION = "configuration"


@record
class Manifest:
    """A file that a package manager reads.

    ``manager`` is its tool (``pip``, ``npm``, ``go``, …), ``language`` what it is for.
    """

    path: str
    language: str
    manager: str
    role: ManifestRole
    workspaces: tuple[str, ...] = ()
    engine: str | None = None


@record
class Obstacle:
    """Why an installation needs more of the project than files that can be named: ``-e .``, a ``postinstall`` script.

    It is none where one of the words ``unless`` stands in the command (``--ignore-scripts``).
    """

    reason: str
    unless: frozenset[str] = frozenset()


@record
class Installation:
    """What a package manager reads when it installs dependencies: ``files``, and ``folders`` with all that they hold,
    by context path; it may read more where there are ``obstacles``. ``exposed`` are folders that it makes, and that
    come with the context as well where somebody has them.
    """

    files: tuple[str, ...]
    folders: tuple[str, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    exposed: tuple[str, ...] = ()


@record
class NativeExtension:
    """Code of the project that an installation compiles."""

    name: str
    evidence: Evidence


@record
class SharedLibrary:
    """An import that loads a shared library of the system when it runs.

    ``bundled`` tells that the usual binary package brings the library along, so that nothing is needed unless it is
    built from source. ``apt`` and ``apk`` name packages with the library.
    """

    module: str
    package: str
    apt: tuple[str, ...]
    apk: tuple[str, ...]
    bundled: bool
    evidence: Evidence


@record
class Listener:
    """A socket that the program listens on. ``port`` is None when only the running container knows it.

    A port that the environment may change has its default here and the variable's name in ``variable``.
    """

    port: int | None
    server: str
    evidence: Evidence
    variable: str | None = None


class WriteKind(Enum):
    """What happens at a path that is written."""

    FILE = "a file"
    FOLDER = "a directory"
    LOG = "a log"
    DATABASE = "a database"
    UPLOAD = "uploads"
    PID = "a PID file"
    REMOVAL = "a removal"
    POSSIBLE = "a path that something may write"


@record
class WrittenPath:
    """A path that the program writes at run time.

    ``path`` is an image path, None when it is not known. ``folder`` is the image path of the folder that must be
    writable. ``written`` is how the code says it.
    """

    path: str | None
    folder: str | None
    kind: WriteKind
    written: str
    evidence: Evidence


class Need(Enum):
    """What a program does that takes root's privileges, or that has to do with them."""

    SET_IDENTITY = "changes its user or group"
    CHANGE_OWNER = "changes owners of files"
    RAW_SOCKET = "opens a raw or packet socket"
    DEVICE = "talks to a device or to the system's own sockets"
    ROOT_CHECK = "asks whether it is root"
    SYSTEM = "changes the system it runs on"
    PACKAGES = "installs packages when it starts"
    SERVICE = "starts a service that runs as root"
    DROPS = "drops root's privileges by itself"


@record
class Privilege:
    """One use of ``need``; ``what`` is the call or command."""

    need: Need
    what: str
    evidence: Evidence


class FileRole(Enum):
    """What a file or folder of the context is to the image."""

    VERSION_CONTROL = "version control data"
    DEPENDENCIES = "installed dependencies"
    ENVIRONMENT = "a virtual environment"
    BUILD_OUTPUT = "build output"
    CACHE = "a tool's cache"
    TEST = "tests"
    DEVELOPMENT = "development files"
    SECRET = "a secret"
    LARGE = "a large file"


@record
class Classified:
    """A file or folder that an image rarely needs: ``files`` and ``size`` (bytes) count what a folder holds.

    ``pattern`` is the line of .dockerignore that would leave it out.
    """

    path: str
    folder: bool
    role: FileRole
    files: int
    size: int
    pattern: str


@record
class Doubt:
    """Something that could not be read or followed, so that no fact may be called proven by its absence.

    ``blind`` tells that nothing is known of a program that runs, as opposed to a part of what a known one does;
    ``open`` that a known one runs code of which nothing is known.
    """

    reason: str
    evidence: Evidence
    blind: bool = False
    open: bool = False


@record
class FileFacts:
    """A file of the context: its context path, size in bytes and permission bits."""

    path: str
    size: int
    mode: int


@record
class UsedPackage:
    """A library from elsewhere that the program loads, as ``language``'s code or manifests name it.

    ``folder`` is the image path of the folder in which the program runs, None where that is not known.
    """

    language: str
    name: str
    evidence: Evidence
    folder: str | None = None


@record
class StartedProgram:
    """A program that code of the project starts. ``name`` is None when only the running code knows it."""

    name: str | None
    written: str
    evidence: Evidence


@record
class Behaviour:
    """What the container's processes do, by the code that they run.

    ``followed`` are the context paths of the files read for it. Without ``doubts`` all that runs was followed.
    ``packages`` are the libraries that it loads, ``programs`` what its code (not a script of the shell) starts,
    ``commands`` the texts of the commands in the scripts that were followed.
    """

    listeners: tuple[Listener, ...] = ()
    writes: tuple[WrittenPath, ...] = ()
    privileges: tuple[Privilege, ...] = ()
    libraries: tuple[SharedLibrary, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    followed: tuple[str, ...] = ()
    packages: tuple[UsedPackage, ...] = ()
    programs: tuple[StartedProgram, ...] = ()
    commands: tuple[str, ...] = ()


class Project(Protocol):
    """The project in a build context. Everything is read when it is first asked for, within limits."""

    @property
    def usage(self) -> Usage:
        """Which stage is built with this context, and how its image is run."""

    @property
    def name(self) -> str:
        """The folder, as a path of this machine."""

    @property
    def shown(self) -> str:
        """The folder, for people: as a path of the repository where it lies in one."""

    @property
    def digest(self) -> str | None:
        """The SHA-256 of all that a build is sent, without Dockerfiles and lock; None where not all is at hand."""

    @property
    def complete(self) -> bool:
        """Whether all files of the context are listed; False when a limit was reached."""

    @property
    def files(self) -> tuple[FileFacts, ...]:
        """The files that a build is sent, sorted by path; .dockerignore is honoured."""

    @property
    def ignore_text(self) -> str | None:
        """The text of the .dockerignore in force, None without one."""

    @property
    def ignore_path(self) -> str | None:
        """The context path of the .dockerignore in force, None without one."""

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """The package managers' files, by path."""

    def installation(self, manager: str, entry: str) -> Installation:
        """What *manager* (as ``knowledge.installers`` names it) reads when it installs from *entry*.

        That is the context path of the file that the command names, or of the folder that it runs in.
        """

    @property
    def extensions(self) -> tuple[NativeExtension, ...]:
        """Native extensions that the project's own setup builds."""

    @property
    def classified(self) -> tuple[Classified, ...]:
        """What is sent to the build and rarely needed in an image."""

    def holds(self, path: str) -> bool | None:
        """Whether the build is sent a file or folder at this context path; None when that is not known."""

    def keeps_out(self, path: str) -> bool:
        """Whether .dockerignore keeps *path* from the build, whether the context holds it or not."""

    def excluded(self, path: str) -> bool:
        """Whether the context holds *path*, and .dockerignore keeps it from the build."""

    def text(self, path: str) -> str | None:
        """The text of the file at a context path; None for what is binary, too large, or not there."""

    def laid(self, source: str, target: str) -> Mapping[str, str]:
        """The context paths of the file *source*, or of all files below it, by where they lie once *source* is put at
        the image path *target*.
        """

    def recall(self, key: Hashable, find: Callable[[], Answer]) -> Answer:
        """What *find* finds out about the files alone, whatever is built of them, once for *key*."""

    def missing(self, build: Build) -> tuple[tuple[str, int], ...]:
        """The sources of COPY and ADD, with their lines, that the build is not sent."""

    def in_submodule(self, path: str) -> bool:
        """Whether *path* is, holds or lies in a submodule that is not checked out here."""

    def image_files(self, build: Build) -> Mapping[str, FileFacts]:
        """The files of the context in the last stage of *build*, by image path."""

    def follows(self, build: Build) -> bool:
        """Whether all that *build* copies is followed; where that is more than anybody copies, no file is known."""

    def copied(self, build: Build) -> tuple[Mapping[str, str], ...]:
        """For each stage of *build*, which file of the context (its context path) lies at which image path."""

    def copied_by(self, build: Build) -> Mapping[str, tuple[int, ...]]:
        """The COPYs of the last stage, by index, that put a file of the context at an image path, in their order."""

    def behaviour(self, build: Build) -> Behaviour:
        """What the image of the last stage of *build* does when it runs."""

    def code(self, build: Build, languages: tuple[str, ...]) -> Behaviour:
        """What the sources in *languages* show that *build* is sent, whatever of them the container starts."""

    def built(self, build: Build) -> tuple[tuple[int, Behaviour], ...]:
        """What code of the project does while the image is built, by the lines of the RUNs that start it."""
