"""The client's parts that need no registry: challenges, credentials, manifests, waiting times, addresses."""

from __future__ import annotations

import base64
import contextlib
import json
import os
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dockerslim_rewrite.registry.auth import Authenticator
from dockerslim_rewrite.registry.challenge import Challenge, read_challenges
from dockerslim_rewrite.registry.client import Endpoints, _listed_tags, _next_page
from dockerslim_rewrite.registry.credentials import HUB_KEY, Credentials, CredentialStore, load_credentials, run_helper
from dockerslim_rewrite.registry.errors import CorruptContent, MalformedAnswer, Unauthorized
from dockerslim_rewrite.registry.manifest import digest_of, platform_name, platform_of_config, read_manifest, verify
from dockerslim_rewrite.registry.transport import retry_after


def encoded(pair: str) -> str:
    return base64.b64encode(pair.encode()).decode()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
            (
                Challenge(
                    "bearer",
                    {
                        "realm": "https://auth.docker.io/token",
                        "service": "registry.docker.io",
                        "scope": "repository:a/b:pull,push",
                    },
                ),
            ),
        ),
        ('Basic realm="x"', (Challenge("basic", {"realm": "x"}),)),
        (
            'Basic realm="a \\"b\\"", charset=UTF-8, Bearer realm=c',
            (Challenge("basic", {"realm": 'a "b"', "charset": "UTF-8"}), Challenge("bearer", {"realm": "c"})),
        ),
        ("Negotiate", (Challenge("negotiate"),)),
        ("", ()),
        ("====", ()),
    ],
)
def test_challenges(header: str, expected: tuple[Challenge, ...]) -> None:
    assert read_challenges(header) == expected


@given(st.text(max_size=60))
def test_any_header_is_read(header: str) -> None:
    read_challenges(header)


def test_credentials_of_docker_hub() -> None:
    store = CredentialStore({"auths": {HUB_KEY: {"auth": encoded("a:b:c")}}})
    assert store.for_registry("docker.io") == Credentials("a", "b:c")
    assert store.for_registry("ghcr.io") is None
    assert CredentialStore({}).for_registry("docker.io") is None


@pytest.mark.parametrize("key", ["r.example:5000", "https://r.example:5000", "https://r.example:5000/v2/"])
def test_credentials_under_every_spelling_of_a_registry(key: str) -> None:
    store = CredentialStore({"auths": {key: {"username": "u", "password": "p"}}})
    found = store.for_registry("r.example:5000")
    assert found == (Credentials("u", "p") if not key.endswith("v2/") else None)


@pytest.mark.parametrize("realm", ["http://auth.example/token", "ftp://auth.example"])
def test_credentials_are_not_sent_to_a_token_server_in_clear(realm: str) -> None:
    sent: list[httpx.Request] = []

    def send(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={"token": "t"})

    store = CredentialStore({"auths": {"ghcr.io": {"auth": encoded("u:p")}}})
    header = f'Bearer realm="{realm}",service="s"'
    with pytest.raises(Unauthorized, match="TLS"):
        Authenticator(store, send).answer("ghcr.io", "repository:a:pull", header, "https://ghcr.io/v2/")
    assert sent == []


@pytest.mark.parametrize("entry", [{"auth": encoded("user:secret")}, {"identitytoken": "secret"}])
@pytest.mark.parametrize(
    ("asked", "realm", "goes"),
    [
        ("https://r.example/v2/", "https://auth.example/token", True),
        ("https://r.example/v2/", "https://r.example:443/token", True),
        ("http://r.example:5000/v2/", "https://auth.example/token", True),
        ("http://r.example:5000/v2/", "http://R.example:5000/token", True),
        ("http://r.example/v2/", "http://r.example:80/token", True),
        ("http://r.example:5000/v2/", "http://r.example:5001/token", False),
        ("http://r.example:5000/v2/", "http://r.example/token", False),
        ("http://127.0.0.1:5000/v2/", "http://localhost:5000/token", False),
        ("http://r.example:5000/v2/", "http://r.example:5000@other.example/token", False),
        ("https://r.example/v2/", "http://r.example/token", False),
        ("https://r.example/v2/", "http://r.example:443/token", False),
    ],
)
def test_credentials_go_in_clear_to_no_other_host(entry: dict[str, str], asked: str, realm: str, goes: bool) -> None:
    sent: list[httpx.Request] = []

    def send(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={"token": "t"})

    one = Authenticator(CredentialStore({"auths": {"r.example": entry}}), send)
    if goes:
        assert one.answer("r.example", "s", f'Bearer realm="{realm}"', asked) == {"Authorization": "Bearer t"}
        return
    with pytest.raises(Unauthorized, match="over TLS and gets no credentials"):
        one.answer("r.example", "s", f'Bearer realm="{realm}"', asked)
    assert sent == []


@pytest.mark.parametrize("realm", ["http://[::1", "https://x:port/", "/token", "https://", ""])
def test_a_token_server_without_an_address(realm: str) -> None:
    one = Authenticator(CredentialStore({}), lambda _: httpx.Response(200, json={"token": "t"}))
    with pytest.raises(MalformedAnswer, match="which is no address"):
        one.answer("r.example", "s", f'Bearer realm="{realm}"', "https://r.example/v2/")


def test_a_token_is_used_as_long_as_it_lives() -> None:
    now = 0.0
    answers = [httpx.Response(200, json={"token": "t", "expires_in": 60}), httpx.Response(200, json={"no": "token"})]
    one = Authenticator(CredentialStore({}), lambda _: answers.pop(0), lambda: now)
    header = 'Bearer realm="https://auth.example/token"'
    assert one.answer("ghcr.io", "s", header, "https://ghcr.io/v2/") == {"Authorization": "Bearer t"}
    now = 49.0
    assert one.known("ghcr.io", "s") == {"Authorization": "Bearer t"}
    assert one.known("ghcr.io", "other") == {}
    assert one.known("quay.io", "s") == {}
    now = 51.0
    assert one.known("ghcr.io", "s") == {}
    with pytest.raises(MalformedAnswer):
        one.answer("ghcr.io", "s", header, "https://ghcr.io/v2/")


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(Credentials("user", "secret", "secret"))


def test_a_helper_of_its_own_goes_before_the_store() -> None:
    asked: list[tuple[str, str]] = []

    def helper(name: str, server: str) -> str:
        asked.append((name, server))
        return json.dumps({"Username": "<token>", "Secret": "t"})

    config = {"credHelpers": {"ghcr.io": "gh"}, "credsStore": "all", "auths": {"quay.io": {}}}
    store = CredentialStore(config, helper)
    assert store.for_registry("ghcr.io") == Credentials("", "", "t")
    assert store.for_registry("quay.io") == Credentials("", "", "t")
    assert store.for_registry("other.io") is None
    assert asked == [("gh", "ghcr.io"), ("all", "quay.io")]


@pytest.mark.parametrize("answer", ["no JSON", "{}", "[]", '{"Username": "u"}'])
def test_an_unreadable_answer_of_a_helper(answer: str) -> None:
    store = CredentialStore({"credHelpers": {"ghcr.io": "gh"}}, lambda *_: answer)
    with pytest.raises(Unauthorized):
        store.for_registry("ghcr.io")


@pytest.mark.parametrize("name", ["../x", "a b", "", "-c", "x/../y"])
def test_a_helper_is_a_plain_name(name: str) -> None:
    with pytest.raises(Unauthorized):
        CredentialStore({"credHelpers": {"ghcr.io": name}}).for_registry("ghcr.io")


@pytest.mark.parametrize("auth", ["%%%", encoded("nocolon"), base64.b64encode(b"\xff:\xff").decode()])
def test_unreadable_credentials(auth: str) -> None:
    with pytest.raises(Unauthorized, match=r"ghcr\.io"):
        CredentialStore({"auths": {"ghcr.io": {"auth": auth}}}).for_registry("ghcr.io")


def test_the_configuration_file(tmp_path: Path) -> None:
    environ = {"DOCKER_CONFIG": str(tmp_path)}
    assert load_credentials(environ).config == {}
    (tmp_path / "config.json").write_text('{"auths": {}}', encoding="utf-8")
    assert load_credentials(environ).config == {"auths": {}}
    for broken in ("{", "[]"):
        (tmp_path / "config.json").write_text(broken, encoding="utf-8")
        with pytest.raises(Unauthorized, match=r"config\.json"):
            load_credentials(environ)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("3", 3.0), ("0", 0.0), (formatdate(1000.0, usegmt=True), 10.0), (formatdate(1.0, usegmt=True), 0.0)],
)
def test_retry_after(value: str, seconds: float) -> None:
    assert retry_after(value, now=990.0) == seconds


@pytest.mark.parametrize("value", [None, "", "soon", "-1", "1.5", "\u00b2"])
def test_retry_after_that_says_nothing(value: str | None) -> None:
    assert retry_after(value) is None


def test_manifests_are_read_by_their_own_type() -> None:
    index = {
        "schemaVersion": 2,
        "manifests": [
            {"platform": {"os": "windows", "architecture": "amd64", "os.version": "10.0.1"}},
            {"platform": {"os": "linux", "architecture": "arm", "variant": "v7"}},
            {"platform": {"os": "unknown", "architecture": "unknown"}},
            {},
        ],
    }
    content = json.dumps(index).encode()
    found = read_manifest(content, "application/vnd.oci.image.index.v1+json; charset=utf-8")
    assert found.platforms == ("linux/arm/v7", "windows/amd64:10.0.1")
    assert found.digest == digest_of(content)
    assert platform_name({"os": "linux", "architecture": "amd64"}) == "linux/amd64"


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"config": 1}', b'{"manifests": 1}', b'{"schemaVersion": 1}'])
def test_what_is_no_manifest(content: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        read_manifest(content, "application/json")


#: Any JSON, with the words that answers of registries have, so that shapes come up that are nearly right.
WORDS = st.sampled_from(
    ["manifests", "platform", "os", "architecture", "variant", "config", "digest", "tags", "token", "mediaType"]
)
STRANGE = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=3) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(STRANGE)
@example({"manifests": "abc"})
@example({"manifests": [5]})
@example({"manifests": [{"platform": {"os": ["linux"], "architecture": "amd64"}}]})
@example({"manifests": [{"platform": {"os": "\ud800", "architecture": "amd64"}}]})
@example({"config": "abc"})
@example({"config": {"digest": 5}})
@example({"os": {}, "architecture": 5})
@example({"tags": "abc"})
@example({"tags": [5]})
@example({"tags": ["\ud800"]})
@example({"token": ["t"]})
@example({"token": "caf\u00e9"})
def test_an_answer_of_any_shape_is_read_or_refused(document: object) -> None:
    content = json.dumps(document).encode()
    one = Authenticator(CredentialStore({}), lambda _: httpx.Response(200, content=content))

    def authorise() -> None:
        header = one.answer("r.example", "s", 'Bearer realm="https://r.example/"', "https://r.example/v2/")
        httpx.Headers(header)

    def lists() -> None:
        assert all(quote(tag) and len(tag) > 0 for tag in _listed_tags(content, "https://r.example/v2/a/tags/list"))

    def reads() -> None:
        for platform in read_manifest(content, "application/vnd.oci.image.index.v1+json").platforms:
            assert platform.isascii()
            assert "'" not in platform

    for step in (authorise, lists, reads, lambda: platform_of_config(content)):
        with contextlib.suppress(MalformedAnswer):
            step()


@pytest.mark.parametrize(
    "config",
    [
        {"auths": ["ghcr.io"]},
        {"auths": "ghcr.io"},
        {"credHelpers": ["ghcr.io"]},
        {"credHelpers": {"ghcr.io": 5}},
        {"credsStore": 5, "auths": {"ghcr.io": {}}},
        {"auths": {"ghcr.io": {"auth": "caf\u00e9"}}},
    ],
)
def test_a_docker_configuration_of_another_shape(config: dict[str, object]) -> None:
    with pytest.raises(Unauthorized, match="Docker configuration"):
        CredentialStore(config).for_registry("ghcr.io")


def test_a_helper_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    program = tmp_path / "docker-credential-odd"
    program.write_text("no program")
    program.chmod(0o755)
    with pytest.raises(Unauthorized, match="cannot be started"):
        run_helper("odd", "ghcr.io")
    program.write_text("#!/bin/sh\nprintf '\\377'\n")
    with pytest.raises(Unauthorized, match="unreadable answer"):
        CredentialStore({"credHelpers": {"ghcr.io": "odd"}}).for_registry("ghcr.io")


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_content_is_held_against_its_digest(first: bytes, second: bytes) -> None:
    for algorithm in ("sha256", "sha512"):
        verify(first, digest_of(first, algorithm), "x")
        if first != second:
            with pytest.raises(CorruptContent):
                verify(second, digest_of(first, algorithm), "x")
    with pytest.raises(MalformedAnswer):
        verify(first, "md5:" + "0" * 32, "x")


@pytest.mark.parametrize(
    ("registry", "origin"),
    [
        ("docker.io", "https://registry-1.docker.io"),
        ("ghcr.io", "https://ghcr.io"),
        ("localhost:5000", "http://localhost:5000"),
        ("localhost", "http://localhost"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("[::1]", "http://[::1]"),
        ("plain.example:80", "http://plain.example:80"),
        ("localhost.example", "https://localhost.example"),
    ],
)
def test_where_registries_are(registry: str, origin: str) -> None:
    assert Endpoints(insecure=frozenset(("plain.example:80",))).of(registry) == (origin,)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('</v2/a/tags/list?last=b&n=2>; rel="next"', "/v2/a/tags/list?last=b&n=2"),
        ("</x>; rel='next'", "/x"),
        ('</x>; rel="prev", </y>; rel="next"', "/y"),
        ('</x>; rel="prev"', None),
        ("", None),
    ],
)
def test_the_next_page(header: str, target: str | None) -> None:
    assert _next_page(header) == target
