"""What the tests of the client play on: a real registry, a token server, a proxy that makes faults. Loopback only."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
USER, PASSWORD = "tester", "secret"
# The password above, hashed with bcrypt for the registry's htpasswd file.
HTPASSWD = "tester:$2b$04$nPFyMpP1vRZbligNUp/kzucbIWslN/Fo5rESkqHva45l6TAJHwZcq\n"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def registry(folder: Path, storage: Path, *, host: str = "127.0.0.1", **sections: Any) -> Iterator[str]:
    """A registry over *storage*; *sections* are added to its configuration. Yields ``host:port``."""
    program = shutil.which("docker-registry")
    assert program is not None
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    config = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(storage)}},
        "http": {"addr": f"{host}:{port}", **sections.pop("http", {})},
        **sections,
    }
    path = folder / "config.yml"
    path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(path)], stdout=log, stderr=log)
        try:
            _await(host, port, process, folder / "log")
            yield f"{host}:{port}"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def _await(host: str, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"the registry did not start: {log.read_text(encoding='utf-8')}")


@dataclass
class Filler:
    """Puts images into a registry that wants no authentication."""

    address: str

    def image(self, repository: str, seed: str, architecture: str = "amd64", *tags: str) -> bytes:
        """A small image whose content depends on *seed*; returns its manifest."""
        platform = {"os": "linux", "architecture": architecture}
        config = json.dumps({**platform, "seed": seed, "rootfs": {"type": "layers", "diff_ids": []}}).encode()
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {
                    "mediaType": "application/vnd.oci.image.config.v1+json",
                    "digest": self.blob(repository, config),
                    "size": len(config),
                },
                "layers": [],
            }
        ).encode()
        for name in tags or (digest_of(manifest),):
            self._put(f"/v2/{repository}/manifests/{name}", manifest, MANIFEST)
        return manifest

    def index(self, repository: str, seed: str, *tags: str) -> str:
        """An index of two platforms and an attestation; returns its digest."""
        entries = []
        for architecture, variant in (("amd64", None), ("arm", "v7"), ("unknown", None)):
            manifest = self.image(repository, seed, architecture)
            platform = {"os": "unknown" if architecture == "unknown" else "linux", "architecture": architecture}
            if variant:
                platform["variant"] = variant
            entries.append(
                {"mediaType": MANIFEST, "digest": digest_of(manifest), "size": len(manifest), "platform": platform}
            )
        content = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()
        for tag in tags:
            self._put(f"/v2/{repository}/manifests/{tag}", content, INDEX)
        return digest_of(content)

    def blob(self, repository: str, content: bytes) -> str:
        """Upload one blob; returns its digest."""
        digest = digest_of(content)
        request = urllib.request.Request(f"http://{self.address}/v2/{repository}/blobs/uploads/", method="POST")
        with urllib.request.urlopen(request, timeout=10) as response:
            location = response.headers["Location"]
        if location.startswith("/"):
            location = f"http://{self.address}{location}"
        joint = "&" if "?" in location else "?"
        self._put(f"{location}{joint}digest={digest}", content, "application/octet-stream")
        return digest

    def _put(self, url: str, content: bytes, media_type: str) -> None:
        if url.startswith("/"):
            url = f"http://{self.address}{url}"
        request = urllib.request.Request(url, content, {"Content-Type": media_type}, method="PUT")
        with urllib.request.urlopen(request, timeout=10) as response:
            assert response.status == 201


@dataclass
class Fault:
    """What the proxy does to one request: ``status`` answers by itself; the others change the true answer."""

    status: int = 0
    retry_after: str | None = None
    cut: bool = False
    truncate: bool = False
    corrupt: bool = False
    delay: float = 0.0
    #: Where to send the client instead, as registries send it to their storage: the path is put behind it.
    redirect: str = ""


@dataclass
class FaultyProxy:
    """A proxy before a registry. ``faults`` are used up one a request whose path ``matches``."""

    upstream: str
    faults: list[Fault] = field(default_factory=list)
    always: Fault | None = None
    matches: Callable[[str], bool] = lambda _: True
    page_size: int = 0
    drop_digest_header: bool = False
    #: Digests that the proxy announces in answers to HEAD, by the end of the path, whatever is true.
    lies: dict[str, str] = field(default_factory=dict)
    authorizations: list[str] = field(default_factory=list)
    address: str = ""
    seen: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, method: str, path: str) -> Fault | None:
        with self.lock:
            self.seen.append(f"{method} {path}")
            if not self.matches(path):
                return None
            return self.faults.pop(0) if self.faults else self.always


@contextmanager
def faulty_proxy(upstream: str) -> Iterator[FaultyProxy]:
    state = FaultyProxy(upstream)

    class Handler(_ProxyHandler):
        proxy = state

    with serving(Handler) as port:
        state.address = f"127.0.0.1:{port}"
        yield state


class _ProxyHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: ClassVar[FaultyProxy]

    def do_GET(self) -> None:
        self.forward()

    def do_HEAD(self) -> None:
        self.forward()

    def log_message(self, *_: object) -> None:
        """The tests look at what was seen themselves."""

    def forward(self) -> None:
        target = urlsplit(self.path)
        path = target.path + (f"?{target.query}" if target.query else "")
        # In use as a forward proxy the host is part of the request line, and worth remembering.
        fault = self.proxy.take(self.command, self.path) or Fault()
        if fault.delay:
            time.sleep(fault.delay)
        if fault.status:
            self.send_response(fault.status)
            if fault.retry_after is not None:
                self.send_header("Retry-After", fault.retry_after)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if fault.redirect:
            self.send_response(307)
            self.send_header("Location", fault.redirect + path)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if fault.cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if "Authorization" in self.headers:
            self.proxy.authorizations.append(self.headers["Authorization"])
        status, headers, body = self.ask(path)
        lie = next((digest for end, digest in self.proxy.lies.items() if path.endswith(end)), None)
        if lie is not None and self.command == "HEAD":
            headers = [(name, lie if name.lower() == "docker-content-digest" else value) for name, value in headers]
        if self.proxy.page_size and target.path.endswith("/tags/list"):
            body, link = self.page(target.path, target.query, body)
            headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
            headers += [("Content-Length", str(len(body))), *([("Link", link)] if link else [])]
        if fault.corrupt and body:
            body = body[:-1] + bytes([body[-1] ^ 1])
        self.send_response(status)
        for name, value in headers:
            dropped = self.proxy.drop_digest_header and name.lower() == "docker-content-digest"
            if name.lower() not in ("connection", "date", "server") and not dropped:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if fault.truncate else body)
        if fault.truncate:
            self.close_connection = True

    def ask(self, path: str) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = HTTPConnection(self.proxy.upstream, timeout=10)
        passed = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        connection.request(self.command, path, headers=passed)
        response = connection.getresponse()
        body = response.read()
        headers = [(name, value) for name, value in response.getheaders() if name.lower() != "transfer-encoding"]
        connection.close()
        return response.status, headers, body

    def page(self, path: str, query: str, body: bytes) -> tuple[bytes, str]:
        document = json.loads(body)
        tags = sorted(document["tags"])
        after = parse_qs(query).get("last", [""])[0]
        rest = [tag for tag in tags if tag > after]
        chosen = rest[: self.proxy.page_size]
        more = len(rest) > len(chosen)
        link = f'<{path}?last={chosen[-1]}&n={self.proxy.page_size}>; rel="next"' if more else ""
        return json.dumps({**document, "tags": chosen}).encode(), link


@dataclass
class TokenServer:
    """Gives signed tokens over TLS: to everybody for ``public/…``, else to the user with the password."""

    key: Path
    certificate: Path
    lifetime: int = 300
    realm: str = ""
    requests: list[str] = field(default_factory=list)

    def token(self, scope: str, *, known: bool) -> str:
        kind, name, actions = scope.split(":")
        allowed = actions.split(",") if known or name.startswith("public/") else []
        now = int(time.time())
        claims = {
            "iss": "tests",
            "aud": "registry",
            "sub": USER if known else "",
            "exp": now + 300,
            "nbf": now - 10,
            "iat": now,
            "jti": str(len(self.requests)),
            "access": [{"type": kind, "name": name, "actions": allowed}],
        }
        der = subprocess.run(
            ["openssl", "x509", "-in", str(self.certificate), "-outform", "DER"], capture_output=True, check=True
        ).stdout
        header = {"alg": "RS256", "typ": "JWT", "x5c": [base64.b64encode(der).decode()]}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
        signature = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", str(self.key)],
            input=signed.encode(),
            capture_output=True,
            check=True,
        ).stdout
        return f"{signed}.{_base64url(signature)}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@contextmanager
def token_server(key: Path, certificate: Path) -> Iterator[TokenServer]:
    state = TokenServer(key, certificate)
    expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Silent."""

        def do_GET(self) -> None:
            state.requests.append(self.path)
            given = self.headers.get("Authorization")
            if given is not None and given != expected:
                self.answer(401, {"errors": []})
                return
            scope = parse_qs(urlsplit(self.path).query)["scope"][0]
            self.answer(200, {"token": state.token(scope, known=given is not None), "expires_in": state.lifetime})

        def do_POST(self) -> None:
            state.requests.append(self.path)
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            if form["grant_type"] != ["refresh_token"] or form["refresh_token"] != ["identity"]:
                self.answer(401, {"errors": []})
                return
            self.answer(200, {"access_token": state.token(form["scope"][0], known=True), "expires_in": state.lifetime})

        def answer(self, status: int, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with serving(Handler, tls) as port:
        state.realm = f"https://127.0.0.1:{port}/token"
        yield state


def certificate(folder: Path, name: str, subject_alternative: str) -> tuple[Path, Path]:
    """A self-signed certificate and its key."""
    folder.mkdir(parents=True, exist_ok=True)
    crt, key = folder / f"{name}.crt", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName={subject_alternative}", "-keyout", str(key), "-out", str(crt)],
        capture_output=True,
        check=True,
    )  # fmt: skip
    return crt, key
