"""What every reader of configuration gives: keys and values with their lines."""

from __future__ import annotations

from ...record import record


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
