"""Pickled values over a pipe between the tests and the sandbox process; each is preceded by its length."""

from __future__ import annotations

import pickle
import struct
from typing import BinaryIO


def read_frame(stream: BinaryIO) -> object | None:
    """The next frame, None at the end."""
    head = stream.read(8)
    if len(head) < 8:
        return None
    frame: object = pickle.loads(stream.read(struct.unpack("=Q", head)[0]))
    return frame


def write_frame(stream: BinaryIO, value: object) -> None:
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    stream.write(struct.pack("=Q", len(data)) + data)
    stream.flush()
