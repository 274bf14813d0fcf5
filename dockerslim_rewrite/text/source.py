"""Decoding without loss, and positions that people can read."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import NamedTuple

from ..record import record


class Span(NamedTuple):
    """A half-open range of code points, ``start <= end``."""

    start: int
    end: int

    def covers(self, other: Span) -> bool:
        """Whether *other* lies inside this span."""
        return self.start <= other.start and other.end <= self.end


class Position(NamedTuple):
    """A place in a file for people: line and column, both counted from 1, in code points."""

    line: int
    column: int


@record(slots=False)
class Source:
    """The text of one file.

    ``text`` keeps everything: a byte order mark is its first code point, line ends are as they were, and bytes
    that are not UTF-8 are lone surrogates (PEP 383), so that ``to_bytes`` gives the very bytes back.
    """

    text: str
    path: str | None = None

    @classmethod
    def from_bytes(cls, data: bytes, path: str | None = None) -> Source:
        """Decode *data* as UTF-8; undecodable bytes survive as lone surrogates."""
        return cls(data.decode("utf-8", "surrogateescape"), path)

    def to_bytes(self) -> bytes:
        """The file's bytes: the inverse of ``from_bytes``."""
        return encode(self.text)

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """The offset at which each line starts. Lines end at LF alone, as BuildKit's scanner has it."""
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return tuple(starts)

    def position(self, offset: int) -> Position:
        """Line and column of the code point at *offset*."""
        line = bisect_right(self.line_starts, offset)
        return Position(line, offset - self.line_starts[line - 1] + 1)


def encode(text: str) -> bytes:
    """The bytes of a text that ``Source.from_bytes`` decoded.

    A text that did not come from bytes may hold surrogates which stand for no byte; those are encoded as they are.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
