"""The simple repository interface of indexes such as PyPI, over HTTP or in a directory.

Sources: PEP 503 (HTML), PEP 691 (JSON), PEP 592 (yanked files), PEP 658 and 714 (metadata beside a file).
"""

from __future__ import annotations

import hashlib
import io
import re
import tempfile
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack
from html.parser import HTMLParser
from pathlib import Path
from typing import IO, Any

import httpx

from ...record import record
from ...regular import read_regular
from ...text.structured import read_json
from ..errors import NotFound, RegistryError, Unavailable
from ..limits import Allowance, meaning, without_secret
from ..transport import Patience

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
#: The page of a project with ten thousand files stays below this.
_MAX_PAGE = 32 * 1024 * 1024
#: The projects with the most have some ten thousand.
_MAX_FILES = 100_000
#: Archives above this are not looked into.
MAX_ARCHIVE = 96 * 1024 * 1024


class _Endless(RegistryError):
    def __init__(self, url: str) -> None:
        said = without_secret(url)
        super().__init__(f"{said}: the page lists more than {_MAX_FILES:,} files; check the address of the index")


@record
class IndexFile:
    """A file of an index: ``sha256`` is empty where it says none, ``metadata`` whether METADATA lies beside it."""

    name: str
    url: str
    sha256: str
    requires_python: str
    yanked: bool
    metadata: bool
    size: int | None


class Index:
    """The indexes at *urls*, asked in their order; safe for threads but for ``close``.

    An address begins with ``https://``, ``http://`` or ``file://``.
    """

    def __init__(
        self, urls: tuple[str, ...], patience: Patience | None = None, allowance: Allowance | None = None
    ) -> None:
        for url in urls:
            if not url.startswith(("https://", "http://", "file:///")):
                raise RegistryError(f"an index is an address such as https://pypi.example.org/simple, not {url!r}")
        self.urls = tuple(url.rstrip("/") for url in urls)
        patience = patience or Patience()
        self._attempts = patience.attempts
        self._client = httpx.Client(
            timeout=httpx.Timeout(patience.read_timeout, connect=patience.connect_timeout),
            follow_redirects=True,
            max_redirects=5,
            event_hooks=(allowance or Allowance()).hooks(),
            headers={"User-Agent": "dockerslim-rewrite"},
        )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def files(self, name: str) -> tuple[IndexFile, ...]:
        """What the indexes offer of the project *name* (normalized). Raises ``NotFound`` or ``RegistryError``."""
        found: dict[str, IndexFile] = {}
        for url in self.urls:
            try:
                pages = self._page(f"{url}/{name}/")
            except NotFound:
                continue
            for one in pages:
                found.setdefault(one.name, one)
        if not found:
            raise NotFound(f"no index has {name}")
        return tuple(found.values())

    def metadata(self, file: IndexFile) -> bytes:
        """The METADATA of *file*, which lies beside it. Raises ``RegistryError``."""
        return self.get(f"{file.url}.metadata", "", _MAX_PAGE)[0]

    def content(self, file: IndexFile) -> IO[bytes]:
        """All of *file*, on disk: many are fetched at once, and some are large. The caller closes it.

        Raises ``RegistryError``, also where it is larger than archives that are looked into.
        """
        if file.size is not None and file.size > MAX_ARCHIVE:
            raise RegistryError(f"{file.name} has more than {MAX_ARCHIVE} bytes")
        with ExitStack() as unless:
            content = unless.enter_context(tempfile.TemporaryFile())
            self._fetch(file.url, "", MAX_ARCHIVE, content)
            content.seek(0)
            if file.sha256 and hashlib.file_digest(content, "sha256").hexdigest() != file.sha256:
                raise RegistryError(f"{file.name}: the content has another digest than the index says")
            content.seek(0)
            unless.pop_all()
            return content

    def _page(self, url: str) -> Iterator[IndexFile]:
        body, kind = self.get(url if not url.startswith("file:") else f"{url}index.html", _ACCEPT, _MAX_PAGE)
        if "json" in kind:
            return _from_json(body, url)
        return _from_html(body, url)

    def get(self, url: str, accept: str, most: int) -> tuple[bytes, str]:
        """What lies at *url*, of at most *most* bytes, with its type. Raises ``NotFound`` or ``RegistryError``."""
        body = io.BytesIO()
        kind = self._fetch(url, accept, most, body)
        return body.getvalue(), kind

    def _fetch(self, url: str, accept: str, most: int, into: IO[bytes]) -> str:
        if url.startswith("file:"):
            into.write(self._read(url, most))
            return "text/html"
        failure, said = "no attempt was allowed", without_secret(url)
        for _ in range(self._attempts):
            try:
                with self._client.stream("GET", url, headers={"Accept": accept} if accept else {}) as response:
                    if response.status_code == httpx.codes.NOT_FOUND:
                        raise NotFound(f"{said}: there is no such thing")
                    if not response.is_success:
                        failure = f"status {response.status_code}"
                        if response.status_code < 500 and response.status_code != httpx.codes.TOO_MANY_REQUESTS:
                            break
                        continue
                    into.seek(0)
                    into.truncate()
                    for chunk in response.iter_bytes():
                        if into.tell() + len(chunk) > most:
                            raise RegistryError(f"{said}: the answer has more than {most} bytes")
                        into.write(chunk)
                    return str(response.headers.get("content-type", ""))
            except httpx.InvalidURL:
                raise RegistryError(f"{said}: this is no address; check the address of the index") from None
            except httpx.HTTPError as error:
                failure = meaning(error)
        raise Unavailable(f"{said}: {failure}")

    def _read(self, url: str, most: int) -> bytes:
        path = Path(urllib.parse.unquote(urllib.parse.urlsplit(url).path))
        if not any(url.startswith("file:") for url in self.urls):
            raise RegistryError(f"{url}: an index over HTTP may name no files of this machine")
        try:
            content = read_regular(path, most + 1)
            if len(content) > most:
                raise RegistryError(f"{url}: it has more than {most} bytes")
            return content
        except FileNotFoundError:
            raise NotFound(f"{url}: there is no such thing") from None
        except OSError as error:
            raise Unavailable(f"{url}: {error.strerror}") from None


def _from_json(body: bytes, url: str) -> Iterator[IndexFile]:
    try:
        files = read_json(body)["files"]
        if len(files) > _MAX_FILES:
            raise _Endless(url)
        for one in files:
            yield _file(one, url)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RegistryError(
            f"{without_secret(url)}: the answer is no page of a package index; check the address of the index"
        ) from None


def _file(one: dict[str, Any], url: str) -> IndexFile:
    beside = one.get("core-metadata", one.get("dist-info-metadata", False))
    size = one.get("size")
    return IndexFile(
        name=str(one["filename"]),
        url=urllib.parse.urljoin(url, str(one["url"])),
        sha256=str((one.get("hashes") or {}).get("sha256", "")),
        requires_python=str(one.get("requires-python") or ""),
        yanked=bool(one.get("yanked", False)),
        metadata=bool(beside),
        size=size if isinstance(size, int) else None,
    )


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(dict(attrs))


def _from_html(body: bytes, url: str) -> Iterator[IndexFile]:
    # Each file takes three tags.
    if body.count(b"<") > 3 * _MAX_FILES:
        raise _Endless(url)
    reader = _Links()
    try:
        reader.feed(body.decode("utf-8", "replace"))
    except AssertionError:
        # Python's reader of HTML says so of declarations that no page has.
        raise RegistryError(
            f"{without_secret(url)}: the answer is no page of a package index; check the address of the index"
        ) from None
    for link in reader.found:
        try:
            address, _, fragment = urllib.parse.urljoin(url, link.get("href") or "").partition("#")
        except ValueError:
            raise RegistryError(
                f"{without_secret(url)}: the page has a link that is no address; check the address of the index"
            ) from None
        digest = re.search(r"(?:^|&)sha256=([0-9a-f]{64})", fragment)
        yield IndexFile(
            name=urllib.parse.unquote(address.rpartition("/")[2]),
            url=address,
            sha256=digest[1] if digest else "",
            requires_python=link.get("data-requires-python") or "",
            yanked="data-yanked" in link,
            metadata="data-core-metadata" in link or "data-dist-info-metadata" in link,
            size=None,
        )
