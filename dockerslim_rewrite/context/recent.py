"""Answers on what was asked about last: in an editor every keystroke is another build."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

#: A rewrite goes from one text to the next, and comes back to few.
_MOST = 8


class Recent:
    """What was found out about builds, or about something else that people type; of all but the *most* asked about
    last, nothing.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._known: dict[Hashable, dict[Hashable, Any]] = {}

    def recall(self, about: Hashable, key: Hashable, find: Callable[[], T]) -> T:
        """What *find* finds out for *key*, once while what it is *about* is among the last."""
        known = self._known.pop(about, None)
        if known is None:
            known = {}
            # An editor asks from two threads: another one may let go of the same.
            for old in list(self._known)[: 1 - self._most]:
                self._known.pop(old, None)
        # The one asked about last stands last.
        self._known[about] = known
        if key not in known:
            known[key] = find()
        found: T = known[key]
        return found

    def __len__(self) -> int:
        return len(self._known)
