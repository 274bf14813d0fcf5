"""A hostile index or token server: slow without end, packed to any size, or asked for too much."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import tarfile
import threading
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dockerslim_rewrite.analysis.locked import Lock
from dockerslim_rewrite.analysis.runtime.asking import Asked
from dockerslim_rewrite.registry.errors import RegistryError
from dockerslim_rewrite.registry.limits import Allowance
from dockerslim_rewrite.registry.manifest import verify
from dockerslim_rewrite.registry.packages import archives
from dockerslim_rewrite.registry.packages.archives import source, wheel
from dockerslim_rewrite.registry.packages.locking import refresh_packages
from dockerslim_rewrite.registry.packages.resolving import Store
from dockerslim_rewrite.registry.packages.simple import Index, IndexFile
from dockerslim_rewrite.text.structured import read_json

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


def drip_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Tide: ")
    while True:
        handler.wfile.write(b"a")
        time.sleep(0.05)


@pytest.mark.parametrize("serve", [drip, drip_headers])
@pytest.mark.parametrize(("seconds", "each"), [(1.0, 300.0), (900.0, 1.0)])
def test_a_slow_drip_ends(server: Callable[[Serve], str], serve: Serve, seconds: float, each: float) -> None:
    index = Index((server(serve),), allowance=Allowance(seconds, each))
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


def test_each_answer_over_one_connection_has_its_time(server: Callable[[Serve], str]) -> None:
    times: list[float] = []

    def serve(handler: BaseHTTPRequestHandler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Content-Length", "1" if len(times) < 2 else "1000")
        handler.end_headers()
        times.append(0.0)
        for _ in range(1 if len(times) < 3 else 1000):
            handler.wfile.write(b"a")
            time.sleep(0.05)

    index = Index((server(serve),), allowance=Allowance(900.0, 1.0))
    address = index.urls[0]
    for _ in range(2):
        assert index.get(address, "", 100)[0] == b"a"
        time.sleep(0.7)
    with pytest.raises(RegistryError, match="takes too long"):
        index.get(address, "", 10_000)


def test_no_password_is_told(server: Callable[[Serve], str]) -> None:
    address = server(drip).replace("://", "://user:secret@")
    with pytest.raises(RegistryError, match="takes too long") as caught:
        Index((address,), allowance=Allowance(900.0, 0.2)).files("flask")
    assert "secret" not in str(caught.value)


def _zip_of_many() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number in range(50_001):
            archive.writestr(str(number), "")
    return content.getvalue()


def _tar(kind: bytes, size: int) -> bytes:
    entry = tarfile.TarInfo("a-1/b.py")
    entry.type, entry.size = kind, size
    return gzip.compress(entry.tobuf(tarfile.GNU_FORMAT) + bytes(size) + bytes(1024), 1)


def _long_texts() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz", compresslevel=1) as archive:
        for number in range(9):
            entry = tarfile.TarInfo(f"a-1/b{number}.py")
            entry.size = 8 * 1024 * 1024
            archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: _tar(tarfile.GNUTYPE_LONGNAME, 64 * 1024 * 1024), "a header in it has more than 16 MiB"),
        (lambda: _tar(tarfile.XHDTYPE, 64 * 1024 * 1024), "a header in it has more than 16 MiB"),
        (_long_texts, "its code has more than 64 MiB"),
    ],
)
def test_archives_of_sources_that_unpack_to_more_than_they_are(content: Callable[[], bytes], said: str) -> None:
    with pytest.raises(RegistryError) as caught:
        source(io.BytesIO(content()), "a-1.tar.gz")
    assert str(caught.value) == f"a-1.tar.gz is not looked into: {said}"


def test_the_files_of_a_wheel_are_counted_before_any_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    content = _zip_of_many()
    monkeypatch.setattr(zipfile, "ZipInfo", None)
    with pytest.raises(RegistryError, match="more than 50000 files"):
        wheel(io.BytesIO(content), "a-1-py3-none-any.whl")


def test_archives_are_looked_into_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most = 0, 0
    before = archives.used

    def slow(texts: list[tuple[str, str]]) -> Iterator[str]:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.02)
        inside -= 1
        return before(texts)

    monkeypatch.setattr(archives, "used", slow)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a/__init__.py", "import b\n")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: wheel(io.BytesIO(content.getvalue()), "a.whl"), range(8)))
    assert most == 1


def test_archives_that_come_in_are_on_disk(server: Callable[[Serve], str]) -> None:
    def serve(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(40):
            handler.wfile.write(bytes(1024 * 1024))

    index = Index((server(serve),))
    file = IndexFile("a.whl", index.urls[0], "", "", False, False, None)
    tracemalloc.start()
    with index.content(file) as content:
        assert content.seek(0, io.SEEK_END) == 40 * 1024 * 1024
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<a>" * 300_001, "text/html"),
        (b'{"files":[' + b"{}," * 100_000 + b"{}]}", "application/vnd.pypi.simple.v1+json"),
    ],
)
def test_a_page_of_endless_files_is_not_gone_through(server: Callable[[Serve], str], body: bytes, kind: str) -> None:
    def serve(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.end_headers()
        handler.wfile.write(body)

    with pytest.raises(RegistryError, match="/simple/flask/: the page lists more than 100,000 files"):
        Index((server(serve),)).files("flask")


def test_a_page_of_too_many_values_is_not_read() -> None:
    with pytest.raises(ValueError, match="too many values"):
        read_json(b"[" + b"[]," * 1_500_000 + b"[]]")


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
archive = wheel(open(sys.argv[1], "rb"), "a-1-py3-none-any.whl")
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


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "the server breaks off, or does not answer in HTTP"),
        (b"SSH-2.0-tide\r\n", "the server breaks off, or does not answer in HTTP"),
        (b"HTTP/1.1 302 A\r\nLocation: /simple/flask/\r\n\r\n", "sends from one address to the next without end"),
        (b"HTTP/1.1 302 A\r\nLocation: ftp://a/b\r\n\r\n", "sends to an address that is none of http or https"),
        (b"HTTP/1.1 200 A\r\nContent-Encoding: gzip\r\n\r\nnone", "the answer is not packed as it says"),
    ],
)
def test_what_goes_wrong_is_said_in_plain_words(server: Callable[[Serve], str], answer: bytes, said: str) -> None:
    def serve(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(answer)
        handler.close_connection = True

    with pytest.raises(RegistryError) as caught:
        Index((server(serve),)).files("flask")
    assert said in str(caught.value)
    assert "/simple/flask/: " in str(caught.value)
    assert "Error" not in str(caught.value)


def test_nobody_listens() -> None:
    with pytest.raises(RegistryError, match="no connection: Connection refused; check the address and the network"):
        Index(("http://127.0.0.1:9/simple",)).files("flask")


def test_messages_quote_little_of_what_a_registry_sends() -> None:
    for digest in ("sha256:" + "z" * 60_000, "md5" * 60_000):
        with pytest.raises(RegistryError) as caught:
            verify(b"", digest, "localhost/a")
        assert len(str(caught.value)) < 400
