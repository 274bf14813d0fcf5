"""The example projects: their Dockerfiles, contexts, smoke commands, and the rewrites that are to be judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dockerslim_rewrite.engine.bases import external_images
from dockerslim_rewrite.engine.verify import smoke_command

ROOT = Path(__file__).parents[2] / "examples"

#: Small enough for the quick subset, and one of each trap.
QUICK = ("archive", "chown", "cron-root", "good")


@dataclass(frozen=True, slots=True)
class Example:
    """One folder of ``examples``."""

    name: str

    @property
    def context(self) -> Path:
        """The build context: the folder itself."""
        return ROOT / self.name

    @property
    def dockerfile(self) -> Path:
        """The Dockerfile as people write it."""
        return self.context / "Dockerfile"

    @property
    def expert(self) -> Path:
        """The Dockerfile as an expert would write it."""
        return self.context / "Dockerfile.expert"

    @property
    def smoke(self) -> tuple[str, ...]:
        """The argument vector that shows that an image works: from ``smoke.json`` or ``smoke.sh``."""
        files = [self.context / name for name in ("smoke.json", "smoke.sh")]
        return smoke_command(next(file for file in files if file.is_file()).read_text())

    @property
    def bases(self) -> tuple[str, ...]:
        """Base images of both Dockerfiles."""
        return tuple({image: None for file in (self.dockerfile, self.expert) for image in external_images(file, {})})


def examples() -> tuple[Example, ...]:
    """All examples, by name."""
    return tuple(Example(path.name) for path in sorted(ROOT.iterdir()) if (path / "Dockerfile").is_file())


def candidates(example: Example) -> dict[str, str]:
    """Texts of Dockerfiles to hold against the poor one, by level; the expert's is the bar for all of them."""
    return {"expert": example.expert.read_text("utf-8")}
