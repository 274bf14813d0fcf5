"""Comments by which authors say that something is meant to be as it is; see ``data/wishes.toml``."""

from __future__ import annotations

from functools import lru_cache

from ..patterns import re
from .tables import table


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str], frozenset[str], frozenset[str]], ...]:
    return tuple(
        (
            name,
            re.compile("|".join(f"(?:{word})" for word in entry["words"]), re.I),
            frozenset(entry["rules"]),
            frozenset(entry.get("on", ())),
        )
        for name, entry in table("wishes").items()
    )


@lru_cache(maxsize=1024)
def wished(comment: str) -> frozenset[str]:
    """The codes of the rules that *comment* asks to leave the instruction below alone; ``all`` for every rule."""
    found: set[str] = set()
    for _, pattern, rules, keywords in _patterns():
        if rules and not keywords and pattern.search(comment):
            found |= rules
    return frozenset(found)


@lru_cache(maxsize=1024)
def wished_of(comment: str, keyword: str) -> frozenset[str]:
    """The codes of the rules that *comment* asks to leave the first instruction *keyword* below it alone."""
    found: set[str] = set()
    for _, pattern, rules, keywords in _patterns():
        if keyword in keywords and pattern.search(comment):
            found |= rules
    return frozenset(found)


@lru_cache(maxsize=1024)
def marks_region(comment: str) -> bool:
    """Whether *comment* begins or ends what documentation shows."""
    return _says("regions", comment)


def says_generated(comment: str) -> bool:
    """Whether *comment*, above the first instruction, says that a program makes the file anew."""
    return _says("generated", comment) or _says("generated-by", comment)


def _says(entry: str, comment: str) -> bool:
    return any(name == entry and pattern.search(comment) is not None for name, pattern, _, _ in _patterns())
