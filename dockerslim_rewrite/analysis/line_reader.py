"""What a script looks for in the lines of a Dockerfile, and what it takes of them. Only data and its meaning."""

from __future__ import annotations

from collections.abc import Collection

from ..patterns import re
from ..record import record
from .evidence import Evidence

#: A part of a regular expression whose text is not known: a group's bracket, a class, any character, an expansion.
_VARIED = re.compile(
    r"\\[(){}+?|<>bBsSwWdD]|\[(?:\^?\])?(?:\[:\w++:\]|[^\]])*+\]|\$\{[^}]*+\}|\$\$?\(?\w++\)?|[.()]|\\?\{[0-9,]*+\\?\}"
)
#: A group that begins with the line, or ends with it.
_GROUP = re.compile(r"\A\\?\((\^)|(\$)\\?\)\Z")
_REPEATED = "*+?"


@record
class LineReader:
    """A command that picks the lines that hold ``pieces`` in this order, at the line's ``start`` or ``end`` where that
    is set, and takes the field ``field`` (from 1; None for the whole line) between ``delimiter`` (None for blanks).
    """

    where: Evidence
    pieces: tuple[str, ...]
    start: bool = False
    end: bool = False
    any_case: bool = False
    field: int | None = None
    delimiter: str | None = None

    def picks(self, line: str) -> bool:
        """Whether the command finds *line*."""
        text = line.lower() if self.any_case else line
        at = 0
        for number, piece in enumerate(self.pieces):
            found = text.find(piece, at)
            if found < 0 or (number == 0 and self.start and found > 0):
                return False
            at = found + len(piece)
        return not self.end or text.endswith(self.pieces[-1])

    def taken(self, line: str) -> str:
        """What the command takes of *line*."""
        if self.field is None:
            return line
        if self.delimiter is not None and self.delimiter not in line:
            return line
        words = line.split(self.delimiter)
        return words[self.field - 1] if self.field <= len(words) else ""

    def loses(self, gone: Collection[str], new: Collection[str]) -> bool:
        """Whether the command finds something in a line of *gone*, and nothing in those *new* that take their place."""
        before = {self.taken(line) for line in gone if self.picks(line)} - {""}
        if not before:
            return False
        after = {self.taken(line) for line in new if self.picks(line)} - {""}
        if not after:
            return True
        if self.field is None:
            return False
        if all(line.lstrip()[:5].upper() == "FROM " for line in gone if self.picks(line)):
            # A base may be pinned, and its name then is another; a version with a digest behind it is none any more.
            return self.delimiter == ":" and any("@" in one for one in after - before)
        return before != after


def line_reader(
    where: Evidence, pattern: str, any_case: bool, fixed: bool, field: int | None, delimiter: str | None
) -> LineReader | None:
    """The reader at *where* that looks for the regular expression *pattern*, or for a *fixed* text; None where nothing
    in it is text, or it tells of alternatives.
    """
    start = end = False
    pieces = [pattern]
    if not fixed:
        if "|" in pattern:
            return None
        pattern = _GROUP.sub(r"\1\2", pattern)
        start, end = pattern.startswith("^"), pattern.endswith("$")
        pieces = _pieces(pattern[int(start) : len(pattern) - int(end)])
    if any_case:
        pieces = [one.lower() for one in pieces]
    known = tuple(filter(None, pieces))
    if not known:
        return None
    return LineReader(where, known, start and bool(pieces[0]), end and bool(pieces[-1]), any_case, field, delimiter)


def _pieces(pattern: str) -> list[str]:
    """The texts in *pattern*, as they stand between what may vary."""
    found = [""]
    at = 0
    while at < len(pattern):
        varied = _VARIED.match(pattern, at)
        if varied is not None:
            at = varied.end()
            found.append("")
            continue
        if pattern[at] in _REPEATED:
            # What may be there no time is no text.
            found[-1] = found[-1][:-1]
            found.append("")
        else:
            at += pattern[at] == "\\"
            found[-1] += pattern[at : at + 1]
        at += 1
    return found
