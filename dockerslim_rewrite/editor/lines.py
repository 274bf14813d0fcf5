"""Positions of the language server protocol: lines and units of an encoding, as offsets of code points and back.

Source: Language Server Protocol 3.17, "Text Documents" (line ends are LF, CR LF and CR) and "Position".
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import Literal, TypeAlias

from ..record import record

Encoding: TypeAlias = Literal["utf-8", "utf-16", "utf-32"]

_LINE_END = re.compile(r"\r\n|\n|\r")


@record(slots=False)
class Lines:
    """A text as a client counts in it: lines from 0, columns in units of *encoding*."""

    text: str
    encoding: Encoding = "utf-16"

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each line starts."""
        return (0, *(match.end() for match in _LINE_END.finditer(self.text)))

    @cached_property
    def _plain(self) -> bool:
        """Whether a code point is a unit everywhere."""
        return self.encoding == "utf-32" or self.text.isascii()

    def end_of(self, line: int) -> int:
        """Where *line* ends, its line end not included."""
        if line + 1 >= len(self.starts):
            return len(self.text)
        end = self.starts[line + 1] - 1
        return end - 1 if self.text[end] == "\n" and end > self.starts[line] and self.text[end - 1] == "\r" else end

    def offset(self, line: int, character: int) -> int:
        """The offset of a position. What lies behind a line is its end, what lies behind the text is that one's.

        A position within a code point is the one before it.
        """
        if line >= len(self.starts):
            return len(self.text)
        start, end = self.starts[line], self.end_of(line)
        if self._plain:
            return min(start + character, end)
        units = 0
        for at in range(start, end):
            units += self._width(self.text[at])
            if units > character:
                return at
        return end

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of *offset*."""
        line = bisect_right(self.starts, offset) - 1
        start = self.starts[line]
        if self._plain:
            return line, offset - start
        return line, sum(map(self._width, self.text[start:offset]))

    def _width(self, char: str) -> int:
        code = ord(char)
        if self.encoding == "utf-16":
            return 2 if code > 0xFFFF else 1
        return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4

    def replaced(self, start: tuple[int, int], end: tuple[int, int], text: str) -> Lines:
        """The text with what stands from *start* to *end* replaced by *text*."""
        first, last = self.offset(*start), self.offset(*end)
        return Lines(self.text[:first] + text + self.text[max(first, last) :], self.encoding)
