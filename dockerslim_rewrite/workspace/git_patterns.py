"""Patterns of a repository's own files on which Git takes time without end.

Git tries every way to share a path among the ``**`` of a pattern: each one more takes it some ten times as long.
Sources: gitignore(5), gitattributes(5); Git, wildmatch.c.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ..regular import read_text

#: What people write has two.
_MOST = 4
_LONGEST = 1024 * 1024
NAMES = (".gitattributes", ".gitignore")
#: Files of the same language that lie beside what Git knows.
BESIDE = (".git/info/attributes", ".git/info/exclude")


def endless_pattern(root: Path, paths: Iterable[str]) -> str | None:
    """Where a pattern in one of the files *paths* of *root* has more ``**`` than anybody writes, for people; None where
    none has.
    """
    for path in dict.fromkeys((*paths, *NAMES, *BESIDE)):
        try:
            text = read_text(root / path, _LONGEST, "surrogateescape") if os.path.isfile(root / path) else ""
        except (OSError, ValueError):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if line.count("**") > _MOST and not line.startswith("#"):
                return f"{path}:{number}: a pattern has more than {_MOST} `**`, on which Git takes too long"
    return None
