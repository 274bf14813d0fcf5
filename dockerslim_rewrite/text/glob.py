"""Patterns with stars, matched without backtracking: all ways through the pattern are followed at once.

The time is that of the text's length times the pattern's, whatever both hold. A regular expression of several stars
takes a power of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

#: Texts are much alike, so few steps are worked out twice; what strange ones leave behind has a bound.
_MOST = 4096


class Token(NamedTuple):
    """A part of a pattern: characters that it ``accepts``, one of them or, where ``many``, any number.

    ``skips`` are the numbers of tokens, from this one on, that may be left out together.
    """

    accepts: Callable[[str], bool]
    many: bool = False
    skips: tuple[int, ...] = ()


class Glob:
    """A pattern of tokens. States are bits of a number: bit *i* says that the first *i* tokens are behind."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens = tuple(tokens)
        self._end = 1 << len(self._tokens)
        self._many = sum(1 << index for index, token in enumerate(self._tokens) if token.many)
        self._skips = sum(1 << index for index, token in enumerate(self._tokens) if token.skips)
        self._accepted: dict[str, int] = {}
        self._moves: dict[tuple[int, str], int] = {}
        self._start = self._skipped(1)

    def ends(self, text: str) -> list[int]:
        """How much of *text*, from its beginning, the pattern matches: every possible length, in order."""
        states, found = self._start, []
        for index, char in enumerate(text):
            if states & self._end:
                found.append(index)
            states = self._after(states, char)
            if not states:
                return found
        return [*found, len(text)] if states & self._end else found

    def matches(self, text: str) -> bool:
        """Whether the pattern matches the whole of *text*."""
        states = self._start
        for char in text:
            states = self._after(states, char)
            if not states:
                return False
        return bool(states & self._end)

    def anywhere(self, text: str) -> list[int]:
        """Where in *text* something ends that the pattern matches, wherever it begins: every offset, in order."""
        states, found = self._start, []
        for index, char in enumerate(text):
            if states & self._end:
                found.append(index)
            states = self._after(states, char) | self._start
        return [*found, len(text)] if states & self._end else found

    def _after(self, states: int, char: str) -> int:
        moved = self._moves.get((states, char))
        if moved is None:
            if len(self._moves) >= _MOST:
                self._moves.clear()
            moved = self._moves[states, char] = self._move(states, char)
        return moved

    def _move(self, states: int, char: str) -> int:
        accepted = self._accepted.get(char)
        if accepted is None:
            accepted = sum(1 << index for index, token in enumerate(self._tokens) if token.accepts(char))
            self._accepted[char] = accepted
        states &= accepted
        return self._skipped(((states & ~self._many) << 1) | (states & self._many)) if states else 0

    def _skipped(self, states: int) -> int:
        """*states*, and those that are reached from them by leaving tokens out."""
        waiting = states & self._skips
        while waiting:
            lowest = waiting & -waiting
            reached = 0
            for count in self._tokens[lowest.bit_length() - 1].skips:
                reached |= lowest << count
            waiting = (waiting ^ lowest) | (reached & self._skips & ~states)
            states |= reached
        return states
