"""Where the caches of package managers are mounted while they run."""

from __future__ import annotations

from functools import lru_cache

from ..record import record
from .tables import table


@record
class CacheMount:
    """The folders ``targets`` of one manager's cache.

    ``locked``: only one build at a time may use it. ``store``: the manager's later commands read it, so all of them
    need the mount, and the container must not.
    """

    targets: tuple[str, ...]
    locked: bool
    store: bool


@lru_cache(maxsize=1)
def cache_mounts() -> dict[str, CacheMount]:
    """What is known, by the manager's name."""
    data = table("cache_mounts")
    return {
        name: CacheMount(tuple(entry["targets"]), entry.get("locked", False), entry.get("store", False))
        for name, entry in data.items()
    }
