"""How long one run may ask the network, and what each answer may take: time, bytes, and ways to be packed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

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

    def check(self) -> None:
        """Raise ``OutOfTime`` where nothing is left."""
        if self._clock() > self._until:
            raise OutOfTime(f"no time is left: a run asks for {self._seconds:.0f} s at most; run it again")

    def hooks(self) -> dict[str, list[Callable[..., object]]]:
        """What holds a client of httpx to it, as its ``event_hooks``."""
        return {"request": [lambda _: self.check()], "response": [self._hold]}

    def _hold(self, response: httpx.Response) -> None:
        packed = response.headers.get("content-encoding", "").strip().lower()
        if packed not in _PACKED:
            raise RegistryError(f"{response.url}: the answer is packed as {packed[:40]!r}, which nobody asked for")
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Held(response.stream, self, str(response.url), self._clock() + self._each, self._clock)


class _Held(httpx.SyncByteStream):
    """*stream*, which ends with an error where it goes on for longer than *until*."""

    def __init__(
        self, stream: httpx.SyncByteStream, run: Allowance, url: str, until: float, clock: Callable[[], float]
    ) -> None:
        self._stream, self._run, self._url, self._until, self._clock = stream, run, url, until, clock

    def __iter__(self) -> Iterator[bytes]:
        for block in self._stream:
            self._run.check()
            if self._clock() > self._until:
                raise RegistryError(f"{self._url}: the answer takes too long")
            yield block

    def close(self) -> None:
        """Close what is held."""
        self._stream.close()
