"""What every reader of configuration gives: keys and values with their lines."""

from __future__ import annotations

from collections.abc import Sequence

from ...record import record

_MOST_KEYS = 1_000_000


@record
class Entry:
    """A value with the ``keys`` that lead to it, outermost first, and its line from 1 (0: not known)."""

    keys: tuple[str, ...]
    value: str
    line: int

    @property
    def key(self) -> str:
        """The innermost key; empty for a value without one."""
        return self.keys[-1] if self.keys else ""


class UnreadError(Exception):
    """A file that its reader does not understand; the text says why."""


class Keys:
    """Counts the keys that lead to the values of one file: many values far down hold more than their text does."""

    def __init__(self) -> None:
        self._left = _MOST_KEYS

    def joined(self, keys: Sequence[str], name: str | None = None) -> tuple[str, ...]:
        """*keys* and the one below them, if it has a *name*. Raises ``UnreadError`` where there are too many."""
        self._left -= len(keys) + 1
        if self._left < 0:
            raise UnreadError("it holds too many values")
        return tuple(keys) if name is None else (*keys, name)
