"""How a repository uses a Dockerfile: which stage its builds ship, and how the image is run. Only data."""

from __future__ import annotations

from ..ir.build import Build
from ..record import evolve, record
from .evidence import Evidence
from .line_reader import LineReader


@record
class Mounted:
    """A path of the container that something else lies over: ``kind`` is ``bind``, ``volume`` or ``tmpfs``.

    ``path`` is None where it is not known.
    """

    path: str | None
    kind: str
    read_only: bool
    evidence: Evidence


@record
class Container:
    """One way in which the image is run, as far as it differs from what the image says; None is what nobody set.

    A word of ``entrypoint`` and ``command`` is None where it is not known. ``powers`` are the capabilities that it is
    given, with ``all`` for a privileged container. ``nonroot`` tells that an image that starts as root is refused.
    ``checks`` are the commands that are run inside beside what it starts: tests of health, probes, hooks. ``path_set``
    tells that it sets PATH, ``environment`` are the variables that it sets, whose value is None where it is not known.
    """

    where: Evidence
    name: str = ""
    entrypoint: tuple[str | None, ...] | None = None
    command: tuple[str | None, ...] | None = None
    started: Evidence | None = None
    user: str | None = None
    user_at: Evidence | None = None
    ports: tuple[tuple[int, Evidence], ...] = ()
    mounts: tuple[Mounted, ...] = ()
    powers: tuple[str, ...] = ()
    powers_at: Evidence | None = None
    nonroot: bool = False
    checks: tuple[tuple[tuple[str | None, ...], Evidence], ...] = ()
    path_set: bool = False
    environment: tuple[tuple[str, str | None, Evidence], ...] = ()

    @property
    def starts(self) -> bool:
        """Whether it runs something else than the image says."""
        return self.entrypoint is not None or self.command is not None


@record
class Stale:
    """A build that names a context, as people know it, that holds ``held`` of the ``wanted`` sources of COPY."""

    where: Evidence
    context: str
    held: int
    wanted: int


@record
class Maker:
    """``script`` makes a Dockerfile of ``template``, a path of the repository. Without one, ``script`` is another
    file of the same family, which says that it is generated.
    """

    script: Evidence
    template: str | None

    def __str__(self) -> str:
        if self.template is None:
            return f"{self.script} says that it is generated, and belongs to the same family"
        return f"{self.script} makes it of {self.template}"


@record
class Usage:
    """The builds of a Dockerfile that have context and ``target`` in common.

    ``guessed`` tells that nobody says what the context is, and no folder holds all that COPY names.

    ``target`` is None for the last stage. ``builds`` are where they are asked for, ``containers`` the ways in which
    the image is run; without any, it is run as it says itself, which is among the ways where ``plain`` is set.
    ``heirs`` are the lines of other Dockerfiles, or of documents that tell people to write one, that go on from the
    image, ``list_readers`` those that may read the
    package lists in it. ``stale`` are builds that name another context, which holds next to none of what is copied.
    ``maker`` makes the file anew of a template. ``by_hand`` are containers that somebody runs now and then, beside
    those that are meant to stay. ``own`` are the names, without tags, of the images that the repository builds itself.
    ``guarded`` are those of them under whose SHELL a pipeline fails where one of its commands does (pipefail).
    ``further`` are patterns of the names of further contexts: one that is called like an image takes its place.
    ``documented`` is what documents tell people to mount, ``workflows`` are the lines of workflows that name the image:
    their engine runs it. ``after`` is where each of the builds runs something first that may make files of the context.
    ``develops`` is the file itself, where its name says that it is for development. ``untold`` is how the builds write
    their context where nobody can tell which directory that is, though other builds of the file say theirs. ``given``
    are the build arguments that each of the builds gives a value, with where the first of them does. ``readers`` are
    commands that pick lines out of the file.
    """

    target: str | None = None
    builds: tuple[Evidence, ...] = ()
    containers: tuple[Container, ...] = ()
    plain: bool = True
    guessed: bool = False
    heirs: tuple[Evidence, ...] = ()
    list_readers: tuple[Evidence, ...] = ()
    stale: tuple[Stale, ...] = ()
    maker: Maker | None = None
    by_hand: tuple[Container, ...] = ()
    own: frozenset[str] = frozenset()
    guarded: frozenset[str] = frozenset()
    further: frozenset[str] = frozenset()
    documented: tuple[Mounted, ...] = ()
    workflows: tuple[Evidence, ...] = ()
    after: Evidence | None = None
    develops: Evidence | None = None
    untold: str | None = None
    given: tuple[tuple[str, Evidence], ...] = ()
    readers: tuple[LineReader, ...] = ()

    @property
    def workplace(self) -> Evidence | None:
        """The build that makes a development container: people work in it with whatever it holds."""
        return self.develops or next((one for one in self.builds if ".devcontainer" in one.path.split("/")), None)


def shipped(build: Build, target: str | None) -> Build:
    """*build* up to the stage *target*, a name or a number, which is then its last; all of it where there is none."""
    if target is None:
        return build
    bare = target.strip().lower()
    for stage in build.stages:
        name = (stage.head.alias or "").lower()
        if bare in (name, str(stage.index)):
            return evolve(build, stages=build.stages[: stage.index + 1])
    return build
