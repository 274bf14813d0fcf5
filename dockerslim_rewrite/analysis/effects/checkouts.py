"""Where a `git clone` puts its files."""

from __future__ import annotations

import posixpath

from ...patterns import re
from ...shell.script import AndOr, Script, Simple

_PLAIN = re.compile(r"/[A-Za-z0-9_./@+-]*\Z")
_MOVES = frozenset(("cd", "pushd", "popd"))
#: Commands behind which a folder may be another, or somewhere else.
_CHANGES = frozenset(("mv", "rm", "ln", "rmdir", "rename"))


def checkout(script: Script, clone: Simple, url: str, target: str | None, workdir: str | None) -> str | None:
    """The absolute folder into which *clone*, in *script* started in *workdir*, puts a repository; None if not sure.

    *target* is the folder that the command names, None where git takes the repository's name. None is given as well
    where a later command of the script may move or delete the folder.
    """
    name = target if target is not None else re.sub(r"\.git\Z", "", url.rstrip("/")).rpartition("/")[2]
    if name is None or ":" in name:
        return None
    folder = name if name.startswith("/") else _joined(_folder(script, clone, workdir), name)
    if folder is None or not _PLAIN.match(folder) or ".." in folder.split("/"):
        return None
    folder = posixpath.normpath(folder)
    if name == "." and not any(command.argv == ("cd", folder) for command in script.commands):
        return None
    last = posixpath.basename(folder)
    for command in script.commands:
        if command.span.start > clone.span.start and command.words:
            proper = command.words[1:] if command.name == "sudo" else command.words
            if proper and (proper[0].literal or "mv") in _CHANGES and any(last in word.text for word in proper[1:]):
                return None
    return folder if last else None


def _joined(folder: str | None, name: str) -> str | None:
    return posixpath.join(folder, name) if folder is not None else None


def _folder(script: Script, clone: Simple, workdir: str | None) -> str | None:
    """The folder in which *clone* runs, where every ``cd`` before it surely runs in the script's own shell."""
    here = workdir
    for command in script.commands:
        if command.span.start >= clone.span.start:
            return here
        if command.name not in _MOVES:
            continue
        target = command.argv[1] if len(command.argv) == 2 else None
        if command.name != "cd" or target is None or not _plainly_runs(script, command):
            return None
        here = target if target.startswith("/") else _joined(here, target)
    return None


def _plainly_runs(script: Script, command: Simple) -> bool:
    for item in script.root.items:
        if item is command:
            return True
        chain = item.items if isinstance(item, AndOr) and all(one.text == "&&" for one in item.operators) else ()
        if any(one is command for one in chain):
            return True
    return False
