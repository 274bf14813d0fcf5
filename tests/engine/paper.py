"""An engine of paper: what it builds is what the Dockerfile's text says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dockerslim_rewrite.engine.interface import (
    BuildFailed,
    BuildRequest,
    ImageConfig,
    RunOutcome,
    RunRequest,
    StartOutcome,
    StartRequest,
)
from tests.engine.images import LayerOf, write_image


class PaperEngine:
    """``RUN path=content`` makes a file, ``RUN path=*`` one that differs each time; ``RUN fail`` fails."""

    name = "paper"

    def __init__(self) -> None:
        self.images: dict[str, list[str]] = {}
        self.journal: list[str] = []
        self.count = 0

    def version(self) -> str:
        return "paper 1.0"

    def fetch(self, image: str) -> bool:
        self.journal.append(f"fetch {image}")
        return True

    def build(self, request: BuildRequest, log: Path, on_line: Callable[[str], None]) -> tuple[str, ...]:
        name = request.tag.rpartition(":")[2]
        source = (request.context / "app.py").read_text()
        self.journal.append(f"build {name}{' fresh' if request.fresh else ''} {source!r}")
        lines = self.lines(request)
        if "RUN fail" in lines:
            raise BuildFailed(request.dockerfile, "RUN false", ("oh", "no"))
        self.images[request.tag] = lines
        return tuple(line for line in lines if line.startswith("RUN ") and (request.fresh or line.endswith("=*")))

    def lines(self, request: BuildRequest) -> list[str]:
        return request.dockerfile.read_text().splitlines()

    def inspect(self, image: str) -> ImageConfig:
        return ImageConfig()

    def export(self, image: str, archive: Path) -> None:
        layer = LayerOf("RUN things")
        for line in self.images.get(image, ()):
            path, assigned, content = line.removeprefix("RUN ").partition("=")
            self.count += 1
            if assigned and path.startswith("/"):
                layer.file(path, content if content != "*" else str(self.count))
        starts = any(line.startswith(("RUN listens=", "RUN ends=")) for line in self.images.get(image, ()))
        write_image(archive, layer, config={"Cmd": ["/app"]} if starts else None)

    def run(self, request: RunRequest) -> RunOutcome:
        said = [line[9:] for line in self.images[request.image] if line.startswith("RUN says=")]
        return RunOutcome(0, "".join(said), "")

    def start(self, request: StartRequest) -> StartOutcome:
        """``RUN listens=80`` makes the container listen on that port; else it ends, after ``RUN ends=1`` with 1."""
        self.journal.append(f"start {request.image.rpartition(':')[2]}")
        ports = [int(line[12:]) for line in self.images[request.image] if line.startswith("RUN listens=")]
        ends = [int(line[9:]) for line in self.images[request.image] if line.startswith("RUN ends=")]
        return StartOutcome(None if ports else ends[-1] if ends else 0, frozenset(ports))

    def remove(self, image: str) -> None:
        self.journal.append(f"remove {image.rpartition(':')[2]}")
        self.images.pop(image, None)

    def close(self) -> None:
        self.journal.append("close")
