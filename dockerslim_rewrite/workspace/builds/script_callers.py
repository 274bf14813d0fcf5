"""What commands of a repository set in the environment of its own scripts.

Source: POSIX, "Shell Command Language", "Simple Commands" (assignments before a command), "export".
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Final

from ...knowledge.repository import build_source
from ...patterns import re
from ..repository import Repository
from .all_paths import all_paths
from .given_variables import given_variables

_KINDS: Final = ("make", "shell", "package", "workflow", "ci", "jenkins")
_WORD = re.compile(r"[\w.-]++")
_SUFFIXES = (".sh", ".bash")
_LONGEST_NAME: Final = 100
_NAMED = re.compile(r"\$\{?([A-Za-z_]\w*)")
_MAX_TEXT: Final = 256 * 1024
_MAX_WAYS: Final = 8
#: So many files that name a script are read for what they set.
_MAX_CALLERS: Final = 12
_ABOUT_ABOVE: Final = frozenset(("workflows", "ci", "scripts", "script", "bin", "hack", "tools", "build"))


def given_to_script(repository: Repository, path: str, text: str) -> list[Mapping[str, str | None]]:
    """What variables of the script *path* with *text* are set to by files that name it, once for each way; None is for
    what only a run tells.
    """
    names = frozenset(_NAMED.findall(text))
    ways: dict[tuple[tuple[str, str | None], ...], None] = {}
    for caller in itertools.islice(_callers_of(repository, path), _MAX_CALLERS):
        found = given_variables(repository, [caller], names)
        for way in found.ways:
            ways[tuple(sorted({**dict.fromkeys(found.doubtful), **way}.items(), key=lambda one: one[0]))] = None
        if found.doubtful and not found.ways:
            ways[tuple((name, None) for name in sorted(found.doubtful))] = None
    if len(ways) > _MAX_WAYS:
        return [{name: None for way in ways for name, _ in way}]
    return [dict(way) for way in ways]


def _callers_of(repository: Repository, path: str) -> Iterator[str]:
    """The files that may call the script *path*: they name it, and lie in its folder or in one above."""
    callers = repository.recall("who names scripts", lambda: _callers(repository))
    folder, _, name = path.rpartition("/")
    while True:
        yield from (one for one in callers.get((folder, name), ()) if one != path)
        if not folder:
            return
        folder = folder.rpartition("/")[0]


def _callers(repository: Repository) -> dict[tuple[str, str], list[str]]:
    """The files that name scripts, by their folders and the names of these.

    What lies in a hidden folder, or in one for scripts, is about the folder that this lies in.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for path in all_paths(repository):
        if build_source(path) not in _KINDS:
            continue
        folder = path.rpartition("/")[0]
        while (last := folder.rpartition("/")[2]).startswith(".") or last in _ABOUT_ABOVE:
            folder = folder.rpartition("/")[0]
        for name in _names(repository, path):
            found.setdefault((folder, name), []).append(path)
    return found


def _names(repository: Repository, path: str) -> Iterator[str]:
    text = (repository.read(path) or "")[:_MAX_TEXT]
    words = dict.fromkeys(word.rstrip(".-") for word in _WORD.findall(text))
    yield from (word for word in words if word.endswith(_SUFFIXES) and len(word) <= _LONGEST_NAME)
