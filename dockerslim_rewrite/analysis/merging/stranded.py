"""Whether a script may delete the folder that it works in: what is added behind it would start nowhere.

A shell does not mind, but programs do: npm, go and pip fail where ``getcwd`` has no answer. A RUN of its own starts in
WORKDIR, which runtimes make again where it is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...patterns import re
from ...shell.script import Script, Simple, Word
from ..flow.places import absolute, literal
from ..packages.cleanup import always_runs
from ..shell.operations import unwrapped

_RECURSIVE = re.compile(r"-[a-zA-Z]*[rR]|--recursive\Z")
_MOVES = frozenset(("cd", "chdir", "pushd", "popd"))
_REMOVES = frozenset(("rm", "rmdir", "mv"))
#: Where an expansion, a pattern or a home folder begins: only what stands before is known.
_OPEN = re.compile(r"[$`*?\[{~]")
_HOME = re.compile(r"\A\$(?:HOME\b|\{HOME\})")
_HOMES = ("/root", "/home")
#: Nobody works in a folder below these that he deletes by a pattern.
_CACHES = ("/var/lib/apt/", "/var/cache/", "/usr/share/")


def stranded(script: Script, workdir: str | None, variables: Mapping[str, str]) -> str | None:
    """The word by which *script*, started in *workdir*, may delete the folder that it ends in; None where it cannot."""
    places: list[tuple[str | None, str]] = [(workdir, "")]
    found = None
    for command in script.commands:
        if command.name in _MOVES:
            target = command.words[1] if len(command.words) == 2 else None
            path = literal(target, variables) if target else None
            place = absolute(path, places[-1][0]) if path and not path.startswith("-") else None
            if always_runs(script, command):
                # It got there: what was deleted before does not matter now.
                places, found = [], None
            places.append((place, target.text if target else ""))
        found = found or next(
            (word for word in _deleted(command) if any(_takes(word, *one, variables) for one in places)), None
        )
    return found.text if found else None


def deletes(script: Script, folder: str | None, variables: Mapping[str, str]) -> str | None:
    """The word by which *script*, started in *folder*, may delete it; None where it cannot."""
    for command in script.commands:
        for word in _deleted(command):
            if _takes(word, folder, "", variables):
                return word.text
    return None


def _deleted(command: Simple) -> Iterator[Word]:
    """What *command* deletes, or moves away, with all that is in it."""
    at = unwrapped(command.argv)
    name = (command.argv[at] or "").rpartition("/")[2] if at < len(command.argv) else ""
    words = command.words[at + 1 :]
    if name not in _REMOVES or (name == "rm" and not any(_RECURSIVE.match(word.text) for word in words)):
        return
    operands = [word for word in words if not word.text.startswith("-")]
    yield from operands[:-1] if name == "mv" else operands


def _takes(word: Word, folder: str | None, led: str, variables: Mapping[str, str]) -> bool:
    """Whether deleting *word* may delete *folder* (None: not known), to which ``cd`` went by the text *led*."""
    if folder == "/":
        return False
    if led and word.text.rstrip("/") == led.rstrip("/"):
        return True
    gone = literal(word, variables)
    if gone is None:
        text = _HOME.sub("~", word.text.strip("\"'"))
        start = _OPEN.split(text, maxsplit=1)[0]
        if text.startswith("~"):
            return folder is None or folder.startswith(_HOMES)
        if start.startswith(_CACHES) or (text == f"{start}*" and f"{folder}/" == start):
            return False
        if not start.startswith("/"):
            # Of what is in the folder it can only be something, unless an expansion says where it is.
            return ".." in text.split("/") or text.startswith(("$", "`"))
        return folder is None or f"{folder}/".startswith(start)
    path = absolute(gone, folder)
    if path is None or folder is None:
        return path is None and set(gone.split("/")) <= {".", "..", ""}
    return f"{folder}/".startswith(f"{path.rstrip('/')}/")
