"""One storage, filled once, behind three registries: open, with basic and with token authentication."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dockerslim_rewrite.registry.client import Endpoints, RegistryClient
from dockerslim_rewrite.registry.credentials import CredentialStore
from dockerslim_rewrite.registry.transport import Patience, Transport

from .stage import (
    HTPASSWD,
    FaultyProxy,
    Filler,
    TokenServer,
    certificate,
    faulty_proxy,
    registry,
    token_server,
)

QUICK = Patience(
    attempts=3, first_pause=0.01, longest_pause=0.02, longest_wait=5.0, connect_timeout=2, read_timeout=0.7
)
Digests = dict[str, str]
MakeClient = Callable[..., RegistryClient]


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("docker-registry") is None:
        pytest.skip("the program docker-registry is not installed (Debian: apt-get install docker-registry)")
    return tmp_path_factory.mktemp("storage")


@pytest.fixture(scope="session")
def open_registry(storage: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry(tmp_path_factory.mktemp("open"), storage) as address:
        yield address


@pytest.fixture(scope="session")
def digests(open_registry: str) -> Digests:
    """What is in the registries: digests by ``repository:tag``."""
    fill = Filler(open_registry)
    found: Digests = {}

    def put(repository: str, seed: str, *tags: str) -> None:
        value = fill.index(repository, seed, *tags)
        found.update({f"{repository}:{tag}": value for tag in tags})

    for repository in ("public/python", "private/python"):
        put(repository, "3.12.4", "3.12.4", "3.12", "3", "latest")
        put(
            repository,
            "3.12.4-slim",
            "3.12.4-slim",
            "3.12-slim",
            "3-slim",
            "slim",
            "3.12.4-slim-bookworm",
            "slim-bookworm",
        )
        put(repository, "3.12.3", "3.12.3")
        put(repository, "3.11.9", "3.11.9", "3.11")
        put(repository, "3.13rc", "3.13.0rc1", "3.13-rc")
        put(repository, "2.7.18", "2.7.18", "2.7", "2")
    put("public/edge", "edge", "edge", "latest")
    manifest = fill.image("public/single", "one", "arm64", "latest", "1.0", "1.0.5")
    from .stage import digest_of

    found["public/single:latest"] = digest_of(manifest)
    for number in range(30):
        put("public/many", f"{number}", f"1.{number}")
    put("public/many", "29", "stable")
    return found


@pytest.fixture(scope="session")
def basic_registry(storage: Path, digests: Digests, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("basic")
    (folder / "htpasswd").write_text(HTPASSWD, encoding="utf-8")
    auth = {"htpasswd": {"realm": "tests", "path": str(folder / "htpasswd")}}
    with registry(folder, storage, auth=auth) as address:
        yield address


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenServer]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which signs the tokens, is not installed")
    crt, key = certificate(tmp_path_factory.mktemp("keys"), "tokens", "IP:127.0.0.1")
    with token_server(key, crt) as server:
        yield server


@pytest.fixture(scope="session")
def token_registry(
    storage: Path, digests: Digests, tokens: TokenServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    auth = {
        "token": {
            "realm": tokens.realm,
            "service": "registry",
            "issuer": "tests",
            "rootcertbundle": str(tokens.certificate),
        }
    }
    with registry(tmp_path_factory.mktemp("token"), storage, auth=auth) as address:
        yield address


@pytest.fixture
def proxy(open_registry: str, digests: Digests) -> Iterator[FaultyProxy]:
    with faulty_proxy(open_registry) as made:
        yield made


@pytest.fixture
def client() -> Iterator[MakeClient]:
    """Makes clients; ``config`` is a Docker configuration, ``pauses`` collects what the client wanted to sleep."""
    made: list[RegistryClient] = []

    def make(
        config: dict[str, object] | None = None,
        pauses: list[float] | None = None,
        endpoints: Endpoints | None = None,
        cache: Path | None = None,
        patience: Patience = QUICK,
        **transport: object,
    ) -> RegistryClient:
        store = CredentialStore(json.loads(json.dumps(config or {})))
        if pauses is not None:
            transport["sleep"] = pauses.append
        carrier = Transport(store, patience, **transport)  # type: ignore[arg-type]
        made.append(RegistryClient(carrier, endpoints or Endpoints(), cache=cache))
        return made[-1]

    yield make
    for one in made:
        one.transport.close()
