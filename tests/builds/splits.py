"""Projects whose Dockerfile a recipe splits, with what is measured of them by builds.

Those of the folder ``projects`` are small and each shows one thing; those of ``examples`` are whole.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dockerslim_rewrite import Options, Result, rewrite
from dockerslim_rewrite.engine.announced import announced
from dockerslim_rewrite.engine.archive import LayerCache
from dockerslim_rewrite.engine.bases import external_images
from dockerslim_rewrite.engine.expectations import Difference
from dockerslim_rewrite.engine.interface import BuildFailed
from dockerslim_rewrite.engine.traces import Traced
from dockerslim_rewrite.engine.verify import Candidate, Verification, VerifyOptions, smoke_command, verify_each
from dockerslim_rewrite.passes import PIPELINE
from tests.builds.examples import examples
from tests.builds.opened import absent, missing, read_trace, traces, tracing

ROOT = Path(__file__).parent / "projects"
LEVELS = ("standard", "aggressive")
#: The rules that split a stage.
RULES = tuple(one.code for phase in PIPELINE if phase.name == "split" for one in phase.passes)


@dataclass(frozen=True, slots=True)
class SplitProject:
    """A build context with a Dockerfile of one stage, and the command that shows that an image works."""

    name: str
    context: Path
    smoke: tuple[str, ...]

    @property
    def dockerfile(self) -> Path:
        """The Dockerfile as people write it."""
        return self.context / "Dockerfile"

    def split(self, level: str) -> Result:
        """What the rules that split make of it at *level*, and no others."""
        options = Options(level=level, select=RULES, context=self.context)
        return rewrite(self.dockerfile.read_bytes(), options, str(self.dockerfile))


@dataclass(frozen=True, slots=True)
class Split:
    """What was measured of one split: the ``verification``, and of the smoke command's run how many files it
    ``opened`` before, which of them are ``absent`` from the new image, and which of those it asks for (``missing``).
    """

    rule: str
    base: str
    verification: Verification
    opened: int
    absent: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether it works as before, nothing is missing, asked for or not announced."""
        lost = [one for one in self.verification.unexpected if one.kind is Difference.REMOVED]
        return self.verification.smoke_agrees and not (lost or self.missing or self.verification.unexpected_config)


def small_projects() -> list[SplitProject]:
    """The projects of the folder ``projects``, by name."""
    return [
        SplitProject(path.name, path, smoke_command(_smoke(path).read_text("utf-8"))) for path in sorted(ROOT.iterdir())
    ]


def all_projects() -> list[SplitProject]:
    """These, and the examples that are split at any level."""
    whole = [SplitProject(one.name, one.context, one.smoke) for one in examples()]
    return [*small_projects(), *(one for one in whole if any(one.split(level).changes for level in LEVELS))]


def _smoke(folder: Path) -> Path:
    return next(file for file in (folder / "smoke.json", folder / "smoke.sh") if file.is_file())


def measure(project: SplitProject, prepare: Callable[..., None], layers: LayerCache | None = None) -> dict[str, Split]:
    """Build *project* as it is and as each level splits it; each distinct text once, by the first level that gives it.

    *prepare* makes sure of base images by their names. Raises ``BuildFailed`` if one of them does not build.
    """
    with tempfile.TemporaryDirectory(prefix="dockerslim-splits-", dir="/var/tmp") as name:
        folder = Path(name)
        results: dict[str, Result] = {}
        for level in LEVELS:
            result = project.split(level)
            if result.changed and result.text not in [one.text for one in results.values()]:
                results[level] = result
        candidates = []
        for level, result in results.items():
            file = folder / f"Dockerfile.{level}"
            file.write_bytes(result.to_bytes())
            candidates.append(Candidate(file, announced(result.changes), result.saving))
        if not candidates:
            return {}
        files = (project.dockerfile, *(one.dockerfile for one in candidates))
        prepare(*dict.fromkeys(image for file in files for image in external_images(file, {})))
        options = VerifyOptions(engine=tracing(folder), smoke=project.smoke, warm=False, control=False)
        outcomes = verify_each(project.dockerfile, candidates, project.context, options, layers=layers)
        found: dict[str, Split] = {}
        before: Traced | None = None
        for (level, result), outcome in zip(results.items(), outcomes, strict=True):
            if isinstance(outcome, BuildFailed):
                raise outcome
            before = before or read_trace(traces(folder)[0])
            after, files_after = read_trace(traces(folder)[-1]), outcome.after.image.files
            (rule,) = {change.rule for change in result.changes}
            found[level] = Split(
                rule,
                external_images(candidates[len(found)].dockerfile, {})[-1],
                outcome,
                len(before.found),
                tuple(absent(before, files_after)),
                tuple(missing(before, after, files_after)),
            )
        return found
