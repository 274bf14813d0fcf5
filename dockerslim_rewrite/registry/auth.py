"""Answering a registry's challenge: basic authentication, or a token from its token server.

Source: the distribution project's token authentication specification (token and OAuth2 forms).
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx

from ..patterns import re
from ..text import shown
from ..text.structured import read_json
from .challenge import Challenge, read_challenges
from .credentials import Credentials, CredentialStore
from .errors import MalformedAnswer, Unauthorized

_DEFAULT_LIFETIME = 60.0
_MARGIN = 10.0
_TOKEN = re.compile(r"[!-~]+\Z")
_CLIENT_ID = "dockerslim-rewrite"


class Authenticator:
    """Finds ``Authorization`` headers and keeps tokens as long as they live; safe for threads.

    *send* performs a request to a token server and returns its response.
    """

    def __init__(
        self,
        store: CredentialStore,
        send: Callable[[httpx.Request], httpx.Response],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._send = send
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[str, float]] = {}

    def known(self, registry: str, scope: str) -> dict[str, str]:
        """The header that worked before for this scope, as long as it lives; else none."""
        with self._lock:
            value, until = self._known.get((registry, scope), ("", 0.0))
            return {"Authorization": value} if value and until > self._clock() else {}

    def answer(self, registry: str, scope: str, header: str, asked: str) -> dict[str, str]:
        """The header that answers the challenge *header* to a request for the address *asked*.

        Raises ``Unauthorized`` or ``MalformedAnswer``.
        """
        challenges = {challenge.scheme: challenge for challenge in read_challenges(header)}
        credentials = self._store.for_registry(registry)
        if "bearer" in challenges:
            token, lifetime = self._token(registry, scope, challenges["bearer"], credentials, asked)
            value = f"Bearer {token}"
        elif "basic" in challenges:
            if credentials is None or not credentials.username:
                raise Unauthorized(f"{registry} wants a user and a password, and none are configured for it")
            value, lifetime = _basic(credentials), float("inf")
        else:
            raise Unauthorized(f"{registry} refuses access and offers no known way to authenticate")
        with self._lock:
            self._known[registry, scope] = value, self._clock() + lifetime
        return {"Authorization": value}

    def _token(
        self, registry: str, scope: str, challenge: Challenge, credentials: Credentials | None, asked: str
    ) -> tuple[str, float]:
        realm = _realm(registry, challenge.parameters.get("realm", ""))
        if not _may_be_asked(realm, httpx.URL(asked), secret=credentials is not None):
            what = "and gets no credentials" if credentials is not None else "and is not asked"
            raise Unauthorized(
                f"{registry} sends to the token server {shown(str(realm))!r}, which is not reached over TLS {what}"
            )
        fields = {"scope": challenge.parameters.get("scope") or scope}
        if service := challenge.parameters.get("service"):
            fields["service"] = service
        if credentials is not None and credentials.identity_token:
            form = {**fields, "grant_type": "refresh_token", "refresh_token": credentials.identity_token}
            request = httpx.Request("POST", realm, data={**form, "client_id": _CLIENT_ID})
        else:
            headers = {"Authorization": _basic(credentials)} if credentials else {}
            request = httpx.Request("GET", realm.copy_merge_params(fields), headers=headers)
        response = self._send(request)
        if not response.is_success:
            who = "the configured credentials" if credentials else "an anonymous request"
            raise Unauthorized(f"the token server of {registry} refuses {who}: status {response.status_code}")
        return _read_token(response, registry)


def _realm(registry: str, text: str) -> httpx.URL:
    try:
        realm = httpx.URL(text)
    except httpx.InvalidURL:
        realm = httpx.URL()
    if not realm.host:
        raise MalformedAnswer(f"{registry} sends to the token server {shown(text)!r}, which is no address")
    return realm


def _may_be_asked(realm: httpx.URL, asked: httpx.URL, *, secret: bool) -> bool:
    """Whether the token server *realm* may be asked for access to *asked*, with a *secret* or without.

    Who answers in the name of a registry chooses the realm. So a secret goes in clear only where the user let it: to
    the registry itself, when that is reached without TLS.
    """
    if realm.scheme == "https":
        return True
    if realm.scheme != "http" or asked.scheme != "http":
        return False
    return not secret or (realm.host, realm.port) == (asked.host, asked.port)


def _basic(credentials: Credentials) -> str:
    pair = f"{credentials.username}:{credentials.password}".encode()
    return "Basic " + base64.b64encode(pair).decode()


def _read_token(response: httpx.Response, registry: str) -> tuple[str, float]:
    try:
        document: Any = read_json(response.content)
        token = document.get("token") or document["access_token"]
        lifetime = float(document.get("expires_in") or _DEFAULT_LIFETIME)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise MalformedAnswer(f"the token server of {registry} gave no token") from error
    if not isinstance(token, str) or not _TOKEN.match(token):
        raise MalformedAnswer(f"the token server of {registry} gave a token that no header can hold")
    return token, max(lifetime - _MARGIN, 1.0)
