"""The command line: one file a command, each loaded when it is called."""

from __future__ import annotations

import gc
import os
import sys

#: Exit codes by the convention of shells: 128 and the number of the signal.
_INTERRUPTED = 130
_NOBODY_READS = 141
#: Python's own 700 cost a fifth of the time over many files, and some of it when the program starts.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000


def main() -> None:
    """Entry point of ``dockerslim``."""
    _run(sys.argv[1:])


def rewrite_main() -> None:
    """Entry point of ``rewrite``, which is ``dockerslim rewrite``."""
    _run(["rewrite", *sys.argv[1:]])


def _run(arguments: list[str]) -> None:
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    from .quick import read_plain

    plain = read_plain(arguments[1:]) if arguments[:1] == ["rewrite"] else None
    if plain is None:
        from .app import app

        app(arguments, prog_name="dockerslim")
        return
    from .rewrite import Request, run

    try:
        code = run(Request(**plain))
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except BrokenPipeError:
        # Python flushes standard output once more when it ends, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = _NOBODY_READS
    sys.exit(code)
