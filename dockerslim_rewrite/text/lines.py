"""Lines of offsets, for many offsets in one text: each newline is sought once, and not again for each offset."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from functools import lru_cache


def line_at(text: str, at: int) -> int:
    """The line, from 1, that the offset *at* of *text* lies in."""
    return bisect_left(_ends(text), at) + 1


@lru_cache(maxsize=4)
def _ends(text: str) -> array[int]:
    found = array("I")
    at = text.find("\n")
    while at >= 0:
        found.append(at)
        at = text.find("\n", at + 1)
    return found
