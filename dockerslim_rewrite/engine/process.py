"""Child processes that cannot outlive us: each in a group of its own, with a time limit, ended when we are."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

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
def _started(command: Sequence[str], env: Mapping[str, str], *, merged: bool) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merged else subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
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


@contextlib.contextmanager
def ended_politely() -> Iterator[None]:
    """While inside, SIGTERM and SIGHUP raise ``SystemExit``, so that everything is cleaned up on the way out.

    Signals can be caught in the main thread only; in others this does nothing.
    """

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    previous = {}
    try:
        for number in (signal.SIGTERM, signal.SIGHUP):
            previous[number] = signal.signal(number, leave)
    except ValueError:
        previous.clear()
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
