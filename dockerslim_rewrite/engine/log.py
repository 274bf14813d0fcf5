"""Reading a build's log while it is written, and its end when it failed."""

from __future__ import annotations

import re
from pathlib import Path

from .interface import LineReader

#: How many lines of a log are enough to see why a build failed.
LINES = 30


class LogReader:
    """Takes the lines of a build, remembers the step that runs, and passes steps on to who shows progress."""

    def __init__(self, step: re.Pattern[str], cached: re.Pattern[str], on_line: LineReader) -> None:
        """*step* matches the line that begins a step, *cached* the one that says that its result was at hand.

        Groups of *step*: ``number``, ``instruction``, and ``id`` where the log names steps, as *cached* does then;
        without a name it is the step that began last.
        """
        self.step = ""
        self._step = step
        self._cached = cached
        self._on_line = on_line
        self._begun: dict[str, str] = {}
        self._last = ""

    def __call__(self, line: str) -> None:
        """Take the next line."""
        if found := self._step.match(line):
            self.step = found["instruction"]
            named = found.groupdict().get("id")
            self._last = named or str(len(self._begun))
            self._begun[self._last] = self.step
            self._on_line(f"{found['number']} {self.step}")
        elif found := self._cached.match(line):
            self._begun[found.groupdict().get("id") or self._last] = ""

    @property
    def executed(self) -> tuple[str, ...]:
        """The RUN instructions that were carried out, so far; what came from the cache is not among them."""
        return tuple(text for text in self._begun.values() if text[:4].upper() == "RUN ")


def log_end(log: Path) -> tuple[str, ...]:
    """The last lines of *log*."""
    with log.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 32768))
        lines = file.read().decode("utf-8", "replace").splitlines()
    return tuple(line.rstrip() for line in lines[-LINES:])
