"""What readers find: builds, and how images run. Every value is known or kept as it is written.

Paths are relative to the repository's root, with ``/``; ``""`` is the root.
"""

from __future__ import annotations

from typing import TypeAlias

from ...record import record


@record
class Unknown:
    """A value that the repository alone does not tell: as it is written there."""

    text: str

    def __str__(self) -> str:
        return self.text


Text: TypeAlias = str | Unknown
#: The words of a command; one that is not known as a whole; None where nothing is set.
Words: TypeAlias = tuple[Text, ...] | Unknown | None


@record
class Place:
    """Where something stands: a file and a line from 1."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@record
class Port:
    """A port that the container is reached at (the first of a range), and the one of the host, if that is set."""

    container: int
    published: Text | None
    place: Place


@record
class Mount:
    """What lies over a path of the image at run time: ``kind`` is ``bind``, ``volume`` or ``tmpfs``."""

    kind: str
    source: Text | None
    target: Text
    read_only: bool
    place: Place


@record
class Runner:
    """How a container is run, as far as it differs from what the image says. None is what nobody set.

    ``entrypoint`` and ``command`` are the words in place of ENTRYPOINT and CMD; ``healthcheck`` is a test as
    compose writes it, ``probes`` are commands that are run inside as well. ``path_set`` tells that it sets PATH.
    ``nonroot`` tells that the runner refuses an image that starts as root. ``capabilities`` are those added.
    ``environment`` are the variables that it sets, where a later one takes the place of an earlier one.
    """

    place: Place
    name: str
    entrypoint: Words = None
    command: Words = None
    user: Text | None = None
    ports: tuple[Port, ...] = ()
    mounts: tuple[Mount, ...] = ()
    read_only: bool = False
    capabilities: tuple[Text, ...] = ()
    dropped: tuple[Text, ...] = ()
    privileged: bool = False
    nonroot: bool = False
    workdir: Text | None = None
    healthcheck: Words = None
    probes: tuple[tuple[Words, Place], ...] = ()
    path_set: bool = False
    environment: tuple[tuple[str, Text, Place], ...] = ()
    places: tuple[tuple[str, Place], ...] = ()

    def at(self, key: str) -> Place:
        """Where the attribute *key* is set; the runner's own place where that is not known."""
        return next((place for name, place in self.places if name == key), self.place)


@record
class FoundBuild:
    """One build. ``kind`` is the tool that asks for it, ``name`` what it calls it.

    ``dockerfile`` is a path of the repository; None where ``inline`` holds the text. ``args`` and ``contexts`` are
    build arguments and further contexts in order; an argument without a value comes from the caller's environment.
    ``tags`` are the names that the image gets, ``condition`` what has to be asked for to get it (a profile).
    ``after`` is where something is run before it that may make files of its context. ``seen_from`` are the directories
    that its paths were seen from, where nobody says in which it is run.
    """

    kind: str
    place: Place
    name: str
    context: Text
    dockerfile: Text | None
    inline: str | None = None
    target: Text | None = None
    args: tuple[tuple[str, Text | None], ...] = ()
    contexts: tuple[tuple[str, Text], ...] = ()
    tags: tuple[Text, ...] = ()
    runner: Runner | None = None
    condition: str | None = None
    after: Place | None = None
    seen_from: tuple[str, ...] = ()


@record
class FoundRun:
    """A container that runs an image which some build may make: the image's name and how it runs."""

    image: Text
    runner: Runner
