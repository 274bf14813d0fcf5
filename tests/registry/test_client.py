"""The client against a real registry: what tags stand for, who may ask, and what happens when things go wrong."""

from __future__ import annotations

import base64
import os
import shutil
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from dockerslim_rewrite.cli.lock import LockRequest, run
from dockerslim_rewrite.ir.reference import ImageReference, parse
from dockerslim_rewrite.registry.client import Endpoints, RegistryClient
from dockerslim_rewrite.registry.credentials import CredentialStore
from dockerslim_rewrite.registry.errors import (
    CorruptContent,
    MalformedAnswer,
    NotFound,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from dockerslim_rewrite.registry.lock import load
from dockerslim_rewrite.registry.transport import Answer, Transport

from .conftest import QUICK, Digests, MakeClient
from .stage import (
    PASSWORD,
    USER,
    Fault,
    FaultyProxy,
    TokenServer,
    certificate,
    faulty_proxy,
    free_port,
    registry,
    serving,
)

BOTH = ("linux/amd64", "linux/arm/v7")
LOGIN = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def ref(address: str, rest: str) -> ImageReference:
    return parse(f"{address}/{rest}")


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("public/python", "3.12.4"),
        ("public/python:latest", "3.12.4"),
        ("public/python:3", "3.12.4"),
        ("public/python:3.12", "3.12.4"),
        ("public/python:slim", "3.12.4-slim"),
        ("public/python:3-slim", "3.12.4-slim"),
        ("public/python:slim-bookworm", "3.12.4-slim-bookworm"),
        ("public/python:2", "2.7.18"),
        ("public/python:3.12.4", None),
        ("public/python:3.11", "3.11.9"),
        ("public/edge", None),
        ("public/many:stable", "1.29"),
    ],
)
def test_a_tag_and_its_version(
    client: MakeClient, open_registry: str, digests: Digests, image: str, version: str | None
) -> None:
    found = client().resolve(ref(open_registry, image))
    tagged = image if ":" in image else f"{image}:latest"
    assert found.digest == digests[tagged]
    assert found.version_tag == version
    assert found.platforms == BOTH
    if version is not None:
        assert digests[f"{image.partition(':')[0]}:{version}"] == found.digest


def test_an_image_of_one_platform(client: MakeClient, open_registry: str, digests: Digests) -> None:
    found = client().resolve(ref(open_registry, "public/single"))
    assert (found.digest, found.platforms, found.version_tag) == (
        digests["public/single:latest"],
        ("linux/arm64",),
        "1.0.5",
    )


def test_a_digest_stands_for_itself(client: MakeClient, open_registry: str, digests: Digests) -> None:
    digest = digests["public/python:3.11"]
    found = client().resolve(ref(open_registry, f"public/python@{digest}"))
    assert (found.digest, found.platforms, found.version_tag) == (digest, BOTH, None)


@pytest.mark.parametrize("image", ["public/nothing", "public/python:9", f"public/python@sha256:{'0' * 64}"])
def test_what_is_not_there(client: MakeClient, proxy: FaultyProxy, image: str) -> None:
    with pytest.raises(NotFound):
        client().resolve(ref(proxy.address, image))
    assert len(proxy.seen) == 1, "an answer that no attempt can change is not asked for again"


def test_basic_authentication(client: MakeClient, basic_registry: str, digests: Digests) -> None:
    wanted = ref(basic_registry, "private/python")
    good = client({"auths": {basic_registry: {"auth": LOGIN}}})
    assert good.resolve(wanted).digest == digests["private/python:latest"]
    with pytest.raises(Unauthorized, match="none are configured"):
        client().resolve(wanted)
    wrong = base64.b64encode(b"tester:wrong").decode()
    with pytest.raises(Unauthorized) as refused:
        client({"auths": {basic_registry: {"auth": wrong}}}).resolve(wanted)
    assert "wrong" not in str(refused.value)
    # Credentials for another registry stay at home.
    with pytest.raises(Unauthorized, match="none are configured"):
        client({"auths": {"elsewhere:5000": {"auth": LOGIN}}}).resolve(wanted)


def test_a_credential_helper(
    client: MakeClient, basic_registry: str, digests: Digests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = tmp_path / "docker-credential-tests"
    helper.write_text(
        f"#!/bin/sh\nread -r server || :\n[ \"$1 $server\" = 'get {basic_registry}' ] || "
        "{ echo 'credentials not found in native keychain'; exit 1; }\n"
        f'printf \'{{"ServerURL":"%s","Username":"{USER}","Secret":"{PASSWORD}"}}\' "$server"\n',
        encoding="utf-8",
    )
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    wanted = ref(basic_registry, "private/python")
    for config in (
        {"credHelpers": {basic_registry: "tests"}},
        {"credsStore": "tests", "auths": {basic_registry: {}}},
    ):
        assert client(config).resolve(wanted).digest == digests["private/python:latest"]
    with pytest.raises(Unauthorized, match="not installed"):
        client({"credHelpers": {basic_registry: "missing"}}).resolve(wanted)


def test_token_authentication(client: MakeClient, token_registry: str, tokens: TokenServer, digests: Digests) -> None:
    def made(config: dict[str, object] | None = None) -> RegistryClient:
        return client(config, ca_file=tokens.certificate)

    tokens.requests.clear()
    anonymous = made()
    assert anonymous.resolve(ref(token_registry, "public/python")).version_tag == "3.12.4"
    assert len(tokens.requests) == 1, "one token serves all requests of its scope"
    with pytest.raises(Unauthorized):
        anonymous.resolve(ref(token_registry, "private/python"))
    known = made({"auths": {token_registry: {"auth": LOGIN}}})
    assert known.resolve(ref(token_registry, "private/python")).digest == digests["private/python:latest"]
    exchanged = made({"auths": {token_registry: {"identitytoken": "identity"}}})
    assert exchanged.resolve(ref(token_registry, "private/python")).digest == digests["private/python:latest"]
    wrong = base64.b64encode(b"tester:wrong").decode()
    with pytest.raises(Unauthorized, match="token server"):
        made({"auths": {token_registry: {"auth": wrong}}}).resolve(ref(token_registry, "public/python"))


@pytest.mark.parametrize(
    "fault", [Fault(status=500), Fault(status=503), Fault(cut=True), Fault(truncate=True), Fault(corrupt=True)]
)
def test_a_passing_fault_heals(client: MakeClient, proxy: FaultyProxy, digests: Digests, fault: Fault) -> None:
    proxy.faults = [fault, fault]
    pauses: list[float] = []
    found = client(pauses=pauses).resolve(ref(proxy.address, "public/python"))
    assert found.digest == digests["public/python:latest"]
    assert found.version_tag == "3.12.4"
    assert proxy.faults == []
    assert len(pauses) >= 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=500), Unavailable),
        (Fault(cut=True), Unavailable),
        (Fault(truncate=True), Unavailable),
        (Fault(corrupt=True), CorruptContent),
        (Fault(delay=1.5), Unavailable),
        (Fault(status=429), RateLimited),
    ],
)
def test_a_lasting_fault_is_told(client: MakeClient, proxy: FaultyProxy, fault: Fault, error: type[Exception]) -> None:
    proxy.always = fault
    pauses: list[float] = []
    started = time.monotonic()
    with pytest.raises(error):
        client(pauses=pauses).resolve(ref(proxy.address, "public/python"))
    assert len(proxy.seen) == QUICK.attempts
    assert len(pauses) == QUICK.attempts - 1
    assert time.monotonic() - started < 10


def test_pauses_grow(client: MakeClient, proxy: FaultyProxy) -> None:
    proxy.always = Fault(status=502)
    pauses: list[float] = []
    patience = replace(QUICK, attempts=7, first_pause=1.0, longest_pause=8.0)
    with pytest.raises(Unavailable):
        client(pauses=pauses, patience=patience).resolve(ref(proxy.address, "public/python"))
    for pause, longest in zip(pauses, (1, 2, 4, 8, 8, 8), strict=True):
        assert longest / 2 <= pause <= longest


def test_retry_after_is_obeyed(client: MakeClient, proxy: FaultyProxy, digests: Digests) -> None:
    proxy.faults = [Fault(status=429, retry_after="1")]
    started = time.monotonic()
    found = client().resolve(ref(proxy.address, "public/python:2.7.18"))
    assert found.digest == digests["public/python:2.7.18"]
    assert time.monotonic() - started >= 1.0


def test_a_long_retry_after_is_not_waited_for(client: MakeClient, proxy: FaultyProxy) -> None:
    proxy.always = Fault(status=429, retry_after="3600")
    pauses: list[float] = []
    with pytest.raises(RateLimited) as limited:
        client(pauses=pauses).resolve(ref(proxy.address, "public/python"))
    assert limited.value.retry_after == 3600
    assert "asks to wait longer than 5 s; run it again later" in str(limited.value)
    assert pauses == []
    assert len(proxy.seen) == 1


def test_a_wrong_digest_is_never_believed(client: MakeClient, proxy: FaultyProxy, digests: Digests) -> None:
    digest = digests["public/python:3.11"]
    proxy.always = Fault(corrupt=True)
    proxy.drop_digest_header = True
    with pytest.raises(CorruptContent):
        client().resolve(ref(proxy.address, f"public/python@{digest}"))


def test_a_registry_that_announces_no_digests(client: MakeClient, proxy: FaultyProxy, digests: Digests) -> None:
    proxy.drop_digest_header = True
    found = client().resolve(ref(proxy.address, "public/python"))
    assert (found.digest, found.version_tag) == (digests["public/python:latest"], "3.12.4")


def test_nobody_listens(client: MakeClient) -> None:
    with pytest.raises(Unavailable):
        client(pauses=[]).resolve(ref(f"127.0.0.1:{free_port()}", "a"))


def test_pages_of_tags(client: MakeClient, proxy: FaultyProxy) -> None:
    proxy.page_size = 7
    tags = client().tags(proxy.address, "public/many")
    assert sorted(tags) == sorted([*(f"1.{number}" for number in range(30)), "stable"])
    assert sum("tags/list" in line for line in proxy.seen) == 5


def test_pages_at_another_host_are_refused(
    client: MakeClient, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dockerslim_rewrite.registry.client._next_page", lambda _: "http://127.0.0.1:1/v2/x/tags/list")
    with pytest.raises(MalformedAnswer, match="another host"):
        client().tags(proxy.address, "public/many")


def test_answers_are_kept(client: MakeClient, proxy: FaultyProxy) -> None:
    one = client()
    first = one.resolve(ref(proxy.address, "public/python:3"))
    asked = len(proxy.seen)
    assert one.resolve(ref(proxy.address, "public/python:3.12")).digest == first.digest
    # The list of tags and all digests asked for are known; the content of the tag itself is fetched anew.
    again = proxy.seen[asked:]
    assert not any("tags/list" in line for line in again)
    assert len(again) <= 3


def test_manifests_survive_on_disk(client: MakeClient, proxy: FaultyProxy, digests: Digests, tmp_path: Path) -> None:
    digest = digests["public/python:3.11"]
    wanted = ref(proxy.address, f"public/python@{digest}")
    first = client(cache=tmp_path).resolve(wanted)
    proxy.always = Fault(status=500)
    assert client(cache=tmp_path).resolve(wanted) == first
    kept = tmp_path / "manifests" / "sha256" / digest.removeprefix("sha256:")
    kept.write_bytes(kept.read_bytes() + b" ")
    with pytest.raises(Unavailable):
        client(cache=tmp_path, pauses=[]).resolve(wanted)
    proxy.always = None
    assert client(cache=tmp_path).resolve(wanted) == first


def test_many_at_once(client: MakeClient, proxy: FaultyProxy, digests: Digests) -> None:
    proxy.faults = [Fault(status=500), Fault(cut=True), Fault(status=429, retry_after="0")]
    one = client()
    tags = [tag for name, _, tag in (key.partition(":") for key in digests) if name == "public/python"] * 2
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda tag: one.resolve(ref(proxy.address, f"public/python:{tag}")), tags))
    assert [item.digest for item in found] == [digests[f"public/python:{tag}"] for tag in tags]


def test_mirrors_come_first_and_may_fail(
    client: MakeClient, open_registry: str, proxy: FaultyProxy, digests: Digests
) -> None:
    endpoints = Endpoints({open_registry: (f"http://{proxy.address}",)})
    found = client(endpoints=endpoints).resolve(ref(open_registry, "public/python"))
    assert (found.digest, found.registry) == (digests["public/python:latest"], open_registry)
    assert proxy.seen
    for fault in (Fault(status=404), Fault(status=403), Fault(status=500), Fault(cut=True)):
        proxy.always = fault
        again = client(endpoints=endpoints, pauses=[]).resolve(ref(open_registry, "public/python"))
        assert again == found


def test_credentials_do_not_go_to_a_mirror(
    client: MakeClient, open_registry: str, basic_registry: str, digests: Digests
) -> None:
    with faulty_proxy(basic_registry) as mirror:
        endpoints = Endpoints({open_registry: (f"http://{mirror.address}",)})
        # The mirror wants a login that is kept for the registry only: it is left out, the registry answers.
        config = {"auths": {open_registry: {"auth": LOGIN}}}
        found = client(config, endpoints=endpoints).resolve(ref(open_registry, "public/python"))
        assert found.digest == digests["public/python:latest"]
        assert mirror.seen
        assert mirror.authorizations == []
        own = {"auths": {mirror.address: {"auth": LOGIN}}}
        client(own, endpoints=endpoints).resolve(ref(open_registry, "public/python"))
        assert set(mirror.authorizations) == {f"Basic {LOGIN}"}


def test_credentials_do_not_go_where_a_registry_sends_the_client(
    client: MakeClient, open_registry: str, basic_registry: str, digests: Digests, proxy: FaultyProxy
) -> None:
    with faulty_proxy(basic_registry) as guarded:
        guarded.matches = lambda path: "/blobs/" in path
        guarded.always = Fault(redirect=f"http://{proxy.address}")
        one = client({"auths": {guarded.address: {"auth": LOGIN}}})
        found = one.resolve(ref(guarded.address, "public/single"))
        assert found.platforms == ("linux/arm64",)
        assert guarded.authorizations
    assert any("/blobs/" in line for line in proxy.seen)
    assert proxy.authorizations == []


def test_an_identity_token_does_not_go_where_a_token_server_sends_the_client(client: MakeClient) -> None:
    seen: list[str] = []

    class Sends(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", f'Bearer realm="http://{self.headers["Host"]}/token"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            seen.append(self.path)
            self.send_response(307)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

    with serving(Sends) as port:
        address = f"127.0.0.1:{port}"
        one = client({"auths": {address: {"identitytoken": "identity"}}})
        with pytest.raises(Unauthorized, match="refuses the configured credentials: status 307"):
            one.resolve(ref(address, "public/python"))
    assert seen == ["/token"]


@pytest.mark.parametrize("following", ["http://r.example/v2/a/tags/list?last=1", "https://other.example/", "//[::1"])
def test_pages_go_on_in_the_same_place(following: str) -> None:
    answer = Answer(200, {"link": f'<{following}>; rel="next"'}, b'{"tags": ["1"]}', "https://r.example/v2/a/tags/list")

    class Fixed(Transport):
        def request(self, *_: object, **__: object) -> Answer:
            return answer

    with pytest.raises(MalformedAnswer, match="continues its list of tags at"):
        RegistryClient(Fixed(CredentialStore({}))).tags("r.example", "a")


def test_a_slow_answer_is_waited_for_up_to_a_limit(client: MakeClient, proxy: FaultyProxy, digests: Digests) -> None:
    proxy.faults = [Fault(delay=0.4), Fault(delay=1.5)]
    pauses: list[float] = []
    found = client(pauses=pauses).resolve(ref(proxy.address, "public/python:2.7.18"))
    assert found.digest == digests["public/python:2.7.18"]
    assert len(pauses) == 1, "0.4 s are within the limit, 1.5 s are not and are tried again"


def test_an_announced_digest_is_checked_before_a_version_is_named(
    client: MakeClient, proxy: FaultyProxy, digests: Digests
) -> None:
    proxy.lies = {"/manifests/2": digests["public/python:latest"], "/manifests/3": digests["public/python:2"]}
    found = client().resolve(ref(proxy.address, "public/python"))
    assert found.digest == digests["public/python:latest"]
    assert found.version_tag is None, "the content of 2 is another"


def test_a_proxy_from_the_environment(
    client: MakeClient, proxy: FaultyProxy, digests: Digests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://{proxy.address}")
    monkeypatch.setenv("no_proxy", "")
    endpoints = Endpoints(insecure=frozenset(("registry.invalid:80",)))
    found = client(endpoints=endpoints).resolve(ref("registry.invalid:80", "public/python"))
    assert found.digest == digests["public/python:latest"]
    assert any("http://registry.invalid" in line for line in proxy.seen)


def test_tls_wants_a_known_authority(client: MakeClient, storage: Path, digests: Digests, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.2", 0))
        except OSError:
            pytest.skip("127.0.0.2 is no loopback address here")
    crt, key = certificate(tmp_path / "tls", "registry", "IP:127.0.0.2")
    tls = {"tls": {"certificate": str(crt), "key": str(key)}}
    with registry(tmp_path / "registry", storage, host="127.0.0.2", http=tls) as address:
        wanted = ref(address, "public/python")
        with pytest.raises(Unavailable, match=r"(?i)certificate"):
            client(pauses=[]).resolve(wanted)
        assert client(ca_file=crt).resolve(wanted).digest == digests["public/python:latest"]
        folder = tmp_path / "certs.d" / address
        folder.mkdir(parents=True)
        shutil.copy(crt, folder / "ca.crt")
        assert client(certificates=tmp_path / "certs.d").resolve(wanted).version_tag == "3.12.4"


def test_the_lock_command_end_to_end(
    open_registry: str, digests: Digests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "Dockerfile").write_text(
        f"FROM {open_registry}/public/python:slim AS build\nFROM build\nFROM {open_registry}/public/edge\n",
        encoding="utf-8",
    )
    request = LockRequest((str(tmp_path / "Dockerfile"),), tmp_path / "dockerslim.lock")
    assert run(request) == 0
    entries = load(request.lock_file).entries
    assert {key.partition("/")[2]: (entry.tag, entry.digest) for key, entry in entries.items()} == {
        "public/edge:latest": ("latest", digests["public/edge:latest"]),
        "public/python:slim": ("3.12.4-slim", digests["public/python:slim"]),
    }
    assert run(replace(request, check=True)) == 0
