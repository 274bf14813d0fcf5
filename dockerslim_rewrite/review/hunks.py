"""The hunks of a diff, as far as a review needs them: which lines it shows, and which of them are new."""

from __future__ import annotations

from ..patterns import re
from ..record import record

_HEAD = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")

#: What the part of a file begins with; lines of files have a mark before them.
_FILE = "\ndiff --git "


@record
class Hunk:
    """Lines ``first`` to ``last`` of the new file, from 1 and both included, of which ``added`` are new.

    Where lines are only gone, the line behind them counts as touched too: it is in ``beside``.
    ``kept`` pairs the lines that did not change, new and old.
    """

    first: int
    last: int
    added: frozenset[int]
    beside: frozenset[int] = frozenset()
    kept: tuple[tuple[int, int], ...] = ()

    def holds(self, first: int, last: int) -> bool:
        """Whether the hunk shows all of the lines *first* to *last*."""
        return self.first <= first and last <= self.last


def read_hunks(diff: str) -> tuple[Hunk, ...]:
    """The hunks of the *diff* of one file."""
    found: list[Hunk] = []
    lines = diff.split("\n")
    at = 0
    while at < len(lines):
        match = _HEAD.match(lines[at])
        at += 1
        if match is None:
            continue
        old, new = int(match[2] or 1), int(match[4] or 1)
        first = line = int(match[3])
        before = int(match[1])
        kept = []
        added, beside = set(), set()
        while (old > 0 or new > 0) and at < len(lines):
            mark = lines[at][:1]
            at += 1
            if mark == "+":
                added.add(line)
                line, new = line + 1, new - 1
            elif mark == "-":
                beside.add(line)
                before, old = before + 1, old - 1
            elif mark != "\\":
                kept.append((line, before))
                line, before, old, new = line + 1, before + 1, old - 1, new - 1
        if line > first:
            found.append(Hunk(first, line - 1, frozenset(added), frozenset(beside), tuple(kept)))
    return tuple(found)


def by_file(diff: str) -> tuple[str, ...]:
    """The parts of *diff* that are of one file each, in order. One that became of another kind is told in two parts,
    with the same head.
    """
    found: list[list[str]] = []
    for part in ("\n" + diff).split(_FILE)[1:]:
        if found and found[-1][0].partition("\n")[0] == part.partition("\n")[0]:
            found[-1].append(part)
        else:
            found.append([part])
    return tuple(_FILE.join(parts) for parts in found)
