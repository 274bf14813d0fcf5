"""From spans and edits of a text to those of the protocol."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types

from ..text import Edit, Span
from .lines import Lines


def range_of(lines: Lines, span: Span) -> types.Range:
    """*span* as a client counts."""
    return types.Range(types.Position(*lines.position(span.start)), types.Position(*lines.position(span.end)))


def span_of(lines: Lines, range_: types.Range) -> Span:
    """The code points in *range_*."""
    first, last = (lines.offset(at.line, at.character) for at in (range_.start, range_.end))
    return Span(first, max(first, last))


def text_edits(lines: Lines, edits: Iterable[Edit]) -> list[types.TextEdit]:
    """*edits* as a client makes them. None begins or ends between CR and LF, where clients have no position."""
    found = []
    for (start, end), text in edits:
        if _within_line_end(lines.text, start):
            start, text = start - 1, "\r" + text
        if _within_line_end(lines.text, end):
            end, text = end + 1, text + "\n"
        found.append(types.TextEdit(range_of(lines, Span(start, end)), text))
    return found


def _within_line_end(text: str, offset: int) -> bool:
    return text[max(offset - 1, 0) : offset + 1] == "\r\n"
