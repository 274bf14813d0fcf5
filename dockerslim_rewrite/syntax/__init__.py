"""The Dockerfile grammar as BuildKit reads it, without loss and without meaning."""

from .document import (
    Comment,
    Document,
    Flag,
    Heredoc,
    Instruction,
    Line,
    LineKind,
    Logical,
    ParseError,
    Segment,
    SegmentKind,
)
from .parser import parse

__all__ = [
    "Comment",
    "Document",
    "Flag",
    "Heredoc",
    "Instruction",
    "Line",
    "LineKind",
    "Logical",
    "ParseError",
    "Segment",
    "SegmentKind",
    "parse",
]
