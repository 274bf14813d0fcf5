"""How much longer a text may become by what takes the place of its variables.

A file of a stranger may name a long value many times, or double one with each line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from ...patterns import re
from .found import Text, Unknown

#: So many characters a short text may gain: more than any path, tag or name of a stage has.
LEAST: Final = 1_000

_Match = re.Match[str]
T = TypeVar("T")


class Steps:
    """How much work may still be done, in steps; what is known when they are ``spent`` is kept."""

    def __init__(self, most: int) -> None:
        self._left = most

    @property
    def spent(self) -> bool:
        """Whether more was asked for than there were."""
        return self._left < 0

    @property
    def left(self) -> int:
        """How many steps are left."""
        return max(self._left, 0)

    def more(self, steps: int) -> None:
        """Allow so many *steps* more."""
        self._left += steps if self._left >= 0 else 0

    def may(self, steps: int = 1) -> bool:
        """Whether so many *steps* may still be taken; then they count."""
        self._left -= steps
        return self._left >= 0

    def some(self, items: Iterable[T]) -> Iterator[T]:
        """Those of *items* for which steps are left, one each."""
        for item in items:
            if not self.may():
                return
            yield item


def filled(
    pattern: re.Pattern[str],
    text: str,
    value: Callable[[_Match], Text | None],
    otherwise: Callable[[_Match, Text | None], str],
) -> str:
    """*text* with the *value* of each match of *pattern* in its place.

    What is no known value, and all that follow once the text has gained more than it may, is given to *otherwise*, with
    what was found.
    """
    left = max(LEAST, len(text))

    def one(match: _Match) -> str:
        nonlocal left
        found = value(match)
        if isinstance(found, str):
            left -= max(len(found) - len(match[0]), 0)
            if left >= 0:
                return found
        return otherwise(match, found)

    return pattern.sub(one, text)


def filled_or_unknown(pattern: re.Pattern[str], text: str, value: Callable[[_Match], Text | None]) -> Text:
    """*text* with the *value* of each match of *pattern* in its place; unknown as a whole where one is."""
    unknown = False

    def otherwise(match: _Match, _: Text | None) -> str:
        nonlocal unknown
        unknown = True
        return match[0]

    found = filled(pattern, text, value, otherwise)
    return Unknown(str(text)) if unknown else found


def too_long(text: str, found: str) -> bool:
    """Whether *found* is longer than what *text* may become."""
    return len(found) - len(text) > max(LEAST, len(text))
