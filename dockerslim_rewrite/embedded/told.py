"""What is told of a Dockerfile in a string, in the words of the file that holds it: its lines, its placeholders."""

from __future__ import annotations

from typing import TypeVar

from ..change import Change, Remark
from ..ir.arguments import PLACEHOLDER
from ..patterns import re
from ..record import evolve
from ..text import Source
from .literal import View

Item = TypeVar("Item", Change, Remark)

_LINES = re.compile(r"\blines? \d+(?:(?:, | and |, and | or | to |-)\d+)*")
_NUMBER = re.compile(r"\d+")


class Telling:
    """Puts texts about the Dockerfile of *view* into words about *source*, the file that it stands in."""

    def __init__(self, view: View, source: Source) -> None:
        self._source = source
        self._view = view
        self._starts = Source(view.text).line_starts
        self._written: dict[str, str] = {}
        for piece in view.literal.pieces:
            if piece.fixed:
                written = source.text[piece.span.start : piece.span.end]
                # As the expansion that it stands as, and by the name of the variable alone.
                self._written[piece.text] = written
                self._written[piece.text.strip("${}")] = written.strip("${}")

    def line(self, line: int) -> int:
        """The line of the file at which *line* of the Dockerfile stands."""
        offset = self._starts[min(max(line, 1), len(self._starts)) - 1]
        return self._source.position(self._view.position(offset)).line

    def item(self, item: Item) -> Item:
        """*item* with its texts about the file; its line is still that of the Dockerfile."""
        reason, evidence = self.text(item.reason), tuple(map(self.text, item.evidence))
        if isinstance(item, Change):
            return evolve(item, reason=reason, evidence=evidence, title=self.text(item.title))
        return evolve(item, reason=reason, evidence=evidence)

    def text(self, text: str) -> str:
        """*text* about the file."""
        # The tenth begins like the first.
        for token in sorted(self._written, key=len, reverse=True) if PLACEHOLDER in text else ():
            text = text.replace(token, self._written[token])
        return _LINES.sub(lambda match: _NUMBER.sub(lambda one: str(self.line(int(one[0]))), match[0]), text)
