"""What downloads, archives and clones bring, and what moves or uses it: names that no command has to say."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from functools import lru_cache

from ...patterns import re
from ...shell.arguments import split
from ...shell.script import Script, Simple
from ...text.paths import within
from .paths import says_nothing
from .unpacking import FETCH, UNPACKING

#: What the name of an archive or a repository has behind that of the directory in it.
_PACKED = re.compile(r"(?:\.tar(?:\.\w+)?|\.t(?:gz|bz2?|xz|zst)|\.zip|\.7z|\.git)\Z", re.I)
_DIRECTORY = ("cd", "pushd")


def moved_in(script: Script) -> list[tuple[str, str]]:
    """The paths that commands of *script* move, each with the directory that it is relative to, as far as it is
    written: empty for the one that *script* starts in.
    """
    found: list[tuple[str, str]] = []
    folder = ""
    for command in script.commands:
        if command.name in _DIRECTORY and len(command.words) > 1:
            folder = posixpath.normpath(posixpath.join(folder, command.words[1].text.strip("\"'")))
        if command.name != "mv":
            continue
        arguments = split(command.argv, 1, frozenset(("-S", "--suffix")))
        if any(flag.name in ("-t", "--target-directory") for flag in arguments.flags):
            continue
        sources = [command.argv[at] for at in arguments.operands[:-1]]
        found += ((path, "" if path.startswith("/") else folder) for path in sources if path)
    return found


def brings(path: str, script: Script) -> bool:
    """Whether a command of *script* downloads *path*, or unpacks or clones what is called so."""
    name = posixpath.basename(path.rstrip("/*"))
    if says_nothing(name):
        return False
    # Two files at different places are not one for having the same name.
    return any(
        not (path.startswith("/") and word.startswith("/") and not _meets(path, word))
        for word in _brought(script).get(name, ())
    )


@lru_cache(maxsize=1024)
def _brought(script: Script) -> dict[str, list[str]]:
    """What *script* downloads, unpacks or clones, by the names that this has: its place, where the script enters an
    absolute directory first, else the word that says it.
    """
    found: dict[str, list[str]] = {}
    folder = ""
    for command in script.commands:
        if command.name in _DIRECTORY and len(command.argv) > 1:
            entered = command.argv[1]
            folder = posixpath.normpath(posixpath.join(folder, entered)) if entered else ""
        unpacked, fetched = unpacks(command), command.name in FETCH
        for word in filter(None, command.argv[1:] if unpacked or fetched else ()):
            name = posixpath.basename(word.partition("?")[0].rstrip("/"))
            bare = _PACKED.sub("", name)
            if fetched or command.name == "git":
                found.setdefault(name, []).append(_placed(word, name, folder))
            if unpacked and bare != name:
                found.setdefault(bare, []).append(_placed(word, bare, folder))
    return found


def _placed(word: str, name: str, folder: str) -> str:
    """Where what *word* says comes to lie under *name*, in a *folder* that is absolute or not known."""
    return posixpath.join(folder, name) if folder.startswith("/") and "://" in word else word


def _meets(path: str, word: str) -> bool:
    """Whether the place *word* is *path*, or lies in it."""
    return within(posixpath.normpath(word), posixpath.normpath(path.rstrip("/*") or "/"))


def unpacks(command: Simple) -> bool:
    """Whether *command* unpacks an archive, or clones a repository."""
    if command.name == "tar":
        letters = [word for word in command.argv[1:] if word and not word.startswith("--")][:1]
        return "--extract" in command.argv or any("x" in word for word in letters)
    return command.name in UNPACKING or (command.name == "git" and "clone" in command.argv[1:])


def makes(path: str, script: Script) -> bool:
    """Whether *script* makes the directory *path*, or one above it."""
    made = [word.rstrip("/") for one in script.commands if one.name == "mkdir" for word in one.argv[1:] if word]
    return any(within(path.rstrip("/*"), one) for one in made if not one.startswith("-"))


def uses(path: str, script: Script) -> bool:
    """Whether a command of *script* enters the directory *path*, or names or runs something in it."""
    bare = posixpath.normpath(path.rstrip("/*"))
    if says_nothing(posixpath.basename(bare)):
        return False
    places = _places(script)
    # What begins alike stands together where words are sorted.
    return any(
        at < len(places) and (places[at] == bare or places[at].startswith(f"{bare}/"))
        for at in (bisect_left(places, bare), bisect_left(places, f"{bare}/"))
    )


@lru_cache(maxsize=1024)
def _places(script: Script) -> list[str]:
    """What commands of *script* enter or run, sorted."""
    found: set[str] = set()
    for command in script.commands:
        enters = command.name in _DIRECTORY
        words = command.argv[1:2] if enters else command.argv[:1]
        found.update(posixpath.normpath(word) for word in words if word and (enters or "/" in word))
    return sorted(found)
