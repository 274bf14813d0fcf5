"""``python -m benchmarks.images``: what rewriting is worth on built images, and what an expert makes of the same files.

Each example is built as people wrote it, as the rewriter leaves it at each level, and as an expert wrote it by hand.
What was measured is kept as JSON, one file an example, so that examples can be measured one by one or side by side;
the table in Markdown is made of all of it. Base images are the tests' stand-ins, so that no registry is needed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from dockerslim_rewrite.cli.progress import ProgressLine
from dockerslim_rewrite.engine.archive import LayerCache
from dockerslim_rewrite.engine.bases import external_images
from dockerslim_rewrite.engine.interface import BuildFailed
from dockerslim_rewrite.engine.verify import VerifyOptions, verify_each
from dockerslim_rewrite.report.verify import failure_lines, failure_object, verification_object
from tests.builds import standins
from tests.builds.examples import Example, candidates, examples, rewrites

HEAD = (
    "example", "Dockerfile", "size", "compressed", "layers", "cold", "warm", "smaller by", "estimated", "smoke",
    "unexpected",
)  # fmt: skip
EXPERT = "expert"
#: One example: its ``name``, the ``day``, ``outcomes`` (as ``report.verify`` has them, each distinct text by the first
#: level that gives it), and ``levels``, which maps each level to that one, or to None where it changes nothing.
Measured = Mapping[str, Any]

INTRODUCTION = """\
# What rewriting is worth, on built images

Made by `make bench-images`, {days}, with
{engine}.

Each project in `examples` is built as people write such files, as the rewriter leaves them at each level, and as an
expert wrote them by hand (`Dockerfile.expert`). Base images are local stand-ins made of Debian packages, so sizes are
near those of the images of these names, not equal to them.

- **size** is that of all files in all layers, **compressed** what a registry keeps of them.
- **cold** is the build time without any cached layer, **warm** that with one source file changed since. Both were
  taken on a machine with two processors that did other work as well, downloads included: compare with care.
- **smaller by** is measured against the file as written, **estimated** is what the changes promise beforehand; not
  every change gives an estimate.
- **smoke** compares exit status and output of the example's smoke command before and after. **unexpected** counts
  differences between the two images, files and configuration, that no change announces; expert files install and
  configure other things on purpose, so nothing is counted there.
"""


def measure(example: Example, engine: str, layers: LayerCache) -> Measured:
    """Build everything there is of *example*. Raises ``BuildFailed`` if the file as it was written does not build."""
    with tempfile.TemporaryDirectory(prefix="dockerslim-rewrites-") as folder:
        found = candidates(example, Path(folder))
        texts = {one.dockerfile.read_bytes(): name for name, one in found.items() if name != EXPERT}
        levels = {level: texts.get(result.to_bytes()) for level, result in rewrites(example).items()}
        files = (example.dockerfile, *(one.dockerfile for one in found.values()))
        standins.ensure({image: None for file in files for image in external_images(file, {})})
        options = VerifyOptions(engine=engine, smoke=example.smoke, touch=example.touch)
        progress = ProgressLine(quiet=False)
        outcomes = {}
        try:
            each = verify_each(example.dockerfile, list(found.values()), example.context, options, progress, layers)
            for level, outcome in zip(found, each, strict=True):
                failed = isinstance(outcome, BuildFailed)
                outcomes[level] = failure_object(outcome) if failed else verification_object(outcome)  # type: ignore[arg-type]
                outcomes[level]["text"] = found[level].dockerfile.read_text("utf-8")
        finally:
            progress.clear()
    return {"name": example.name, "day": str(date.today()), "outcomes": outcomes, "levels": {**levels, EXPERT: EXPERT}}


def rows(measured: Measured) -> Iterator[tuple[str, ...]]:
    """The rows of one example: as it was, each distinct rewrite, the expert's."""
    yield measured["name"], "as written", *_cells(measured["outcomes"][EXPERT]["before"]), "", "", "", ""
    unchanged = [level for level, used in measured["levels"].items() if used is None]
    if unchanged:
        yield "", ", ".join(unchanged), "unchanged", *[""] * (len(HEAD) - 4), "0"
    for key, outcome in measured["outcomes"].items():
        names = ", ".join(level for level, used in measured["levels"].items() if used == key)
        if "failed" in outcome:
            yield "", names, "does not build", *[""] * (len(HEAD) - 3)
            continue
        smoke = "same" if outcome["smoke_agrees"] else "DIFFERENT"
        saved, promised = size_text(outcome["saved"]), size_text(outcome["estimate"] or 0)
        # The expert's file installs and configures on purpose what the poor one does not: that is no refinement of it.
        judged = ("", smoke, "") if key == EXPERT else (promised, smoke, str(unexpected(outcome)))
        yield "", names, *_cells(outcome["after"]), saved, *judged


def unexpected(outcome: Mapping[str, Any]) -> int:
    """Differences of files and of the configuration that nothing accounts for."""
    return sum(not difference["expected"] for difference in (*outcome["files"], *outcome["config"]))


def _cells(side: Mapping[str, Any]) -> tuple[str, ...]:
    warm = "" if side["warm_seconds"] is None else f"{side['warm_seconds']:.1f} s"
    sizes = map(size_text, (side["size"], side["compressed"]))
    return *sizes, str(len(side["layers"])), f"{side['cold_seconds']:.1f} s", warm


def size_text(count: int) -> str:
    """Bytes in one unit for all, so that columns can be compared."""
    return f"{count / 1e6:.1f} MB"


def summary(all_of_them: Sequence[Measured]) -> Iterator[tuple[str, ...]]:
    """Per level: bytes of all images, the share saved, and how much of the expert's saving that is."""
    before = sum(_size(one, None) for one in all_of_them)
    best = before - sum(_size(one, EXPERT) for one in all_of_them)
    yield "as written", size_text(before), "", ""
    for level in all_of_them[0]["levels"]:
        after = sum(_size(one, one["levels"][level]) for one in all_of_them)
        share = f"{100 * (before - after) / best:.0f} %" if best > 0 else ""
        yield level, size_text(after), f"{100 * (before - after) / before:.1f} %", share


def _size(measured: Measured, key: str | None) -> int:
    """Bytes of the image that the outcome *key* has; of the one as written for None and for what does not build."""
    outcome = measured["outcomes"][key or EXPERT]
    size: int = outcome["after" if key and "after" in outcome else "before"]["size"]
    return size


def table(head: Sequence[str], lines: Sequence[Sequence[str]], words: int) -> Iterator[str]:
    """A table in Markdown; the first *words* columns hold words, the others figures."""
    yield f"| {' | '.join(head)} |"
    yield "|" + "|".join("---" if number < words else "---:" for number in range(len(head))) + "|"
    yield from (f"| {' | '.join(line)} |" for line in lines)


def document(found: Sequence[Measured]) -> str:
    """The whole page."""
    days = sorted({one["day"] for one in found})
    span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    waiting = sorted({example.name for example in examples()} - {one["name"] for one in found})
    lines = (
        INTRODUCTION.format(days=span, engine=found[0]["outcomes"][EXPERT]["engine"]),
        *table(HEAD, [row for one in found for row in rows(one)], 2),
        "",
        *table(("all of these", "size", "saved", "of the expert's saving"), list(summary(found)), 1),
        *(("", f"Not measured yet: {', '.join(waiting)}.") if waiting else ()),
    )
    return "\n".join(lines) + "\n"


def right(measured: Measured) -> bool:
    """Whether everything builds, works as before, and differs only in what was announced."""
    return all(
        "failed" not in outcome and outcome["smoke_agrees"] and (level == EXPERT or not unexpected(outcome))
        for level, outcome in measured["outcomes"].items()
    )


def main(arguments: Sequence[str]) -> int:
    """Measure, write, say whether all went well: 0, 1 if something unexpected differs, 2 if nothing can be built."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.images", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("examples", nargs="*", help="measure only these; the table is made of what is there")
    parser.add_argument("--engine", default="buildah", help="buildah (default) or podman")
    parser.add_argument("--results", type=Path, default=Path("build/images"), help="where what was measured is kept")
    parser.add_argument("--output", type=Path, help="write the page into this file instead of printing it")
    chosen = parser.parse_args(arguments)
    reason = standins.missing()
    if reason:
        print(f"no base images: {reason}", file=sys.stderr)
        return 2
    os.environ.update(standins.environment())
    chosen.results.mkdir(parents=True, exist_ok=True)
    layers = LayerCache()
    for example in examples():
        if chosen.examples and example.name not in chosen.examples:
            continue
        try:
            measured = measure(example, chosen.engine, layers)
        except BuildFailed as failure:
            print("\n".join(failure_lines(failure)), file=sys.stderr)
            return 2
        (chosen.results / f"{example.name}.json").write_text(json.dumps(measured, indent=1) + "\n", "utf-8")
        print(f"{example.name}: {'right' if right(measured) else 'WRONG'}", file=sys.stderr, flush=True)
    found = [json.loads(file.read_text("utf-8")) for file in sorted(chosen.results.glob("*.json"))]
    if chosen.output:
        chosen.output.parent.mkdir(exist_ok=True)
        chosen.output.write_text(document(found), "utf-8")
    else:
        print(document(found), end="")
    return 0 if all(map(right, found)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
