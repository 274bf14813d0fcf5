"""Brace expansion: what bash, ksh and zsh make of `{a,b}`, and dash and ash do not. Source: bash(1)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

#: Shells that expand braces, also where they are called as sh.
EXPANDING: Final = frozenset(("bash", "ksh", "zsh"))
#: More words than people write; a few nested braces could make any number of them.
_MOST = 64


def expanded(word: str) -> Sequence[str]:
    """The words that the unquoted *word* becomes; itself alone where it holds no list in braces, or too many."""
    done: list[str] = []
    left = [word]
    while left:
        if len(left) + len(done) > _MOST:
            return (word,)
        text = left.pop()
        found = _first(text)
        if found is None:
            done.append(text)
            continue
        start, end, items = found
        left += [text[:start] + item + text[end:] for item in reversed(items)]
    return done


def _first(text: str) -> tuple[int, int, Sequence[str]] | None:
    """The first list in braces in *text*: where it begins and ends, and its items."""
    for start, sign in enumerate(text):
        if sign != "{" or text[start - 1 : start] == "$":
            continue
        depth, marks = 0, [start]
        for at in range(start, len(text)):
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            if depth == 1 and text[at] == ",":
                marks.append(at)
            if depth == 0:
                marks.append(at)
                break
        if depth == 0 and len(marks) > 2:
            items = [text[a + 1 : b] for a, b in pairwise(marks)]
            return start, marks[-1] + 1, items
    return None
