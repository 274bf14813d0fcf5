"""The text of one string literal with the way back to its source: escapes, braces, margins, placeholders.

Source: the Python language reference, "String and Bytes literals" and "Formatted string literals".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Protocol

from ..ir.arguments import PLACEHOLDER
from ..patterns import re
from ..record import record
from ..text import Edit, Patch, Span

_ESCAPE = re.compile(r"\\(?:\r\n|[\n\r]|[0-7]{1,3}|x[0-9A-Fa-f]{2}|N\{[^}]+\}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.S)
_NEWLINE = re.compile(r"\r\n|\r|\n")
#: What a placeholder stands as while its surroundings are rewritten: a value that nobody knows.
_TOKEN = f"${{{{{PLACEHOLDER}{{}}}}}}"
TOKEN = re.compile(rf"\$\{{{PLACEHOLDER}\d+\}}")
#: Fields of str.format, and conversions of the % operator.
FIELD = re.compile(r"(?<!\$)(?<!\{)\{(?:[A-Za-z_][\w.]*|\d*)(?:\[[^\]{}]*\])?(?:![rsa])?(?::[^{}]*)?\}(?!\})")
CONVERSION = re.compile(r"%(?:\(\w+\))?[#0 +-]*+(?:\d+|\*)?(?:\.\d+)?[sdrixX]")


@record
class Piece:
    """A stretch of the literal's source: ``text`` is what it means, ``span`` where it stands in the file.

    ``fixed`` pieces are placeholders, which no edit may touch.
    """

    text: str
    span: Span
    fixed: bool = False


class Written(Protocol):
    """A stretch of a file that stands for a text, whatever the language."""

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What tiles its content."""

    def encoded(self, text: str) -> str | None:
        """*text* as it has to be written there; None where it cannot be."""


@record
class Found:
    """A literal that may hold a Dockerfile; ``problem`` says why it is left alone, if it is."""

    literal: Written | None
    offset: int
    problem: str | None = None


@record(eq=False, slots=False)
class Literal:
    """A literal whose pieces tile its content; ``text`` is what a Dockerfile's reader gets to see.

    ``raw`` tells that backslashes stand for themselves, ``quote`` is what ends the literal, ``braces`` that braces
    have to be doubled, ``percents`` that percent signs have to be, ``newline`` how lines of the file end.
    """

    pieces: tuple[Piece, ...]
    raw: bool
    quote: str
    braces: bool
    percents: bool
    newline: str

    @property
    def text(self) -> str:
        """What the literal means, placeholders as tokens."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def triple(self) -> bool:
        """Whether lines of the text are lines of the file."""
        return len(self.quote) == 3

    def encoded(self, text: str) -> str | None:
        """*text* as it has to be written in the literal; None where it cannot be."""
        if self.braces:
            text = text.replace("{", "{{").replace("}", "}}")
        elif any(char in text for char in "{}") and any(piece.fixed for piece in self.pieces):
            return None
        if self.percents:
            text = text.replace("%", "%%")
        if self.raw:
            if self.quote in text or text.endswith("\\") or (not self.triple and "\n" in text):
                return None
            return text.replace("\n", self.newline)
        text = text.replace("\\", "\\\\")
        if self.triple:
            text = text.replace(self.quote[0] * 2, f"\\{self.quote[0]}" * 2)
            return text.replace("\n", self.newline)
        return text.replace(self.quote, f"\\{self.quote}").replace("\n", "\\n").replace("\t", "\\t")


def pieces_of(source: str, start: int, *, raw: bool, doubled: bool) -> list[Piece]:
    """The pieces of literal text *source*, which stands at *start* of the file.

    *doubled* tells that ``{{`` and ``}}`` stand for single braces (in formatted literals).
    """
    found: list[Piece] = []
    at = 0
    while at < len(source):
        end = at + 1
        text = source[at]
        if text == "\\" and not raw:
            match = _ESCAPE.match(source, at)
            end = match.end() if match else end
            text = _meaning(source[at:end])
        elif text in "\r\n":
            match = _NEWLINE.match(source, at)
            end = match.end() if match else end
            text = "\n"
        elif doubled and text in "{}" and source[at : at + 2] == text * 2:
            end = at + 2
        found.append(Piece(text, Span(start + at, start + end)))
        at = end
    return found


def _meaning(escape: str) -> str:
    if escape[1:] in ("\n", "\r", "\r\n"):
        return ""
    if escape[1] in "\\'\"abfnrtv01234567xNuU":
        try:
            value = ast.literal_eval(f'"{escape}"')
        except (SyntaxError, ValueError):
            return escape
        return value if isinstance(value, str) else escape
    return escape


def with_fields(pieces: Sequence[Piece], fields: re.Pattern[str]) -> list[Piece]:
    """*pieces* with those that make up a field of a template joined to one placeholder each."""
    text = "".join(piece.text for piece in pieces)
    ends: list[int] = []
    offset = 0
    for piece in pieces:
        offset += len(piece.text)
        ends.append(offset)
    found: list[Piece] = []
    at = 0
    for number, match in enumerate(fields.finditer(text)):
        first = next((i for i in range(at, len(pieces)) if ends[i] > match.start()), len(pieces))
        last = next((i for i in range(first, len(pieces)) if ends[i] >= match.end()), len(pieces) - 1)
        found += pieces[at:first]
        found.append(placeholder(number, Span(pieces[first].span.start, pieces[last].span.end)))
        at = last + 1
    return [*found, *pieces[at:]]


def placeholder(number: int, span: Span) -> Piece:
    """The piece that stands for an expression or field at *span*."""
    return Piece(_TOKEN.format(number), span, True)


@record(eq=False, slots=False)
class View:
    """The part of a literal that is a Dockerfile, its common margin left out: ``text``, and a piece for each of its
    characters (``starts`` leads from offsets in ``text`` to the file). Lines that begin at ``bare`` have no margin.
    """

    literal: Written
    text: str
    starts: tuple[int, ...]
    end: int
    margin: str
    bare: frozenset[int]

    def position(self, offset: int) -> int:
        """The offset in the file of the character at *offset* of ``text``; at its end, just behind it."""
        return self.starts[offset] if offset < len(self.starts) else self.end

    def edits(self, patch: Patch) -> tuple[Edit, ...] | None:
        """*patch* of ``text`` as edits of the file; None where the text cannot be written."""
        made = [self._edit(self._with_margin(edit)) for edit in _joined(patch)]
        return None if any(edit is None for edit in made) else tuple(edit for edit in made if edit is not None)

    def _with_margin(self, edit: Edit) -> Edit:
        """*edit*, or one that does the same and takes the margin of the lines along that go at the end of the text."""
        start, end = edit.span
        last = not edit.text and end == len(self.text) and start < end
        if last and self._begins_line(start) and self._begins_line(end):
            # They go with the line end before them: nothing would stand behind their margin.
            return Edit.delete(start - 1, end - 1)
        return edit

    def _begins_line(self, offset: int) -> bool:
        """Whether ``text`` has a line end just before *offset*."""
        return offset > 0 and self.text[offset - 1] == "\n"

    def _edit(self, edit: Edit) -> Edit | None:
        out: list[str] = []
        lines = edit.text.split("\n")
        following = self.text[edit.span.end : edit.span.end + 1]
        # Behind the last line end the file has no margin yet.
        new = edit.span.start == len(self.text) and self._begins_line(edit.span.start)
        for index, line in enumerate(lines):
            last = index == len(lines) - 1
            blank = (following in ("", "\n")) if last and not line else not line
            margin = index > 0 or new or edit.span.start in self.bare
            out.append(self.margin + line if margin and not blank else line)
        encoded = self.literal.encoded("\n".join(out))
        if encoded is None:
            return None
        return Edit(Span(self.position(edit.span.start), self.position(edit.span.end)), encoded)


def _joined(patch: Patch) -> Iterator[Edit]:
    """The edits of *patch*, those that touch as one."""
    before: Edit | None = None
    for edit in patch:
        if before is not None and before.span.end == edit.span.start:
            before = Edit(Span(before.span.start, edit.span.end), before.text + edit.text)
            continue
        if before is not None:
            yield before
        before = edit
    if before is not None:
        yield before


def view_of(literal: Written) -> View | None:
    """The Dockerfile in *literal*: from its first line that is not blank to its last; None for an empty one."""
    lines: list[list[tuple[str, int]]] = [[]]
    for piece in literal.pieces:
        for index, char in enumerate(piece.text):
            # All characters of a placeholder stand at its start: nothing can be put within.
            lines[-1].append((char, piece.span.start if index == 0 or piece.fixed else piece.span.end))
            if char == "\n":
                lines.append([])
    shown = [index for index, line in enumerate(lines) if "".join(char for char, _ in line).strip()]
    if not shown:
        return None
    margin = _margin(["".join(char for char, _ in lines[index]) for index in shown])
    body = lines[shown[0] : shown[-1] + 1]
    chars: list[tuple[str, int]] = []
    bare: set[int] = set()
    for line in body:
        text = "".join(char for char, _ in line)
        if not text.startswith(margin):
            bare.add(len(chars))
        chars += line[len(margin) :] if text.startswith(margin) else line[len(text) - len(text.lstrip(" \t")) :]
    consumed = sum(len(line) for line in lines[: shown[-1] + 1])
    offset = 0
    end = literal.pieces[-1].span.end
    for piece in literal.pieces:
        offset += len(piece.text)
        if offset >= consumed:
            end = piece.span.end
            break
    return View(literal, "".join(char for char, _ in chars), tuple(at for _, at in chars), end, margin, frozenset(bare))


def _margin(lines: Sequence[str]) -> str:
    """The blanks that all of *lines* start with."""
    blanks = [line[: len(line) - len(line.lstrip(" \t"))] for line in lines]
    shortest = min(blanks, key=len)
    while not all(blank.startswith(shortest) for blank in blanks):
        shortest = shortest[:-1]
    return shortest
