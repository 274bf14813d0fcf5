"""Standard output: a file or a pipe gets everything to the letter, a terminal nothing that it would obey."""

from __future__ import annotations

import sys

from ..report.text import lines_shown


def put(data: bytes) -> None:
    """Write *data* behind what was printed."""
    sys.stdout.flush()
    if sys.stdout.isatty():
        data = lines_shown(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
