"""Whether the cache of a package manager lies in a mount of a RUN.

Then nothing of it reaches the layer, the next build reads it, and a directory that is a mount cannot be removed.
Source: Dockerfile reference, ``RUN --mount=type=cache``, ``RUN --mount=type=tmpfs``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from ...ir.steps import Run
from ...knowledge.managers import Manager, index, manager
from ...patterns import re
from ...text.paths import within
from ..facts import Facts

#: The home folder of an account at the head of a path.
_HOMES = re.compile(r"\A(?:/root|/home/[^/]+)(?=/|\Z)")
#: Where the caches of managers of the system lie, which no option moves as a rule.
_SYSTEM = ("/var/", "/etc/")


def cache_mounted(run: Run, known: Manager, facts: Facts) -> bool:
    """Whether a cache or tmpfs mount of *run* holds the cache of *known*, or a part of it, as far as is known.

    What a mount holds is not known where a variable stands in its place, and of a manager whose cache may lie anywhere
    where it lies at no place that belongs to another one.
    """
    targets = list(_targets(run, facts))
    if not targets:
        return False
    own = _places(known)
    fixed = all(path.startswith(_SYSTEM) for path in own)
    return any(
        "$" in one or _meet(one, own) or _told(one, facts, run) or not (fixed or _meet(one, _others(known.name)))
        for one in targets
    )


def _targets(run: Run, facts: Facts) -> Iterator[str]:
    """Where the mounts of *run* lie, the home folder as ``~``."""
    for mount in run.mounts:
        target = run.mount_target(mount).rstrip("/")
        if mount.get("type", "bind") in ("cache", "tmpfs") and target:
            yield _homely(target, _home(facts, run))


def _told(target: str, facts: Facts, run: Run) -> bool:
    """Whether a variable says that something lies at *target*: a cache, as far as is known."""
    values = (value.rstrip("/") for value in facts.state(run).env.values() if value and value.startswith("/"))
    return target in (_homely(value, _home(facts, run)) for value in values)


def _home(facts: Facts, run: Run) -> str:
    """The home folder that ENV sets for *run*; empty where it sets none."""
    return (facts.state(run).env.get("HOME") or "").rstrip("/")


def _homely(path: str, home: str = "") -> str:
    """*path* with ``~`` for the home folder at its head, be that *home* or an account's usual one."""
    if home.startswith("/") and within(path, home):
        return "~" + path[len(home) :]
    return _HOMES.sub("~", path)


def _places(known: Manager) -> tuple[str, ...]:
    return tuple(map(_homely, known.paths))


@lru_cache(maxsize=64)
def _others(name: str) -> tuple[str, ...]:
    """Where the caches of all managers but *name* lie."""
    data = index()
    names = {*data.executables.values(), *(one for _, one in data.patterns)} - {name}
    return tuple(place for one in sorted(names) for place in _places(manager(one)))


def _meet(target: str, places: Sequence[str]) -> bool:
    """Whether *target* is one of *places*, lies in one, or holds one."""
    return any(within(place, target) or within(target, place) for place in places)
