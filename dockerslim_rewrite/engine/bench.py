"""Where Dockerfiles become images to look at: a copy of the context, an engine, builds, starts, and reading."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from ..patterns import re
from .archive import Image, LayerCache, read_archive
from .bases import external_images, shipped_image
from .context import copy_context
from .interface import (
    BuildRequest,
    Engine,
    EngineError,
    ImageConfig,
    RunOutcome,
    RunRequest,
    StartOutcome,
    StartRequest,
)
from .processes import taken
from .rootfs import RootFilesystem

#: Receives a line about what is going on, for people.
Progress = Callable[[str], None]
#: What the name of a second build of the same file ends in.
WARM = "-warm"
#: A port in a smoke command: behind a colon, as in addresses.
_PORT = re.compile(r":(\d{2,5})\b")


class Bench:
    """Builds in a copy of a context and tells of the images. Everything is removed when *stack* is closed.

    *folder* is empty and ours alone. Its methods raise ``EngineError``; ``build`` also raises ``BuildFailed``.
    """

    def __init__(
        self, engine: Engine, folder: Path, stack: ExitStack, layers: LayerCache, log: Path | None, progress: Progress
    ) -> None:
        self.engine = engine
        self.context = folder / "context"
        self.progress = progress
        self._folder = folder
        self._stack = stack
        self._layers = layers
        self._log = log.absolute() if log else folder / "build.log"
        self._run = secrets.token_hex(8)

    def prepare(self, dockerfiles: Sequence[Path], context: Path, arguments: dict[str, str]) -> None:
        """Copy *context*, and fetch the images that *dockerfiles* start from."""
        copy_context(context, self.context)
        self.fetch(dockerfiles, arguments)

    def fetch(self, dockerfiles: Sequence[Path], arguments: dict[str, str]) -> None:
        """Make sure of the images that *dockerfiles* start from, with *arguments* for ARG."""
        for image in {image: None for file in dockerfiles for image in external_images(file, arguments)}:
            self.progress(f"fetching {image}")
            self.engine.fetch(image)

    def tag(self, name: str) -> str:
        """What the engine calls the image *name*."""
        return f"localhost/dockerslim-verify-{self._run}:{name}"

    def build(
        self, dockerfile: Path, name: str, like: BuildRequest, *, fresh: bool, series: str = ""
    ) -> tuple[float, tuple[str, ...]]:
        """Build *dockerfile* as *name*, otherwise *like* that request; seconds, and the RUNs that were carried out.

        Images of one *series* share their layers; without one, an image has its own.
        """
        request = BuildRequest(
            dockerfile=dockerfile.absolute(),
            context=self.context,
            tag=self.tag(name),
            target=like.target,
            build_args=like.build_args,
            network=like.network,
            fresh=fresh,
            series=series or name.removesuffix(WARM),
            timeout=like.timeout,
        )
        self._stack.callback(self.engine.remove, request.tag)
        start = time.monotonic()
        executed = self.engine.build(request, self._log, lambda line: self.progress(f"building {name}: {line}"))
        return time.monotonic() - start, executed

    def read(self, name: str, *, squeezed: bool = True) -> Image:
        """The image *name*; without *squeezed* nobody asks how large it is compressed."""
        self.progress(f"reading {name}")
        return self._exported(self.tag(name), squeezed=squeezed)

    def base(self, dockerfile: Path, arguments: dict[str, str], target: str | None) -> Image:
        """The image that *dockerfile* builds on; an empty one if that is ``scratch``."""
        image = shipped_image(dockerfile, arguments, target)
        if image is None:
            return Image((), ImageConfig(), RootFilesystem(), {})
        self.progress(f"reading {image}")
        return self._exported(image, squeezed=False)

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[tuple[Image, Path]]:
        """The image *name*, not compressed, and while inside its archive."""
        self.progress(f"reading {name}")
        with self._archive(self.tag(name)) as archive:
            yield read_archive(archive, self._layers, squeezed=False), archive

    def _exported(self, image: str, *, squeezed: bool) -> Image:
        with self._archive(image) as archive:
            return read_archive(archive, self._layers, squeezed=squeezed)

    @contextlib.contextmanager
    def _archive(self, image: str) -> Iterator[Path]:
        archive = self._folder / "image.tar"
        try:
            self.engine.export(image, archive)
            yield archive
        finally:
            archive.unlink(missing_ok=True)

    def command(self, name: str, command: tuple[str, ...], network: str | None, timeout: float) -> RunOutcome:
        """Run *command* in the image *name*."""
        return self.engine.run(RunRequest(self.tag(name), command, network, timeout))

    def smoke(
        self, name: str, command: tuple[str, ...], ports: Iterable[int], network: str | None, timeout: float
    ) -> RunOutcome:
        """Run the smoke *command* in the image *name*.

        Where containers share this machine's network, another program could answer in its stead: the ports that the
        image exposes (*ports*), and those that the command names, have to be free. Raises ``EngineError``.
        """
        if (network in (None, "host") and self.engine.name in ("buildah", "podman")) or network == "host":
            named = {int(port) for word in command for port in _PORT.findall(word)}
            busy = sorted(taken({*ports, *named}))
            if busy:
                raise EngineError(
                    f"port {busy[0]} is in use on this machine, so another program could answer the smoke command; "
                    "end that program"
                )
        self.progress(f"running the smoke command in {name}")
        return self.command(name, command, network, timeout)

    def start(
        self, name: str, config: ImageConfig, network: str | None, timeout: float, *, trace: bool
    ) -> StartOutcome:
        """Start the image *name* with *config* as it says, cut off unless *network* names one, and watch it."""
        self.progress(f"starting {name}")
        return self.engine.start(StartRequest(self.tag(name), config, network, timeout, trace=trace))
