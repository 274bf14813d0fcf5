"""Archives of packages, and an index on loopback that has them. Nothing in them runs."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def wheel(
    name: str, version: str, requires: tuple[str, ...] = (), files: Mapping[str, bytes | str] | None = None
) -> bytes:
    """A wheel with *files* beside its metadata."""
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Requires-Dist: {one}" for one in requires),
    ]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"{name}-{version}.dist-info/METADATA", "\n".join(lines) + "\n")
        for path, text in (files or {f"{name}/__init__.py": ""}).items():
            archive.writestr(path, text)
    return content.getvalue()


def source(name: str, version: str, files: Mapping[str, str]) -> bytes:
    """An archive of sources with *files* in its folder."""
    return tarball(f"{name}-{version}", files)


def tarball(folder: str, files: Mapping[str, str | bytes]) -> bytes:
    """A compressed archive of *files* in *folder*."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        _fill(archive, {f"{folder}/{path}": text for path, text in files.items()})
    return content.getvalue()


def gem(metadata: str, files: Mapping[str, str | bytes]) -> bytes:
    """A gem with the YAML *metadata* and *files*."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as archive:
        _fill(archive, files)
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        _fill(archive, {"metadata.gz": gzip.compress(metadata.encode()), "data.tar.gz": inner.getvalue()})
    return content.getvalue()


def _fill(archive: tarfile.TarFile, files: Mapping[str, str | bytes]) -> None:
    for path, text in files.items():
        data = text if isinstance(text, bytes) else text.encode()
        entry = tarfile.TarInfo(path)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))


class Served:
    """What the server answers, by path: body, type, status."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[bytes, str, int]] = {}
        self.asked: list[str] = []
        self.url = ""

    def project(self, name: str, files: Mapping[str, bytes], **more: Any) -> None:
        """The simple page of the project *name*, as PEP 691 writes it, and its *files*."""
        entries = []
        for file, content in files.items():
            self.answers[f"/files/{file}"] = (content, "application/octet-stream", 200)
            digest = {"sha256": hashlib.sha256(content).hexdigest()}
            entries.append({"filename": file, "url": f"../../files/{file}", "hashes": digest, **more})
        page = json.dumps({"meta": {"api-version": "1.0"}, "name": name, "files": entries}).encode()
        self.answers[f"/simple/{name}/"] = (page, "application/vnd.pypi.simple.v1+json", 200)

    def gem(self, name: str, version: str, content: bytes, checksum: str | None = None) -> None:
        """What the compact index says of the gem *name*, of which it has one *version*, and the gem."""
        digest = checksum or hashlib.sha256(content).hexdigest()
        page = f"---\n0.1 |checksum:{'0' * 64}\n{version} berth:>= 1|checksum:{digest},ruby:>= 2.7\n"
        self.answers[f"/info/{name}"] = (page.encode(), "text/plain", 200)
        self.answers[f"/gems/{name}-{version}.gem"] = (content, "application/octet-stream", 200)

    def npm(
        self,
        name: str,
        versions: Mapping[str, Mapping[str, Any]],
        files: Mapping[str, str] | Mapping[str, str | bytes] | None = None,
    ) -> None:
        """What npm's registry says of the package *name*."""
        self.answers[f"/tarballs/{name}.tgz"] = (
            tarball("package", files or {"index.js": ""}),
            "application/octet-stream",
            200,
        )
        found = {
            version: {"name": name, "version": version, "dist": {"tarball": f"{self.url}/tarballs/{name}.tgz"}, **data}
            for version, data in versions.items()
        }
        page = {"name": name, "dist-tags": {"latest": max(versions)}, "versions": found}
        self.answers[f"/{name}"] = (json.dumps(page).encode(), "application/json", 200)


@contextmanager
def serve() -> Iterator[Served]:
    """A server on loopback; what it answers can be changed while it runs."""
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            body, kind, status = served.answers.get(self.path, (b"", "text/plain", 404))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
