"""What downloads, archives and clones bring, and what moves or uses it: names that no command has to say."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

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
    for command in script.commands:
        # Two files at different places are not one for having the same name.
        words = {
            posixpath.basename((word or "").partition("?")[0].rstrip("/"))
            for word in command.argv[1:]
            if not (path.startswith("/") and (word or "").startswith("/") and not _meets(path, word or ""))
        }
        if command.name in FETCH and name in words:
            return True
        if unpacks(command) and name in {_PACKED.sub("", word) for word in words if _PACKED.search(word)}:
            return True
        if command.name == "git" and unpacks(command) and name in words:
            return True
    return False


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
    return any(word == bare or word.startswith(f"{bare}/") for word in _words(script))


def _words(script: Script) -> Iterator[str]:
    for command in script.commands:
        words = command.argv[1:2] if command.name in _DIRECTORY else command.argv[:1]
        yield from (posixpath.normpath(word) for word in words if word and ("/" in word or command.name in _DIRECTORY))
