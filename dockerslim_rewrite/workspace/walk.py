"""All files below a folder that are the repository's own: what Git ignores and other people's code left out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from ..knowledge.repository import excluded_folders
from ..record import record
from .ignored import IgnoreFiles, Rules

#: Deeper folders are not entered: people's repositories stay far below.
_MAX_DEPTH = 64


@record
class Seen:
    """A file, or a folder that was not entered, by its path relative to the root; ``skipped`` says why it is left out,
    None for a file that is the repository's own. ``unfollowed`` is an ignore file that is longer than people write.
    """

    path: str
    skipped: str | None = None
    folder: bool = False
    unfollowed: bool = False


def walk(
    root: Path,
    start: str = "",
    enter: Callable[[str], bool] = lambda path: True,
    named: Callable[[str], bool] = lambda path: False,
) -> Iterator[Seen]:
    """The files below the folder *start* of the repository *root*, sorted within each folder; nothing through links.

    Folders of which *enter* says no are passed over; where *named* says yes, a folder is entered that is else left out.
    """
    files, rules = IgnoreFiles(root), None
    above = [""] if start else []
    for part in start.split("/")[:-1] if start else []:
        above.append(f"{above[-1]}{part}/")
    for prefix in above:
        rules = files.rules(prefix, rules)
    # The user named this folder: whatever ignore files say of it, its files are meant.
    yield from _folder(root, f"{start}/" if start else "", files, rules, 0, enter, named)


def _folder(
    root: Path,
    prefix: str,
    files: IgnoreFiles,
    above: Rules | None,
    depth: int,
    enter: Callable[[str], bool],
    named: Callable[[str], bool],
) -> Iterator[Seen]:
    try:
        with os.scandir(root / prefix) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        yield Seen(prefix.rstrip("/"), f"cannot be read: {error.strerror}", folder=True)
        return
    rules = files.rules(prefix, above) if any(entry.name == ".gitignore" for entry in entries) else above
    for entry in entries:
        path = prefix + entry.name
        folder = entry.is_dir(follow_symlinks=False)
        if folder and not enter(path):
            continue
        if folder:
            reason = _reason(entry, root, path, depth)
            if reason is None and rules is not None and rules.ignores(path + "/"):
                reason = "ignored by Git"
            if reason is None or (depth < _MAX_DEPTH and named(path)):
                yield from _folder(root, path + "/", files, rules, depth + 1, enter, named)
            else:
                yield Seen(path, reason, folder=True)
        elif entry.is_symlink():
            yield Seen(path, "a symbolic link")
        elif not entry.is_file(follow_symlinks=False):
            yield Seen(path, "no regular file")
        elif path in files.refused:
            yield Seen(path, files.refused[path], unfollowed=True)
        elif rules is not None and rules.ignores(path):
            yield Seen(path, "ignored by Git")
        else:
            yield Seen(path)


def _reason(entry: os.DirEntry[str], root: Path, path: str, depth: int) -> str | None:
    if entry.name in excluded_folders():
        return "version control data" if entry.name.startswith(".") else "other people's code"
    if depth >= _MAX_DEPTH:
        return f"more than {_MAX_DEPTH} directories deep"
    if os.path.lexists(root / path / ".git"):
        return "a repository of its own (a submodule)"
    return None
