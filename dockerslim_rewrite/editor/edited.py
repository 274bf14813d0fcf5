"""A text while a client edits it: in pieces, so that an edit costs what it changes, however long the text is.

Lines and columns are those of ``lines``; a position is looked up among sums over pieces, and within one piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from ..record import record
from .lines import Encoding, Lines

#: Code points of a piece: few enough to copy for each edit, and so many that a text has few pieces.
_USUAL = 1024
_FEW = _USUAL // 4


@record(slots=False)
class _Piece:
    """A part of the text. No piece ends within CR LF, so that line ends can be counted piece by piece."""

    lines: Lines

    @cached_property
    def ends(self) -> int:
        """How many lines end here."""
        return len(self.lines.starts) - 1

    @cached_property
    def units(self) -> int:
        """The units behind the last line end."""
        return self.lines.units(self.lines.starts[-1], len(self.lines.text))


class EditedText:
    """A text in *encoding*, edited in place; ``lines`` is what it has become."""

    def __init__(self, lines: Lines) -> None:
        self.encoding: Encoding = lines.encoding
        self._pieces: list[_Piece] = []
        self._whole: Lines | None = lines

    @property
    def lines(self) -> Lines:
        """The text with all edits made."""
        if self._whole is None:
            self._whole = Lines("".join(one.lines.text for one in self._pieces), self.encoding)
        return self._whole

    def replace(self, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        """Put *text* in place of what stands from *start* to *end*. What ends before it starts is empty."""
        if self._whole is not None:
            self._pieces = list(self._split(self._whole.text))
            self._whole = None
        first, last = self._place(*start), self._place(*end)
        last = max(first, last)
        low, high = first[0], last[0] + 1
        before = self._pieces[low].lines.text[: first[1]]
        behind = self._pieces[last[0]].lines.text[last[1] :]
        made = before + text + behind
        # What has become small, or would end or begin within CR LF, is one with its neighbours.
        if low and (len(made) < _FEW or made.startswith("\n")):
            low -= 1
            made = self._text(low) + made
        if high < len(self._pieces) and (len(made) < _FEW or made.endswith("\r")):
            made += self._text(high)
            high += 1
        self._pieces[low:high] = self._split(made)

    def _text(self, index: int) -> str:
        return self._pieces[index].lines.text

    def _split(self, text: str) -> Iterator[_Piece]:
        """*text* in pieces, one of them at least."""
        at = 0
        while len(text) - at > 2 * _USUAL:
            to = at + _USUAL
            to += text[to - 1 : to + 1] == "\r\n"
            yield _Piece(Lines(text[at:to], self.encoding))
            at = to
        yield _Piece(Lines(text[at:], self.encoding))

    def _place(self, line: int, character: int) -> tuple[int, int]:
        """The piece of a position, and the offset in it, as ``Lines.offset`` has it."""
        index, last = 0, len(self._pieces) - 1
        while line > (piece := self._pieces[index]).ends:
            if index == last:
                return last, len(piece.lines.text)
            line -= piece.ends
            index += 1
        # The last line of a piece goes on in the next one.
        while line == piece.ends and character > piece.units and index < last:
            character -= piece.units
            index, piece, line = index + 1, self._pieces[index + 1], 0
        return index, piece.lines.offset(line, character)
