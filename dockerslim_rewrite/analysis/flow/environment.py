"""Variables as they are at each of many points, without a copy for each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Set

from ...ir.arguments import MAX_TOTAL


class _History:
    """Every value that each name has had, with the number of the version that brought it."""

    __slots__ = ("latest", "size", "values")

    def __init__(self) -> None:
        self.values: dict[str, list[tuple[int, str | None]]] = {}
        self.latest = 0
        self.size = 0


class Environment(Mapping[str, "str | None"]):
    """Names with their values, None where a value is not known. Never changes: ``having`` gives another.

    Values beyond ``MAX_TOTAL`` characters of one history are not known. Versions that follow one another share their
    history, so that a file with as many ENV as may be costs no square.
    """

    __slots__ = ("_history", "_version")

    def __init__(self, history: _History | None = None, version: int = 0) -> None:
        self._history = history or _History()
        self._version = version

    def having(self, pairs: Iterable[tuple[str, str | None]]) -> Environment:
        """These variables, and *pairs* set after them."""
        history = self._history
        if history.latest != self._version:
            history = _History()
            history.values = {name: [(0, value)] for name, value in self.items()}
        history.latest += 1
        for name, value in pairs:
            history.size += len(value or "")
            kept = value if history.size <= MAX_TOTAL else None
            history.values.setdefault(name, []).append((history.latest, kept))
        return Environment(history, history.latest)

    def __getitem__(self, name: str) -> str | None:
        entries = self._history.values[name]
        index = bisect_right(entries, self._version, key=lambda entry: entry[0]) - 1
        if index < 0:
            raise KeyError(name)
        return entries[index][1]

    def __iter__(self) -> Iterator[str]:
        for name, entries in self._history.values.items():
            if entries[0][0] > self._version:
                return
            yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        # Whether there is any is asked for each instruction.
        return next(iter(self), None) is not None


class Names(Set[str]):
    """Names alone, with the same economy."""

    __slots__ = ("_held",)

    def __init__(self, held: Environment | None = None) -> None:
        self._held = held or Environment()

    @classmethod
    def _from_iterable(cls, it: Iterable[str]) -> frozenset[str]:  # type: ignore[override]
        return frozenset(it)

    def having(self, names: Iterable[str]) -> Names:
        """These names, and *names*."""
        return Names(self._held.having((name, None) for name in names))

    def __contains__(self, name: object) -> bool:
        return name in self._held

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)
