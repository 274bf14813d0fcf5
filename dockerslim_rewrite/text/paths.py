"""Paths, and names of files against patterns that users wrote."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from fnmatch import fnmatchcase

from ..patterns import re

#: The longest path that Linux takes (PATH_MAX in linux/limits.h). Python takes the square of a pattern's open brackets.
LONGEST = 4096

#: What makes a source of COPY a pattern.
PATTERN = re.compile(r"(?<!\\)[*?\[]")


def matches(name: str, pattern: str) -> bool:
    """Whether the shell pattern *pattern* matches *name*; one that is longer than any path matches none."""
    return len(pattern) <= LONGEST and fnmatchcase(name, pattern)


def within(path: str, folder: str) -> bool:
    """Whether *path* is *folder* or lies in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def below(path: str, folder: str) -> bool:
    """Whether *path* lies in *folder*, which it is not itself."""
    return path != folder and within(path, folder)


def above(path: str) -> Iterator[str]:
    """The directories that *path* lies in, from the innermost to the root."""
    while path not in ("", "/"):
        path = posixpath.dirname(path)
        yield path
