"""Where a text of a shell names variables, for all names at once: there may be thousands of them."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from ..patterns import re

_NAMED = re.compile(r"(?<![\w$])(?<!\$\{)\w++")
_SET = re.compile(r"(?<![\w$])(\w++)=")
_EXPANDED = re.compile(r"\$\{?+(\w++)")


class Mentions(NamedTuple):
    """The ``number`` of times that a name stands in a text other than in an expansion of it: each may set it.

    It is ``assigned`` first before this offset, and first ``expanded`` from that one on.
    """

    number: Counter[str]
    assigned: dict[str, int]
    expanded: dict[str, int]


@lru_cache(maxsize=4)
def mentions(text: str) -> Mentions:
    """The names in *text*."""
    assigned: dict[str, int] = {}
    for match in _SET.finditer(text):
        assigned.setdefault(match[1], match.end())
    expanded: dict[str, int] = {}
    for match in _EXPANDED.finditer(text):
        expanded.setdefault(match[1], match.start())
    return Mentions(Counter(_NAMED.findall(text)), assigned, expanded)
