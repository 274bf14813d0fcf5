"""A hostile index or token server: slow without end, packed to any size, or asked for too much."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dockerslim_rewrite.analysis.locked import Lock
from dockerslim_rewrite.analysis.runtime.asking import Asked
from dockerslim_rewrite.registry.errors import RegistryError
from dockerslim_rewrite.registry.limits import Allowance
from dockerslim_rewrite.registry.packages.locking import refresh_packages
from dockerslim_rewrite.registry.packages.resolving import Store
from dockerslim_rewrite.registry.packages.simple import Index

Serve = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def server() -> Iterator[Callable[[Serve], str]]:
    """Starts a server that answers as it is told; its address."""
    started: list[ThreadingHTTPServer] = []

    def start(serve: Serve) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with suppress(OSError):
                    serve(self)

            def log_message(self, *_: object) -> None:
                pass

        made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        made.daemon_threads = True
        started.append(made)
        threading.Thread(target=made.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{made.server_port}/simple"

    yield start
    for one in started:
        one.shutdown()
        one.server_close()


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.end_headers()
    packer = zlib.compressobj(wbits=31)
    while True:
        # Blocks that hold nothing: nothing ever comes out of them.
        handler.wfile.write(packer.flush(zlib.Z_SYNC_FLUSH) or b"\0\0\0\xff\xff")
        handler.wfile.flush()
        time.sleep(0.05)


@pytest.mark.parametrize(("seconds", "each"), [(1.0, 300.0), (900.0, 1.0)])
def test_a_slow_drip_ends(server: Callable[[Serve], str], seconds: float, each: float) -> None:
    index = Index((server(drip),), allowance=Allowance(seconds, each))
    began = time.monotonic()
    with pytest.raises(RegistryError, match=r"takes too long|no time is left"):
        index.files("flask")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("packed", ["gzip, gzip", "br", "zstd", "x" * 5000])
def test_what_is_packed_in_other_ways_is_refused(server: Callable[[Serve], str], packed: str) -> None:
    def serve(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Encoding", packed)
        handler.end_headers()
        handler.wfile.write(gzip.compress(gzip.compress(b" " * 10_000_000)))

    with pytest.raises(RegistryError, match="which nobody asked for") as caught:
        Index((server(serve),)).files("flask")
    assert len(str(caught.value)) < 200


def test_too_many_packages_are_one_remark() -> None:
    asked = tuple(Asked("pypi-3.12", f"name{one}") for one in range(50_000))
    store = Store(Index(("http://127.0.0.1:9/simple",)))
    began = time.monotonic()
    outcome = refresh_packages(Lock(), [asked], store, datetime.now(UTC))
    assert list(outcome.failed) == ["pypi-3.12"]
    assert "asks for 50000 packages" in outcome.failed["pypi-3.12"]
    assert time.monotonic() - began < 5


# What a process had before it became another program counts for getrusage, and not for VmHWM.
WHEEL = """
import re, sys
from dockerslim_rewrite.registry.packages.archives import wheel
archive = wheel(open(sys.argv[1], "rb").read(), "a-1-py3-none-any.whl")
peak = re.search(r"VmHWM:\\s*([0-9]+) kB", open("/proc/self/status").read())
print(int(peak[1]) // 1024, *archive.libraries)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells how much a program took")
def test_large_libraries_take_no_memory(tmp_path: Path) -> None:
    content = io.BytesIO()
    library = Path(sys.executable).read_bytes()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for one in range(3):
            with archive.open(f"a/b{one}.so", "w") as file:
                file.write(library)
                for _ in range(200):
                    file.write(bytes(1024 * 1024))
    path = tmp_path / "a.whl"
    path.write_bytes(content.getvalue())
    done = subprocess.run([sys.executable, "-c", WHEEL, str(path)], capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[0]) < 150
