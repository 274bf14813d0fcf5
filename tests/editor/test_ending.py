"""The server ends at once when it is told to, and where the client's stream is not the protocol's."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import time

import pytest

from dockerslim_rewrite.editor.framing import MAX_MESSAGE, Framed

from .client import COMMAND
from .test_robustness import START, message

#: Looking at it takes seconds.
LONG = "FROM debian:12\n" + "RUN apt-get update && apt-get install -y curl\n" * 800
OPENED = {
    "method": "textDocument/didOpen",
    "params": {
        "textDocument": {"uri": "file:///tmp/Dockerfile", "languageId": "dockerfile", "version": 1, "text": LONG}
    },
}


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once(number: signal.Signals, busy: bool) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(COMMAND, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(message(START))
        process.stdin.flush()
        assert os.read(process.stdout.fileno(), 65536)
        if busy:
            process.stdin.write(message(OPENED))
            process.stdin.flush()
            time.sleep(0.5)
        began = time.monotonic()
        process.send_signal(number)
        try:
            assert process.wait(10) == 128 + number
        finally:
            process.kill()
        assert time.monotonic() - began < 1
        assert process.stderr.read() == b""


HEADERS = [
    (b"Content-Length: 99999999999999\r\n\r\n", "a message has 99999999999999 bytes"),
    (b"Content-Length: %d\r\n\r\n" % (MAX_MESSAGE + 1), "a message has"),
    (b"Content-Length: -5\r\n\r\n", "Content-Length: -5: is not a number of bytes"),
    (b"Content-Length: five\r\n\r\n", "Content-Length: five: is not a number of bytes"),
    (b"Content-Length: \xd9\xa1\r\n\r\n", "is not a number of bytes"),
    (b"Content-Length: " + b"9" * 500 + b"\r\n\r\n", "is not a number of bytes"),
    (b"Content-Length:\r\n\r\n", "is not a number of bytes"),
    (b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "a header has more than one Content-Length"),
    (b"Content-Type: text/plain\r\n\r\n{}", "a header has no Content-Length"),
    (b"a: b\r\n" * 1000, "a header has more than 32 lines"),
    (b"a" * 10_000_000, "a line of a header has more than 1024 bytes"),
]


@pytest.mark.parametrize(("header", "told"), HEADERS)
def test_a_header_that_is_none_is_told_and_ends_the_stream(header: bytes, told: str) -> None:
    lines: list[str] = []
    stream = io.BytesIO(header)
    assert Framed(stream, lines.append).readline() == b""
    assert len(lines) == 1
    assert told in lines[0]
    assert len(lines[0]) < 200
    assert stream.tell() <= 2000, "no more was read than a header takes"


def test_headers_are_read_as_clients_write_them() -> None:
    first = b"\r\ncontent-length:2\r\nContent-Type: a\r\n\r\n{}"
    stream = io.BytesIO(first + b"Content-Length: 0\r\n\r\nContent-Length: 1\n\n5")
    framed = Framed(stream, lambda line: pytest.fail(line))
    for body in (b"{}", b"5"):
        assert framed.readline() == b"Content-Length: %d\r\n" % len(body)
        assert framed.readline() == b"\r\n"
        assert framed.read(len(body)) == body
    assert framed.readline() == b""


@pytest.mark.parametrize("header", [HEADERS[0][0], HEADERS[2][0], HEADERS[-1][0]])
def test_the_server_says_so_in_one_line(header: bytes) -> None:
    done = subprocess.run(COMMAND, input=message(START) + header, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0
    assert done.stderr.startswith(b"dockerslim: the client: ")
    assert done.stderr.count(b"\n") == 1
