"""The tree of a commit as files, without Git's own checkout: that runs filters and may write anywhere."""

from __future__ import annotations

import os
import posixpath
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..record import record
from ..workspace.git import GitError, blobs, git

#: What is larger is no Dockerfile, and of a build context not known: a file with holes stands for it.
_MOST_IN_A_FILE = 4 * 1024 * 1024
_MOST_BYTES = 2 * 1024 * 1024 * 1024
#: A tree of a few kilobytes may stand for any number of files: from so many on, each content may be there so often.
_MANY_FILES, _OFTEN = 20_000, 50


@record
class _Entry:
    path: str
    kind: str
    mode: str
    id: str
    size: int


def unpack(root: Path, commit: str, folder: Path) -> None:
    """Write the tree of *commit*, of the repository at *root*, into the empty *folder*.

    Names that Git itself would not write, and links that lead outside, are left out. Raises ``GitError``.
    """
    entries = [one for one in _entries(root, commit) if _plain(one.path)]
    files = [one for one in entries if one.kind == "blob"]
    contents = {one.id for one in files}
    if len(files) > max(_MANY_FILES, _OFTEN * len(contents)):
        raise GitError(f"{commit[:12]}: has {len(files)} files of {len(contents)} contents, as no project has")
    small = [one for one in files if one.size <= _MOST_IN_A_FILE]
    if sum(one.size for one in small) > _MOST_BYTES:
        raise GitError(f"{commit[:12]}: has more than {_MOST_BYTES // 2**30} GiB of text, which is not unpacked")
    links: list[tuple[str, str]] = []
    with tempfile.TemporaryFile() as ids:
        ids.writelines(f"{one.id}\n".encode() for one in small)
        ids.seek(0)
        for one, content in zip(small, blobs(root, ids), strict=False):
            if one.mode == "120000":
                links.append((one.path, content.decode("utf-8", "surrogateescape")))
            else:
                _write(folder, one, content)
    for one in entries:
        if one.kind != "blob":
            _make(folder / one.path)
        elif one.size > _MOST_IN_A_FILE and one.mode != "120000":
            _write(folder, one, None)
    # Links come last: nothing is written through one.
    for path, target in links:
        _link(folder, path, target)


def _entries(root: Path, commit: str) -> Iterator[_Entry]:
    listing = git(root, "ls-tree", "-r", "-z", "-l", "--full-tree", commit).text
    for line in listing.split("\0"):
        about, tab, path = line.partition("\t")
        words = about.split()
        if tab and len(words) == 4:
            mode, kind, name, size = words
            yield _Entry(path, kind, mode, name, int(size) if size.isdigit() else 0)


def _plain(path: str) -> bool:
    return all(part not in ("", ".", "..") and part.lower() != ".git" for part in path.split("/"))


def _make(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        # A tree may give a file and a folder one name, and a name that this machine does not take.
        return False
    return True


def _write(folder: Path, entry: _Entry, content: bytes | None) -> None:
    target = folder / entry.path
    if not _make(target.parent):
        return
    try:
        with open(target, "xb") as file:
            if content is None:
                file.truncate(entry.size)
            else:
                file.write(content)
        if entry.mode == "100755":
            target.chmod(0o755)
    except (FileExistsError, OSError):
        return


def leads_outside(path: str, target: str) -> bool:
    """Whether a link at *path* that says *target* leads out of the repository."""
    inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return posixpath.isabs(target) or inside == ".." or inside.startswith("../")


def _link(folder: Path, path: str, target: str) -> None:
    if leads_outside(path, target) or "\0" in target:
        return
    place = folder / path
    if _make(place.parent) and os.path.realpath(place.parent).startswith(os.path.realpath(folder)):
        try:
            os.symlink(target, place)
        except OSError:
            return
