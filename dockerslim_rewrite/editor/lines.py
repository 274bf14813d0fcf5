"""Positions of the language server protocol: lines and units of an encoding, as offsets of code points and back.

Source: Language Server Protocol 3.17, "Text Documents" (line ends are LF, CR LF and CR) and "Position".
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate, count
from operator import add
from typing import Literal, TypeAlias

from ..patterns import re
from ..record import record

Encoding: TypeAlias = Literal["utf-8", "utf-16", "utf-32"]

#: How Python calls an encoding, and the bytes of a unit.
_BYTES = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
_LINE_END = re.compile(r"\r\n|\n|\r")


@record(slots=False)
class Lines:
    """A text as a client counts in it: lines from 0, columns in units of *encoding*."""

    text: str
    encoding: Encoding = "utf-16"

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each line starts."""
        if "\r" not in self.text:
            # Without a step of ours for each line: an edit counts the lines around it anew.
            return tuple(map(add, accumulate(map(len, self.text.split("\n")[:-1]), initial=0), count()))
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
        # No code point is less than a unit.
        within = range(start, min(start + character, end))
        return start + bisect_right(within, character, key=lambda at: self.units(start, at + 1))

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of *offset*."""
        line = bisect_right(self.starts, offset) - 1
        start = self.starts[line]
        return line, self.units(start, offset)

    def units(self, start: int, end: int) -> int:
        """How many units stand from the offset *start* to *end*."""
        if self._plain:
            return end - start
        name, size = _BYTES[self.encoding]
        return len(self.text[start:end].encode(name, "surrogatepass")) // size
