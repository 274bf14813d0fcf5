"""Credentials as the Docker client keeps them: its configuration file and its credential helpers.

Source: Docker's reference of ``docker login`` (configuration file, credential stores, credential helpers).
"""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..patterns import re
from ..regular import read_text
from ..text.structured import read_json
from .errors import Unauthorized

#: Under which key Docker keeps the credentials of Docker Hub.
HUB_KEY = "https://index.docker.io/v1/"
_HELPER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_HELPER_SECONDS = 30.0
_IDENTITY_USER = "<token>"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user with a password, or an identity token to be exchanged. Neither is ever shown."""

    username: str
    password: str = field(repr=False)
    identity_token: str | None = field(default=None, repr=False)


def run_helper(name: str, server: str) -> str:
    """Ask the program ``docker-credential-NAME`` for the credentials of *server*; its answer, or "" if it has none.

    Raises ``Unauthorized`` when the program is missing, fails or hangs.
    """
    if not _HELPER_NAME.match(name):
        raise Unauthorized(f"{name!r} is not a name of a credential helper")
    program = f"docker-credential-{name}"
    try:
        done = subprocess.run(
            [program, "get"], input=server.encode(), capture_output=True, timeout=_HELPER_SECONDS, check=False
        )
        said = done.stdout.decode("utf-8", "replace")
    except FileNotFoundError:
        raise Unauthorized(f"the credential helper {program} is not installed") from None
    except OSError as error:
        raise Unauthorized(f"the credential helper {program} cannot be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise Unauthorized(f"the credential helper {program} gave no answer in {_HELPER_SECONDS:.0f} s") from None
    if done.returncode != 0:
        # Helpers say on standard output that they know nothing of the server.
        if "not found" in said.lower():
            return ""
        raise Unauthorized(f"the credential helper {program} failed with status {done.returncode}")
    return said


@dataclass(frozen=True, slots=True)
class CredentialStore:
    """The credentials of a Docker configuration; ``helper`` runs a credential helper (name, server) → answer."""

    config: Mapping[str, Any]
    helper: Callable[[str, str], str] = run_helper

    def for_registry(self, registry: str) -> Credentials | None:
        """The credentials kept for *registry* (``docker.io``, ``host:port``), or None.

        Raises ``Unauthorized`` when a helper is configured and fails.
        """
        keys = _keys(registry)
        helpers = self._table("credHelpers")
        for key in keys:
            if key in helpers:
                return self._ask(helpers[key], key)
        auths = self._table("auths")
        store = self.config.get("credsStore")
        if store:
            # A store is asked only where a login took place: asking may prompt the user.
            known = next((key for key in keys if key in auths), None)
            if known is not None and (found := self._ask(store, known)) is not None:
                return found
        for key in keys:
            if key in auths and (found := _decode(registry, auths[key])) is not None:
                return found
        return None

    def _table(self, key: str) -> Mapping[str, Any]:
        found = self.config.get(key) or {}
        if not isinstance(found, Mapping):
            raise Unauthorized(f"{key!r} in the Docker configuration is not a JSON object; mend it")
        return found

    def _ask(self, helper: Any, server: str) -> Credentials | None:
        if not isinstance(helper, str):
            raise Unauthorized(f"the Docker configuration names a credential helper for {server} that is no name")
        answer = self.helper(helper, server)
        if not answer:
            return None
        try:
            reply = read_json(answer)
            username, secret = str(reply["Username"]), str(reply["Secret"])
        except (ValueError, KeyError, TypeError):
            raise Unauthorized(f"the credential helper {helper} gave an unreadable answer for {server}") from None
        if username == _IDENTITY_USER:
            return Credentials("", "", secret)
        return Credentials(username, secret)


def load_credentials(environ: Mapping[str, str] | None = None) -> CredentialStore:
    """The Docker client's configuration: ``$DOCKER_CONFIG/config.json``, else ``~/.docker/config.json``.

    A missing file means no credentials. Raises ``Unauthorized`` when it cannot be read.
    """
    environ = os.environ if environ is None else environ
    folder = environ.get("DOCKER_CONFIG")
    path = (Path(folder) if folder else Path.home() / ".docker") / "config.json"
    try:
        config = read_json(read_text(path))
    except FileNotFoundError:
        return CredentialStore({})
    except OSError as error:
        raise Unauthorized(f"the Docker configuration {path} cannot be read: {error.strerror}") from error
    except ValueError:
        raise Unauthorized(f"the Docker configuration {path} is no JSON; mend it") from None
    if not isinstance(config, dict):
        raise Unauthorized(f"the Docker configuration {path} is not a JSON object")
    return CredentialStore(config)


def _keys(registry: str) -> tuple[str, ...]:
    if registry == "docker.io":
        return (HUB_KEY, "index.docker.io", "docker.io", "registry-1.docker.io")
    return (registry, f"https://{registry}", f"https://{registry}/", f"http://{registry}", f"https://{registry}/v1/")


def _decode(registry: str, entry: Any) -> Credentials | None:
    if not isinstance(entry, Mapping):
        return None
    token = entry.get("identitytoken")
    if entry.get("username"):
        return Credentials(str(entry["username"]), str(entry.get("password", "")), token)
    if not entry.get("auth"):
        return Credentials("", "", str(token)) if token else None
    try:
        username, colon, password = base64.b64decode(str(entry["auth"])).decode().partition(":")
    except ValueError:
        colon = ""
    if not colon:
        raise Unauthorized(f"the Docker configuration holds unreadable credentials for {registry}")
    return Credentials(username, password.rstrip("\x00"), token)
