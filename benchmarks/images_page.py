"""The page ``docs/images.md``: tables of what ``benchmarks.images`` and ``benchmarks.contexts`` measured."""

from __future__ import annotations

import re
import statistics
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from dockerslim_rewrite import Result
from dockerslim_rewrite.analysis.facts import Facts
from dockerslim_rewrite.analysis.shell.operations import Kind
from dockerslim_rewrite.change import RemarkKind
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.syntax import parse
from tests.builds.examples import Example, examples, rewrites

EXPERT = "expert"
STANDARD, AGGRESSIVE = "standard", "aggressive"
#: One example: its ``name``, the ``day``, ``outcomes`` (as ``report.verify`` has them, each distinct text by the first
#: level that gives it), and ``levels``, which maps each level to that one, or to None where it changes nothing.
Measured = Mapping[str, Any]

_USER = re.compile(r"(?mi)^USER\s+(\S+)")
_IMAGES = (
    "example", "Dockerfile", "size", "compressed", "layers", "cold", "warm", "smaller by", "estimated", "smoke",
    "unexpected",
)  # fmt: skip
_WARM = (
    "example", "changed file", "as written", "standard", "expert", "RUNs again", "standard", "expert",
    "dependencies again",
)  # fmt: skip

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
  every change gives an estimate. Those of other base images count with the real images' sizes, and those of pip's cache
  with an index that lets pip keep what it downloads, as the usual one does and the one used here did not.
- **smoke** compares exit status and output of the example's smoke command before and after. **unexpected** counts
  differences between the two images, files and configuration, that no change announces; expert files install and
  configure other things on purpose, so nothing is counted there.
"""
WARM = """\
## Warm builds

One source file is changed, and the image built again. What was carried out again stands in the log of the build, which
does not depend on how busy the machine was, as the seconds do. Dependencies are what package managers install. Each
three columns are for the file as written, the rewrite at `standard`, and the expert's.
"""
CONTEXTS = """\
## What a build is sent

The context of a working copy: the example under version control, with its dependencies installed beside it as people
do (`npm ci`, a virtual environment, compiled modules). `--dockerignore` writes the file that keeps out what the build
does not need. Nothing is written for version control data alone where the build may ask for them, as `go build` does.
"""
USERS = """\
## Whom the container runs as

By the journal of DS501; the smoke command ran as that user, too.
"""
EXPERTS = """\
## What the expert does that we don't
"""


def document(found: Sequence[Measured], contexts: Mapping[str, Any]) -> str:
    """The whole page."""
    days = sorted({one["day"] for one in found})
    span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    present = {example.name: rewrites(example) for example in examples()}
    notes = list(_notes(found, present))
    users = [row for one in found for row in _users(one, present[one["name"]])]
    heads = ("all of these", "size", "saved", "of the expert's saving", "median saving")
    sent = ("example", "files", "without", "size", "without", "left out")
    lines = (
        INTRODUCTION.format(days=span, engine=found[0]["outcomes"][EXPERT]["engine"]),
        *table(_IMAGES, [row for one in found for row in rows(one)], 2),
        "",
        *table(heads, list(summary(found)), 1),
        *(("", *notes) if notes else ()),
        "",
        WARM,
        *table(_WARM, [_warm(one) for one in found], 2),
        "",
        CONTEXTS,
        *table(sent, [_sent(name, one) for name, one in sorted(contexts.items())], 1),
        "",
        USERS,
        *table(("example", STANDARD, AGGRESSIVE), users, 3),
        "",
        EXPERTS,
        *(f"- **{one['name']}**: {experts()[one['name']]}" for one in found),
    )
    return "\n".join(lines) + "\n"


@cache
def experts() -> Mapping[str, str]:
    """By example, one line on what its expert's file does that the rewriter does not."""
    return tomllib.loads(Path(__file__).with_name("experts.toml").read_text("utf-8"))


def _notes(found: Sequence[Measured], present: Mapping[str, Mapping[str, Result]]) -> Iterator[str]:
    waiting = sorted(present.keys() - {one["name"] for one in found})
    if waiting:
        yield f"Not measured yet: {', '.join(waiting)}."
    changed = [one["name"] for one in found if _is_old(one, present[one["name"]])]
    if changed:
        yield f"Measured before the last change of what is made of them: {', '.join(changed)}."


def _is_old(measured: Measured, now: Mapping[str, Result]) -> bool:
    """Whether the rewriter makes something else of the example than what was measured."""
    for level, result in now.items():
        key = measured["levels"][level]
        if result.changed is (key is None) or (key and measured["outcomes"][key]["text"] != result.text):
            return True
    return False


def rows(measured: Measured) -> Iterator[tuple[str, ...]]:
    """The rows of one example: as it was, each distinct rewrite, the expert's."""
    yield measured["name"], "as written", *_cells(measured["outcomes"][EXPERT]["before"]), "", "", "", ""
    unchanged = [level for level, used in measured["levels"].items() if used is None]
    if unchanged:
        yield "", ", ".join(unchanged), "unchanged", *[""] * (len(_IMAGES) - 4), "0"
    for key, outcome in measured["outcomes"].items():
        names = ", ".join(level for level, used in measured["levels"].items() if used == key)
        if "failed" in outcome:
            yield "", names, "does not build", *[""] * (len(_IMAGES) - 3)
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
    sizes = map(size_text, (side["size"], side["compressed"]))
    return *sizes, str(len(side["layers"])), seconds_text(side["cold_seconds"]), seconds_text(side["warm_seconds"])


def seconds_text(seconds: float | None) -> str:
    """A time for people; nothing where none was taken."""
    return "" if seconds is None else f"{seconds:.1f} s"


def size_text(count: int) -> str:
    """Bytes in one unit for all, so that columns can be compared."""
    return f"{count / 1e6:.1f} MB"


def summary(all_of_them: Sequence[Measured]) -> Iterator[tuple[str, ...]]:
    """Per level: bytes of all images, the share saved, how much of the expert's saving that is, the median share."""
    before = sum(_size(one, None) for one in all_of_them)
    best = before - sum(_size(one, EXPERT) for one in all_of_them)
    yield "as written", size_text(before), "", "", ""
    for level in all_of_them[0]["levels"]:
        after = sum(_size(one, one["levels"][level]) for one in all_of_them)
        share = f"{100 * (before - after) / best:.0f} %" if best > 0 else ""
        each = [1 - _size(one, one["levels"][level]) / _size(one, None) for one in all_of_them]
        median = f"{100 * statistics.median(each):.1f} %"
        yield level, size_text(after), f"{100 * (before - after) / before:.1f} %", share, median


def _size(measured: Measured, key: str | None) -> int:
    """Bytes of the image that the outcome *key* has; of the one as written for None and for what does not build."""
    outcome = measured["outcomes"][key or EXPERT]
    size: int = outcome["after" if key and "after" in outcome else "before"]["size"]
    return size


def _side(measured: Measured, level: str) -> Mapping[str, Any]:
    key = measured["levels"][level]
    outcome = measured["outcomes"][key or EXPERT]
    side: Mapping[str, Any] = outcome["after" if key and "after" in outcome else "before"]
    return side


def _warm(measured: Measured) -> tuple[str, ...]:
    outcome = measured["outcomes"][EXPERT]
    sides = (outcome["before"], _side(measured, STANDARD), outcome["after"])
    seconds = [seconds_text(side["warm_seconds"]) for side in sides]
    if any("warm_runs" not in side for side in sides):
        return measured["name"], f"`{outcome['touched']}`", *[""] * (len(_WARM) - 2)
    runs = [side["warm_runs"] or () for side in sides]
    if not installs(Example(measured["name"]).dockerfile.read_text("utf-8")):
        word = "there are none"
    else:
        again = [installs("\n".join(("FROM scratch", *texts))) for texts in runs]
        word = ", ".join("yes" if one else "no" for one in again)
    return measured["name"], f"`{outcome['touched']}`", *seconds, *(str(len(texts)) for texts in runs), word


def installs(text: str) -> bool:
    """Whether the Dockerfile *text* installs packages."""
    build = read_build(parse(text))
    facts = Facts(build)
    uses = (use for stage in build.stages for run in stage.runs for use in facts.uses(run))
    return any(use.operation.kind in (Kind.INSTALL, Kind.DOWNLOAD) for use in uses)


def _sent(name: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    before, after = found["before"], found["after"]
    kilobytes = (f"{side['size'] / 1e3:.1f} kB" for side in (before, after))
    left_out = ", ".join(f"`{path}`" for path in found["left_out"][:5])
    more = f" and {len(found['left_out']) - 5} more" if len(found["left_out"]) > 5 else ""
    return name, str(before["files"]), str(after["files"]), *kilobytes, left_out + more or "nothing"


def _users(measured: Measured, now: Mapping[str, Result]) -> Iterator[tuple[str, ...]]:
    written = _USER.findall(Example(measured["name"]).dockerfile.read_text("utf-8"))
    cells = []
    for level in (STANDARD, AGGRESSIVE):
        result = now[level]
        reasons = [
            "root at this level" if remark.kind is RemarkKind.HELD else remark.reason.removeprefix("stays ")
            for remark in result.remarks
            if remark.rule == "DS501"
        ]
        key = measured["levels"][level]
        agrees = key is None or measured["outcomes"][key]["smoke_agrees"]
        if any(change.rule == "DS501" for change in result.changes):
            smoke = "smoke same" if agrees else "smoke DIFFERENT"
            cells.append(f"`{_USER.findall(result.text)[-1]}`, {smoke}")
        else:
            cells.append(f"`{written[-1]}`, as written" if written else "; ".join(reasons))
    yield measured["name"], *cells


def table(head: Sequence[str], lines: Sequence[Sequence[str]], words: int) -> Iterator[str]:
    """A table in Markdown; the first *words* columns hold words, the others figures."""
    yield f"| {' | '.join(head)} |"
    yield "|" + "|".join("---" if number < words else "---:" for number in range(len(head))) + "|"
    yield from (f"| {' | '.join(line)} |" for line in lines)
