"""The process: standard input and output are the protocol's alone, until the client hangs up."""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO, cast

from .features import register
from .framing import Framed
from .protocol import Forwarding, Protocol, Server
from .session import Session


def serve(clock: Callable[[], datetime]) -> int:
    """Answer the client on standard input until it ends; *clock* tells the time. The exit code is 1 where it left
    without asking for the end.

    Whatever else writes to standard output writes to standard error from now on. SIGTERM and SIGINT end the process.
    """
    _heed_signals()
    protocol = _Answers(io.FileIO(os.dup(sys.stdout.fileno()), "wb"))
    sys.stdout.flush()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdout = sys.stderr
    server = Server()
    session = Session(server, clock)
    register(server, session)
    for name in ("pygls", "asyncio"):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.addHandler(Forwarding(server) if name == "asyncio" else logging.NullHandler())
    server.start_io(cast(BinaryIO, Framed(sys.stdin.buffer, _complain)), protocol)
    session.end()
    return 0 if cast(Protocol, server.protocol).ordered else 1


class _Answers(io.BufferedWriter):
    """The way to the client. A client that reads no more gets no more, and needs no server."""

    def flush(self) -> None:
        """Hand on what was written."""
        try:
            super().flush()
        except BrokenPipeError:
            os._exit(1)


def _heed_signals() -> None:
    """Let SIGTERM and SIGINT end the process.

    The system may hand a signal to any thread, while the main one, where Python's handlers run, waits for the client:
    so a thread of its own hears of each. Source: Python library reference, "signal", set_wakeup_fd.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    threading.Thread(target=lambda: _leave(os.read(heard, 1)[0], None), daemon=True).start()


def _leave(number: int, _: object) -> None:
    """End at once: the server writes no file but temporary ones, of diffs, and its threads wait for the client or count
    to the end of a file.
    """
    os._exit(128 + number)


def _complain(message: str) -> None:
    # It brings the compiler along, for which no editor should wait at the start.
    from ..report.text import printable

    print(f"dockerslim: the client: {printable(message)}; the server ends", file=sys.stderr, flush=True)
