"""Which differences between two images are expected, and why: data, and what a caller adds to it."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any

from .paths import matches

#: What the reasons of differences begin with that any two builds of one file show.
VOLATILE = "volatile: "


class Difference(Enum):
    """How a path differs between two root filesystems."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    OWNER = "owner"
    MODE = "mode"


@dataclass(frozen=True, slots=True)
class Expectation:
    """Differences of certain kinds at paths of a pattern are no news. ``reason`` is a few words for the report.

    ``besides`` are paths that the pattern does not speak for, with all below them.
    """

    pattern: str
    reason: str
    kinds: frozenset[Difference] = frozenset(Difference)
    besides: tuple[str, ...] = ()

    def covers(self, kind: Difference, path: str) -> bool:
        """Whether a difference of *kind* at *path* is expected."""
        if kind not in self.kinds or not matches(self.pattern, path):
            return False
        return not any(path == one or path.startswith(f"{one.rstrip('/')}/") for one in self.besides)


def removals(patterns: Iterable[str], reason: str) -> tuple[Expectation, ...]:
    """Expect that what *patterns* name may be gone: the form that claims of a journal take."""
    return tuple(Expectation(pattern, reason, frozenset({Difference.REMOVED})) for pattern in patterns)


@cache
def _document() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "expectations.toml").read_text("utf-8"))


@cache
def catalogue() -> tuple[Expectation, ...]:
    """What is volatile anyway and what no image needs, from ``expectations.toml``."""
    found = [
        Expectation(pattern, f"{VOLATILE}{entry['reason']}", frozenset(Difference(kind) for kind in entry["kinds"]))
        for entry in _document()["volatile"]
        for pattern in entry["patterns"]
    ]
    return (*found, *(one for entry in _document()["expected"] for one in _expectations(entry)))


def traces_of_packages(gone: Collection[str]) -> tuple[Expectation, ...]:
    """What packages leave beside the files that are theirs, for the case that those named in *gone* are missing."""
    names = {name.partition(":")[0] for name in gone}
    found: list[Expectation] = []
    for entry in _document()["packages"]:
        owners = entry.get("packages")
        if owners is None or names.intersection(owners):
            found += _expectations(entry)
    return tuple(found)


@cache
def left_out_by_slim_images() -> tuple[Expectation, ...]:
    """What packages installed on a slim image lack there, as its package manager is told to leave it out."""
    return tuple(one for entry in _document()["slim"] for one in _expectations(entry))


def _expectations(entry: Mapping[str, Any]) -> Iterator[Expectation]:
    kinds = frozenset(Difference(kind) for kind in entry["kinds"])
    yield from (Expectation(pattern, entry["category"], kinds) for pattern in entry["patterns"])


def reason_for(kind: Difference, path: str, expectations: Iterable[Expectation]) -> str | None:
    """Why the difference is expected, or None if it is not."""
    for expectation in expectations:
        if expectation.covers(kind, path):
            return expectation.reason
    return None
