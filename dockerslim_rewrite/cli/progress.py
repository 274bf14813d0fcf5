"""One line on standard error that says what goes on: rewritten in place on a terminal, one per phase elsewhere."""

from __future__ import annotations

import os
import shutil
import sys

from ..report.text import printable


class ProgressLine:
    """Called with a line of the form ``phase: step``."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._phase = ""

    def __call__(self, line: str) -> None:
        """Show *line* instead of the one before."""
        if self._quiet:
            return
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\x1b[K{printable(line)[:width]}", end="", file=sys.stderr, flush=True)
            return
        phase = line.partition(":")[0]
        if phase != self._phase:
            self._phase = phase
            print(printable(phase), file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away before something else is printed."""
        if self._live and not self._quiet:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
