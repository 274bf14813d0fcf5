"""``python -m benchmarks.images``: what rewriting is worth on built images, and what an expert makes of the same files.

Each example is built as people wrote it, as the rewriter leaves it at each level, and as an expert wrote it by hand.
What was measured is kept as JSON, one file an example, so that examples can be measured one by one or side by side;
the table in Markdown is made of all of it. Base images are the tests' stand-ins, so that no registry is needed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from benchmarks.images_page import EXPERT, Measured, document, unexpected
from dockerslim_rewrite.cli.progress import ProgressLine
from dockerslim_rewrite.engine.archive import LayerCache
from dockerslim_rewrite.engine.bases import external_images
from dockerslim_rewrite.engine.interface import BuildFailed
from dockerslim_rewrite.engine.verify import VerifyOptions, verify_each
from dockerslim_rewrite.report.verify import failure_lines, failure_object, verification_object
from tests.builds import standins
from tests.builds.examples import Example, candidates, examples, rewrites


def measure(example: Example, engine: str, layers: LayerCache, earlier: Measured | None) -> Measured:
    """Build everything there is of *example*, but for what *earlier* has of the same texts and the same context.

    Raises ``BuildFailed`` if the file as it was written does not build.
    """
    with tempfile.TemporaryDirectory(prefix="dockerslim-rewrites-") as folder:
        found = candidates(example, Path(folder))
        texts = {level: one.dockerfile.read_text("utf-8") for level, one in found.items()}
        levels = {level: _level_of(result.text, texts) for level, result in rewrites(example).items()}
        digest = _digest(example.context)
        outcomes = {
            level: outcome
            for level, outcome in (earlier["outcomes"].items() if earlier and earlier.get("context") == digest else ())
            if outcome["text"] == texts.get(level)
        }
        waiting = {level: one for level, one in found.items() if level not in outcomes}
        files = (example.dockerfile, *(one.dockerfile for one in waiting.values()))
        standins.ensure({image: None for file in files for image in external_images(file, {})})
        options = VerifyOptions(engine=engine, smoke=example.smoke, touch=example.touch)
        progress = ProgressLine(quiet=False)
        try:
            if waiting:
                each = verify_each(
                    example.dockerfile, list(waiting.values()), example.context, options, progress, layers
                )
                for level, outcome in zip(waiting, each, strict=True):
                    failed = isinstance(outcome, BuildFailed)
                    outcomes[level] = failure_object(outcome) if failed else verification_object(outcome)  # type: ignore[arg-type]
                    outcomes[level]["text"] = texts[level]
        finally:
            progress.clear()
    return {
        "name": example.name,
        "day": str(date.today()),
        "context": digest,
        "outcomes": {level: outcomes[level] for level in found},
        "levels": {**levels, EXPERT: EXPERT},
    }


def _level_of(text: str, texts: Mapping[str, str]) -> str | None:
    """The level under which the rewrite *text* is measured; None for what stays as it was written."""
    return next((level for level, one in texts.items() if level != EXPERT and one == text), None)


def _digest(context: Path) -> str:
    """A digest of all files of *context*."""
    digest = hashlib.sha256()
    for file in sorted(path for path in context.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(context)}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def right(measured: Measured) -> bool:
    """Whether everything builds, works as before, and differs only in what was announced."""
    return all(
        "failed" not in outcome and outcome["smoke_agrees"] and (level == EXPERT or not unexpected(outcome))
        for level, outcome in measured["outcomes"].items()
    )


def _kept(folder: Path) -> dict[str, Measured]:
    """What was measured, by example."""
    return {file.stem: json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.json"))}


def main(arguments: Sequence[str]) -> int:
    """Measure, write, say whether all went well: 0, 1 if something unexpected differs, 2 if nothing can be built."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.images", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("examples", nargs="*", help="measure only these; the table is made of what is there")
    parser.add_argument("--engine", default="buildah", help="buildah (default) or podman")
    parser.add_argument("--results", type=Path, default=Path("build/images"), help="where what was measured is kept")
    parser.add_argument(
        "--contexts", type=Path, default=Path("build/contexts"), help="where benchmarks.contexts keeps its"
    )
    parser.add_argument("--keep", action="store_true", help="build only what was not measured yet")
    parser.add_argument("--page", action="store_true", help="measure nothing, make the page of what is there")
    parser.add_argument("--output", type=Path, help="write the page into this file instead of printing it")
    chosen = parser.parse_args(arguments)
    standins.use_or_exit()
    chosen.results.mkdir(parents=True, exist_ok=True)
    layers = LayerCache()
    for example in examples():
        if chosen.page or (chosen.examples and example.name not in chosen.examples):
            continue
        file = chosen.results / f"{example.name}.json"
        earlier = json.loads(file.read_text("utf-8")) if chosen.keep and file.is_file() else None
        try:
            measured = measure(example, chosen.engine, layers, earlier)
        except BuildFailed as failure:
            print("\n".join(failure_lines(failure)), file=sys.stderr)
            return 2
        file.write_text(json.dumps(measured, indent=1) + "\n", "utf-8")
        print(f"{example.name}: {'right' if right(measured) else 'WRONG'}", file=sys.stderr, flush=True)
    found = list(_kept(chosen.results).values())
    page = document(found, _kept(chosen.contexts))
    if chosen.output:
        chosen.output.parent.mkdir(exist_ok=True)
        chosen.output.write_text(page, "utf-8")
    else:
        print(page, end="")
    return 0 if all(map(right, found)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
