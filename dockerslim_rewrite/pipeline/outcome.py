"""What has become of a text so far, and where each phase stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..change import Change, Remark, RemarkKind
from ..record import record
from ..text import Patch

Key = tuple[str, int, str]


@record
class Hop:
    """One round: *changes*, with the keys by which they are banned, made of the text *before* another."""

    before: str
    changes: tuple[tuple[Change, Key], ...]

    def after(self, count: int | None = None) -> tuple[str, Patch]:
        """The text that the first *count* changes (all of them, without it) make, and the patch that leads there."""
        patch = Patch.of(edit for change, _ in self.changes[:count] for edit in change.edits)
        return patch.apply(self.before), patch


class Outcome:
    """What has become of the text so far; ``hops`` are the rounds that led there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.patch = Patch()
        self.changes: list[Change] = []
        self.keys: list[Key] = []
        self.remarks: list[Remark] = []
        self.hops: list[Hop] = []


class Rest:
    """Where a phase stands: the text for which it had no change to make, with its remarks, and the texts it has seen.

    ``first`` are the remarks of its first turn, before it changed anything itself.
    A phase that comes back to a text would go round for ever: it is ``taken_back`` and not asked again.
    """

    def __init__(self) -> None:
        self.text: str | None = None
        self.remarks: list[Remark] = []
        self.first: list[Remark] | None = None
        self.seen: set[str] = set()
        self.taken_back = False

    def said(self, acted: set[str]) -> Iterable[Remark]:
        """The remarks; where a rule that never *acted* declines now for another reason than at first, the first.

        What other rules have written since may be in its way as well; the reader knows only what stood there before.
        """
        declined = Counter(remark.rule for remark in self.remarks if remark.kind is RemarkKind.MISSED)
        before: dict[str, list[Remark]] = {}
        for remark in self.first or ():
            if remark.kind is RemarkKind.MISSED:
                before.setdefault(remark.rule, []).append(remark)
        for remark in self.remarks:
            first = before.get(remark.rule, [])
            alone = remark.kind is RemarkKind.MISSED and declined[remark.rule] == len(first) == 1
            yield first[0] if alone and remark.rule not in acted else remark
