"""How much longer a text may become by what takes the place of its variables.

A file of a stranger may name a long value many times, or double one with each line.
"""

from __future__ import annotations

from typing import Final

#: So many characters a short text may gain: more than any path, tag or name of a stage has.
LEAST: Final = 1_000


class Growth:
    """What one text may still gain: as many characters as it has, or those of a long path."""

    def __init__(self, text: str) -> None:
        self._left = max(LEAST, len(text))

    def fits(self, written: str, found: object) -> bool:
        """Whether *found*, where it is a text, may take the place of what is *written*."""
        if isinstance(found, str):
            self._left -= max(len(found) - len(written), 0)
        return self._left >= 0


def too_long(text: str, found: str) -> bool:
    """Whether *found* is longer than what *text* may become."""
    return len(found) - len(text) > max(LEAST, len(text))
