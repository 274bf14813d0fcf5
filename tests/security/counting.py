"""Regular expressions carried out step by step, so that what they do to a text can be counted.

The steps are those of a matcher that tries one way after another, as Python's does: one for each character that is
looked at. Its shortcuts, such as looking for a literal first, make steps cheaper, and never fewer by a power.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

parser: Any = importlib.import_module("re._parser")
constants: Any = importlib.import_module("re._constants")

#: One character of each kind that patterns tell apart, and one that none of them names.
SAMPLES = [chr(code) for code in range(128)] + ["\u00e9", "\u2028", "\ud800"]
_CHARACTERS = (constants.LITERAL, constants.NOT_LITERAL, constants.ANY, constants.IN)


class Enough(Exception):
    """More steps than anybody wants to count."""


def tree(pattern: str, flags: int) -> Any:
    """What *pattern* is parsed to."""
    return parser.parse(pattern, flags & ~re.U if flags else 0)


def accepts(operation: Any, value: Any, char: str, flags: int) -> bool:
    """Whether one item of a pattern takes *char*."""
    if operation is constants.ANY:
        return char != "\n" or bool(flags & re.S)
    if operation is constants.IN:
        negated = bool(value) and value[0][0] is constants.NEGATE
        return any(_within(op, one, char, flags) for op, one in value if op is not constants.NEGATE) != negated
    same = _folded(chr(value), flags) == _folded(char, flags)
    return same if operation is constants.LITERAL else not same


def _folded(char: str, flags: int) -> str:
    return char.lower() if flags & re.I else char


def _within(operation: Any, value: Any, char: str, flags: int) -> bool:
    if operation is constants.LITERAL:
        return _folded(chr(value), flags) == _folded(char, flags)
    if operation is constants.RANGE:
        return any(
            value[0] <= ord(one) <= value[1]
            for one in {char, *({char.lower(), char.upper()} if flags & re.I else ())}
            if len(one) == 1
        )
    category = {
        "CATEGORY_DIGIT": r"\d",
        "CATEGORY_NOT_DIGIT": r"\D",
        "CATEGORY_SPACE": r"\s",
        "CATEGORY_NOT_SPACE": r"\S",
        "CATEGORY_WORD": r"\w",
        "CATEGORY_NOT_WORD": r"\W",
    }[str(value)]
    return re.fullmatch(category, char, flags & re.A) is not None


class Counter:
    """Carries out one pattern; ``steps`` are those of the last text."""

    def __init__(self, pattern: str, flags: int, most: int) -> None:
        found = tree(pattern, flags)
        self._flags = flags | found.state.flags
        self._items = list(found)
        self._most = most
        self._known: dict[tuple[int, str], bool] = {}
        self.steps = 0

    def carry_out(self, text: str, *, everywhere: bool) -> int:
        """The steps until *text* is matched at its start, or until all matches in it are found."""
        self.steps = at = 0
        try:
            while at <= len(text):
                end = next(self._sequence(self._items, 0, at, text, {}, self._flags), None)
                if not everywhere:
                    break
                at = at + 1 if end is None else max(end, at + 1)
        except Enough:
            return self._most
        return self.steps + 1

    def _sequence(
        self, items: Sequence[Any], index: int, at: int, text: str, groups: dict[int, Any], flags: int
    ) -> Iterator[int]:
        if index == len(items):
            yield at
            return
        for end in self._one(items[index], at, text, groups, flags):
            yield from self._sequence(items, index + 1, end, text, groups, flags)

    def _one(self, item: Any, at: int, text: str, groups: dict[int, Any], flags: int) -> Iterator[int]:
        operation, value = item
        if operation in _CHARACTERS:
            self.steps += 1
            if self.steps >= self._most:
                raise Enough
            if at < len(text) and self._takes(item, text[at], flags):
                yield at + 1
        elif operation is constants.BRANCH:
            for branch in value[1]:
                yield from self._sequence(branch, 0, at, text, groups, flags)
        elif operation is constants.SUBPATTERN:
            number, added, removed, inner = value
            for end in self._sequence(inner, 0, at, text, groups, (flags | added) & ~removed):
                before, groups[number] = groups.get(number), (at, end)
                yield end
                groups[number] = before
        elif operation is constants.ATOMIC_GROUP:
            yield from _first(self._sequence(value, 0, at, text, groups, flags))
        elif operation is constants.POSSESSIVE_REPEAT:
            yield from _first(self._repeated((*value, True), at, text, groups, flags, 0))
        elif operation in (constants.MAX_REPEAT, constants.MIN_REPEAT):
            greedy = operation is constants.MAX_REPEAT
            yield from self._repeated((*value, greedy), at, text, groups, flags, 0)
        elif operation in (constants.ASSERT, constants.ASSERT_NOT):
            if self._around(value, at, text, groups, flags) == (operation is constants.ASSERT):
                yield at
        elif operation is constants.AT:
            if _at(str(value), at, text, flags):
                yield at
        elif operation is constants.GROUPREF:
            start, end = groups.get(value) or (0, -1)
            self.steps += 1
            if end >= 0 and text.startswith(text[start:end], at):
                yield at + end - start
        else:
            raise AssertionError(operation)

    def _takes(self, item: Any, char: str, flags: int) -> bool:
        key = (id(item), char)
        if key not in self._known:
            self._known[key] = accepts(item[0], item[1], char, flags)
        return self._known[key]

    def _repeated(
        self, repeat: tuple[Any, ...], at: int, text: str, groups: dict[int, Any], flags: int, number: int
    ) -> Iterator[int]:
        low, high, inner, greedy = repeat
        if number >= low and not greedy:
            yield at
        if high is constants.MAXREPEAT or number < high:
            for end in self._sequence(inner, 0, at, text, groups, flags):
                if end > at or number < low:
                    yield from self._repeated(repeat, end, text, groups, flags, number + 1)
        if number >= low and greedy:
            yield at

    def _around(self, value: Any, at: int, text: str, groups: dict[int, Any], flags: int) -> bool:
        direction, inner = value
        if direction > 0:
            return next(self._sequence(inner, 0, at, text, groups, flags), None) is not None
        low, high = inner.getwidth()
        starts = (at - width for width in range(low, high + 1) if width <= at)
        return any(at in self._sequence(inner, 0, start, text, groups, flags) for start in starts)


def _first(ways: Iterator[int]) -> Iterator[int]:
    end = next(ways, None)
    if end is not None:
        yield end


def _at(name: str, at: int, text: str, flags: int) -> bool:
    def word(index: int) -> bool:
        return 0 <= index < len(text) and (text[index].isalnum() or text[index] == "_")

    lines = bool(flags & re.M)
    if name == "AT_BEGINNING":
        return at == 0 or (lines and text[at - 1] == "\n")
    if name == "AT_END":
        return at == len(text) or (text[at] == "\n" and (lines or at == len(text) - 1))
    if name == "AT_BOUNDARY":
        return word(at - 1) != word(at)
    if name == "AT_NON_BOUNDARY":
        return word(at - 1) == word(at)
    return at == (0 if name == "AT_BEGINNING_STRING" else len(text))
