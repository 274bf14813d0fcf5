"""The example projects: their Dockerfiles, contexts, smoke commands, and the rewrites that are to be judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dockerslim_rewrite import Options, Result, Safety, rewrite
from dockerslim_rewrite.cli.files import lock_for
from dockerslim_rewrite.engine.announced import announced
from dockerslim_rewrite.engine.bases import external_images
from dockerslim_rewrite.engine.verify import Candidate, smoke_command

ROOT = Path(__file__).parents[2] / "examples"

#: The file that stands for "somebody edited the source" where it is not the one that verify finds by itself.
_TOUCH = {
    "archive": "greeting.txt",
    "cpp-cmake": "src/checksum.cpp",
    "cron-root": "rotate.sh",
    "django": "polls/views.py",
    "express": "src/app.ts",
    "java": "src/inventory/Main.java",
}

#: Small enough for the quick subset: files copied, packages installed, nothing to do.
QUICK = ("chown", "cron-root", "good")


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
    def touch(self) -> Path | None:
        """The source file to change for warm builds; None if the one that is found is a good one."""
        return Path(_TOUCH[self.name]) if self.name in _TOUCH else None

    @property
    def bases(self) -> tuple[str, ...]:
        """Base images of both Dockerfiles."""
        return tuple({image: None for file in (self.dockerfile, self.expert) for image in external_images(file, {})})


def examples() -> tuple[Example, ...]:
    """All examples, by name."""
    return tuple(Example(path.name) for path in sorted(ROOT.iterdir()) if (path / "Dockerfile").is_file())


def rewrites(example: Example) -> dict[str, Result]:
    """What the rewriter makes of the poor Dockerfile, by level."""
    data, lock = example.dockerfile.read_bytes(), lock_for(str(example.dockerfile))
    return {
        level.label: rewrite(data, Options(level=level, context=example.context, lock=lock), str(example.dockerfile))
        for level in Safety
    }


def candidates(example: Example, folder: Path) -> dict[str, Candidate]:
    """The Dockerfiles to hold against the poor one, each text once under the name of the first level that gives it.

    Those of the rewriter are written into *folder*; the expert's, ``expert``, is the bar for all of them.
    """
    found = {}
    seen = {example.dockerfile.read_bytes()}
    for level, result in rewrites(example).items():
        if result.to_bytes() not in seen:
            seen.add(result.to_bytes())
            file = folder / f"Dockerfile.{level}"
            file.write_bytes(result.to_bytes())
            found[level] = Candidate(file, announced(result.changes), result.saving)
    return {**found, "expert": Candidate(example.expert)}
