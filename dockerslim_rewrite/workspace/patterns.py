"""Patterns of paths on the command line, as shells write them: ``*``, ``?``, ``[…]``, and ``**`` for any folders."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import translate
from functools import lru_cache
from typing import Literal, TypeAlias

from ..patterns import re
from ..record import record

_SIGNS = frozenset("*?[")
#: What a pattern has to do with a path: it matches it, or a folder that it lies in, or may match what lies in it.
Reach: TypeAlias = Literal["itself", "below", "above"]


@record
class PathPattern:
    """The ``parts`` of a pattern behind the folder ``base``, which has no signs; ``folders`` matches no files."""

    base: str
    parts: tuple[str, ...]
    folders: bool

    def reach(self, path: str) -> Reach | None:
        """What the pattern has to do with *path*, relative to ``base``; None for nothing."""
        *above, at = self._states(path)
        end = len(self.parts)
        if any(end in states for states in above):
            return "below"
        return "itself" if end in at else "above" if at else None

    def names(self, path: str) -> bool:
        """Whether the last folder of *path* stands in the pattern by its own name."""
        name = path.rpartition("/")[2]
        before = list(self._states(path))[-2]
        return any(self.parts[state] == name for state in before if state < len(self.parts))

    def _states(self, path: str) -> Iterator[frozenset[int]]:
        """How many parts may be behind: before *path*, and after each folder or file of it."""
        states = self._idle(0)
        yield states
        for name in path.split("/"):
            after: set[int] = set()
            for state in states:
                if state == len(self.parts):
                    continue
                if self.parts[state] == "**":
                    after |= self._idle(state)
                elif _compiled(self.parts[state]).match(name):
                    after |= self._idle(state + 1)
            states = frozenset(after)
            yield states

    def _idle(self, state: int) -> frozenset[int]:
        """*state* and those behind it without another name: ``**`` stands for no folder as well."""
        found = [state]
        while found[-1] < len(self.parts) and self.parts[found[-1]] == "**":
            found.append(found[-1] + 1)
        return frozenset(found)


def is_pattern(path: str) -> bool:
    """Whether *path* has a sign of a pattern."""
    return not _SIGNS.isdisjoint(path)


def read_pattern(text: str) -> PathPattern:
    """The pattern *text*. A slash or ``**`` at its end makes it one of folders, which stand for what they hold."""
    given = text.split("/")
    first = next((index for index, part in enumerate(given) if is_pattern(part)), len(given))
    base = "/".join(given[:first]) or ("/" if text.startswith("/") else ".")
    parts = [part for part in given[first:] if part not in ("", ".")]
    folders = text.endswith("/")
    while parts and parts[-1] == "**":
        parts.pop()
        folders = True
    return PathPattern(base, tuple(parts), folders)


@lru_cache(maxsize=256)
def _compiled(part: str) -> re.Pattern[str]:
    return re.compile(translate(part))
