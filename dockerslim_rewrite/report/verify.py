"""What ``verify`` measured, as text for a terminal, as JSON, and as Markdown for a pull request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..engine.compare import PathDifference
from ..engine.expectations import Difference
from ..engine.interface import BuildFailed, RunOutcome
from ..engine.verify import Side, Verification
from .text import printable, size
from .trial import excuse, excused_paths, last_lines, refusals, rests_on, start_object, start_text

#: Cells of the longer bar.
BAR = 40
#: How many unexpected paths a report for people lists; JSON lists all.
LISTED = 20
#: How many excused paths it lists.
EXCUSED = 40


@dataclass(frozen=True, slots=True)
class Group:
    """Differences of one kind that belong together: a reason, or a folder with all below it. ``size`` in bytes."""

    kind: Difference
    name: str
    count: int
    size: int


def by_reason(differences: Sequence[PathDifference]) -> tuple[Group, ...]:
    """Expected differences, added up by kind and reason, the largest change first."""
    sums: dict[tuple[Difference, str], tuple[int, int]] = {}
    for difference in differences:
        if difference.expected is not None:
            key = difference.kind, difference.expected
            count, total = sums.get(key, (0, 0))
            sums[key] = count + 1, total + difference.size
    groups = (Group(kind, reason, count, total) for (kind, reason), (count, total) in sums.items())
    return tuple(sorted(groups, key=lambda group: (-abs(group.size), group.kind.value, group.name)))


def by_folder(differences: Sequence[PathDifference]) -> tuple[Group, ...]:
    """Unexpected differences, in order of path; what was added or removed as a whole folder is one entry."""
    tops: dict[tuple[Difference, str], tuple[int, int]] = {}
    for difference in differences:
        if difference.expected is None:
            key = difference.kind, _top(difference, tops)
            count, total = tops.get(key, (0, 0))
            tops[key] = count + 1, total + difference.size
    return tuple(Group(kind, path, count, total) for (kind, path), (count, total) in tops.items())


def _top(difference: PathDifference, tops: dict[tuple[Difference, str], tuple[int, int]]) -> str:
    """The outermost folder that has the same difference; parents come first in order of path."""
    path = difference.path
    if difference.kind is not Difference.CHANGED:
        folder = path
        while folder := folder.rpartition("/")[0]:
            if (difference.kind, folder) in tops:
                return folder
    return path


def verification_lines(result: Verification) -> Iterator[str]:
    """The report for a terminal, readable at a glance: two bars, the figures, then what differs and the verdict."""
    yield from map(printable, _lines(result))


def _lines(result: Verification) -> Iterator[str]:
    sides = (("before", result.before), ("after", result.after))
    largest = max(1, *(side.image.size for _, side in sides))
    width = max(len(str(side.dockerfile)) for _, side in sides)
    for name, side in sides:
        bar = "█" * max(1, round(BAR * side.image.size / largest))
        yield f"{name:6}  {side.dockerfile!s:{width}}  {size(side.image.size):>8}  {bar}"
    yield f"        {saving_text(result)}"
    yield ""
    for title, old, new in figures(result):
        yield f"  {title:24}  {old:>10}  {new:>10}"
    for name, side in sides:
        yield ""
        yield f"layers of {name}"
        for layer in side.image.layers:
            yield f"  {size(layer.size):>8}  {size(layer.compressed):>8}  {_short(layer.instruction, 80)}"
    yield ""
    yield f"configuration: {_count(result.config, result.unexpected_config)}"
    for field in result.config:
        yield f"  {' ' if field.expected else '!'} {field}"
    yield f"files: {_count(result.files, result.unexpected)}"
    for group in by_reason(result.files):
        yield f"    {group.kind.value} {group.count}: {group.name} ({_signed(group.size)})"
    folders = by_folder(result.files)
    for group in folders[:LISTED]:
        more = f" and all below, {group.count} in all" if group.count > 1 else ""
        yield f"  ! {group.kind.value} {group.name}{more} ({_signed(group.size)})"
    if len(folders) > LISTED:
        yield f"  ! and {len(folders) - LISTED} more; --format json lists all"
    excused = excused_paths(result.files)
    if excused:
        yield "not the same in two builds, so not judged where they differ alike:"
        yield from (f"    {one.kind.value} {one.path} ({excuse(one)})" for one in excused[:EXCUSED])
    if len(excused) > EXCUSED:
        yield f"    and {len(excused) - EXCUSED} more; --format json lists all"
    if result.before.start is not None:
        yield f"the container's start: {start_text(result)}"
        if not result.start_agrees:
            for name, side in sides:
                yield from (f"  {name}: {line}" for line in last_lines(side.start))
            yield from (f"  ! refused {path}" for path in refusals(result))
    if result.before.smoke is not None:
        yield f"smoke command: {smoke_text(result)}"
        if not result.smoke_agrees:
            for name, side in sides:
                yield from (f"  {name}: {line}" for line in _said(side.smoke))
    yield ""
    yield f"rests on {rests_on(result)}"
    yield "equivalent" if result.equivalent else "different"


def figures(result: Verification) -> Iterator[tuple[str, str, str]]:
    """Rows of the table: what, before, after."""
    before, after = result.before, result.after
    yield "", "before", "after"
    yield "size", size(before.image.size), size(after.image.size)
    yield "compressed", size(before.image.compressed), size(after.image.compressed)
    yield "layers", str(len(before.image.layers)), str(len(after.image.layers))
    yield "cold build", f"{before.cold_seconds:.1f} s", f"{after.cold_seconds:.1f} s"
    if before.warm_seconds is not None and after.warm_seconds is not None:
        yield f"warm build, {result.touched}", f"{before.warm_seconds:.1f} s", f"{after.warm_seconds:.1f} s"
    if before.warm_runs is not None and after.warm_runs is not None:
        yield "RUNs carried out again", str(len(before.warm_runs)), str(len(after.warm_runs))


def saving_text(result: Verification) -> str:
    """The saving in one phrase, and beside it what had been promised."""
    share = 100 * result.saved / result.before.image.size if result.before.image.size else 0.0
    word = "smaller" if result.saved >= 0 else "larger"
    text = f"{size(abs(result.saved))} ({abs(share):.1f} %) {word}"
    return text if result.estimate is None else f"{text}; estimated were {size(result.estimate)}"


def smoke_text(result: Verification) -> str:
    """How the smoke command ended, in both or in each."""
    before, after = _status(result.before.smoke), _status(result.after.smoke)
    if result.smoke_agrees:
        return f"same output, {before} in both"
    return f"{before} before, {after} after" + (", other output" if before == after else "")


def _status(outcome: RunOutcome | None) -> str:
    if outcome is None:
        return "not run"
    return "did not end in time" if outcome.status is None else f"exit status {outcome.status}"


def _said(outcome: RunOutcome | None) -> list[str]:
    return [] if outcome is None else (outcome.stdout + outcome.stderr).splitlines()[-LISTED:]


def _count(all_of_them: Sequence[object], unexpected: Sequence[object]) -> str:
    if not all_of_them:
        return "the same"
    return f"{len(all_of_them)} differences, {len(unexpected)} unexpected"


def _signed(count: int) -> str:
    return f"−{size(-count)}" if count < 0 else f"+{size(count)}" if count else "0 B"


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def verification_json(result: Verification) -> str:
    """Everything, as one JSON object; sizes in bytes, times in seconds."""
    return json.dumps(verification_object(result), indent=2)


def verification_object(result: Verification) -> dict[str, Any]:
    """The same as JSON-ready data."""
    return {
        "equivalent": result.equivalent,
        "engine": result.engine,
        "saved": result.saved,
        "estimate": result.estimate,
        "touched": None if result.touched is None else result.touched.as_posix(),
        "before": _side(result.before),
        "after": _side(result.after),
        "config": [
            {"name": d.name, "before": d.before, "after": d.after, "expected": d.expected} for d in result.config
        ],
        "files": [
            {"path": d.path, "kind": d.kind.value, "detail": d.detail, "size": d.size, "expected": d.expected}
            for d in result.files
        ],
        "smoke_agrees": result.smoke_agrees,
        "start_agrees": result.start_agrees,
        "rests_on": rests_on(result),
    }


def _side(side: Side) -> dict[str, Any]:
    outcome = side.smoke
    return {
        "dockerfile": str(side.dockerfile),
        "size": side.image.size,
        "compressed": side.image.compressed,
        "cold_seconds": side.cold_seconds,
        "warm_seconds": side.warm_seconds,
        "warm_runs": None if side.warm_runs is None else list(side.warm_runs),
        "layers": [asdict(layer) for layer in side.image.layers],
        "start": None if side.start is None else start_object(side.start),
        "smoke": None
        if outcome is None
        else {"status": outcome.status, "stdout": outcome.stdout, "stderr": outcome.stderr},
    }


def verification_markdown(result: Verification) -> str:
    """A comment for a pull request: verdict and figures first, details folded."""
    verdict = "✅ equivalent" if result.equivalent else "❌ different"
    lines = [f"### {verdict}: {saving_text(result)}", ""]
    for number, (title, old, new) in enumerate(figures(result)):
        lines.append(f"| {_cell(title)} | {old} | {new} |")
        if number == 0:
            lines.append("|---|---:|---:|")
    lines.append("")
    if result.before.start is not None:
        lines += [f"The container's start: {start_text(result)}.", ""]
    if result.before.smoke is not None:
        lines += [f"Smoke command: {smoke_text(result)}.", ""]
    lines += [f"Rests on {rests_on(result)}.", ""]
    if result.unexpected_config:
        lines += ["**Configuration, unexpected**", ""]
        lines += [f"- {_code(str(field))}" for field in result.unexpected_config] + [""]
    folders = by_folder(result.files)
    if folders:
        lines += ["**Files, unexpected**", ""]
        for group in folders[:LISTED]:
            more = f" and all below, {group.count} in all" if group.count > 1 else ""
            lines.append(f"- {group.kind.value} {_code(group.name)}{more} ({_signed(group.size)})")
        lines += [f"- and {len(folders) - LISTED} more"] if len(folders) > LISTED else []
        lines.append("")
    reasons = by_reason(result.files)
    if reasons:
        lines += ["<details><summary>Expected differences</summary>", ""]
        lines += [f"- {group.kind.value} {group.count}: {group.name} ({_signed(group.size)})" for group in reasons]
        lines += ["", "</details>", ""]
    lines += ["<details><summary>Layers</summary>", "", "| | size | compressed | instruction |", "|---|---:|---:|---|"]
    for name, side in (("before", result.before), ("after", result.after)):
        for layer in side.image.layers:
            made_by = _code(_short(layer.instruction, 100))
            lines.append(f"| {name} | {size(layer.size)} | {size(layer.compressed)} | {made_by} |")
    lines += ["", "</details>", "", f"Built with {printable(result.engine)}."]
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    """Inline code that neither backticks nor pipes nor control characters in *text* can end."""
    text = printable(text.replace("\n", " ")).replace("|", "\\|")
    fence = "``" if "`" in text else "`"
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"


def _cell(text: str) -> str:
    return printable(text).replace("|", "\\|")


def failure_lines(failure: BuildFailed) -> Iterator[str]:
    """Which build failed, at which instruction, and how its log ends."""
    yield printable(str(failure))
    for line in failure.log_end:
        yield f"  {printable(line)}"


def failure_json(failure: BuildFailed) -> str:
    """The same as one JSON object."""
    return json.dumps(failure_object(failure), indent=2)


def failure_object(failure: BuildFailed) -> dict[str, Any]:
    """The same as JSON-ready data."""
    return {
        "equivalent": None,
        "failed": {
            "dockerfile": str(failure.dockerfile),
            "instruction": failure.instruction,
            "timed_out": failure.timed_out,
            "log_end": list(failure.log_end),
        },
    }


def failure_markdown(failure: BuildFailed) -> str:
    """The same for a pull request; indented, so that nothing in the log can end the block."""
    log = "\n".join(f"    {printable(line)}" for line in failure.log_end)
    return f"### ❌ {printable(str(failure.dockerfile))} does not build\n\nAt {_code(failure.instruction)}:\n\n{log}\n"
