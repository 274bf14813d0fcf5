"""Mounts: what a claim may add to a RUN. A cache mount hides what lies at its target, so the target must be a cache."""

from __future__ import annotations

from collections.abc import Sequence

from ...change import AddsMount, Claim
from ...patterns import re

_CACHE = re.compile(r"type=cache,target=(?P<target>/[^,]*)(?:,sharing=(?:locked|private|shared))?\Z")
#: Folders that package managers fill by themselves, and refill when they are empty.
_TARGETS = frozenset(
    (
        "/var/cache/apt", "/var/lib/apt/lists", "/var/cache/dnf", "/var/cache/yum", "/root/.cache/pip",
        "/root/.cache/uv", "/root/.npm", "/usr/local/share/.cache/yarn", "/root/.composer/cache", "/go/pkg/mod",
        "/root/.cache/go-build", "/usr/local/cargo/registry", "/root/.m2", "/root/.gradle",
    )
)  # fmt: skip


def licensed_mounts(claims: Sequence[Claim]) -> frozenset[str]:
    """The mounts that may appear: those claimed that keep a cache."""
    found = set()
    for claim in claims:
        match = _CACHE.match(claim.mount) if isinstance(claim, AddsMount) else None
        if match and isinstance(claim, AddsMount) and match["target"] in _TARGETS:
            found.add(claim.mount)
    return frozenset(found)
