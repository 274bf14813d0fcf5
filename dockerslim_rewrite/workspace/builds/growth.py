"""How much longer a text may become by what takes the place of its variables.

A file of a stranger may name a long value many times, or double one with each line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...patterns import re
from .found import Text, Unknown

#: So many characters a short text may gain: more than any path, tag or name of a stage has.
LEAST: Final = 1_000

_Match = re.Match[str]


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
