"""``python -m benchmarks.images``: what rewriting is worth on built images, and what an expert makes of the same files.

Each example is built as people wrote it, as the rewriter leaves it at each level, and as an expert wrote it by hand;
prints a table in Markdown. Base images are the tests' stand-ins, so that no registry is needed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dockerslim_rewrite.cli.progress import ProgressLine
from dockerslim_rewrite.engine.bases import external_images
from dockerslim_rewrite.engine.interface import BuildFailed
from dockerslim_rewrite.engine.verify import Side, Verification, VerifyOptions, verify_each
from dockerslim_rewrite.report.verify import failure_lines, verification_json
from tests.builds import standins
from tests.builds.examples import Example, candidates, examples, rewrites

HEAD = (
    "example", "Dockerfile", "size", "compressed", "layers", "cold", "warm", "smaller by", "estimated", "smoke",
    "unexpected",
)  # fmt: skip
EXPERT = "expert"

INTRODUCTION = """\
# What rewriting is worth, on built images

Made by `make bench-images` on {day} with {engine}. Each project in `examples` is built as people write such files, as
the rewriter leaves them at each level, and as an expert wrote them by hand (`Dockerfile.expert`). Base images are
local stand-ins made of Debian packages, so sizes are near those of the images of these names, not equal to them.

- **size** is that of all files in all layers, **compressed** what a registry keeps of them.
- **cold** is the build time without any cached layer, **warm** that with one source file changed since. Both were
  taken on a machine with two processors that did other work as well, downloads included.
- **smaller by** is measured against the file as written, **estimated** is what the changes promise beforehand; not
  every change gives an estimate.
- **smoke** compares exit status and output of the example's smoke command before and after. **unexpected** counts
  differences between the two images, files and configuration, that no change announces; expert files install and
  configure other things on purpose, so nothing is counted there.
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One example. ``outcomes`` has each distinct text by the first level that gives it; ``levels`` maps each level
    to that one, or to None where it leaves the file as it is."""

    name: str
    outcomes: Mapping[str, Verification]
    levels: Mapping[str, str | None]

    @property
    def before(self) -> Side:
        """The Dockerfile as people wrote it."""
        return self.outcomes[EXPERT].before

    def size(self, level: str) -> int:
        """Bytes of the image that *level* leads to."""
        key = self.levels[level]
        return self.before.image.size if key is None else self.outcomes[key].after.image.size


def measure(example: Example, engine: str) -> Measured:
    """Build everything there is of *example*. Raises ``BuildFailed`` for whatever does not build."""
    with tempfile.TemporaryDirectory(prefix="dockerslim-rewrites-") as folder:
        found = candidates(example, Path(folder))
        texts = {one.dockerfile.read_bytes(): name for name, one in found.items() if name != EXPERT}
        files = (example.dockerfile, *(one.dockerfile for one in found.values()))
        standins.ensure({image: None for file in files for image in external_images(file, {})})
        options = VerifyOptions(engine=engine, smoke=example.smoke, touch=example.touch)
        progress = ProgressLine(quiet=False)
        outcomes: dict[str, Verification] = {}
        try:
            each = verify_each(example.dockerfile, list(found.values()), example.context, options, progress)
            for level, outcome in zip(found, each, strict=True):
                if isinstance(outcome, BuildFailed):
                    raise outcome
                outcomes[level] = outcome
        finally:
            progress.clear()
    levels = {level: texts.get(result.to_bytes()) for level, result in rewrites(example).items()}
    return Measured(example.name, outcomes, {**levels, EXPERT: EXPERT})


def rows(measured: Measured) -> Iterator[tuple[str, ...]]:
    """The rows of one example: as it was, each distinct rewrite, the expert's."""
    yield measured.name, "as written", *_cells(measured.before), "", "", "", ""
    for key, outcome in measured.outcomes.items():
        names = [level for level, used in measured.levels.items() if used == key]
        smoke = "same" if outcome.smoke_agrees else "DIFFERENT"
        differ = len(outcome.unexpected) + len(outcome.unexpected_config)
        saved, promised = size_text(outcome.saved), size_text(outcome.estimate or 0)
        # The expert's file installs and configures on purpose what the poor one does not: that is no refinement of it.
        judged = ("", smoke, "") if key == EXPERT else (promised, smoke, str(differ))
        yield "", ", ".join(names), *_cells(outcome.after), saved, *judged
    unchanged = [level for level, used in measured.levels.items() if used is None]
    if unchanged:
        yield "", ", ".join(unchanged), "unchanged", "", "", "", "", "", "", "", "0"


def _cells(side: Side) -> tuple[str, ...]:
    warm = "" if side.warm_seconds is None else f"{side.warm_seconds:.1f} s"
    sizes = map(size_text, (side.image.size, side.image.compressed))
    return *sizes, str(len(side.image.layers)), f"{side.cold_seconds:.1f} s", warm


def size_text(count: int) -> str:
    """Bytes in one unit for all, so that columns can be compared."""
    return f"{count / 1e6:.1f} MB"


def summary(all_of_them: Sequence[Measured]) -> Iterator[tuple[str, ...]]:
    """Per level: bytes of all images, the share saved, and how much of the expert's saving that is."""
    before = sum(one.before.image.size for one in all_of_them)
    best = before - sum(one.size(EXPERT) for one in all_of_them)
    yield "as written", f"{before / 1e6:.0f} MB", "", ""
    for level in all_of_them[0].levels:
        after = sum(one.size(level) for one in all_of_them)
        share = f"{100 * (before - after) / best:.0f} %" if best > 0 else ""
        yield level, f"{after / 1e6:.0f} MB", f"{100 * (before - after) / before:.1f} %", share


def table(head: Sequence[str], lines: Sequence[Sequence[str]], words: int) -> Iterator[str]:
    """A table in Markdown; the first *words* columns hold words, the others figures."""
    yield f"| {' | '.join(head)} |"
    yield "|" + "|".join("---" if number < words else "---:" for number in range(len(head))) + "|"
    yield from (f"| {' | '.join(line)} |" for line in lines)


def main(arguments: Sequence[str]) -> int:
    """Measure, print, say whether all went well: 0, 1 if something unexpected differs, 2 if nothing can be built."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.images", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("examples", nargs="*", help="names of examples; all by default")
    parser.add_argument("--engine", default="buildah", help="buildah (default) or podman")
    parser.add_argument("--output", type=Path, help="write the table into this file instead of printing it")
    parser.add_argument("--details", type=Path, help="write each verification into this folder, as JSON")
    chosen = parser.parse_args(arguments)
    reason = standins.missing()
    if reason:
        print(f"no base images: {reason}", file=sys.stderr)
        return 2
    os.environ.update(standins.environment())
    wanted = [one for one in examples() if not chosen.examples or one.name in chosen.examples]
    found: list[Measured] = []
    for example in wanted:
        try:
            found.append(measure(example, chosen.engine))
        except BuildFailed as failure:
            print("\n".join(failure_lines(failure)), file=sys.stderr)
            return 2
        for level, outcome in found[-1].outcomes.items() if chosen.details else ():
            chosen.details.mkdir(parents=True, exist_ok=True)
            (chosen.details / f"{example.name}.{level}.json").write_text(verification_json(outcome) + "\n", "utf-8")
    text = "\n".join(
        (
            INTRODUCTION.format(day=date.today(), engine=found[0].outcomes[EXPERT].engine),
            *table(HEAD, [row for one in found for row in rows(one)], 2),
            "",
            *table(("all examples", "size", "saved", "of the expert's saving"), list(summary(found)), 1),
            "",
        )
    )
    if chosen.output:
        chosen.output.parent.mkdir(exist_ok=True)
        chosen.output.write_text(text, "utf-8")
    else:
        print(text, end="")
    right = all(
        outcome.smoke_agrees and (level == EXPERT or outcome.equivalent)
        for one in found
        for level, outcome in one.outcomes.items()
    )
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
