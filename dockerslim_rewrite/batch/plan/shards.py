"""Which files make a shard. Each file lies in exactly one, so that shards touch nothing in common: each applies,
parses and holds alone, and in any order they lead to the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

from ...record import record
from ..outcome import Outcome
from .owners import NOBODY, Owners

By: TypeAlias = Literal["owner", "directory", "rule", "file", "service"]
#: Longer names are cut: they become names of files and branches.
_LONGEST = 80


@record
class Shard:
    """A shard: its name, which is a file's and a branch's as well, what it stands for, and its files, sorted."""

    name: str
    title: str
    files: tuple[str, ...]


def key_for(by: By, owners: Owners, depth: int, service: Callable[[str], str]) -> Callable[[Outcome], str]:
    """What of an outcome says which shard it goes to."""

    def by_rule(outcome: Outcome) -> str:
        """The rule that gains most in the file; of equal ones that which acts most often."""
        gain: Counter[str] = Counter()
        count = Counter(change.rule for change in outcome.changes)
        for change in outcome.changes:
            gain[change.rule] += change.saving or 0
        return min(count, key=lambda rule: (-gain[rule], -count[rule], rule))

    def by_directory(outcome: Outcome) -> str:
        return "/".join(outcome.name.split("/")[:-1][:depth]) or "root"

    keys: dict[str, Callable[[Outcome], str]] = {
        "owner": lambda outcome: " ".join(owners.of(outcome.name)) or NOBODY,
        "directory": by_directory,
        "rule": by_rule,
        "file": lambda outcome: outcome.name,
        "service": lambda outcome: service(outcome.name),
    }
    return keys[by]


def sharded(found: Iterable[tuple[str, str]], most: int) -> tuple[Shard, ...]:
    """Shards of at most *most* files, from the keys and names of files; the same whatever order they come in."""
    groups: dict[str, list[str]] = {}
    for key, name in found:
        groups.setdefault(key, []).append(name)
    taken: set[str] = set()
    shards = []
    for key in sorted(groups):
        files = sorted(groups[key])
        pieces = [tuple(files[at : at + most]) for at in range(0, len(files), most)]
        for number, piece in enumerate(pieces, 1):
            several = len(pieces) > 1
            name = _free(f"{_slug(key)}-{number:03}" if several else _slug(key), taken)
            shards.append(Shard(name, f"{key} ({number} of {len(pieces)})" if several else key, piece))
    return tuple(shards)


def _slug(text: str) -> str:
    """*text* as a name that every file system and Git take."""
    bare = re.sub(r"[^A-Za-z0-9._-]+", "-", text.replace("@", "")).strip("-.").lower()
    bare = re.sub(r"\.{2,}", ".", bare)[:_LONGEST].rstrip("-.").removesuffix(".lock")
    return bare or "shard"


def _free(name: str, taken: set[str]) -> str:
    found, number = name, 2
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    taken.add(found)
    return found
