"""The client's process, with which the server ends: one that dies may leave the way to the server open."""

from __future__ import annotations

import os
import threading
import time

#: So many seconds between two looks.
_EVERY = 3.0


def end_with(process: int | None) -> None:
    """End as soon as there is no *process* any more.

    One that is not there at the start is somewhere else, as where the server runs in a container.
    """
    # Elsewhere, to ask for a process is to end it.
    if process is None or os.name != "posix" or not _lives(process):
        return
    threading.Thread(target=_watch, args=(process,), name="client", daemon=True).start()


def _watch(process: int) -> None:
    while _lives(process):
        time.sleep(_EVERY)
    # As where the client hangs up: no file is being written, and threads only count to the end of one.
    os._exit(1)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True
