"""Which commands are cheap, and which costly ones belong together: the data file says why."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from functools import lru_cache

from .tables import table

_VERSION = frozenset(("--version", "-v", "-V", "version"))
#: No more than so many words of a command are looked at.
_WORDS = 3


@lru_cache(maxsize=1)
def cheap_commands() -> frozenset[str]:
    """Names of commands that neither download nor compile."""
    return frozenset(table("costs")["cheap"])


@lru_cache(maxsize=1)
def _cheap_pairs() -> frozenset[str]:
    return frozenset(table("costs")["cheap_pairs"])


@lru_cache(maxsize=1)
def _blocks() -> dict[str, str]:
    found = {words: f"consecutive runs of {words} make one layer" for words in table("costs")["repeated"]}
    return found | {words: block["reason"] for block in table("costs")["block"] for words in block["commands"]}


def is_cheap(argv: Sequence[str | None]) -> bool:
    """Whether a command of the words *argv* (None where an expansion gives one) neither downloads nor compiles."""
    words = _first(argv)
    if not words:
        return False
    if words[0] in cheap_commands() or " ".join(words[:2]) in _cheap_pairs():
        return True
    return len(argv) == 2 and argv[1] in _VERSION


def block(argv: Sequence[str | None]) -> str | None:
    """Why a costly command of the words *argv* forms one block with others of the same answer; None: with no other."""
    words = _first(argv)
    known = _blocks()
    return next((known[head] for end in range(len(words), 0, -1) if (head := " ".join(words[:end])) in known), None)


def _first(argv: Sequence[str | None]) -> list[str]:
    """The first words of a command that are known, its name without a folder."""
    words: list[str] = []
    for word in argv[:_WORDS]:
        if word is None:
            break
        words.append(word if words else posixpath.basename(word))
    return words
