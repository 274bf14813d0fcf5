"""A standard output that is closed: writing to it is an error that says so, as for any other file."""

from __future__ import annotations

import errno
import io
import os
from typing import TextIO


class _Closed(io.RawIOBase):
    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def closed_stream() -> TextIO:
    """A stream of text that takes nothing: to flush what was written raises ``OSError``."""
    return io.TextIOWrapper(io.BufferedWriter(_Closed()), encoding="utf-8")
