"""Packages that cannot be installed together; see ``data/conflicts.toml``."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

from .tables import table


def conflicting(packages: Sequence[str]) -> tuple[str, str] | None:
    """Two of *packages* of which apt installs one only, in the order given; None where none are known."""
    for family in _families():
        found = dict.fromkeys(one for one in packages if any(fnmatchcase(one, pattern) for pattern in family))
        if len(found) > 1:
            first, second, *_ = found
            return first, second
    return None


@lru_cache(maxsize=1)
def _families() -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(family) for family in table("conflicts")["families"])
