"""The outcomes of a batch on disk, so that memory stays flat however many there are."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from types import TracebackType

from .outcome import Outcome, Status, from_data, to_data


class Spool:
    """Outcomes in the order in which they were added, on a file that goes when it is closed; with their sums."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="dockerslim-")  # noqa: SIM115 - closed when the spool is
        self.statuses: Counter[Status] = Counter()
        self.files = 0
        self.changes = 0
        self.saving = 0
        self.cached = 0
        self.code = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def add(self, outcome: Outcome, *, cached: bool = False) -> None:
        """Keep *outcome*."""
        self._file.write(json.dumps(to_data(outcome), separators=(",", ":")).encode() + b"\n")
        self.files += 1
        self.statuses[outcome.status] += 1
        self.changes += len(outcome.changes)
        self.saving += outcome.saving
        self.cached += cached
        self.code = max(self.code, outcome.code)

    def __iter__(self) -> Iterator[Outcome]:
        self._file.flush()
        at = 0
        while True:
            # Whoever reads may be one of several.
            self._file.seek(at)
            line = self._file.readline()
            if not line:
                return
            at = self._file.tell()
            yield from_data(json.loads(line))

    def offsets(self) -> Iterator[tuple[int, Outcome]]:
        """Every outcome with the place to find it again."""
        at = 0
        self._file.seek(0)
        while line := self._file.readline():
            following = self._file.tell()
            yield at, from_data(json.loads(line))
            at = following
            self._file.seek(at)

    def at(self, offset: int) -> Outcome:
        """The outcome at *offset*."""
        self._file.seek(offset)
        return from_data(json.loads(self._file.readline()))
