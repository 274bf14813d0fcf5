"""Manifests and indexes of images: which platforms there are. Source: the OCI image specification; pure functions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from ..patterns import re
from ..text import shown
from ..text.structured import read_json
from .errors import CorruptContent, MalformedAnswer

INDEX_TYPES = frozenset(
    ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
)
MANIFEST_TYPES = frozenset(
    ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
)
#: All types in one header: without the indexes a registry answers with one platform's manifest, whose digest differs.
ACCEPT = ", ".join(sorted(INDEX_TYPES) + sorted(MANIFEST_TYPES))
_ALGORITHMS = frozenset(("sha256", "sha384", "sha512"))
#: "sha512:" and its digits. What a server calls a digest may be anything.
_LONGEST_DIGEST = 135
_WORD = re.compile(r"[!-~]{1,128}\Z")


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest or index with the digest of its bytes. ``config`` is the configuration's digest of a manifest."""

    digest: str
    media_type: str
    platforms: tuple[str, ...]
    config: str | None


def digest_of(content: bytes, algorithm: str = "sha256") -> str:
    """The digest of *content*: ``sha256:…``. Raises ``ValueError`` for an unregistered *algorithm*."""
    if algorithm not in _ALGORITHMS:
        raise ValueError(f"unknown digest algorithm {algorithm!r}")
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


def verify(content: bytes, digest: str, what: str) -> None:
    """Raise ``CorruptContent`` unless *content* has *digest*; *what* names it in the message."""
    algorithm = digest.partition(":")[0]
    if algorithm not in _ALGORITHMS:
        raise MalformedAnswer(f"{what}: unknown digest algorithm in {shown(digest)!r}")
    actual = digest_of(content, algorithm)
    if actual != digest:
        raise CorruptContent(f"{what}: expected {digest[:_LONGEST_DIGEST]}, the content has {actual}")


def read_manifest(content: bytes, media_type: str) -> Manifest:
    """Read *content* as *media_type* (its own ``mediaType`` wins). Platforms are sorted; attestations are none.

    Raises ``MalformedAnswer``.
    """
    document = _object(content, "manifest")
    media_type = str(document.get("mediaType") or media_type.partition(";")[0].strip())
    digest = digest_of(content)
    if media_type in INDEX_TYPES or ("manifests" in document and "layers" not in document):
        return Manifest(digest, media_type, _platforms(document.get("manifests")), None)
    if document.get("schemaVersion") == 1:
        raise MalformedAnswer("the registry answers with a manifest of schema 1, which has no stable digest")
    config = document.get("config")
    if not isinstance(config, dict) or not isinstance(config.get("digest"), str):
        raise _strange_manifest()
    return Manifest(digest, media_type, (), config["digest"])


def platform_of_config(content: bytes) -> str:
    """The platform that an image's configuration states. Raises ``MalformedAnswer``."""
    document = _object(content, "configuration")
    if not _names_platform(document):
        raise MalformedAnswer("an image's configuration without a platform")
    return platform_name(document)


def platform_name(platform: dict[str, Any]) -> str:
    """``linux/arm/v7``; Windows platforms carry their version: ``windows/amd64:10.0.20348.2340``."""
    name = f"{platform['os']}/{platform['architecture']}"
    if platform.get("variant"):
        name += f"/{platform['variant']}"
    if platform.get("os.version"):
        name += f":{platform['os.version']}"
    return name


def _platforms(entries: Any) -> tuple[str, ...]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _strange_manifest()
    platforms = [entry["platform"] for entry in entries if entry.get("platform")]
    if not all(map(_names_platform, platforms)):
        raise _strange_manifest()
    names = map(platform_name, platforms)
    return tuple(sorted({name for name in names if not name.startswith("unknown/")}))


def _names_platform(value: Any) -> bool:
    """Whether ``platform_name`` can be asked about *value*: what it takes are short words of ASCII."""
    if not isinstance(value, dict):
        return False
    needed = [value.get("os"), value.get("architecture")]
    more = [value[key] for key in ("variant", "os.version") if value.get(key)]
    return all(isinstance(word, str) and _WORD.match(word) for word in needed + more)


def _strange_manifest() -> MalformedAnswer:
    return MalformedAnswer("the registry sends a manifest that lacks what each has; ask its operator")


def _object(content: bytes, what: str) -> dict[str, Any]:
    try:
        document = read_json(content)
    except ValueError as error:
        raise MalformedAnswer(f"the registry sends a {what} that is not JSON; check its address") from error
    if not isinstance(document, dict):
        raise MalformedAnswer(f"the registry sends a {what} that is not a JSON object; check its address")
    return document
