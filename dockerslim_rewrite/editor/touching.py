"""Which changes a place of a text is about."""

from __future__ import annotations

from ..change import Change
from ..text import Span
from .analysis import Piece


def changes_at(piece: Piece, span: Span) -> list[Change]:
    """The changes of *piece* that *span* of the text is about."""
    return [one for one in piece.result.changes if piece.edits and _touches(piece, one, span)]


def meets(piece: Piece, line: int, span: Span) -> bool:
    """Whether *span* of the text meets what stands at *line* of the Dockerfile."""
    own = piece.line_span(line)
    return own.start <= span.end and span.start <= own.end


def _touches(piece: Piece, change: Change, span: Span) -> bool:
    return meets(piece, change.line, span) or any(
        piece.span(edit.span).start <= span.end and span.start <= piece.span(edit.span).end for edit in change.edits
    )
