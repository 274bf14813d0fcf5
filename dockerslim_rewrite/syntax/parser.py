"""From text to ``Document``.

Source: the grammar of BuildKit's ``frontend/dockerfile/parser`` (directives, continuations, comments, flags,
here-documents), held against its official bindings by the tests.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from typing import NamedTuple

from ..patterns import re
from ..text import Source, Span
from ..text.source import encode
from .document import (
    BLANKS,
    Comment,
    Document,
    Flag,
    Heredoc,
    Instruction,
    LineKind,
    Logical,
    ParseError,
    Segment,
    SegmentKind,
)
from .heredoc import UnbalancedError, announced
from .jsonform import NotStringsError, json_words
from .words import PairError, split_pairs

#: bufio.MaxScanTokenSize - 1: BuildKit refuses a longer line, its line feed not counted.
MAX_LINE_BYTES = 65535
#: A hundred times as many as the longest of some hundred thousand files has; each takes a kilobyte.
MAX_INSTRUCTIONS = 50_000

_DIRECTIVE = re.compile(r"#[ \t\r\f]*+([a-zA-Z][a-zA-Z0-9]*+)[ \t\r\f]*+=(.+)\Z")
_KNOWN_DIRECTIVES = frozenset(("escape", "syntax", "check"))
_KEYWORD = re.compile(r"[^\t\v\f\r ]*")
_HEREDOC_KEYWORDS = frozenset(("RUN", "COPY", "ADD"))
_JSON_KEYWORDS = frozenset(("RUN", "CMD", "ENTRYPOINT", "SHELL", "VOLUME", "COPY", "ADD"))
_PAIR_KEYWORDS = frozenset(("ENV", "LABEL"))


def parse(source: Source | str, known: Document | None = None) -> Document:
    """Read *source* into a lossless document.

    *known* is the document of a text that begins alike: its instructions, as far as they are the same, are taken over.
    Raises ``ParseError`` (line and reason) where BuildKit's parser refuses the text.
    """
    if isinstance(source, str):
        source = Source(source)
    return _Reader(source).read(known)


class _Reader:
    """One pass over the lines; the state that BuildKit's scanner loop keeps."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.starts = source.line_starts
        self.escape = "\\"
        self.directives: dict[str, str] = {}
        self.segments: list[Segment] = []
        self.instructions: list[Instruction] = []
        self.last: dict[str, int] = {}

    def read(self, known: Document | None) -> Document:
        text, starts = self.text, self.starts
        count = len(starts) if starts[-1] < len(text) else len(starts) - 1
        bounds = [*starts[:count], len(text)]
        lines = [text[bounds[i] : bounds[i + 1]] for i in range(count)]
        if max(map(len, lines), default=0) > MAX_LINE_BYTES // 4:
            for number, line in enumerate(lines, 1):
                if len(encode(line.removesuffix("\n"))) > MAX_LINE_BYTES:
                    raise ParseError(number, f"line is longer than {MAX_LINE_BYTES} bytes")
        index = self._take_over(known, starts) if known is not None else 0
        index = index or self._read_directives(lines)
        while index < count:
            line = lines[index]
            bare = line.rstrip("\r\n").lstrip(BLANKS if index else BLANKS + "\ufeff")
            if not bare or bare[0] == "#":
                kind = SegmentKind.COMMENT if bare else SegmentKind.BLANK
                first = bounds[index]
                index += 1
                while index < count and _kind(lines[index]) is kind:
                    index += 1
                self._segment(kind, Span(first, bounds[index]))
                continue
            if len(self.instructions) == MAX_INSTRUCTIONS:
                raise ParseError(index + 1, f"more than {MAX_INSTRUCTIONS:,} instructions, which no Dockerfile has")
            index = self._read_instruction(lines, bounds, index)
        if not self.instructions:
            raise ParseError(max(count, 1), "no instructions in this file")
        return Document(
            self.source,
            self.escape,
            tuple(self.directives.items()),
            tuple(self.segments),
            tuple(self.instructions),
        )

    def _take_over(self, known: Document, starts: tuple[int, ...]) -> int:
        """Take over the segments with which both texts begin; the index of the line behind them.

        The last instruction of the known text stays out: the end of the file may have cut it short.
        """
        text, other = self.text, known.source.text
        same = instructions = 0
        for index, (kind, span) in enumerate(known.segments):
            if not text.startswith(other[span.start : span.end], span.start):
                break
            if kind is SegmentKind.INSTRUCTION:
                if instructions == len(known.instructions) - 1:
                    break
                instructions += 1
                same = index + 1
        if not instructions:
            return 0
        self.escape = known.escape
        self.directives = dict(known.directives)
        self.segments = list(known.segments[:same])
        self.instructions = list(known.instructions[:instructions])
        return bisect_left(starts, self.segments[-1].span.end)

    def _segment(self, kind: SegmentKind, span: Span) -> None:
        if self.segments and kind is not SegmentKind.INSTRUCTION and self.segments[-1].kind is kind:
            self.segments[-1] = Segment(kind, Span(self.segments[-1].span.start, span.end))
        else:
            self.segments.append(Segment(kind, span))

    def _read_directives(self, lines: list[str]) -> int:
        offset = 0
        for index, line in enumerate(lines):
            bare = line.rstrip("\r\n").lstrip(BLANKS if index else BLANKS + "\ufeff")
            match = _DIRECTIVE.match(bare)
            name = match[1].lower() if match else ""
            if match is None or name not in _KNOWN_DIRECTIVES:
                return index
            # BuildKit takes blanks around a value for no part of it, and one of them where there is nothing else.
            value = match[2].strip(" \t\r\f") or match[2][-1]
            if name in self.directives:
                raise ParseError(index + 1, f"only one {name} parser directive can be used")
            if name == "escape":
                if value not in ("\\", "`"):
                    raise ParseError(index + 1, f"escape directive must be \\ or `, not {value!r}")
                self.escape = value
            self.directives[name] = value
            self._segment(SegmentKind.DIRECTIVE, Span(offset, offset + len(line)))
            offset += len(line)
        return len(lines)

    def _read_instruction(self, lines: list[str], bounds: list[int], first: int) -> int:
        bare = lines[first].rstrip("\r\n")
        code = bare.lstrip(BLANKS if first else BLANKS + "\ufeff")
        start = bounds[first] + len(bare) - len(code)
        part, continued = self._part(code)
        pieces = [(0, start, len(part))] if part else []
        kinds: list[LineKind] = [LineKind.CODE]
        comments: list[Comment] = []
        text, index = part, first + 1
        if continued:
            text, index = self._continue(part, lines, bounds, index, pieces, kinds, comments)
        if not text.strip(BLANKS):
            raise ParseError(first + 1, "an instruction without a keyword")
        logical = Logical(text, tuple(pieces))
        try:
            instruction, index = self._build(logical, kinds, comments, lines, bounds, first, index)
        except (NotStringsError, PairError, UnbalancedError) as error:
            raise ParseError(first + 1, str(error)) from None
        self.instructions.append(instruction)
        self.segments.append(Segment(SegmentKind.INSTRUCTION, instruction.span))
        return index

    def _part(self, bare: str) -> tuple[str, bool]:
        """What the line *bare* adds to the logical line, and whether that goes on."""
        part = bare.rstrip(" \t")
        if part[-1:] == self.escape and part[-2:-1] != self.escape:
            return part[:-1], True
        return bare, False

    def _continue(
        self,
        text: str,
        lines: list[str],
        bounds: list[int],
        index: int,
        pieces: list[tuple[int, int, int]],
        kinds: list[LineKind],
        comments: list[Comment],
    ) -> tuple[str, int]:
        """Read the lines behind a continued one; the logical line with them, and the index of the line behind."""
        parts = [text]
        length, count = len(text), len(lines)
        comment, blank, code = LineKind.COMMENT, LineKind.BLANK, LineKind.CODE
        while index < count:
            bare = lines[index].rstrip("\r\n")
            start = bounds[index]
            index += 1
            stripped = bare.lstrip(BLANKS)
            if not stripped:
                kinds.append(blank)
                continue
            if stripped[0] == "#":
                kinds.append(comment)
                comments.append(Comment(Span(start, start + len(bare)), bare, True))
                continue
            kinds.append(code)
            part, continued = self._part(bare)
            if part:
                pieces.append((length, start, len(part)))
                parts.append(part)
                length += len(part)
            if not continued:
                break
        return "".join(parts), index

    def _build(
        self,
        logical: Logical,
        kinds: list[LineKind],
        comments: list[Comment],
        lines: list[str],
        bounds: list[int],
        first: int,
        index: int,
    ) -> tuple[Instruction, int]:
        shape = _shape(logical.text, self.escape)
        heredocs: tuple[Heredoc, ...] = ()
        innermost = shape[-1]
        if innermost.keyword in _HEREDOC_KEYWORDS and "<<" in logical.text and innermost.json is None:
            heredocs, index = self._read_heredocs(logical.text, kinds, lines, bounds, first, index)
        span = Span(bounds[first], bounds[index])
        built: Instruction | None = None
        for one in reversed(shape):
            built = Instruction(
                keyword=one.keyword,
                span=span,
                text=self.text[span.start : span.end],
                logical=logical,
                keyword_start=one.keyword_start,
                kinds=tuple(kinds),
                bounds=tuple(bounds[first : index + 1]),
                line_number=first + 1,
                flags=one.flags,
                args_start=one.args_start,
                args=one.args,
                json=one.json,
                heredocs=heredocs,
                inner=built,
                comments=tuple(comments),
            )
        assert built is not None
        return built, index

    def _read_heredocs(
        self, text: str, kinds: list[LineKind], lines: list[str], bounds: list[int], first: int, index: int
    ) -> tuple[tuple[Heredoc, ...], int]:
        found = []
        for name, chomp, expand, spaced in announced(text):
            if spaced and self._last(lines).get(name, -1) < index:
                # Before BuildKit 0.22 this was no here-document: `$((1 << 2))` announces nothing.
                continue
            begin = bounds[index]
            while True:
                if index == len(lines):
                    raise ParseError(first + 1, f"unterminated heredoc <<{name}")
                candidate = lines[index].rstrip("\r\n")
                whole = Span(bounds[index], bounds[index + 1])
                kinds.append(LineKind.HEREDOC)
                index += 1
                if (candidate.lstrip("\t") if chomp else candidate) == name:
                    found.append(Heredoc(name, chomp, expand, Span(begin, whole.start), whole))
                    break
        return tuple(found), index

    def _last(self, lines: list[str]) -> dict[str, int]:
        """For each text of a line the index of the last one that has it; made once, for the first who asks."""
        if not self.last:
            self.last = {line.rstrip("\r\n"): index for index, line in enumerate(lines)}
        return self.last


def _kind(line: str) -> SegmentKind:
    """What *line* is where no instruction goes on, and it is not the first of the file."""
    bare = line.rstrip("\r\n").lstrip(BLANKS)
    if not bare:
        return SegmentKind.BLANK
    return SegmentKind.COMMENT if bare[0] == "#" else SegmentKind.INSTRUCTION


class _Shape(NamedTuple):
    """A logical line as far as its text alone decides: see ``Instruction``."""

    keyword: str
    keyword_start: int
    flags: tuple[Flag, ...]
    args_start: int
    args: str
    json: tuple[str, ...] | None


@lru_cache(maxsize=1024)
def _shape(text: str, escape: str) -> tuple[_Shape, ...]:
    """Keyword, its offset, flags and start of the arguments of a logical line; then those of ONBUILD's trigger.

    Raises ``PairError`` or ``NotStringsError`` where BuildKit refuses the arguments.
    """
    shapes: list[_Shape] = []
    at = 0
    while True:
        while at < len(text) and text[at] in BLANKS:
            at += 1
        match = _KEYWORD.match(text, at)
        keyword = match[0] if match else ""
        if not keyword:
            break
        upper = keyword.upper() if len(keyword.upper()) == len(keyword) else keyword
        after = at + len(keyword)
        flags, args_start = _flags(text, after)
        args = text[args_start:].rstrip(BLANKS)
        words = json_words(args) if upper in _JSON_KEYWORDS else None
        shapes.append(_Shape(upper, at, flags, args_start, args, words))
        if upper in _PAIR_KEYWORDS:
            split_pairs(args, escape, upper)
        elif upper == "HEALTHCHECK" and args[:3].upper() == "CMD":
            json_words(args[3:].lstrip(BLANKS))
        if upper != "ONBUILD" or len(shapes) > 1:
            # ONBUILD may not stand after ONBUILD: a file of a thousand in a row would be held a thousand times.
            break
        at = args_start
    return tuple(shapes)


def _flags(text: str, at: int) -> tuple[tuple[Flag, ...], int]:
    """The builder flags from offset *at* on, and the offset of the first argument behind them.

    Quotes go, and a backslash escapes in quotes of either kind. Source: BuildKit's parser/split_command.go.
    """
    flags: list[Flag] = []
    end = len(text)
    while True:
        while at < end and text[at] in BLANKS:
            at += 1
        if text[at : at + 2] != "--":
            return tuple(flags), at
        start = at
        word = []
        quote = ""
        while at < end and (quote or text[at] not in BLANKS):
            char = text[at]
            at += 1
            if char == quote:
                quote = ""
            elif not quote and char in "\"'":
                quote = char
            elif char == "\\":
                word.append(text[at : at + 1])
                at += 1
            else:
                word.append(char)
        name, equals, value = "".join(word)[2:].partition("=")
        if not name and not equals:
            while at < end and text[at] in BLANKS:
                at += 1
            return tuple(flags), at
        flags.append(Flag(name, value if equals else None, Span(start, at)))
