"""Paths, and names of files against patterns that users wrote."""

from __future__ import annotations

from fnmatch import fnmatchcase

#: The longest path that Linux takes (PATH_MAX in linux/limits.h). Python takes the square of a pattern's open brackets.
LONGEST = 4096


def matches(name: str, pattern: str) -> bool:
    """Whether the shell pattern *pattern* matches *name*; one that is longer than any path matches none."""
    return len(pattern) <= LONGEST and fnmatchcase(name, pattern)


def within(path: str, folder: str) -> bool:
    """Whether *path* is *folder* or lies in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")
