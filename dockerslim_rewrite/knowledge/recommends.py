"""Which packages need one of those that they only recommend."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from ..record import record
from .tables import table


@record
class Need:
    """``packages`` need ``adds``, unless one of ``unless`` is there; ``when`` is a pattern that the file must hold."""

    packages: frozenset[str]
    adds: tuple[str, ...]
    unless: frozenset[str]
    when: re.Pattern[str] | None


@lru_cache(maxsize=1)
def needs() -> tuple[Need, ...]:
    """All known needs, in the order of the data file."""
    data = table("recommends")
    return tuple(
        Need(
            frozenset(entry["packages"]),
            tuple(entry["adds"]),
            frozenset(entry.get("unless", ())),
            re.compile(entry["when"]) if "when" in entry else None,
        )
        for entry in data["needs"]
    )


def missing(packages: Collection[str], present: Collection[str], text: str) -> tuple[str, ...]:
    """What must be named when *packages* are installed without recommended ones, given what else is *present*.

    *text* is the file, in which the patterns are looked for. The result is sorted.
    """
    added: set[str] = set()
    for need in needs():
        here = set(present) | added
        if need.packages.isdisjoint(packages) or not need.unless.isdisjoint(here):
            continue
        if need.when is None or need.when.search(text):
            added.update(name for name in need.adds if name not in here)
    return tuple(sorted(added))


def compiles(words: tuple[str, ...]) -> bool:
    """Whether a command of these words compiles."""
    known = table("recommends")["compiles"]["commands"]
    return words[:1] != () and (words[0] in known or " ".join(words[:2]) in known)


def brings_compiler(packages: Collection[str]) -> bool:
    """Whether one of *packages* is, or depends on, a compiler."""
    return not set(table("recommends")["compiles"]["packages"]).isdisjoint(packages)


def has_compiler(image: str, tag: str) -> bool:
    """Whether *image* with *tag* has a compiler of its own."""
    slim = "slim" in tag or "alpine" in tag
    return image in table("recommends")["compiles"]["images"] and not slim
