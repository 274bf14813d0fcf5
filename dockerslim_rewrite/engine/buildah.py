"""Builds and runs with buildah, which needs no daemon."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from .containers import SHORT, ContainersEngine
from .interface import ALONE, EngineError, ImageConfig, RunOutcome, RunRequest, StartOutcome, StartRequest
from .process import TimedOut, capture
from .processes import end_all
from .started import watched
from .traces import read_trace, under_strace


class Buildah(ContainersEngine):
    """``buildah bud``, ``from``, ``run``; the environment may set BUILDAH_ISOLATION where namespaces are short."""

    name = "buildah"
    build_command = ("bud",)

    def inspect(self, image: str) -> ImageConfig:
        """buildah shows both formats of configuration; Docker's has all fields."""
        return ImageConfig.of(json.loads(self.ask(image, "inspect", "--type", "image", image))["Docker"]["config"])

    def run(self, request: RunRequest) -> RunOutcome:
        """In a working container, made for this and removed with all processes, which chroot isolation leaves."""
        with self._container(request.image) as (container, environment, _):
            network = None if request.network == ALONE else request.network
            command = [self.program, "run", *_network(network), container, "--", *request.command]
            if request.network == ALONE:
                command, environment = _cut_off(command, environment)
            try:
                found = capture(command, request.timeout, environment)
                return RunOutcome(found.returncode, found.stdout, found.stderr)
            except TimedOut:
                return RunOutcome(None, "", "")

    def start(self, request: StartRequest) -> StartOutcome:
        """The same for what the image starts; without a network, in one of its own."""
        with self._container(request.image) as (container, environment, root):
            if root is None:
                raise EngineError("buildah shows what a container does only to root; use docker or podman, or be root")
            command = [self.program, "run", *_network(request.network), container, "--", *request.config.command]
            trace = Path(environment["TMPDIR"]) / f"{secrets.token_hex(4)}.trace"
            traced = request.trace and shutil.which("strace") is not None
            if traced:
                command = under_strace(command, trace)
            if request.network is None:
                command, environment = _cut_off(command, environment)
            found = watched(command, environment, root, request.timeout, request.settle)
            if not traced or not trace.exists():
                return found
            return StartOutcome(
                found.status, found.ports, found.written, found.output, read_trace(trace.read_text("utf-8", "replace"))
            )

    @contextlib.contextmanager
    def _container(self, image: str) -> Iterator[tuple[str, Mapping[str, str], Path | None]]:
        """A working container of *image*, the environment to speak of it in, and its root; all ends with it."""
        environment = self.home(image)
        container = self.ask(image, "from", "--pull-never", image).strip()
        try:
            # Without root's rights nothing can be mounted, and isolation has namespaces, which end their processes.
            root = Path(self.ask(image, "mount", container).strip()) if os.geteuid() == 0 else None
            try:
                yield container, environment, root
            finally:
                if root is not None:
                    end_all(root)
        except TimeoutError as error:
            raise EngineError(f"buildah run: {error}") from None
        finally:
            capture([self.program, "rm", container], SHORT, environment)


def _network(name: str | None) -> tuple[str, ...]:
    return (f"--network={name}",) if name else ()


def _cut_off(command: list[str], environment: Mapping[str, str]) -> tuple[list[str], Mapping[str, str]]:
    """*command* with its environment such that it runs in a network of its own: chroot isolation makes none."""
    alone = [sys.executable, "-m", f"{__package__}.alone", *command]
    return alone, {**environment, "PYTHONPATH": _importable(environment)}


def _importable(environment: Mapping[str, str]) -> str:
    """PYTHONPATH such that a Python of ours finds this package wherever it is run."""
    here = str(Path(__file__).parents[2])
    return os.pathsep.join(filter(None, (here, environment.get("PYTHONPATH", ""))))
