"""Environment variables that have a meaning, and how shells set them; see ``data/variables.toml``."""

from __future__ import annotations

from functools import cache

from .tables import table


def has_meaning(name: str) -> bool:
    """Whether shells or tools of builds read the variable *name*, in either case of its letters."""
    known = table("variables")
    upper = name.upper()
    return upper in _meaning() or upper.startswith(tuple(known["prefixes"]))


@cache
def _meaning() -> frozenset[str]:
    return frozenset(table("variables")["meaning"])


@cache
def naming_commands() -> frozenset[str]:
    """The shell's commands whose words are names of variables."""
    return frozenset(table("variables")["shell"]["naming"])


@cache
def words_before() -> frozenset[str]:
    """Words that stand before a command, or an assignment, and are none."""
    return frozenset(table("variables")["shell"]["before"])
