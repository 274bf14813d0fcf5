"""Comments: each is still there, and still speaks of the same instruction."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping

from ...syntax import Comment, Document
from .verdict import Unsound


def check_comments(
    old: Document,
    new: Document,
    became: Mapping[int, int],
    dropped: Mapping[int, Collection[str]] | None = None,
    taken: Mapping[int, tuple[int, Collection[str]]] | None = None,
    *,
    moved: bool = False,
) -> None:
    """Refuse a comment that is lost, altered or moved to another instruction. Raises ``Unsound``.

    *became* leads from the indices of the old instructions to those of the new ones that stand for them. A comment
    speaks of the instruction that it stands in or, else, before; where that one is gone, of the next that is not.
    Instructions that were added may stand in between; one that stood on commands at the end may be left behind it.
    Where instructions were *moved*, their comments went with them, and only the order by instruction counts. With the
    old instructions of *dropped* those comments may go that stand right above them and are named there. So do, with
    those of *taken*, the comments that are named beside the index of the new instruction that they speak of then.
    """
    speaks = _successors(became, len(old.instructions), len(new.instructions))
    follows = _successors({index: index for index in became.values()}, len(new.instructions), len(new.instructions))
    gone = dropped or {}
    above = _Above(old)
    left = [
        (owner, comment)
        for owner, comment in zip(_owners(old), old.comments, strict=True)
        if not (owner in gone and owner not in became and above.goes(comment, owner, gone[owner]))
    ]
    right = list(zip(_owners(new), new.comments, strict=True))
    along = {
        comment: to
        for owner, comment in left
        for to, named in [(taken or {}).get(owner, (-1, ()))]
        if named and owner < len(old.instructions) and above.goes(comment, owner, named)
    }
    owned = {to: to for to in along.values()}
    if moved or along:
        left.sort(key=lambda one: along.get(one[1], speaks[one[0]]))
        right.sort(key=lambda one: owned.get(one[0], follows[one[0]]))
    for index, (_, comment) in enumerate(left):
        text = comment.text.strip()
        if index >= len(right) or right[index][1].text.strip() != text:
            raise Unsound(f"the comment {text!r} is lost or altered", old.line_of(comment.span.start))
    if len(right) > len(left):
        raise Unsound(f"a comment was added: {right[len(left)][1].text.strip()!r}")
    for (before, comment), (after, _) in zip(left, right, strict=True):
        wanted = {speaks[before], speaks[before + 1]} if comment.inside else {along.get(comment, speaks[before])}
        if owned.get(after, follows[after]) not in wanted:
            text = comment.text.strip()
            raise Unsound(f"the comment {text!r} stands at another instruction", _line(old, before), _line(new, after))


class _Above:
    """Which comments of the document *old* stand right above an instruction: where they begin is found once for all."""

    def __init__(self, old: Document) -> None:
        self._old = old
        self._begin: dict[int, int | None] = {}

    def goes(self, comment: Comment, owner: int, named: Collection[str]) -> bool:
        """Whether *comment* is one of those *named* and stands right above the instruction *owner*, and no other."""
        if owner not in self._begin:
            self._begin[owner] = self._beginning(owner)
        begin = self._begin[owner]
        return (
            not comment.inside and begin is not None and comment.span.start >= begin and comment.text.strip() in named
        )

    def _beginning(self, owner: int) -> int | None:
        """Where the comments begin between which and the instruction *owner* nothing else stands; None where something
        else stands behind that.
        """
        text, instruction = self._old.source.text, self._old.instructions[owner]
        end = text.find("\n", instruction.span.end)
        behind = text[instruction.span.end : None if end < 0 else end].strip()
        if behind and not behind.startswith("#"):
            return None
        begin = instruction.span.start
        before = self._old.instructions[owner - 1].span.end if owner else 0
        for line in reversed(text[before:begin].splitlines(keepends=True)):
            if not line.lstrip().startswith("#"):
                break
            begin -= len(line)
        return begin


def _successors(became: Mapping[int, int], count: int, end: int) -> list[int]:
    """For each of *count* instructions, and the end of the file, what it or the next one that is in *became* became."""
    found = [end] * (count + 1)
    for index in range(count - 1, -1, -1):
        found[index] = became.get(index, found[index + 1])
    return found


def _owners(document: Document) -> list[int]:
    """For each comment the index of the instruction that it stands in or before; their number at the end."""
    ends = [instruction.span.end for instruction in document.instructions]
    return [bisect_right(ends, comment.span.start) for comment in document.comments]


def _line(document: Document, index: int) -> int | None:
    instructions = document.instructions
    return instructions[index].line_number if index < len(instructions) else None
