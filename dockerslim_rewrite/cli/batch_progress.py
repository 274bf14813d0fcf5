"""How a batch goes: a live display on a terminal, a line now and then elsewhere. All on standard error."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import Any

from ..report.text import counted, size

#: Seconds between two lines where there is no terminal.
_INTERVAL = 10.0


class BatchProgress:
    """Shows how far a batch of *total* files is (None: not known), unless *quiet*; a context manager."""

    def __init__(self, total: int | None, *, quiet: bool) -> None:
        self._total = total
        self._quiet = quiet
        self._begin = self._told = time.monotonic()
        self._done = self._changed = self._saving = 0
        live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not quiet
        self._display: Any = _display(total) if live else None
        self._stage = "reading the builds"

    def __enter__(self) -> BatchProgress:
        if self._display is not None:
            self._display.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._display is not None:
            self._refresh()
            self._display.stop()

    def stage(self, name: str) -> None:
        """Say what is being done now."""
        self._stage = name
        self._refresh()

    def advance(self, *, changed: bool, saving: int) -> None:
        """One more file is done."""
        self._done += 1
        self._changed += changed
        self._saving += saving
        if self._display is not None:
            self._refresh()
        elif not self._quiet and time.monotonic() - self._told >= _INTERVAL:
            self._told = time.monotonic()
            print(self.line(), file=sys.stderr, flush=True)

    def line(self) -> str:
        """How far it is, in one line."""
        of = f" of {self._total:,}" if self._total is not None else ""
        return (
            f"{self._stage}: {self._done:,}{of} files, {self._pace()}; "
            f"{self._changed:,} changed, about {size(self._saving)} less in the images"
        )

    def _pace(self) -> str:
        """How fast it goes over all, and how long what is left takes at that pace."""
        rate = self._done / max(time.monotonic() - self._begin, 1e-6)
        left = ""
        if self._total is not None and rate > 0 and self._done < self._total:
            left = f", {_duration((self._total - self._done) / rate)} left"
        return f"{rate:,.0f} a second{left}"

    def total_line(self) -> str:
        """What the whole batch took, in one line."""
        return f"{counted(self._done, 'file')} in {_duration(time.monotonic() - self._begin)}"

    def _refresh(self) -> None:
        if self._display is not None:
            self._display.update(
                self._display.task_ids[0],
                completed=self._done,
                description=self._stage,
                pace=self._pace(),
                changed=f"{self._changed:,} changed,",
                saving=f"about {size(self._saving)} less",
            )


def _display(total: int | None) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    display = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}", style="dim"),
        TextColumn("{task.fields[changed]}"),
        TextColumn("{task.fields[saving]}", style="green"),
        console=Console(stderr=True),
        refresh_per_second=5,
    )
    display.add_task("", total=total, pace="", changed="", saving="")
    return display


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
