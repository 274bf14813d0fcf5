"""What the head has and the base has not: both were rewritten, and the findings of one are taken from the other's."""

from __future__ import annotations

import re
from collections import Counter

from ..change import Change, Remark, RemarkKind
from ..ir.build import read_build
from ..passes import rules
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
    bases = {one.code for one in rules() if one.family == "bases"}
    return [(one.rule, *places.at(one.line, of_base=one.rule in bases)) for one in told]


class Places:
    """Where things are in the Dockerfile *text*, in terms that do not change when lines move or a base is renewed."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._found: list[tuple[int, int, str, str, bool]] = []
        stage = ""
        for one in read_build(parse(text)).document.instructions:
            said = " ".join(text[one.span.start : one.span.end].split())
            head = one.keyword == "FROM"
            if head:
                stage = _stage(said)
            self._found.append((one.line_number, one.end_line, stage, said, head))

    def at(self, line: int, *, of_base: bool) -> tuple[str, str]:
        """The stage and the instruction on *line*; outside of instructions the line itself.

        What stands on a FROM is about the stage unless it is *of_base*: another tag makes it no news.
        """
        for first, last, stage, said, head in self._found:
            if first <= line <= last:
                return stage, stage if head and not of_base else said
        return "", " ".join(self._lines[min(line, len(self._lines)) - 1].split())


def _stage(said: str) -> str:
    """The name of the stage that begins with the FROM *said*; without one its image, whatever its tag and digest."""
    words = [one for one in said.split()[1:] if not one.startswith("--")]
    if len(words) == 3 and words[1].lower() == "as":
        return words[2].lower()
    folder, slash, name = words[0].rpartition("/") if words else ("", "", "")
    return folder + slash + re.split("[:@]", name)[0]
