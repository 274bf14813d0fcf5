"""The lossless tree: segments that tile the file, instructions with the way back from logical to physical text."""

from __future__ import annotations

from bisect import bisect_right
from enum import Enum
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from ..record import record
from ..text import Source, Span, readable
from .style import Style, style_of


class ParseError(ValueError):
    """The text is no Dockerfile that BuildKit would take; ``line`` (from 1) and ``reason`` say where and why."""

    def __init__(self, line: int, reason: str) -> None:
        # Reasons quote the file.
        reason = readable(reason)
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


class SegmentKind(Enum):
    """What a run of whole lines is."""

    DIRECTIVE = "directive"
    COMMENT = "comment"
    BLANK = "blank"
    INSTRUCTION = "instruction"


class Segment(NamedTuple):
    """Whole lines of one kind; the segments of a document tile its text."""

    kind: SegmentKind
    span: Span


class LineKind(Enum):
    """What one physical line inside an instruction is."""

    CODE = "code"
    COMMENT = "comment"
    BLANK = "blank"
    HEREDOC = "heredoc"


class Line(NamedTuple):
    """One physical line of an instruction; its span includes the line end."""

    kind: LineKind
    span: Span


class Comment(NamedTuple):
    """One comment line without its line end, leading blanks included; ``inside`` an instruction or between two."""

    span: Span
    text: str
    inside: bool


class Flag(NamedTuple):
    """A ``--name=value`` of an instruction; ``value`` is None without ``=``; the span is in the logical text."""

    name: str
    value: str | None
    span: Span


class Heredoc(NamedTuple):
    """A here-document: its name, whether ``<<-`` strips tabs, whether variables expand, and where the body lies."""

    name: str
    chomp: bool
    expand: bool
    body: Span
    terminator: Span


@record(slots=False)
class Logical:
    """Text put together from pieces of the file: what BuildKit sees once continuations and comments are gone.

    ``pieces`` are ``(logical start, physical start, length)`` in ascending order.
    """

    text: str
    pieces: tuple[tuple[int, int, int], ...]

    @cached_property
    def _starts(self) -> list[int]:
        return [piece[0] for piece in self.pieces]

    def before(self, offset: int) -> int:
        """The physical offset of the code point at logical *offset*; at the end of the text, just behind it."""
        if offset >= len(self.text):
            return self.after(offset)
        logical, physical, _ = self.pieces[bisect_right(self._starts, offset) - 1]
        return physical + offset - logical

    def after(self, offset: int) -> int:
        """The physical offset just behind the code point before logical *offset*."""
        if offset <= 0:
            return self.pieces[0][1]
        logical, physical, _ = self.pieces[bisect_right(self._starts, min(offset, len(self.text)) - 1) - 1]
        return physical + offset - logical

    def span(self, start: int, end: int) -> Span:
        """The physical range from the first to the last code point of a logical range, lines between included."""
        return Span(self.before(start), self.after(end))

    def spans(self, start: int, end: int) -> list[Span]:
        """The physical ranges that hold exactly the code points of a logical range."""
        found = []
        for logical, physical, length in self.pieces:
            low, high = max(start, logical), min(end, logical + length)
            if low < high:
                found.append(Span(physical + low - logical, physical + high - logical))
        return found

    def slice(self, start: int, end: int) -> Logical:
        """The part of this text in ``[start, end)``, still leading back to the file."""
        pieces = []
        for logical, physical, length in self.pieces:
            low, high = max(start, logical), min(end, logical + length)
            if low < high:
                pieces.append((low - start, physical + low - logical, high - low))
        if not pieces:
            pieces.append((0, self.before(start), 0))
        return Logical(self.text[start:end], tuple(pieces))


@record(eq=False, slots=False)
class Instruction:
    """One instruction with all its lines.

    ``span`` covers whole lines, heredoc bodies and the last line end included; ``text`` is what stands there.
    ``logical`` is the joined line without the first line's leading blanks; ``keyword`` is upper case and starts at
    ``keyword_start`` of the logical line. ``kinds`` tells what each physical line is; ``bounds`` are the offsets where
    they start, and the end of the last. ``args`` is what follows the keyword and the flags, blanks at both ends
    removed; ``json`` are the words of the exec (JSON) form, None for the shell form.
    """

    keyword: str
    span: Span
    text: str
    logical: Logical
    keyword_start: int
    kinds: tuple[LineKind, ...]
    bounds: tuple[int, ...]
    line_number: int
    flags: tuple[Flag, ...]
    args_start: int
    args: str
    json: tuple[str, ...] | None
    heredocs: tuple[Heredoc, ...] = ()
    inner: Instruction | None = None
    comments: tuple[Comment, ...] = ()

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The physical lines."""
        return tuple(
            Line(kind, Span(start, end)) for kind, (start, end) in zip(self.kinds, pairwise(self.bounds), strict=True)
        )

    @property
    def keyword_text(self) -> str:
        """The keyword as it is written."""
        return self.logical.text[self.keyword_start : self.keyword_start + len(self.keyword)]

    @property
    def keyword_span(self) -> Span:
        """Where the keyword stands in the file."""
        return self.logical.span(self.keyword_start, self.keyword_start + len(self.keyword))

    @cached_property
    def args_logical(self) -> Logical:
        """``args`` with the way back to the file."""
        return self.logical.slice(self.args_start, self.args_start + len(self.args))

    @property
    def end_line(self) -> int:
        """The number of the last physical line."""
        return self.line_number + len(self.kinds) - 1

    def flag(self, name: str) -> str | None:
        """The value of the flag *name* ('' when it has none), None when it is not there."""
        for flag in self.flags:
            if flag.name == name:
                return flag.value or ""
        return None

    @property
    def code_end(self) -> int:
        """The physical offset behind the last code point of the logical line that is no blank."""
        return self.logical.after(len(self.logical.text.rstrip(BLANKS)))


#: Go's unicode.IsSpace, which BuildKit trims with.
BLANKS = (
    "\t\n\v\f\r \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


@record(eq=False, slots=False)
class Document:
    """A parsed file. ``print(document)`` is the text it was parsed from, byte for byte."""

    source: Source
    escape: str
    directives: tuple[tuple[str, str], ...]
    segments: tuple[Segment, ...]
    instructions: tuple[Instruction, ...]

    def __str__(self) -> str:
        return "".join(self.source.text[s.span.start : s.span.end] for s in self.segments)

    @cached_property
    def comments(self) -> tuple[Comment, ...]:
        """All comment lines in file order, parser directives not included."""
        text = self.source.text
        found: list[Comment] = []
        for segment in self.segments:
            if segment.kind is SegmentKind.COMMENT:
                start = segment.span.start
                for line in text[start : segment.span.end].splitlines(keepends=True):
                    bare = line.rstrip("\r\n")
                    found.append(Comment(Span(start, start + len(bare)), bare, False))
                    start += len(line)
        for instruction in self.instructions:
            found.extend(instruction.comments)
        return tuple(sorted(found))

    @cached_property
    def style(self) -> Style:
        """How this file is written: what inserted text imitates."""
        return style_of(self.source.text, self.escape)

    def without(self, instruction: Instruction) -> Span:
        """What to delete when *instruction* goes: its lines, and of the blank lines on both sides those behind it."""
        at = next(index for index, segment in enumerate(self.segments) if segment.span == instruction.span)
        around = self.segments[max(at - 1, 0)], self.segments[min(at + 1, len(self.segments) - 1)]
        if all(segment.kind is SegmentKind.BLANK for segment in around):
            return Span(instruction.span.start, around[1].span.end)
        return instruction.span

    def line_of(self, offset: int) -> int:
        """The number, from 1, of the line that holds *offset*."""
        return self.source.position(offset).line
