"""Where a repository keeps what Git knows of it: in itself, or where that names it as its own.

A stranger's folder may hold a ``.git`` that leads to another repository on the machine: what is read or written then
is the other one's. Work trees and submodules keep theirs elsewhere, where it leads back to them.

Sources: gitrepository-layout(5); git-worktree(1), "Details"; gitsubmodules(7).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..regular import read_text

_MOST = 64 * 1024
_TREE = re.compile(r"(?m)^[^\S\n]*+worktree[^\S\n]*+=[^\S\n]*+\"?(?P<path>[^\"\n]+)")


def foreign_place(root: Path) -> str | None:
    """Where the ``.git`` of *root* leads to, if that is another repository's; None where it is its own, or is none."""
    mark = root / ".git"
    home = Path(os.path.realpath(root))
    if mark.is_symlink() or mark.is_dir():
        place = Path(os.path.realpath(mark))
        common = _line(place / "commondir")
        inside = place.is_relative_to(home)
        if common is not None:
            place = Path(os.path.realpath(place / common))
            inside = inside and place.is_relative_to(home)
        return None if inside else str(place)
    line = _line(mark)
    if line is None or not line.startswith("gitdir:"):
        return None
    place = Path(os.path.realpath(root / line.removeprefix("gitdir:").strip()))
    if place.is_relative_to(home) or _leads_back(place, home):
        return None
    return str(place)


def _leads_back(place: Path, home: Path) -> bool:
    """Whether *place* names *home* as the tree that it is for."""
    back = _line(place / "gitdir")
    if back is not None:
        return Path(os.path.realpath(place / back)) == Path(os.path.realpath(home / ".git"))
    match = _TREE.search(_text(place / "config") or "")
    return match is not None and Path(os.path.realpath(place / match["path"].strip())) == home


def _text(path: Path) -> str | None:
    try:
        return read_text(path, _MOST, "surrogateescape") if os.path.isfile(path) else None
    except (OSError, ValueError):
        return None


def _line(path: Path) -> str | None:
    text = _text(path)
    return text.split("\n", 1)[0].strip() if text is not None else None
