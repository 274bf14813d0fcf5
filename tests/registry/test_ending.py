"""``dockerslim lock`` ends at once when it is told to, however long a registry takes, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

CODE = "from dockerslim_rewrite.cli import main; main()"


@pytest.fixture
def silent() -> Iterator[tuple[str, threading.Event]]:
    """A registry that takes a question and says nothing, and the event that it was asked."""
    asked = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    held.append(connection)
                    connection.recv(4096)
                    asked.set()

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}", asked
        for one in held:
            one.close()


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once(
    silent: tuple[str, threading.Event], tmp_path: Path, number: signal.Signals, times: int
) -> None:
    address, asked = silent
    (tmp_path / ".git").mkdir()
    (tmp_path / "Dockerfile").write_text("".join(f"FROM {address}/image{one}:1\n" for one in range(20)))
    source = Path(__file__).parents[2]
    # Whoever starts the tests in the background has them ignore SIGINT, and all that they start.
    start = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {CODE}"
    with subprocess.Popen(
        [sys.executable, "-c", start, "lock"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(source), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert asked.wait(30)
        began = time.monotonic()
        for _ in range(times):
            process.send_signal(number)
        try:
            out, err = process.communicate(timeout=10)
        finally:
            process.kill()
    assert process.returncode == 128 + number
    assert time.monotonic() - began < 1
    assert (out.strip(), err) == (b"", b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".git", "Dockerfile"]
