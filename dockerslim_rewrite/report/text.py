"""The journal as lines for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..change import Change, Remark, RemarkKind
from ..pipeline import Result

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """*text* without anything that a terminal would obey: control and direction characters become escapes."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]) & 0xFFFF:02x}", text)


def size(count: int) -> str:
    """A number of bytes for people: ``900 B``, ``3.2 MB``."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def change_lines(name: str, change: Change) -> Iterator[str]:
    """One change in two lines: where and what; why."""
    saving = f", about {size(change.saving)} less" if change.saving else ""
    yield f"{name}:{change.line}: {change.rule} {change.title} [{change.safety.label}{saving}]"
    yield f"    {change.reason}"


def remark_line(name: str, remark: Remark) -> str:
    """One remark in one line."""
    word = {
        RemarkKind.MISSED: "not done",
        RemarkKind.HELD: "held back",
        RemarkKind.ANALYSIS: "note",
        RemarkKind.BUG: "BUG",
    }[remark.kind]
    return f"{name}:{remark.line}: {remark.rule} {word}: {remark.reason}"


def report_lines(result: Result, *, remarks: bool = True) -> Iterator[str]:
    """The journal of one file, in the order of its lines, with a closing line."""
    name = result.path or "<stdin>"
    for change in sorted(result.changes, key=lambda change: change.line):
        for line in change_lines(name, change):
            yield printable(line)
    if remarks:
        for remark in result.remarks:
            if remark.kind is RemarkKind.HELD:
                continue
            yield printable(remark_line(name, remark))
    held = sum(remark.kind is RemarkKind.HELD for remark in result.remarks)
    if held:
        yield printable(f"{name}: {held} more possible at a higher --level (--format json lists them)")
    count = len(result.changes)
    word = "change" if count == 1 else "changes"
    saved = f", about {size(result.saving)} less in the image" if result.saving else ""
    yield printable(f"{name}: {count} {word}{saved}" if count else f"{name}: nothing to change")
