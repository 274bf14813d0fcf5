"""Builds and runs with Docker; BuildKit builds, be it through buildx or, before Docker 23, in the daemon itself."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from ..patterns import re
from . import detached
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
from .process import TimedOut, capture, stream

#: Seconds for what needs no network and runs nothing.
SHORT = 600.0

_STEP = re.compile(r"^(?P<id>#\d+) \[(?:[^\]]* )?(?P<number>\d+/\d+)\] (?P<instruction>.*)$")
_CACHED = re.compile(r"^(?P<id>#\d+) CACHED$")
_FAILED = re.compile(r"^ > \[(?:[^\]]* )?\d+/\d+\] (.*?):?$")


class Docker:
    """The daemon that DOCKER_HOST or the current context names."""

    name = "docker"

    def __init__(self, program: str) -> None:
        """*program* is the client's executable. Raises ``EngineError`` if its daemon does not answer."""
        self.program = program
        self.environment: Mapping[str, str] = {**os.environ, "DOCKER_BUILDKIT": "1"}
        self._version = self._ask("version", "--format", "{{.Server.Version}}").strip()
        self._buildx = capture([program, "buildx", "version"], SHORT, self.environment).returncode == 0
        client = self._ask("version", "--format", "{{.Client.Version}}").strip()
        major = re.match(r"\d+", client)
        if not self._buildx and major and int(major[0]) >= 23:
            raise EngineError(f"docker {client} builds with its plug-in buildx, which is not installed; install it")

    def version(self) -> str:
        """The daemon's version: it does the work."""
        return f"docker {self._version}"

    def fetch(self, image: str) -> bool:
        """Pull into the daemon's storage."""
        if capture([self.program, "image", "inspect", image], SHORT, self.environment).returncode == 0:
            return True
        try:
            return capture([self.program, "pull", "--quiet", image], SHORT, self.environment).returncode == 0
        except TimedOut:
            return False

    def build(self, request: BuildRequest, log: Path, on_line: LineReader) -> tuple[str, ...]:
        """The result is loaded into the daemon whichever builder buildx uses."""
        command = [self.program, *(("buildx", "build", "--load") if self._buildx else ("build",))]
        command += ["--progress=plain", "--tag", request.tag, "--file", str(request.dockerfile)]
        command += ["--no-cache"] if request.fresh else []
        command += ["--target", request.target] if request.target else []
        command += [f"--network={request.network}"] if request.network else []
        for name, value in request.build_args:
            command += ["--build-arg", name if value is None else f"{name}={value}"]
        reader = LogReader(_STEP, _CACHED, on_line)
        try:
            status = stream([*command, str(request.context)], log, reader, request.timeout, self.environment)
        except TimedOut:
            raise BuildFailed(request.dockerfile, reader.step, log_end(log), timed_out=True) from None
        if status:
            named = [found[1] for line in log_end(log) if (found := _FAILED.match(line))]
            raise BuildFailed(request.dockerfile, named[-1] if named else reader.step, log_end(log))
        return reader.executed

    def inspect(self, image: str) -> ImageConfig:
        """From ``docker image inspect``."""
        return ImageConfig.of(json.loads(self._ask("image", "inspect", image))[0]["Config"])

    def export(self, image: str, archive: Path) -> None:
        """As ``docker save`` writes it."""
        self._ask("save", "--output", str(archive), image)

    def run(self, request: RunRequest) -> RunOutcome:
        """In a container that is removed even if the client is ended."""
        container = f"dockerslim-{secrets.token_hex(8)}"
        program, *arguments = request.command
        command = [self.program, "run", "--rm", "--name", container, "--no-healthcheck"]
        # Ended, the client ends at once: the container may not heed the signal, and is killed below.
        command += ["--sig-proxy=false"]
        command += [f"--network={request.network}"] if request.network else []
        command += ["--entrypoint", program, request.image, *arguments]
        ended = False
        try:
            found = capture(command, request.timeout, self.environment)
            ended = True
            return RunOutcome(found.returncode, found.stdout, found.stderr)
        except TimedOut:
            return RunOutcome(None, "", "")
        finally:
            if not ended:
                capture([self.program, "rm", "--force", container], SHORT, self.environment)

    def start(self, request: StartRequest) -> StartOutcome:
        """In a container in the background."""
        return detached.start(self.program, self.environment, (), request)

    def remove(self, image: str) -> None:
        """The image goes; BuildKit's cache is under the daemon's own collection of garbage."""
        capture([self.program, "image", "rm", "--force", image], SHORT, self.environment)

    def close(self) -> None:
        """Images are removed one by one, by name; nothing else is ours."""

    def _ask(self, *arguments: str) -> str:
        try:
            found = capture([self.program, *arguments], SHORT, self.environment)
        except TimedOut:
            raise EngineError(f"docker {arguments[0]}: no answer in {SHORT:.0f} seconds") from None
        if found.returncode:
            raise EngineError(f"docker {arguments[0]}: {found.stderr.strip()}")
        return found.stdout
