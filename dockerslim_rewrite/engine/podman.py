"""Builds and runs with podman."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

from . import detached
from .archive import read_config
from .containers import SHORT, ContainersEngine
from .interface import ImageConfig, RunOutcome, RunRequest, StartOutcome, StartRequest
from .process import TimedOut, capture


class Podman(ContainersEngine):
    """``podman build`` and ``podman run``."""

    name = "podman"
    build_command = ("build",)

    def inspect(self, image: str) -> ImageConfig:
        """From an export: ``podman image inspect`` leaves SHELL and ONBUILD out."""
        with tempfile.TemporaryDirectory(dir=self.environment["TMPDIR"]) as folder:
            archive = Path(folder) / "image.tar"
            self.export(image, archive)
            return read_config(archive)

    def run(self, request: RunRequest) -> RunOutcome:
        """Health checks are off: they want systemd, and the command is over before the first."""
        environment = self.home(request.image)
        container = f"dockerslim-{secrets.token_hex(8)}"
        program, *arguments = request.command
        command = [self.program, "run", "--rm", "--name", container, "--no-healthcheck", "--pull=never"]
        # Ended, the program ends at once: the container may not heed the signal, and is killed below.
        command += ["--sig-proxy=false"]
        command += [f"--network={request.network}"] if request.network else []
        command += ["--entrypoint", f'["{program}"]', request.image, *arguments]
        ended = False
        try:
            found = capture(command, request.timeout, environment)
            ended = True
            return RunOutcome(found.returncode, found.stdout, found.stderr)
        except TimedOut:
            return RunOutcome(None, "", "")
        finally:
            if not ended:
                capture([self.program, "kill", container], SHORT, environment)
            capture([self.program, "rm", "--force", "--ignore", container], SHORT, environment)

    def start(self, request: StartRequest) -> StartOutcome:
        """In a container in the background."""
        return detached.start(self.program, self.home(request.image), ("--pull=never",), request)
