"""What the head has and the base has not: both were rewritten, and the findings of one are taken from the other's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from difflib import SequenceMatcher

from ..change import Change, Remark, RemarkKind
from ..ir.build import read_build
from ..passes import rules
from ..pipeline import Result
from ..pipeline.stage_labels import stage_labels, untagged
from ..record import record
from ..syntax import parse

#: A finding without its line: the rule, the instruction that it is about, and the text where that makes it another.
Key = tuple[str, int | str, str]


def added(before: Result | None, after: Result, touched: Collection[int] = ()) -> frozenset[int]:
    """Which changes of *after*, by index, have no counterpart in *before*: same rule, same instruction.

    Where there are more of them than before, those on the lines *touched* are the new ones.
    """
    return _left(before, after, before.changes if before is not None else (), after.changes, touched)


def added_notes(before: Result | None, after: Result, touched: Collection[int] = ()) -> frozenset[int]:
    """The same for remarks on what was seen."""
    left = _left(before, after, before.remarks if before is not None else (), after.remarks, touched)
    return frozenset(at for at in left if after.remarks[at].kind is RemarkKind.ANALYSIS)


def _left(
    before: Result | None,
    after: Result,
    old: Sequence[Change | Remark],
    new: Sequence[Change | Remark],
    touched: Collection[int],
) -> frozenset[int]:
    if before is None or not old or not new:
        return frozenset(range(len(new)))
    here, there = Places(after.original), Places(before.original)
    same = counterparts(there, here)
    bases = {one.code for one in rules() if one.family == "bases"}
    known = Counter(there.key(one, range(len(there.found)), of_base=one.rule in bases) for one in old)
    found = set()
    for at in sorted(range(len(new)), key=lambda at: new[at].line in touched):
        key = here.key(new[at], same, of_base=new[at].rule in bases)
        if known[key]:
            known[key] -= 1
        else:
            found.add(at)
    return frozenset(found)


@record
class Place:
    """An instruction: its lines, its keyword, its text without regard to blanks, and the number of its stage."""

    first: int
    last: int
    keyword: str
    said: str
    stage: int


class Places:
    """The instructions of the Dockerfile *text*, with the labels and images of its stages."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        build = read_build(parse(text))
        self.labels = ("", *stage_labels(build))
        self.images = ("", *(untagged(stage.head.image) for stage in build.stages))
        found = []
        stage = 0
        for one in build.document.instructions:
            stage += one.keyword == "FROM"
            said = " ".join(text[one.span.start : one.span.end].split())
            found.append(Place(one.line_number, one.end_line, one.keyword, said, stage))
        self.found = tuple(found)

    def at(self, line: int) -> int | None:
        """The index of the instruction on *line*."""
        return next((at for at, one in enumerate(self.found) if one.first <= line <= one.last), None)

    def key(self, told: Change | Remark, same: Sequence[int | None], *, of_base: bool) -> Key:
        """What *told* is about, with the numbers *same* for the instructions; what is *of_base* goes by the text."""
        at = self.at(told.line)
        if at is None:
            return told.rule, " ".join(self._lines[min(told.line, len(self._lines)) - 1].split()), ""
        number = same[at]
        said = self.found[at].said
        return told.rule, said if number is None else number, said if of_base else ""


def counterparts(before: Places, after: Places) -> list[int | None]:
    """For each instruction of *after* the index of the one in *before* that it was; None: it is new."""
    stages = _stages(before, after)
    old = [(one.stage, one.said) for one in before.found]
    new = [(stages.get(one.stage, -one.stage), one.said) for one in after.found]
    same: list[int | None] = [None] * len(new)
    left = set(range(len(old)))

    def take(at: int, one: int | None) -> None:
        same[at] = one
        if one is not None:
            left.remove(one)

    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, start, _, at, to in matcher.get_opcodes():
        if kind == "equal":
            for one in range(to - at):
                take(at + one, start + one)
    # What was moved is the same wherever it stands in its stage; then what stands where something else stood.
    for at, told in enumerate(new):
        if same[at] is None:
            take(at, next((one for one in sorted(left) if old[one] == told), None))
    for kind, start, end, at, to in matcher.get_opcodes():
        if kind != "replace":
            continue
        for here in range(at, to):
            if same[here] is None:
                keyword = after.found[here].keyword
                there = (one for one in range(start, end) if one in left and before.found[one].keyword == keyword)
                take(here, next(there, None))
    return same


def _stages(before: Places, after: Places) -> dict[int, int]:
    """Which stage of *before*, by number, each of *after* is: by its name, else by its image, in order."""
    found = {at: before.labels.index(label) for at, label in enumerate(after.labels) if label in before.labels}
    left = [at for at in range(len(before.labels)) if at not in found.values()]
    for at, image in enumerate(after.images):
        if at not in found:
            one = next((old for old in left if before.images[old] == image), None)
            if one is not None:
                found[at] = one
                left.remove(one)
    return found


__all__ = ["Places", "added", "added_notes", "counterparts"]
