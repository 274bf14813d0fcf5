"""Which paths commands name, so that a later RUN's cleanup or permission change finds the layer that wrote them."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache

from ...shell.script import Script, Simple

#: Commands that only change or remove what is there already; in a later layer they cost a copy, or hide what stays.
_TOUCHING = frozenset(("rm", "rmdir", "unlink", "chmod", "chown", "chgrp", "strip", "find"))
#: Commands that write nothing but what they print.
_READERS = frozenset(
    (
        "cat",
        "ls",
        "stat",
        "grep",
        "egrep",
        "fgrep",
        "head",
        "tail",
        "wc",
        "diff",
        "cmp",
        "test",
        "[",
        "du",
        "file",
        "echo",
    )
)
#: Those of them whose first operand says what to set, unless `--reference` does.
_SETTING = frozenset(("chmod", "chown", "chgrp"))


def touched(command: Simple) -> tuple[str, ...]:
    """The paths that an ``rm``, ``chmod``, ``chown``, ``strip`` … names; empty for other commands.

    The first operand of those that set modes and owners is none: a user may be called as a file is.
    """
    argv = command.argv
    if not argv or (argv[0] or "").rpartition("/")[2] not in _TOUCHING:
        return ()
    words = zip(argv[1:], command.words[1:], strict=True)
    named = tuple(literal for literal, word in words if literal and not word.text.startswith("-"))
    return named[1:] if (argv[0] or "").rpartition("/")[2] in _SETTING else named


def touched_in(script: Script) -> list[tuple[str, str]]:
    """The paths that commands of *script* touch, each with the directory that it is relative to: empty for the one
    that *script* starts in. Where a ``cd`` leads is taken as it is written.
    """
    found: list[tuple[str, str]] = []
    folder = ""
    for command in script.commands:
        if command.name in ("cd", "pushd") and len(command.words) > 1:
            folder = posixpath.normpath(posixpath.join(folder, command.words[1].text.strip("\"'")))
        found += ((path, "" if path.startswith("/") else folder) for path in touched(command))
    return found


#: Names that say nothing about a particular file.
_COMMON = frozenset(("tmp", "root", "usr", "var", "etc", "opt", "bin", "lib", "home", "app", "src", "local", "cache"))


def says_nothing(name: str) -> bool:
    """Whether *name*, the last part of a path, says nothing about a particular file."""
    return len(name) < 3 or name in _COMMON


@lru_cache(maxsize=1024)
def mentioned(script: Script) -> frozenset[str]:
    """The words and redirection targets of the commands in *script* that may write, and the last part of each path."""
    found: set[str] = set()
    for command in script.commands:
        if not touched(command):
            found.update(_written(command.argv))
        for redirect in command.redirects:
            if redirect.target is not None and redirect.target.literal:
                found.add(redirect.target.literal)
    found |= {posixpath.basename(word.rstrip("/")) for word in found}
    return frozenset(found)


def _written(argv: Sequence[str | None]) -> Iterable[str]:
    """The words of a command that may name what it writes: of `cp` the last one, of what only reads none."""
    name = (argv[0] or "").rpartition("/")[2] if argv else ""
    if name in _READERS:
        return ()
    words = [word for word in argv[1:] if word]
    return words[-1:] if name == "cp" and not any(word.startswith(("-t", "--target")) for word in words) else words


@lru_cache(maxsize=1024)
def _sorted(script: Script) -> list[str]:
    return sorted(mentioned(script))


def _any_below(path: str, script: Script) -> bool:
    """Whether *script* mentions something below *path*: what begins alike stands together where words are sorted."""
    words, below = _sorted(script), f"{path}/"
    at = bisect_left(words, below)
    return at < len(words) and words[at].startswith(below)


def wrote(path: str, script: Script, folder: str = "") -> bool:
    """Whether *script* names *path*, something below it, or a file of its name: then it may have written it.

    What is relative to another *folder* than RUNs start in is not what has its name there.
    """
    known = mentioned(script)
    if folder and posixpath.basename(folder) not in known:
        path = posixpath.join(folder, path)
    bare = path.rstrip("/*")
    name = posixpath.basename(bare)
    if len(name) < 3 or bare.lstrip("/") in _COMMON:
        return False
    if bare in known or _any_below(bare, script):
        return True
    return "." in name and "*" not in name and name in known
