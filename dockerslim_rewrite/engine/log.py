"""Reading a build's log while it is written, and its end when it failed."""

from __future__ import annotations

import re
from pathlib import Path

from .interface import LineReader

#: How many lines of a log are enough to see why a build failed.
LINES = 30


class LogReader:
    """Takes the lines of a build, remembers the step that runs, and passes steps on to who shows progress."""

    def __init__(self, step: re.Pattern[str], on_line: LineReader) -> None:
        """*step* matches the line that begins a step: its first group is the number, the second the instruction."""
        self.step = ""
        self._pattern = step
        self._on_line = on_line

    def __call__(self, line: str) -> None:
        """Take the next line."""
        found = self._pattern.match(line)
        if found:
            self.step = found[2]
            self._on_line(f"{found[1]} {found[2]}")


def log_end(log: Path) -> tuple[str, ...]:
    """The last lines of *log*."""
    with log.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 32768))
        lines = file.read().decode("utf-8", "replace").splitlines()
    return tuple(line.rstrip() for line in lines[-LINES:])
