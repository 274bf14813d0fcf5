"""What the head has and the base has not: both were rewritten, and the findings of one are taken from the other's."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cached_property

from ..change import Change, Remark, RemarkKind
from ..ir.build import read_build
from ..passes import rules
from ..pipeline import Result
from ..pipeline.stage_labels import stage_labels, untagged
from ..record import record
from ..syntax import parse
from ..text import Source

#: So many pairs of instructions are compared: the comparison may take the cube of their number.
_COMPARED = 40_000
#: Instructions that share so many of their words are the same one, edited.
_HALF = 0.5
#: An instruction that more stages have tells none from another.
_EVERYWHERE = 20
#: Rules that say one thing of a stage as a whole, and stand on whichever instruction is the last one.
_OF_STAGES = frozenset(
    ("DS401", "DS402", "DS403", "DS404", "DS405", "DS406", "DS407", "DS408", "DS409", "DS411", "DS412", "DS501")
)
#: Rules that join RUNs, each for a reason of its own: what was joined for one was told already.
_ALIKE = {"DS102": "DS101", "DS103": "DS101"}
_JOINING = frozenset(("DS101", *_ALIKE))
#: Two stages that share neither name nor label nor image.
_UNLIKE = (True, True, True)
#: A finding without its line: the rule, the instruction that it is about, and the text where that makes it another.
Key = tuple[str, int | str, str]


class Subtraction:
    """What *after* has and *before* (None: there was nothing) has not: findings of the same rule on the same
    instruction are the same. Both texts are read, and compared, once.
    """

    def __init__(self, before: Result | None, after: Result) -> None:
        self._before, self._after = before, after
        self.here = Places(after.original)

    def changes(self, touched: Collection[int]) -> frozenset[int]:
        """Which changes, by index, are new. Where there are more than before, those on the lines *touched* are."""
        return self._left(() if self._before is None else self._before.changes, self._after.changes, touched)

    def notes(self, touched: Collection[int]) -> frozenset[int]:
        """The same for remarks on what was seen."""
        told = self._after.remarks
        left = self._left(() if self._before is None else self._before.remarks, told, touched)
        return frozenset(at for at in left if told[at].kind is RemarkKind.ANALYSIS)

    def declined(self, at: int) -> bool:
        """Whether the base left what the change *at* is about as it was, and said so: only the verdict is new."""
        return self._before is not None and self._new_key(self._after.changes[at]) in self._declined

    def edited_before(self, at: int) -> bool:
        """Whether the base's rewrite edited the instruction that the change *at* is about, which is as it was there.

        Then it is what is left of a change that joined it with others, and that the request parts.
        """
        if self._before is None:
            return False
        number = self.here.at(self._after.changes[at].line)
        there = None if number is None else self._same[number]
        if number is None or there is None or self.here.found[number].text != self._there.found[there].text:
            return False
        place = self._there.found[there]
        return any(first <= place.last and place.first <= last for first, last in self._edited)

    @cached_property
    def _edited(self) -> tuple[tuple[int, int], ...]:
        """The lines of what changes that join instructions edit in the base."""
        if self._before is None:
            return ()
        source = Source(self._before.original)
        return tuple(
            (source.position(one.edits[0].span.start).line, source.position(one.edits[-1].span.end).line)
            for one in self._before.changes
            if one.rule in _JOINING and one.edits
        )

    def kept(self) -> frozenset[int]:
        """The lines of instructions that stand in the base as they are here, there or elsewhere; of FROM the image."""
        if self._before is None:
            return frozenset()
        found = self._there.found
        pairs = ((one, self._same[at]) for at, one in enumerate(self.here.found))
        kept = ((one, found[at]) for one, at in pairs if at is not None)
        same = (
            one
            for one, was in kept
            # Other blanks and line ends say nothing else.
            if one.said == was.said or (one.keyword == was.keyword == "FROM" and one.about == was.about)
        )
        return frozenset(line for one in same for line in range(one.first, one.last + 1))

    @cached_property
    def _declined(self) -> frozenset[Key]:
        known = () if self._before is None else self._before.remarks
        return frozenset(self._old_key(one) for one in known if one.kind in (RemarkKind.MISSED, RemarkKind.HELD))

    @cached_property
    def _bases(self) -> frozenset[str]:
        return frozenset(one.code for one in rules() if one.family == "bases")

    @cached_property
    def _stages(self) -> Mapping[int, int]:
        return same_stages(self._there, self.here)

    def _old_key(self, one: Change | Remark) -> Key:
        stages = {at: at for at in range(len(self._there.labels))} if one.rule in _OF_STAGES else None
        numbers = range(len(self._there.found))
        return self._there.key(one, numbers, of_base=one.rule in self._bases, stages=stages)

    def _new_key(self, one: Change | Remark) -> Key:
        stages = self._stages if one.rule in _OF_STAGES else None
        return self.here.key(one, self._same, of_base=one.rule in self._bases, stages=stages)

    @cached_property
    def _there(self) -> Places:
        """The instructions of the base, where there is one: no text is a Dockerfile without any."""
        assert self._before is not None
        return Places(self._before.original)

    @cached_property
    def _same(self) -> list[int | None]:
        return counterparts(self._there, self.here)

    def _left(
        self, old: Sequence[Change | Remark], new: Sequence[Change | Remark], touched: Collection[int]
    ) -> frozenset[int]:
        if not old or not new:
            return frozenset(range(len(new)))
        known = Counter(map(self._old_key, old))
        found = set()
        for at in sorted(range(len(new)), key=lambda at: new[at].line in touched):
            key = self._new_key(new[at])
            if known[key]:
                known[key] -= 1
            else:
                found.add(at)
        return frozenset(found)


@record
class Place:
    """An instruction: its lines, its keyword, its text without regard to blanks, and the number of its stage.

    ``text`` is as it stands there; ``about`` is what findings on base images are about, the image where it is a FROM.
    """

    first: int
    last: int
    keyword: str
    said: str
    stage: int
    text: str
    about: str


class Places:
    """The instructions of the Dockerfile *text*, with the labels and images of its stages."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        build = read_build(parse(text))
        self.labels = ("", *stage_labels(build))
        self.names = {"", *(stage.name for stage in build.stages if stage.head.alias)}
        self.images = ("", *(untagged(stage.head.image) for stage in build.stages))
        found = []
        stage = 0
        for one in build.document.instructions:
            stage += one.keyword == "FROM"
            verbatim = text[one.span.start : one.span.end]
            said = " ".join(verbatim.split())
            # A digest says which of the images by that name it is.
            about = build.stages[stage - 1].head.image.partition("@")[0] if one.keyword == "FROM" else said
            found.append(Place(one.line_number, one.end_line, one.keyword, said, stage, verbatim, about))
        self.found = tuple(found)
        #: How often each stage says what, the instructions before the first one as stage 0.
        self.said = [Counter[str]() for _ in self.labels]
        for place in found:
            self.said[place.stage][place.said] += 1

    @cached_property
    def lines(self) -> frozenset[int]:
        """The lines of instructions."""
        return frozenset(line for one in self.found for line in range(one.first, one.last + 1))

    def at(self, line: int) -> int | None:
        """The index of the instruction on *line*."""
        return next((at for at, one in enumerate(self.found) if one.first <= line <= one.last), None)

    def key(
        self,
        told: Change | Remark,
        same: Sequence[int | None],
        *,
        of_base: bool,
        stages: Mapping[int, int] | None = None,
    ) -> Key:
        """What *told* is about, with the numbers *same* for the instructions; what is *of_base* goes by the text.

        With *stages*, numbers for the stages, it is about the one that it stands in, whatever the line.
        """
        at = self.at(told.line)
        rule = _ALIKE.get(told.rule, told.rule)
        if stages is not None:
            stage = max((one.stage for one in self.found if one.first <= told.line), default=0)
            return rule, stages.get(stage, -stage), "stage"
        if at is None:
            return rule, " ".join(self._lines[min(told.line, len(self._lines)) - 1].split()), ""
        number = same[at]
        here = self.found[at]
        return rule, here.said if number is None else number, here.about if of_base else ""


def counterparts(before: Places, after: Places) -> list[int | None]:
    """For each instruction of *after* the index of the one in *before* that it was; None: it is new."""
    stages = same_stages(before, after)
    old = [(one.stage, one.said) for one in before.found]
    new = [(stages.get(one.stage, -one.stage), one.said) for one in after.found]
    blocks = _blocks(old, new)
    same: list[int | None] = [None] * len(new)
    for kind, start, _, at, to in blocks:
        if kind == "equal":
            same[at:to] = range(start, start + to - at)
    # What was moved is the same wherever it stands in its stage.
    left: defaultdict[tuple[int, str], deque[int]] = defaultdict(deque)
    for one in sorted(set(range(len(old))).difference(at for at in same if at is not None)):
        left[old[one]].append(one)
    for at, told in enumerate(new):
        if same[at] is None and left[told]:
            same[at] = left[told].popleft()
    # It may have gone into a stage of its own, too.
    free = {one for some in left.values() for one in some}
    gone: defaultdict[str, deque[int]] = defaultdict(deque)
    for one in sorted(free):
        gone[before.found[one].said].append(one)
    for at, here in enumerate(after.found):
        if same[at] is None and here.keyword != "FROM" and gone[here.said]:
            found = same[at] = gone[here.said].popleft()
            free.discard(found)
    # What stands where something else of its kind stood is that, edited.
    for kind, start, end, at, to in blocks:
        if kind == "replace":
            there: defaultdict[str, list[int]] = defaultdict(list)
            for one in range(start, end):
                if one in free:
                    there[before.found[one].keyword].append(one)
            edited: defaultdict[str, list[int]] = defaultdict(list)
            for number in range(at, to):
                if same[number] is None:
                    edited[after.found[number].keyword].append(number)
            for keyword, numbers in edited.items():
                for number, one in _alike_most(numbers, there[keyword], before, after):
                    same[number] = one
    return same


def _alike_most(numbers: list[int], there: list[int], before: Places, after: Places) -> Iterator[tuple[int, int]]:
    """Pairs of instructions *numbers* of *after* and *there* of *before*: those that share most first, where they share
    half of their words, and then one after the other.
    """
    new = {number: set(after.found[number].said.split()) for number in numbers}
    old = {one: set(before.found[one].said.split()) for one in there}
    pairs = []
    if len(new) * len(old) <= _COMPARED // 100:
        for number, words in new.items():
            for one, others in old.items():
                much = len(words & others) / max(len(words | others), 1)
                if much >= _HALF:
                    pairs.append((-much, abs(number - one), number, one))
    for *_, number, one in sorted(pairs):
        if number in new and one in old:
            del new[number], old[one]
            yield number, one
    yield from zip(sorted(new), sorted(old), strict=False)


def _blocks(old: Sequence[tuple[int, str]], new: Sequence[tuple[int, str]]) -> list[tuple[str, int, int, int, int]]:
    """What *new* keeps of *old* and what it replaces, as ``difflib`` tells; beyond a size what differs is one block."""
    most = min(len(old), len(new))
    head = next((at for at in range(most) if old[at] != new[at]), most)
    tail = next((at for at in range(most - head) if old[-1 - at] != new[-1 - at]), most - head)
    ends = len(old) - tail, len(new) - tail
    blocks = [("equal", 0, head, 0, head), ("equal", ends[0], len(old), ends[1], len(new))]
    if (ends[0] - head) * (ends[1] - head) > _COMPARED:
        return [*blocks, ("replace", head, ends[0], head, ends[1])]
    matcher = SequenceMatcher(None, old[head : ends[0]], new[head : ends[1]], autojunk=False)
    inside = matcher.get_opcodes()
    return [*blocks, *((kind, start + head, end + head, at + head, to + head) for kind, start, end, at, to in inside)]


def same_stages(before: Places, after: Places) -> dict[int, int]:
    """Which stage of *before*, by number, each of *after* is.

    It is the one with which it shares most, what few stages say before what many do; of those that share as much the
    one whose name it has, else the one with its label or image. Names are exchanged, stages are moved and get names.
    """
    where: defaultdict[str, list[int]] = defaultdict(list)
    for there, said in enumerate(before.said[1:], start=1):
        for one in said:
            where[one].append(there)
    shared: defaultdict[tuple[int, int], float] = defaultdict(float)
    for at, said in enumerate(after.said[1:], start=1):
        for one, times in said.items():
            # What stands everywhere tells no stage from another.
            for there in where[one] if len(where[one]) <= _EVERYWHERE else ():
                shared[at, there] += min(times, before.said[there][one]) / len(where[one])
    pairs = [(-weight, *_alike(before, after, at, there), at, there) for (at, there), weight in shared.items()]
    for at in range(1, len(after.labels)):
        for there in range(1, len(before.labels)):
            alike = _alike(before, after, at, there)
            if (at, there) not in shared and alike != _UNLIKE:
                pairs.append((0.0, *alike, at, there))
    found = {0: 0}
    taken: set[int] = set()
    for *_, at, there in sorted(pairs):
        if at not in found and there not in taken:
            found[at] = there
            taken.add(there)
    return found


def _alike(before: Places, after: Places, at: int, there: int) -> tuple[bool, bool, bool]:
    """Whether the stages *at* of *after* and *there* of *before* differ in name, in label, and in image."""
    label, other = after.labels[at], before.labels[there]
    named = label == other and label in after.names and other in before.names
    return not named, label != other, after.images[at] != before.images[there]


__all__ = ["Places", "Subtraction", "counterparts", "same_stages"]
