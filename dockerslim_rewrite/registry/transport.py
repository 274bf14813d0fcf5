"""HTTP to registries: authentication, retries, limits. Why httpx: see the package's own documentation."""

from __future__ import annotations

import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from .auth import Authenticator
from .credentials import CredentialStore
from .errors import CorruptContent, NotFound, RateLimited, RegistryError, Unauthorized, Unavailable
from .limits import Allowance, meaning

_RETRIED = frozenset((408, 425, 429, 500, 502, 503, 504))
_USER_AGENT = "dockerslim-rewrite"
_MAX_BODY = 32 * 1024 * 1024
_MAX_TOKEN = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try: attempts in all, first and longest pause, longest ``Retry-After`` that is obeyed (seconds)."""

    attempts: int = 5
    first_pause: float = 0.5
    longest_pause: float = 20.0
    longest_wait: float = 90.0
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    connections: int = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, its body read in full; header names are looked up whatever their case."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str


@dataclass
class Transport:
    """Requests to the registries; safe for threads. ``sleep`` and ``clock`` are replaceable by tests."""

    credentials: CredentialStore
    patience: Patience = field(default_factory=Patience)
    ca_file: Path | None = None
    certificates: Path = Path("/etc/docker/certs.d")
    allowance: Allowance = field(default_factory=Allowance)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._clients: dict[str, httpx.Client] = {}
        self._lock = threading.Lock()
        self._not_before: dict[str, float] = {}
        self._auth = Authenticator(self.credentials, self._send_to_realm)

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        registry: str,
        scope: str,
        headers: Mapping[str, str],
        check: Callable[[Answer], None] | None = None,
    ) -> Answer:
        """One request, repeated as long as that can help.

        *check* may raise ``CorruptContent``, which counts as a failed attempt. Raises ``NotFound``, ``Unauthorized``,
        ``RateLimited``, ``CorruptContent``, ``Unavailable`` or another ``RegistryError``.
        """
        what = f"{method} {url}"
        failure: RegistryError | None = None
        for attempt in range(self.patience.attempts):
            if attempt:
                self.sleep(self._pause(attempt))
            self._wait_for(registry)
            try:
                answer = self._authorised(method, url, registry, scope, headers)
                if not httpx.codes.is_success(answer.status):
                    failure = self._refused(answer, registry, what)
                    continue
                if check is not None:
                    check(answer)
                return answer
            except CorruptContent as error:
                failure = error
            except httpx.RequestError as error:
                failure = Unavailable(f"{what}: {meaning(error)}")
        raise failure or Unavailable(f"{what}: no attempt was allowed")

    def _authorised(self, method: str, url: str, registry: str, scope: str, headers: Mapping[str, str]) -> Answer:
        answer = self._send(method, url, registry, {**headers, **self._auth.known(registry, scope)})
        if answer.status == httpx.codes.UNAUTHORIZED:
            challenge = answer.headers.get("www-authenticate", "")
            authorization = self._auth.answer(registry, scope, challenge, url)
            answer = self._send(method, url, registry, {**headers, **authorization})
        return answer

    def _send(self, method: str, url: str, registry: str, headers: Mapping[str, str]) -> Answer:
        with self._client(registry).stream(method, url, headers=dict(headers)) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MAX_BODY:
                    raise RegistryError(f"{method} {url}: the answer is larger than {_MAX_BODY} bytes")
            return Answer(response.status_code, response.headers, bytes(body), str(response.url))

    def _send_to_realm(self, request: httpx.Request) -> httpx.Response:
        """For the authenticator: one request to a token server, repeated on passing faults."""
        host = request.url.host
        failure = "no attempt was allowed"
        for attempt in range(self.patience.attempts):
            if attempt:
                self.sleep(self._pause(attempt))
            response: httpx.Response | None = None
            try:
                # A request that is sent on loses its header at another host, but takes along its body with the token.
                followed = request.method == "GET"
                response = self._client(host).send(request, stream=True, follow_redirects=followed)
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > _MAX_TOKEN:
                        raise RegistryError(f"{host}: the token is larger than {_MAX_TOKEN} bytes")
            except httpx.RequestError as error:
                failure = meaning(error)
                continue
            finally:
                if response is not None:
                    response.close()
            if response.status_code not in _RETRIED:
                return httpx.Response(response.status_code, content=bytes(body))
            failure = f"status {response.status_code}"
        raise Unavailable(f"the token server {host} does not answer: {failure}")

    def _refused(self, answer: Answer, registry: str, what: str) -> RegistryError:
        """The failure of one attempt. Raises what no further attempt can heal.

        Where the registry names a time, all requests to it wait until then.
        """
        status = answer.status
        if status == httpx.codes.NOT_FOUND:
            raise NotFound(f"{what}: there is no such thing")
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise Unauthorized(f"{what}: status {status}, the credentials do not suffice")
        if status not in _RETRIED:
            raise RegistryError(f"{what}: status {status}")
        wait = retry_after(answer.headers.get("retry-after"))
        if wait is not None and wait > self.patience.longest_wait:
            longest = f"{self.patience.longest_wait:.0f} s"
            raise RateLimited(f"{what}: the registry asks to wait longer than {longest}; run it again later", wait)
        if wait is not None:
            with self._lock:
                until = self.clock() + wait
                self._not_before[registry] = max(until, self._not_before.get(registry, until))
        if status == httpx.codes.TOO_MANY_REQUESTS:
            return RateLimited(f"{what}: too many requests", wait)
        return Unavailable(f"{what}: status {status}")

    def _wait_for(self, registry: str) -> None:
        with self._lock:
            wait = self._not_before.get(registry, 0.0) - self.clock()
        if wait > 0:
            self.sleep(wait)

    def _pause(self, attempt: int) -> float:
        """Doubling pauses with a random half, so that many clients do not come back at once."""
        pause = min(self.patience.first_pause * 2.0 ** (attempt - 1), self.patience.longest_pause)
        return pause * (0.5 + random.random() / 2)

    def _client(self, host: str) -> httpx.Client:
        with self._lock:
            client = self._clients.get(host)
            if client is None:
                patience = self.patience
                client = httpx.Client(
                    verify=self._tls(host),
                    timeout=httpx.Timeout(patience.read_timeout, connect=patience.connect_timeout),
                    limits=httpx.Limits(max_connections=patience.connections),
                    follow_redirects=True,
                    event_hooks=self.allowance.hooks(),
                    headers={"User-Agent": _USER_AGENT},
                )
                self._clients[host] = client
            return client

    def _tls(self, host: str) -> ssl.SSLContext:
        """The system's authorities, the user's file, and what Docker keeps for this host in its ``certs.d``."""
        context = ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)
        if self.ca_file:
            context.load_default_certs()
        folder = self.certificates / host
        if folder.is_dir():
            for authority in sorted(folder.glob("*.crt")):
                context.load_verify_locations(cafile=str(authority))
            for certificate in sorted(folder.glob("*.cert")):
                context.load_cert_chain(str(certificate), str(certificate.with_suffix(".key")))
        return context


def retry_after(value: str | None, now: float | None = None) -> float | None:
    """The seconds that a ``Retry-After`` header (a number or a date) asks for, at least 0; None when it says nothing.

    *now* is the current time in seconds since the epoch.
    """
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0.0, moment - (time.time() if now is None else now))
