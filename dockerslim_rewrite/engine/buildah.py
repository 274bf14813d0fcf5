"""Builds and runs with buildah, which needs no daemon."""

from __future__ import annotations

import json

from .containers import SHORT, ContainersEngine
from .interface import ImageConfig, RunOutcome, RunRequest
from .process import TimedOut, capture


class Buildah(ContainersEngine):
    """``buildah bud``, ``from``, ``run``; the environment may set BUILDAH_ISOLATION where namespaces are short."""

    name = "buildah"
    build_command = ("bud",)

    def inspect(self, image: str) -> ImageConfig:
        """buildah shows both formats of configuration; Docker's has all fields."""
        return ImageConfig.of(json.loads(self.ask(image, "inspect", "--type", "image", image))["Docker"]["config"])

    def run(self, request: RunRequest) -> RunOutcome:
        """In a working container, made for this and removed."""
        environment = self.home(request.image)
        container = self.ask(request.image, "from", "--pull-never", request.image).strip()
        command = [self.program, "run", *([f"--network={request.network}"] if request.network else []), container]
        try:
            found = capture([*command, "--", *request.command], request.timeout, environment)
            return RunOutcome(found.returncode, found.stdout, found.stderr)
        except TimedOut:
            return RunOutcome(None, "", "")
        finally:
            capture([self.program, "rm", container], SHORT, environment)
