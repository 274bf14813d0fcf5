"""Commands that start others: entrypoints that hand over, xargs and find."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from ..knowledge.smaller import starters

_XARGS_VALUES = frozenset(("-n", "-I", "-i", "-P", "-L", "-d", "-a", "-s", "-E"))
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
