"""Which lines of a text are this program's own: of those users are told nothing."""

from __future__ import annotations

from collections.abc import Sequence

from ..change import Change
from ..ir.build import Build
from ..text import Patch, Source

#: What stands between commands.
_JOINING = frozenset(" \t\r\n\\`&;")


def is_inserted(line: int, build: Build, patch: Patch) -> bool:
    """Whether line *line* of *build* was inserted as a whole by *patch*, which led to it."""
    if not patch:
        return False
    starts = build.document.source.line_starts
    if not 1 <= line <= len(starts):
        return False
    start = starts[line - 1]
    text = build.text[start:].partition("\n")[0].rstrip("\r\\ \t")
    if not text.strip():
        return False
    at = patch.shift(start)
    if patch.shift(start + len(text) - 1) != at:
        return False
    return any(edit.span.start == edit.span.end == at and text in edit.text for edit in patch)


def first_kept(line: int, build: Build, patch: Patch) -> int:
    """The offset in *build* of what line *line* holds of the text before *patch*; where the line starts if of none.

    A merge writes `&&`, and blanks, before the text of an instruction that it takes in.
    """
    starts = build.document.source.line_starts
    start = starts[min(line, len(starts)) - 1]
    end = starts[line] if line < len(starts) else len(build.text)
    at = patch.kept(start, end)
    while at is not None and build.text[at] in _JOINING:
        at = patch.kept(at + 1, end)
    return start if at is None else at


def copied_line(line: int, build: Build, patch: Patch, source: Source) -> int | None:
    """The line of *source*, the original, that the inserted line *line* of *build* is a copy of; None where of none."""
    if not is_inserted(line, build, patch):
        return None
    start = build.document.source.line_starts[line - 1]
    words = _without_flags(build.text[start:].partition("\n")[0])
    lines = enumerate(source.text.splitlines(), start=1)
    return next((number for number, one in lines if _without_flags(one) == words), None)


def divided_line(line: int, build: Build, patch: Patch, first: Build) -> int | None:
    """The line of the instruction of *first*, the original, that the inserted one on line *line* of *build* is a copy
    or a part of; None where of none. A COPY that is divided in two puts files to where it put them.
    """
    copied = copied_line(line, build, patch, first.document.source)
    if copied is not None or not is_inserted(line, build, patch):
        return copied
    own = next((one for one in build.document.instructions if one.line_number == line), None)
    if own is None or own.keyword.upper() not in ("ADD", "COPY"):
        return None
    alike = (one for one in first.document.instructions if one.keyword.upper() == own.keyword.upper())
    return next((one.line_number for one in alike if _target(one.args) == _target(own.args)), None)


def _target(args: str) -> str:
    """The destination of a COPY with *args*."""
    return args.split()[-1].strip('"[]').rstrip("/") if args.split() else ""


def told_once(changes: Sequence[Change]) -> tuple[Change, ...]:
    """*changes*, of the original, without those that repeat one of them in this program's own copy of its line.

    A replacement in text that was inserted has no length in the original.
    """
    kept = {_said(one) for one in changes if _replaces(one)}
    return tuple(one for one in changes if _replaces(one) or _said(one) not in kept)


def _said(change: Change) -> tuple[str, str, str, int]:
    return change.rule, change.title, change.reason, change.line


def _replaces(change: Change) -> bool:
    """Whether *change* takes away text of the original."""
    return any(edit.span.end > edit.span.start for edit in change.edits)


def _without_flags(text: str) -> list[str]:
    """The words of an instruction's line but for its flags, which other rules may have added."""
    return [word for word in text.split() if not word.startswith("--")]
