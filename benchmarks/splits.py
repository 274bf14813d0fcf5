"""``python -m benchmarks.splits``: what splits into builder and runtime are worth on built images, and on real files.

Each project of `tests/builds/projects`, and each example that is split, is built as it is and as each level splits it,
by these rules alone. What was measured is kept as JSON, one file a project, so that projects can be measured one by
one; the page is made of all of it. Base images are the tests' stand-ins, so that no registry is needed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.images_page import size_text, table
from dockerslim_rewrite.engine.archive import LayerCache
from dockerslim_rewrite.engine.interface import BuildFailed
from tests.builds import standins
from tests.builds.fetched import UnobtainableError
from tests.builds.splits import Split, SplitProject, all_projects, measure
from tests.corpus import splits as corpus
from tests.corpus.files import NoCorpusError, corpus_files

HEAD = (
    "rule",
    "project",
    "level",
    "runtime stage on",
    "before",
    "after",
    "times smaller",
    "layers",
    "smoke",
    "opened",
    "missing",
)

INTRODUCTION = """\
# Splits, measured

Made by `make bench-splits`, {days}, with {engine}.

## Built images

Each project is built as written and as the rules of [splitting](splitting.md) alone leave it. Base images are local
stand-ins made of Debian packages, and those of .NET of Microsoft's own SDK, which npm carries: sizes are near those of
the images of these names, not equal to them. There are none for Alpine, whose registry they would need.

- **before** and **after** are the sizes of all files in all layers; **layers** counts them.
- **smoke** compares exit status and output of the project's smoke command before and after.
- **opened** counts the files that the smoke command opened before, by strace; **missing** those of them that are not in
  the new image though the command asks for them there. Compiled modules of Python count as there when their source is.
"""

CORPUS = """\
## Real files

{files} real Dockerfiles without their build contexts, by `python -m tests.corpus.splits`. Counted are those with one
stage on whose base image a recipe's build tool runs. A draft is what `--suggest` shows. Where a file is declined, the
first reason counts. What was [read by eye](splits-read.md) of them, and what came of it, has a page of its own.
"""


def entry(project: SplitProject, found: Mapping[str, Split]) -> dict[str, Any]:
    """What was measured of one project, for JSON."""
    return {
        "name": project.name,
        "day": str(date.today()),
        "levels": {level: _level(split) for level, split in found.items()},
    }


def _level(split: Split) -> dict[str, Any]:
    before, after = split.verification.before.image, split.verification.after.image
    return {
        "rule": split.rule,
        "base": split.base,
        "engine": split.verification.engine,
        "before": before.size,
        "after": after.size,
        "layers": [len(before.layers), len(after.layers)],
        "smoke": split.verification.smoke_agrees,
        "opened": split.opened,
        "missing": list(split.missing),
        "right": split.right,
    }


def rows(measured: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """The rows of the table, by rule."""
    flat = [(one["rule"], each["name"], level, one) for each in measured for level, one in each["levels"].items()]
    for rule, name, level, one in sorted(flat, key=lambda row: (*row[:2], row[2] == "aggressive")):
        yield (
            rule,
            name,
            level,
            f"`{one['base']}`",
            size_text(one["before"]),
            size_text(one["after"]),
            f"{one['before'] / one['after']:.1f}",
            " → ".join(map(str, one["layers"])),
            "same" if one["smoke"] else "DIFFERENT",
            str(one["opened"]),
            ", ".join(one["missing"]) or "0",
        )


def document(measured: Sequence[Mapping[str, Any]], real: str) -> str:
    """The whole page; *real* are the tables about real files."""
    days = sorted({one["day"] for one in measured})
    best = [list(one["levels"].values())[-1] for one in measured]
    saved = median(1 - one["after"] / one["before"] for one in best)
    lines = (
        INTRODUCTION.format(days=days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}", engine=best[0]["engine"]),
        *table(HEAD, list(rows(measured)), 4),
        "",
        f"At the boldest level that splits each, half of the projects lose at least {100 * saved:.0f} % of their size.",
        "",
        real,
    )
    return "\n".join(lines).rstrip("\n") + "\n"


def _real(results: Path) -> str:
    """The tables about real files: counted anew where there are some, else as they were."""
    kept = results / "corpus.md"
    try:
        files = corpus_files()
    except NoCorpusError as error:
        print(f"{error}; what was counted before is taken", file=sys.stderr)
        return kept.read_text("utf-8") if kept.is_file() else ""
    text = "\n".join([CORPUS.format(files=len(files)), *corpus.table(list(corpus.judged(files)))])
    kept.write_text(text, "utf-8")
    return text


def main(arguments: Sequence[str]) -> int:
    """Measure, write, say whether all went well: 0, 1 if something is wrong, 2 if nothing can be built."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.splits", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("projects", nargs="*", help="measure only these; the table is made of what is there")
    parser.add_argument("--page-only", action="store_true", help="build nothing, make the page of what is there")
    parser.add_argument("--results", type=Path, default=Path("build/splits"), help="where what was measured is kept")
    parser.add_argument("--output", type=Path, help="write the page into this file instead of printing it")
    chosen = parser.parse_args(arguments)
    standins.use_or_exit()
    chosen.results.mkdir(parents=True, exist_ok=True)
    layers = LayerCache()
    for project in [] if chosen.page_only else all_projects():
        if chosen.projects and project.name not in chosen.projects:
            continue
        try:
            found = entry(project, measure(project, lambda *tags: standins.ensure(tags), layers))
        except UnobtainableError as reason:
            print(f"{project.name}: left out, {reason}", file=sys.stderr)
            continue
        except BuildFailed as failure:
            print(failure, *failure.log_end, sep="\n", file=sys.stderr)
            return 2
        (chosen.results / f"{project.name}.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
        print(f"{project.name}: {_verdict(found)}", file=sys.stderr, flush=True)
    measured = [json.loads(file.read_text("utf-8")) for file in sorted(chosen.results.glob("*.json"))]
    page = document(measured, _real(chosen.results))
    if chosen.output:
        chosen.output.write_text(page, "utf-8")
    else:
        print(page, end="")
    return 0 if all(_verdict(one) == "right" for one in measured) else 1


def _verdict(found: Mapping[str, Any]) -> str:
    return "right" if all(one["right"] for one in found["levels"].values()) else "WRONG"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
