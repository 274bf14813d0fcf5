"""Edits to a text: sorted, disjoint, composable."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from ..record import record
from .source import Span


class Edit(NamedTuple):
    """Replace the code points of ``span`` by ``text``; an empty span inserts."""

    span: Span
    text: str

    @classmethod
    def insert(cls, at: int, text: str) -> Edit:
        """Insert *text* before the code point at *at*."""
        return cls(Span(at, at), text)

    @classmethod
    def replace(cls, start: int, end: int, text: str) -> Edit:
        """Put *text* in the place of ``[start, end)``."""
        return cls(Span(start, end), text)

    @classmethod
    def delete(cls, start: int, end: int) -> Edit:
        """Remove ``[start, end)``."""
        return cls(Span(start, end), "")


class OverlapError(ValueError):
    """Two edits claim the same text."""


@record(slots=False)
class Patch:
    """Edits in ascending order of which no two touch the same code point, nor insert at the same place."""

    edits: tuple[Edit, ...] = ()

    @classmethod
    def of(cls, edits: Iterable[Edit]) -> Patch:
        """Sort *edits* into a patch. Raises ``OverlapError`` where two of them meet."""
        ordered = tuple(sorted(edits))
        for left, right in pairwise(ordered):
            if right.span.start < left.span.end or right.span == left.span:
                raise OverlapError(f"edits at {left.span} and {right.span} overlap")
        return cls(ordered)

    def __bool__(self) -> bool:
        return bool(self.edits)

    def __iter__(self) -> Iterator[Edit]:
        return iter(self.edits)

    def apply(self, text: str) -> str:
        """*text* with all edits made."""
        if not self.edits:
            return text
        parts: list[str] = []
        at = 0
        for (start, end), new in self.edits:
            parts.append(text[at:start])
            parts.append(new)
            at = end
        parts.append(text[at:])
        return "".join(parts)

    def then(self, later: Patch, original: str) -> Patch:
        """One patch on *original* that does what this patch and then *later* (on the result) do."""
        if not self.edits:
            return later
        if not later.edits:
            return self
        pieces = _splice(_pieces(self, len(original)), later)
        edits: list[Edit] = []
        at = 0
        pending = ""
        for piece in pieces:
            if isinstance(piece, str):
                pending += piece
                continue
            if piece.start > at or pending:
                edits.append(Edit(Span(at, piece.start), pending))
                pending = ""
            at = piece.end
        if at < len(original) or pending:
            edits.append(Edit(Span(at, len(original)), pending))
        return Patch(tuple(edits))

    def shift(self, offset: int) -> int:
        """Where *offset* of the patched text lies in the text before; inside new text, where that text begins."""
        index = bisect_right(self._starts, offset) - 1
        if index < 0:
            return offset
        (start, end), new = self.edits[index]
        behind = self._starts[index] + len(new)
        return start if offset < behind else end + offset - behind

    def kept(self, start: int, end: int) -> int | None:
        """The first offset from *start* to *end* of the patched text that holds what was there before; None without."""
        index = bisect_right(self._starts, start) - 1
        at = start
        while at < end:
            if index >= 0:
                at = max(at, self._starts[index] + len(self.edits[index].text))
            index += 1
            if at < (self._starts[index] if index < len(self._starts) else end):
                return at if at < end else None
        return None

    @cached_property
    def _starts(self) -> list[int]:
        """Where the text of each edit begins in the patched text."""
        starts = []
        moved = 0
        for (start, end), new in self.edits:
            starts.append(start + moved)
            moved += len(new) - (end - start)
        return starts


def _pieces(patch: Patch, length: int) -> list[Span | str]:
    """The patched text as kept ranges of the original and new strings."""
    pieces: list[Span | str] = []
    at = 0
    for (start, end), new in patch.edits:
        if start > at:
            pieces.append(Span(at, start))
        if new:
            pieces.append(new)
        at = end
    if length > at:
        pieces.append(Span(at, length))
    return pieces


def _splice(pieces: list[Span | str], patch: Patch) -> list[Span | str]:
    """Apply *patch* to a text that is given as *pieces*."""
    out: list[Span | str] = []
    queue = list(reversed(pieces))

    def take(count: int, keep: bool) -> None:
        while count > 0:
            piece = queue.pop()
            size = len(piece) if isinstance(piece, str) else piece.end - piece.start
            if size > count:
                if isinstance(piece, str):
                    head: Span | str = piece[:count]
                    queue.append(piece[count:])
                else:
                    head = Span(piece.start, piece.start + count)
                    queue.append(Span(piece.start + count, piece.end))
                piece, size = head, count
            if keep:
                out.append(piece)
            count -= size

    at = 0
    for (start, end), new in patch.edits:
        take(start - at, keep=True)
        take(end - start, keep=False)
        if new:
            out.append(new)
        at = end
    out.extend(reversed(queue))
    return out
