"""The distribution API: tags, manifests, and the version that a moving tag stands for."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urljoin, urlsplit

from ..ir.reference import ImageReference, valid_digest
from ..patterns import re
from ..text.structured import read_json
from .crew import crew
from .errors import MalformedAnswer, NotFound, Unauthorized, Unavailable
from .manifest import ACCEPT, Manifest, platform_of_config, read_manifest, verify
from .resolution import Resolution
from .transport import Answer, Transport
from .versions import levels

_HUB_ENDPOINT = "https://registry-1.docker.io"
_LOOPBACK = frozenset(("localhost", "127.0.0.1", "[::1]"))
#: Source: the distribution specification, "Pulling manifests".
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\Z")
_PAGE = 1000
_MAX_PAGES = 200
T = TypeVar("T")
Checker = Callable[[Answer], None]


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where registries are reached: mirrors by registry (tried first, in order), and those without TLS.

    Loopback is reached without TLS, as Docker does.
    """

    mirrors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    insecure: frozenset[str] = frozenset()

    def of(self, registry: str) -> tuple[str, ...]:
        """The base addresses to try for *registry*, in order."""
        return (*self.mirrors.get(registry, ()), self.origin(registry))

    def origin(self, registry: str) -> str:
        """The registry's own base address."""
        if registry == "docker.io":
            return _HUB_ENDPOINT
        host = registry if registry.startswith("[") and registry.endswith("]") else registry.rpartition(":")[0]
        plain = registry in self.insecure or (host or registry) in _LOOPBACK or registry in _LOOPBACK
        return f"{'http' if plain else 'https'}://{registry}"


@dataclass
class RegistryClient:
    """Asks registries; safe for threads. Answers live as long as the client, manifests also in ``cache`` (a folder).

    ``probes`` bounds how many tags are asked for their digest in search of one version.
    """

    transport: Transport
    endpoints: Endpoints = field(default_factory=Endpoints)
    cache: Path | None = None
    probes: int = 64
    workers: int = 6

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._tags: dict[str, tuple[str, ...]] = {}
        self._digests: dict[tuple[str, str], str | None] = {}

    def __enter__(self) -> RegistryClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.transport.close()

    def resolve(self, reference: ImageReference) -> Resolution:
        """What *reference* stands for right now: digest, platforms, and the most exact version tag of that digest.

        A reference without tag and digest means ``latest``. The digest is that of the content received. Raises a
        ``RegistryError``; ``ValueError`` for a template.
        """
        registry, repository = reference.registry, reference.repository
        tag = reference.tag.text if reference.tag else None
        wanted = reference.digest.text if reference.digest else tag or "latest"
        manifest = self.manifest(registry, repository, wanted)
        platforms = manifest.platforms or (self._platform(registry, repository, manifest),)
        exact = None
        if reference.digest is None:
            exact = self.version_tag(registry, repository, tag or "latest", manifest.digest)
        return Resolution(registry, repository, tag, exact, manifest.digest, platforms)

    def tags(self, registry: str, repository: str) -> tuple[str, ...]:
        """All tags of a repository, page after page, in the registry's order."""
        key = f"{registry}/{repository}"
        with self._lock:
            known = self._tags.get(key)
        if known is None:
            known = self._each(registry, lambda base: tuple(self._tag_pages(base, registry, repository)))
            with self._lock:
                self._tags[key] = known
        return known

    def digest(self, registry: str, repository: str, tag: str) -> str | None:
        """The digest that the registry announces for a tag, or None when the tag is gone. Costs no pull."""
        key = f"{registry}/{repository}", tag
        with self._lock:
            if key in self._digests:
                return self._digests[key]
        try:
            answer = self._ask("HEAD", registry, repository, f"manifests/{quote(tag)}")
            digest: str | None = answer.headers.get("docker-content-digest")
            if digest is None:
                # A registry may leave the header out of an answer to HEAD: then the content says it.
                digest = self.manifest(registry, repository, tag).digest
        except NotFound:
            digest = None
        with self._lock:
            self._digests[key] = digest
        return digest

    def manifest(self, registry: str, repository: str, wanted: str) -> Manifest:
        """The manifest or index named by a tag or digest, its content checked against every digest there is."""
        by_digest = valid_digest(wanted)
        if by_digest and (kept := self._kept(wanted)) is not None:
            return read_manifest(kept, "")
        what = f"{registry}/{repository}{'@' if by_digest else ':'}{wanted}"

        def check(answer: Answer) -> None:
            if by_digest:
                verify(answer.content, wanted, what)
            announced = answer.headers.get("docker-content-digest")
            if announced is not None:
                verify(answer.content, announced, what)

        answer = self._ask("GET", registry, repository, f"manifests/{quote(wanted, safe=':')}", check)
        manifest = read_manifest(answer.content, answer.headers.get("content-type", ""))
        self._keep(manifest.digest, answer.content)
        if not by_digest:
            with self._lock:
                self._digests[f"{registry}/{repository}", wanted] = manifest.digest
        return manifest

    def version_tag(self, registry: str, repository: str, tag: str, digest: str) -> str | None:
        """The most exact version tag of *tag*'s variant with *digest*, or None.

        Goes from the short tags to the long ones (``3``, ``3.24``, ``3.24.2``), so that few tags are asked for. All
        platforms are kept, since the digest is the index's. The found tag's content is fetched and checked.
        """
        tags = self.tags(registry, repository)
        probes = self.probes
        best: str | None = None
        with crew(self.workers) as pool:
            while True:
                step = None
                for level in levels(best or tag, tags):
                    names = iter(level[:probes])
                    while step is None and (batch := list(islice(names, self.workers))):
                        probes -= len(batch)
                        found = pool.map(lambda name: self.digest(registry, repository, name), batch)
                        step = next((name for name, it in zip(batch, found, strict=True) if it == digest), None)
                    if step is not None:
                        break
                if step is None:
                    break
                best = step
        if best is not None and self.manifest(registry, repository, best).digest != digest:
            # The tag moved between two requests: then nothing is known for sure.
            return None
        return best

    def _platform(self, registry: str, repository: str, manifest: Manifest) -> str:
        config = manifest.config or ""
        if not valid_digest(config):
            raise MalformedAnswer(f"{registry}/{repository}@{manifest.digest}: a manifest without a configuration")

        def check(answer: Answer) -> None:
            verify(answer.content, config, f"{registry}/{repository}@{config}")

        return platform_of_config(self._ask("GET", registry, repository, f"blobs/{config}", check).content)

    def _ask(self, method: str, registry: str, repository: str, path: str, check: Checker | None = None) -> Answer:
        return self._each(
            registry, lambda base: self._request(method, f"{base}/v2/{repository}/{path}", registry, repository, check)
        )

    def _request(self, method: str, url: str, registry: str, repository: str, check: Checker | None) -> Answer:
        host = urlsplit(url).netloc
        # Credentials belong to the registry itself; a mirror gets its own.
        owner = registry if url.startswith(self.endpoints.origin(registry) + "/") else host
        return self.transport.request(
            method,
            url,
            registry=owner,
            scope=f"repository:{repository}:pull",
            headers={"Accept": ACCEPT if "/manifests/" in url else "*/*"},
            check=check,
        )

    def _each(self, registry: str, ask: Callable[[str], T]) -> T:
        """Ask the mirrors and then the registry itself; what a mirror lacks or cannot give is no failure."""
        *mirrors, origin = self.endpoints.of(registry)
        for base in mirrors:
            try:
                return ask(base.rstrip("/"))
            except (NotFound, Unauthorized, Unavailable):
                continue
        return ask(origin)

    def _tag_pages(self, base: str, registry: str, repository: str) -> Iterator[str]:
        url = f"{base}/v2/{repository}/tags/list?n={_PAGE}"
        for _ in range(_MAX_PAGES):
            answer = self._request("GET", url, registry, repository, None)
            yield from _listed_tags(answer.content, url)
            following = _next_page(answer.headers.get("link", ""))
            if following is None:
                return
            try:
                url = urljoin(url, following)
                here = urlsplit(url)[:2] == urlsplit(base)[:2]
            except ValueError as error:
                raise MalformedAnswer(f"{registry} continues its list of tags at what is no address") from error
            # In clear at the same host is another place as well.
            if not here:
                raise MalformedAnswer(f"{registry} continues its list of tags at another host: {url}")
        raise MalformedAnswer(f"{registry}/{repository}: the list of tags does not end")

    def _kept(self, digest: str) -> bytes | None:
        path = self._path(digest)
        try:
            content = path.read_bytes() if path else None
        except OSError:
            return None
        if content is None:
            return None
        try:
            verify(content, digest, digest)
        except Unavailable:
            return None
        return content

    def _keep(self, digest: str, content: bytes) -> None:
        path = self._path(digest)
        if path is None:
            return
        # What was written in part has another digest, and is asked for again. Without any of it all is asked for.
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def _path(self, digest: str) -> Path | None:
        algorithm, _, value = digest.partition(":")
        return self.cache / "manifests" / algorithm / value if self.cache else None


def _listed_tags(content: bytes, url: str) -> list[str]:
    """The tags on the page *content*; what no reference can hold is left out. Raises ``MalformedAnswer``."""
    try:
        page = read_json(content)
    except ValueError as error:
        raise MalformedAnswer(f"{url}: no list of tags") from error
    # A repository without tags has null instead of a list.
    tags = (page["tags"] or []) if isinstance(page, dict) and "tags" in page else None
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise MalformedAnswer(f"{url}: no list of tags")
    return [tag for tag in tags if _TAG.match(tag)]


def _next_page(header: str) -> str | None:
    for link in header.split(","):
        target, _, parameters = link.partition(";")
        if target.strip().startswith("<") and 'rel="next"' in parameters.replace("'", '"').lower():
            return target.strip()[1:].rstrip(">")
    return None
