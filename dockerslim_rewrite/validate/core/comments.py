"""Comments: each is still there, and still speaks of the same instruction."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from ...syntax import Document
from .verdict import Unsound


def check_comments(old: Document, new: Document, became: Mapping[int, int], *, moved: bool = False) -> None:
    """Refuse a comment that is lost, altered or moved to another instruction. Raises ``Unsound``.

    *became* leads from the indices of the old instructions to those of the new ones that stand for them. A comment
    speaks of the instruction that it stands in or, else, before; where that one is gone, of the next that is not.
    Instructions that were added may stand in between; one that stood on commands at the end may be left behind it.
    Where instructions were *moved*, their comments went with them, and only the order by instruction counts.
    """
    speaks = _successors(became, len(old.instructions), len(new.instructions))
    follows = _successors({index: index for index in became.values()}, len(new.instructions), len(new.instructions))
    left = list(zip(_owners(old), old.comments, strict=True))
    right = list(zip(_owners(new), new.comments, strict=True))
    if moved:
        left.sort(key=lambda one: speaks[one[0]])
        right.sort(key=lambda one: follows[one[0]])
    for index, (_, comment) in enumerate(left):
        text = comment.text.strip()
        if index >= len(right) or right[index][1].text.strip() != text:
            raise Unsound(f"the comment {text!r} is lost or altered", old.line_of(comment.span.start))
    if len(right) > len(left):
        raise Unsound(f"a comment was added: {right[len(left)][1].text.strip()!r}")
    for (before, comment), (after, _) in zip(left, right, strict=True):
        wanted = {speaks[before], speaks[before + 1]} if comment.inside else {speaks[before]}
        if follows[after] not in wanted:
            text = comment.text.strip()
            raise Unsound(f"the comment {text!r} stands at another instruction", _line(old, before), _line(new, after))


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
