"""Reading a file that is one: no pipe that is waited for, no device without end, and no more than somebody wants."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

#: What a shell hands over for ``<(command)`` and ``/dev/stdin``: pipes that somebody writes to.
_HANDED_OVER = ("/dev/fd/", "/proc/self/fd/", "/dev/stdin")
_BLOCK = 1024 * 1024
#: More than anything has that is read as a whole.
_USUAL = 64 * 1024 * 1024


def read_regular(path: str | Path, most: int) -> bytes:
    """The content of *path*, at most *most* bytes of it. Raises ``OSError`` where it is a directory, pipe or device."""
    found = bytearray()
    with os.fdopen(_opened(path), "rb") as file:
        # A read of so many bytes would ask for memory for all of them at once.
        while block := file.read(min(_BLOCK, most - len(found))):
            found += block
    return bytes(found)


def read_whole(path: str | Path, most: int = _USUAL) -> bytes:
    """The content of *path*. Raises ``OSError`` as ``read_regular`` does, and for one of more than *most* bytes."""
    content = read_regular(path, most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"larger than {most // 1024} KiB", str(path))
    return content


def read_text(path: str | Path, most: int = _USUAL, errors: str = "strict") -> str:
    """The text of *path*, which is UTF-8. Raises ``OSError`` as ``read_whole`` does, and for text that is not.

    *errors* says what becomes of bytes that are none, as for ``bytes.decode``.
    """
    try:
        return read_whole(path, most).decode("utf-8", errors)
    except UnicodeDecodeError:
        raise OSError(errno.EILSEQ, "not UTF-8 text", str(path)) from None


def _opened(path: str | Path) -> int:
    name = str(path)
    # Whether it is a pipe is asked of what was opened: what lies at the name may be another thing by then.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        # Left without blocking: the kernel has files, such as /proc/kmsg, that call themselves regular and wait.
        return descriptor
    if stat.S_ISFIFO(mode) and name.startswith(_HANDED_OVER):
        os.set_blocking(descriptor, True)
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a directory", name)
    raise OSError(errno.EINVAL, "not a regular file", name)
