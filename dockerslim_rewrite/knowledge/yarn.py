"""What commands, options and settings of Yarn change of what is installed or run."""

from __future__ import annotations

from functools import lru_cache

from ..record import record
from .tables import table


@record
class YarnWords:
    """Subcommands that are ``harmless``, and ``other`` ones of Yarn's own; ``flags`` of an installation and
    ``settings`` that leave open neither what is installed nor where.
    """

    harmless: frozenset[str]
    other: frozenset[str]
    flags: frozenset[str]
    settings: frozenset[str]


@lru_cache(maxsize=1)
def yarn_words() -> YarnWords:
    """The words of both generations of Yarn."""
    data = table("yarn")
    return YarnWords(*(frozenset(data[key]) for key in ("harmless", "other", "flags", "settings")))
