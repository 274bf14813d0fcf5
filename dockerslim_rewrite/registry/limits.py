"""How long one run may ask the network, and what each answer may take: time, bytes, and ways to be packed."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx

from .errors import RegistryError

#: Packed in more than one of these ways, a small answer unpacks to any size.
_PACKED = frozenset(("", "identity", "gzip", "deflate"))


class OutOfTime(RegistryError):
    """The time for all questions of this run is spent."""


class Allowance:
    """The time for all questions of a run, *seconds*, and for each answer, *each*; safe for threads."""

    def __init__(
        self, seconds: float = 900.0, each: float = 300.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._each = each
        self._clock = clock
        self._until = clock() + seconds
        # Each exchange with a server is the work of one thread.
        self._exchange = _Exchange()

    def check(self) -> None:
        """Raise ``OutOfTime`` where nothing is left."""
        if self._clock() > self._until:
            raise OutOfTime(f"no time is left: a run asks for {self._seconds:.0f} s at most; run it again")

    def hooks(self) -> dict[str, list[Callable[..., object]]]:
        """What holds a client of httpx to it, as its ``event_hooks``."""
        return {"request": [self._begin], "response": [self._hold]}

    def _begin(self, request: httpx.Request) -> None:
        self.check()
        self._exchange.url = without_secret(str(request.url))
        self._exchange.until = self._clock() + self._each
        request.extensions["trace"] = self._traced

    def _traced(self, event: str, told: dict[str, Any]) -> None:
        """Take hold of each connection as it is made: the library begins its own timeout anew with every byte."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            stream = told["return_value"]
            stream.read = partial(self._read, stream.read)

    def _read(self, read: Callable[..., bytes], most: int, timeout: float | None = None) -> bytes:
        """What *read* reads of an answer, headers included, in the time that is left for it."""
        self._in_time()
        left = max(self._exchange.until - self._clock(), 0.001)
        try:
            return read(most, timeout=left if timeout is None else min(timeout, left))
        except Exception:
            self._in_time()
            raise

    def _in_time(self) -> None:
        self.check()
        if self._clock() > self._exchange.until:
            raise RegistryError(f"{self._exchange.url}: the answer takes too long; run it again, or ask another server")

    def _hold(self, response: httpx.Response) -> None:
        packed = response.headers.get("content-encoding", "").strip().lower()
        if packed not in _PACKED:
            url = self._exchange.url
            raise RegistryError(f"{url}: the answer is packed as {packed[:40]!r}, which nobody asked for")
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Held(response.stream, self._in_time)


class _Exchange(threading.local):
    """What one thread asks, and until when it may be answered."""

    url = ""
    until = 0.0


class _Held(httpx.SyncByteStream):
    """*stream*, which ends with an error as soon as *check* raises one."""

    def __init__(self, stream: httpx.SyncByteStream, check: Callable[[], None]) -> None:
        self._stream, self._check = stream, check

    def __iter__(self) -> Iterator[bytes]:
        for block in self._stream:
            self._check()
            yield block

    def close(self) -> None:
        """Close what is held."""
        self._stream.close()


#: What the library's errors mean to who reads them, the narrower ones first.
_MEANING: tuple[tuple[type[httpx.HTTPError], str], ...] = (
    (httpx.ConnectTimeout, "the server cannot be reached in time; check the address and the network"),
    (httpx.TimeoutException, "the server does not answer in time; run it again later"),
    (httpx.TooManyRedirects, "the server sends from one address to the next without end; check the address"),
    (httpx.UnsupportedProtocol, "the server sends to an address that is none of http or https; check the address"),
    (httpx.DecodingError, "the answer is not packed as it says; run it again, or ask another server"),
    (httpx.RemoteProtocolError, "the server breaks off, or does not answer in HTTP; check the address, run it again"),
    (httpx.ProxyError, "the proxy refuses to connect; check HTTP_PROXY, HTTPS_PROXY and NO_PROXY"),
)


def meaning(error: httpx.HTTPError) -> str:
    """What became of a request, and what to do, in words that are not those of the library."""
    for kind, words in _MEANING:
        if isinstance(error, kind):
            return words
    # What the system says: "Connection refused", "certificate verify failed: self-signed certificate".
    said = re.sub(r"\[[^\[\]]*\] ?|\(_?ssl\.c:\d+\)|_ssl\.c:\d+: ?", "", " ".join(str(error).split())).strip(" .:")
    return f"no connection: {said or 'the network fails'}; check the address and the network"


def without_secret(url: str) -> str:
    """*url* as it may be shown: without the name and the password that it may hold."""
    return re.sub(r"(?<=://)[^/@\s]*@", "", url)
