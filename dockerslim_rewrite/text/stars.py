"""Expressions of path patterns with several stars, so written that each star has one way to match.

What stands between two stars is found at its first place, and never sought further on: whatever the second star has to
take from a later place, it can take from the first one as well. So an expression tries as many places as its text is
long, and not a power of that with a star more. Whether it matches, and what its last star takes, stays the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

#: A star within a name; and those that stand for any folders, each with itself written so that it takes the least.
_STAR = "[^/]*"
_FOLDERS = {
    "(?:.+/)?": "(?:.+?/)??",
    "(?:/.+)?": "(?:/.+?)??",
    "(?:.*/)?": "(?:.*?/)??",
    ".*": ".*?",
}
_GROUPS = ("(?:", "(?P")
#: Before what begins with a slash, or stands for nothing, a name has to end.
_END = "(?=/)"


def once(pieces: Sequence[str]) -> str:
    """The expression that *pieces* make: stars, and what takes one character or none."""
    parts: list[list[str]] = [[]]
    for piece in _names(pieces):
        if piece in _FOLDERS:
            parts.append([])
        parts[-1].append(piece)
    found = "".join(parts[0])
    for number, (first, *rest) in enumerate(parts[1:], start=2):
        if number == len(parts):
            return found + first + "".join(rest)
        end = _END if parts[number][0] == "(?:/.+)?" else ""
        least = "".join(f"{_STAR}?" if piece == _STAR else piece for piece in rest)
        found += f"(?>{_FOLDERS[first]}{least}{end})"
    return found


def _names(pieces: Sequence[str]) -> Iterator[str]:
    """*pieces*, with each star put together with what follows it, if another one of the same name comes then."""
    waiting: list[str] = []
    for piece in pieces:
        if piece == _STAR:
            if waiting:
                yield f"(?>{_STAR}?{''.join(waiting[1:])})"
            waiting = [piece]
        elif waiting and (piece == "/" or piece in _FOLDERS or piece.startswith(_GROUPS)):
            yield from waiting
            yield piece
            waiting = []
        elif waiting:
            waiting.append(piece)
        else:
            yield piece
    yield from waiting
