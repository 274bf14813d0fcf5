"""Where one message of the client ends and the next begins, read so that no length and no header takes more than is
there to read.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO

from ..patterns import re

#: Editors send whole documents, and those of 50 MB too (the most that Visual Studio Code hands to extensions); what is
#: larger than a Dockerfile can be is left alone later.
MAX_MESSAGE = 64 * 1024 * 1024
_MAX_LINE = 1024
_MAX_LINES = 32
_LENGTH = re.compile(rb"[0-9]{1,19}\Z")


class FramingError(ValueError):
    """The client's stream is not the protocol's: one line that says why. Where the next message begins is unknown."""


class Framed(io.RawIOBase):
    """*stream* as the library reads it, a plain header before each message.

    The stream ends at the first message whose length is not known, too large or told in two ways; *complain* gets a
    line that says so.
    """

    def __init__(self, stream: BinaryIO, complain: Callable[[str], None]) -> None:
        self._stream = stream
        self._complain = complain
        self._waiting: list[bytes] = []

    def readable(self) -> bool:
        """It is."""
        return True

    def readline(self, size: int | None = -1, /) -> bytes:
        """The next line of a header; empty at the end."""
        if not self._waiting:
            try:
                length = self._length()
            except FramingError as error:
                self._complain(str(error))
                length = None
            if length is None:
                return b""
            self._waiting = [b"\r\n", b"Content-Length: %d\r\n" % length]
        return self._waiting.pop()

    def read(self, size: int = -1, /) -> bytes:
        """The *size* bytes of a message; fewer where the stream ends before."""
        return self._stream.read(size)

    def _length(self) -> int | None:
        """The length of the next message that is not empty; None where there is none. Raises ``FramingError``."""
        while True:
            lengths: set[int] = set()
            number = 0
            while line := self._stream.readline(_MAX_LINE + 1):
                if len(line) > _MAX_LINE:
                    raise FramingError(f"a line of a header has more than {_MAX_LINE} bytes")
                if not line.strip():
                    break
                number += 1
                if number > _MAX_LINES:
                    raise FramingError(f"a header has more than {_MAX_LINES} lines")
                name, _, value = line.partition(b":")
                if name.strip().lower() == b"content-length":
                    lengths.add(_number(value.strip()))
            if not line:
                return None
            if not number:
                continue
            if len(lengths) != 1:
                raise FramingError(f"a header has {'no' if not lengths else 'more than one'} Content-Length")
            (length,) = lengths
            if length > MAX_MESSAGE:
                raise FramingError(f"a message has {length} bytes, more than the {MAX_MESSAGE} that are read")
            if length:
                return length


def _number(value: bytes) -> int:
    if not _LENGTH.match(value):
        raise FramingError(f"Content-Length: {value.decode('ascii', 'replace')[:40]}: is not a number of bytes")
    return int(value)
