"""What the head has and the base has not: both were rewritten, and the findings of one are taken from the other's."""

from __future__ import annotations

from collections import Counter

from ..change import Change, Remark, RemarkKind
from ..ir.build import read_build
from ..pipeline import Result
from ..syntax import parse

Key = tuple[str, str, str]


def added(before: Result | None, after: Result) -> frozenset[int]:
    """Which changes of *after*, by index, have no counterpart in *before*: same rule, stage and instruction."""
    known = Counter(_keys(before, before.changes)) if before is not None else Counter[Key]()
    return _left(known, _keys(after, after.changes))


def added_notes(before: Result | None, after: Result) -> frozenset[int]:
    """The same for remarks on what was seen."""
    known = Counter(_keys(before, before.remarks)) if before is not None else Counter[Key]()
    left = _left(known, _keys(after, after.remarks))
    return frozenset(at for at in left if after.remarks[at].kind is RemarkKind.ANALYSIS)


def _left(known: Counter[Key], keys: list[Key]) -> frozenset[int]:
    found = set()
    for at, key in enumerate(keys):
        if known[key]:
            known[key] -= 1
        else:
            found.add(at)
    return frozenset(found)


def _keys(result: Result, told: tuple[Change, ...] | tuple[Remark, ...]) -> list[Key]:
    """What each of *told* is about: its rule, its stage, and its instruction without regard to blanks."""
    places = Places(result.original)
    return [(one.rule, *places.at(one.line)) for one in told]


class Places:
    """Where things are in the Dockerfile *text*, in terms that do not change when lines move."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._found: list[tuple[int, int, str, str]] = []
        stage = ""
        for one in read_build(parse(text)).document.instructions:
            said = " ".join(text[one.span.start : one.span.end].split())
            if one.keyword == "FROM":
                stage = said
            self._found.append((one.line_number, one.end_line, stage, said))

    def at(self, line: int) -> tuple[str, str]:
        """The stage and the instruction on *line*; outside of instructions the line itself."""
        for first, last, stage, said in self._found:
            if first <= line <= last:
                return stage, said
        return "", " ".join(self._lines[min(line, len(self._lines)) - 1].split())
