"""What buildah and podman have in common: their options for builds, their storage, their log."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..patterns import re
from .interface import (
    BuildFailed,
    BuildRequest,
    EngineError,
    ImageConfig,
    LineReader,
    RunOutcome,
    RunRequest,
    StartOutcome,
    StartRequest,
)
from .log import LogReader, log_end
from .privatestore import open_store
from .process import TimedOut, capture, stream

#: Seconds for what needs no network and runs nothing.
SHORT = 600.0

_STEP = re.compile(r"^(?:\[\d+/\d+\] )?STEP (?P<number>\d+/\d+): (?P<instruction>.*)$")
_CACHED = re.compile(r"^--> Using cache ")
_FAILED = re.compile(r'at STEP "(.*)"')


class ContainersEngine:
    """The part of the ``Engine`` interface that buildah and podman carry out alike."""

    name = ""
    build_command: tuple[str, ...] = ()

    def __init__(self, program: str, folder: Path) -> None:
        """*program* is the executable; *folder* an empty one that nobody else uses, removed by its owner."""
        self.program = program
        self.environment = open_store(program, folder)
        self._folder = folder
        self._series: dict[str, Mapping[str, str]] = {"": self.environment}
        self._built: dict[str, Mapping[str, str]] = {}

    def home(self, image: str) -> Mapping[str, str]:
        """The environment in which *image* is found."""
        return self._built.get(image, self.environment)

    def _store(self, series: str) -> Mapping[str, str]:
        """A store for each series.

        The cache is searched for an image with the same history. Of two with equal histories, but for the time, it may
        be the one whose next instruction is another: then all that follows is built again.
        """
        if series not in self._series:
            folder = self._folder / f"s{len(self._series)}"
            folder.mkdir()
            self._series[series] = open_store(self.program, folder)
        return self._series[series]

    def version(self) -> str:
        """As the program says with ``--version``."""
        return self.ask("", "--version").strip()

    def fetch(self, image: str) -> bool:
        """Pull into the user's own storage, where the next run finds it."""
        here = capture([self.program, "images", "--quiet", image], SHORT, os.environ)
        if here.returncode == 0 and here.stdout.strip():
            return True
        try:
            return capture([self.program, "pull", "--quiet", image], SHORT, os.environ).returncode == 0
        except TimedOut:
            return False

    def build(self, request: BuildRequest, log: Path, on_line: LineReader) -> tuple[str, ...]:
        """Build in Docker's image format: the other one has no place for HEALTHCHECK, SHELL and ONBUILD."""
        command = [self.program, *self.build_command, "--layers", "--format", "docker", "--tag", request.tag]
        command += ["--file", str(request.dockerfile)]
        command += ["--no-cache"] if request.fresh else []
        command += ["--target", request.target] if request.target else []
        command += [f"--network={request.network}"] if request.network else []
        for name, value in request.build_args:
            command += ["--build-arg", name if value is None else f"{name}={value}"]
        reader = LogReader(_STEP, _CACHED, on_line)
        environment = self._store(request.series)
        self._built[request.tag] = environment
        try:
            status = stream([*command, str(request.context)], log, reader, request.timeout, environment)
        except TimedOut:
            raise BuildFailed(request.dockerfile, reader.step, log_end(log), timed_out=True) from None
        if status:
            named = [found[1] for line in log_end(log) if (found := _FAILED.search(line))]
            instruction = named[-1].encode().decode("unicode_escape") if named else reader.step
            raise BuildFailed(request.dockerfile, instruction, log_end(log))
        return reader.executed

    def inspect(self, image: str) -> ImageConfig:
        """Each program has its own way of showing what an image is."""
        raise NotImplementedError

    def export(self, image: str, archive: Path) -> None:
        """Layers uncompressed, in the form of ``docker save``."""
        self.ask(image, "push", "--quiet", image, f"docker-archive:{archive}")

    def run(self, request: RunRequest) -> RunOutcome:
        """Each program has its own way of running."""
        raise NotImplementedError

    def start(self, request: StartRequest) -> StartOutcome:
        """Each program has its own way of watching."""
        raise NotImplementedError

    def remove(self, image: str) -> None:
        """The tag only; what lies under it goes with the storage."""
        capture([self.program, "rmi", "--force", image], SHORT, self.home(image))

    def close(self) -> None:
        """Nothing is left outside the folder, which its owner removes."""

    def ask(self, image: str, *arguments: str) -> str:
        """The standard output of the program called so, where *image* is. Raises ``EngineError`` with its complaint."""
        try:
            found = capture([self.program, *arguments], SHORT, self.home(image))
        except TimedOut:
            raise EngineError(f"{self.name} {arguments[0]}: no answer in {SHORT:.0f} seconds") from None
        if found.returncode:
            raise EngineError(f"{self.name} {arguments[0]}: {found.stderr.strip()}")
        return found.stdout
