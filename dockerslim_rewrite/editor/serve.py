"""The process: standard input and output are the protocol's alone, until the client hangs up."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from datetime import datetime

from .features import register
from .protocol import Forwarding, Server
from .session import Session


def serve(clock: Callable[[], datetime]) -> None:
    """Answer the client on standard input until it ends; *clock* tells the time.

    Whatever else writes to standard output writes to standard error from now on.
    """
    protocol = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
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
    server.start_io(sys.stdin.buffer, protocol)
    session.end()
