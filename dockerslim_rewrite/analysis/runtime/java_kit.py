"""What of Java only the development kit can run. Source: java(1), "Using Source-File Mode"."""

from __future__ import annotations

from collections.abc import Sequence

from ...patterns import re

#: Options that take a word.
_VALUES = frozenset(
    ("-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-modules", "--add-opens", "--add-exports")
)
_COMPILES = re.compile(r"--source(?:=.*)?\Z")


def compiled_at_start(argv: Sequence[str | None]) -> str | None:
    """The word of ``java`` with the words *argv* by which it compiles what it runs; None where it does not."""
    skip = False
    for word in argv[1:]:
        if skip:
            skip = False
        elif word in _VALUES:
            skip = True
        elif word is not None and _COMPILES.match(word):
            return word
        elif word in ("-jar", "-m", "--module") or word is None:
            return None
        elif not word.startswith(("-", "@")):
            return word if word.endswith(".java") else None
    return None
