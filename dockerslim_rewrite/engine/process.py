"""Child processes that cannot outlive us: each in a group of its own, with a time limit, ended when we are."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

#: How long a process may take to clean up after SIGTERM, in seconds.
GRACE = 10.0


class TimedOut(Exception):
    """The process did not end in time and was ended."""


def stream(
    command: Sequence[str], log: Path, on_line: Callable[[str], None], timeout: float, env: Mapping[str, str]
) -> int:
    """Run *command*, append both its outputs to *log* and hand each line to *on_line*; the exit status.

    Raises ``TimedOut``. On any exception, ``KeyboardInterrupt`` included, the process and its children are ended.
    """
    with log.open("ab") as copy, _started(command, env, merged=True) as process:
        output = process.stdout
        assert output is not None
        pending = b""
        for block in _blocks(output, time.monotonic() + timeout):
            copy.write(block)
            copy.flush()
            *lines, pending = (pending + block).split(b"\n")
            for line in lines:
                on_line(line.decode("utf-8", "replace").rstrip("\r"))
        if pending:
            on_line(pending.decode("utf-8", "replace"))
        return process.wait(GRACE)


def capture(command: Sequence[str], timeout: float, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run *command* to its end and keep what it wrote. Raises ``TimedOut``; ends the process as ``stream`` does."""
    with _started(command, env, merged=False) as process:
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise TimedOut from None
    texts = (data.decode("utf-8", "replace") for data in (stdout, stderr))
    return subprocess.CompletedProcess(list(command), process.returncode, *texts)


def _blocks(output: IO[bytes], deadline: float) -> Iterator[bytes]:
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimedOut
            block = os.read(output.fileno(), 65536)
            if not block:
                return
            yield block


@contextlib.contextmanager
def started(command: Sequence[str], env: Mapping[str, str], output: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """*command* while it runs, both its outputs going to *output*; it and its children are ended on leaving."""
    with _started(command, env, merged=True, output=output) as process:
        yield process


@contextlib.contextmanager
def _started(
    command: Sequence[str], env: Mapping[str, str], *, merged: bool, output: IO[bytes] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    process: subprocess.Popen[bytes] | None = None
    try:
        # A signal between the start of the process and knowing it would leave it behind.
        with _SIGNALS.held_back():
            process = subprocess.Popen(
                command,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if output is None else output,
                stderr=subprocess.STDOUT if merged else subprocess.PIPE,
                start_new_session=True,
            )
        yield process
    finally:
        if process is not None:
            if process.poll() is None:
                with _SIGNALS.held_back():
                    _end(process)
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the group to end, then insist. The group of a session leader bears its process number."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class _Signals:
    """Turns signals into exceptions, but not in the middle of what must not be broken off.

    Python runs handlers in the main thread, between any two of its steps.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._pending: int | None = None

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The handler: raises, or remembers to."""
        if self._depth:
            self._pending = number
        else:
            self._leave(number)

    @contextlib.contextmanager
    def held_back(self) -> Iterator[None]:
        """While inside, signals wait; one that came is raised on leaving. Other threads than the main one get none."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth and self._pending is not None:
                number, self._pending = self._pending, None
                self._leave(number)

    @staticmethod
    def _leave(number: int) -> NoReturn:
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)


_SIGNALS = _Signals()


@contextlib.contextmanager
def ended_politely() -> Iterator[None]:
    """While inside, SIGTERM and SIGHUP raise ``SystemExit``, so that everything is cleaned up on the way out.

    SIGINT raises ``KeyboardInterrupt``, as ever, but never while a process is being started or ended. Signals can be
    caught in the main thread only; in others this does nothing. What is ignored, as under nohup, stays so.
    """
    previous = {}
    try:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            if signal.getsignal(number) is not signal.SIG_IGN:
                previous[number] = signal.signal(number, _SIGNALS.handle)
    except ValueError:
        previous.clear()
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
