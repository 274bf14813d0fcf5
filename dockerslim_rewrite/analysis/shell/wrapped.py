"""Commands that start others: entrypoints that hand over, xargs, find and tar."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from ...knowledge.smaller import starters
from ...patterns import re

_XARGS_VALUES = frozenset(("-n", "-I", "-P", "-L", "-d", "-a", "-s", "-E"))
_BZIP2 = re.compile(r"\.(?:bz2|tbz2?)\b")
_FIND_RUNS = ("-exec", "-execdir", "-ok", "-okdir")


def started(argv: tuple[str, ...]) -> tuple[str, ...]:
    """*argv* without programs that only start the one behind them."""
    while argv and posixpath.basename(argv[0]) in starters():
        user = posixpath.basename(argv[0]) in ("gosu", "su-exec")
        rest = list(argv[1:])
        while rest and rest[0].startswith("-"):
            rest.pop(0)
        argv = tuple(rest[1:] if user else rest)
    return argv


def inner_commands(name: str, rest: Sequence[str | None]) -> Iterator[Sequence[str | None]]:
    """The commands that xargs or find (*name*) runs, given the words *rest*."""
    if name == "find":
        for index, word in enumerate(rest):
            if word in _FIND_RUNS:
                yield rest[index + 1 :]
        return
    index = 0
    while index < len(rest):
        word = rest[index]
        if word is not None and not word.startswith("-"):
            yield rest[index:]
            return
        index += 2 if word in _XARGS_VALUES else 1


def compression(rest: Sequence[str | None]) -> str | None:
    """The program, ``bzip2`` or ``xz``, that tar with the words *rest* calls; empty for gzip or none.

    None where a word is not known that may name an archive of any kind.
    """
    words = [word for word in rest if word is not None]
    letters = "".join(word for word in words if re.fullmatch(r"-[A-Za-z]+", word)) + (words[0] if words else "")
    names = " ".join(words)
    if "--bzip2" in words or _BZIP2.search(names) or re.fullmatch(r"-?[a-zA-Z]*j[a-zA-Z]*", letters):
        return "bzip2"
    if "--xz" in words or re.search(r"\.(?:t?xz)\b", names) or "J" in letters:
        return "xz"
    return None if len(words) != len(rest) and "z" not in letters and "--gzip" not in words else ""
