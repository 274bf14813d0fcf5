"""What a container engine does for us: build, inspect, export, run, remove. Nothing here knows which engine it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ..text.numbers import small_number
from .traces import Traced

#: The network of a container that is cut off: every engine has one of that name, with loopback only.
ALONE = "none"


class EngineError(Exception):
    """An engine is missing or refuses its service; the message says what to do about it."""


class BuildFailed(EngineError):
    """An image could not be built: ``instruction`` is the one that failed, ``log_end`` the last lines of the log."""

    def __init__(self, dockerfile: Path, instruction: str, log_end: tuple[str, ...], timed_out: bool = False) -> None:
        self.dockerfile = dockerfile
        self.instruction = instruction
        self.log_end = log_end
        self.timed_out = timed_out
        how = "did not end in time" if timed_out else "failed"
        super().__init__(f"{dockerfile}: the build {how} at {instruction or 'its start'}")


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """One build. ``timeout`` is in seconds; ``fresh`` means that no cached layer may be used.

    Builds of one ``series`` find each other's cached layers. Those of others they find where that harms nobody: Docker
    tells layers by their content, while buildah and podman go astray where two builds of one instruction are at hand.
    """

    dockerfile: Path
    context: Path
    tag: str
    target: str | None = None
    build_args: tuple[tuple[str, str | None], ...] = ()
    network: str | None = None
    fresh: bool = False
    series: str = ""
    timeout: float = 3600.0


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One command to run in a new container of an image, instead of its entrypoint. ``timeout`` is in seconds."""

    image: str
    command: tuple[str, ...]
    network: str | None = None
    timeout: float = 300.0


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How a command ended: its exit status, or None if it did not end in time, and what it wrote."""

    status: int | None
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class StartRequest:
    """A container to start as its image says, with its own entrypoint, command and user, and to watch.

    It is watched until it has listened for ``settle`` seconds, ends, or ``timeout`` seconds are over. ``network`` None
    cuts it off: only loopback is there. With ``trace`` the files that it opens are recorded, where the engine can.
    """

    image: str
    config: ImageConfig
    network: str | None = None
    timeout: float = 20.0
    settle: float = 1.0
    trace: bool = False


@dataclass(frozen=True, slots=True)
class StartOutcome:
    """What a container did: its exit status (None while it ran on), the TCP ports it listened on, the paths that it
    left added or changed, the end of what it wrote to its outputs, and with a trace what it opened.
    """

    status: int | None
    ports: frozenset[int] = frozenset()
    written: frozenset[str] = frozenset()
    output: str = ""
    trace: Traced | None = None


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """How containers of an image are started, field by field as Docker names them, without empty fields."""

    fields: Mapping[str, Any] = field(default_factory=dict)

    #: The fields that a Dockerfile decides about. Others (``Hostname``, ``Image``, …) are the builder's own.
    NAMES = (
        "Cmd", "Entrypoint", "Env", "ExposedPorts", "Healthcheck", "Labels",
        "OnBuild", "Shell", "StopSignal", "User", "Volumes", "WorkingDir",
    )  # fmt: skip

    @property
    def command(self) -> tuple[str, ...]:
        """What a container starts: the words of ENTRYPOINT and CMD."""
        return (*self.fields.get("Entrypoint", ()), *self.fields.get("Cmd", ()))

    @property
    def ports(self) -> frozenset[int]:
        """The TCP ports that the image exposes."""
        names = (name.partition("/") for name in self.fields.get("ExposedPorts", ()))
        return frozenset(
            number for port, _, kind in names if kind != "udp" and (number := small_number(port)) is not None
        )

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> ImageConfig:
        """The ``config`` object of an image's JSON. ``Env`` becomes a mapping, as the order of names means nothing."""
        found = {name: document[name] for name in cls.NAMES if document.get(name)}
        if "Env" in found:
            found["Env"] = dict(item.partition("=")[::2] for item in found["Env"])
        if "WorkingDir" in found and found["WorkingDir"] == "/":
            del found["WorkingDir"]
        return cls(found)


#: Called with each line that a build writes.
LineReader = Callable[[str], None]


class Engine(Protocol):
    """A container engine. All methods raise ``EngineError``; ``build`` raises its subclass ``BuildFailed``."""

    @property
    def name(self) -> str:
        """``docker``, ``podman`` or ``buildah``."""
        ...

    def version(self) -> str:
        """The engine's own words about its version, in one line."""
        ...

    def fetch(self, image: str) -> bool:
        """Make sure that a base image is at hand before time is measured; whether it is."""
        ...

    def build(self, request: BuildRequest, log: Path, on_line: LineReader) -> tuple[str, ...]:
        """Build an image and tag it; everything that the build writes is appended to ``log``.

        Returns the RUN instructions that were carried out, as the log names them; the others came from the cache.
        """
        ...

    def inspect(self, image: str) -> ImageConfig:
        """The configuration of an image."""
        ...

    def export(self, image: str, archive: Path) -> None:
        """Write the image, its root filesystem in layers, as a docker-archive; see ``archive.read_archive``."""
        ...

    def run(self, request: RunRequest) -> RunOutcome:
        """Run a command in a container that is gone afterwards, with every process that the command left behind."""
        ...

    def start(self, request: StartRequest) -> StartOutcome:
        """Start a container as its image says and tell what it does; every process of it ends before this returns."""
        ...

    def remove(self, image: str) -> None:
        """Remove the image of that tag; it is no error if there is none."""
        ...

    def close(self) -> None:
        """Leave nothing behind. May be called more than once."""
        ...
