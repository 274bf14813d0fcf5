"""Builds and runs with podman."""

from __future__ import annotations

import secrets
from typing import Any

from .containers import SHORT, ContainersEngine
from .interface import RunOutcome, RunRequest
from .process import TimedOut, capture


class Podman(ContainersEngine):
    """``podman build`` and ``podman run``."""

    name = "podman"
    build_command = ("build",)

    def image_document(self, image: str) -> dict[str, Any]:
        """podman keeps some of Docker's fields beside ``Config`` instead of in it."""
        document = self.ask_json("image", "inspect", image)[0]
        return {**document["Config"], "Healthcheck": document.get("Healthcheck")}

    def run(self, request: RunRequest) -> RunOutcome:
        """Health checks are off: they want systemd, and the command is over before the first."""
        container = f"dockerslim-{secrets.token_hex(8)}"
        program, *arguments = request.command
        command = [self.program, "run", "--rm", "--name", container, "--no-healthcheck", "--pull=never"]
        command += [f"--network={request.network}"] if request.network else []
        command += ["--entrypoint", f'["{program}"]', request.image, *arguments]
        try:
            found = capture(command, request.timeout, self.environment)
            return RunOutcome(found.returncode, found.stdout, found.stderr)
        except TimedOut:
            return RunOutcome(None, "", "")
        finally:
            capture([self.program, "rm", "--force", "--ignore", container], SHORT, self.environment)
