"""``dockerslim rewrite --watch``: the same call again whenever a file changes, for editors without a plug-in."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from ..analysis.locked import FILE_NAME
from ..workspace.configuration.load import NAMES
from ..workspace.configuration.resolve import forget
from ..workspace.repository import root_of
from ..workspace.uses import workspace_of
from .request import Request

#: So often, in seconds, files are looked at.
INTERVAL = 0.25
_BESIDE = (".dockerignore", FILE_NAME, ".hadolint.yaml", ".hadolint.yml", *NAMES)

#: When a file was written and how large it is; None where there is none.
Mark = tuple[int, int] | None


def watch(request: Request, once: Callable[[Request], int], *, interval: float = INTERVAL) -> int:
    """Carry out *request* by *once* now, and again after every change, until Ctrl-C; the exit code of the last time.

    Looked at are the files that the request names and those that say how they are rewritten: configuration, lock and
    ignore files beside them or above, up to the root of the repository. What *once* writes is no change.
    """
    if "-" in request.paths:
        raise ValueError("--watch looks at files; standard input is none")
    for path in request.paths:
        if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
            raise ValueError(f"{path}: is not a regular file; --watch looks at files")
    code = 0
    try:
        while True:
            before = _marks(request.paths)
            code = once(request)
            print("dockerslim: waiting for changes; Ctrl-C ends", file=sys.stderr, flush=True)
            if request.in_place:
                # What was written just now is the result, and nothing to rewrite again.
                before = _marks(request.paths)
            while _marks(request.paths) == before:
                time.sleep(interval)
            forget()
            workspace_of.cache_clear()
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return code


def _marks(paths: Iterable[str]) -> dict[str, Mark]:
    """What every file that counts for *paths* looks like from outside."""
    return {file: _mark(file) for file in _files(paths)}


def _files(paths: Iterable[str]) -> Iterable[str]:
    found: dict[str, None] = {}
    for path in paths:
        full = Path(os.path.abspath(path))
        if full.is_dir():
            found.update(dict.fromkeys(str(one) for one in _in_folder(full)))
        else:
            found[str(full)] = None
            found[f"{full}.dockerignore"] = None
        root = root_of(full)
        for folder in (full if full.is_dir() else full.parent, *full.parents):
            found.update(dict.fromkeys(str(folder / name) for name in _BESIDE))
            if folder == root:
                break
    return found


def _in_folder(folder: Path) -> Iterable[Path]:
    from ..workspace.discovery import Covered, discover

    return (Path(one.path) for one in discover([str(folder)], looks=False) if isinstance(one, Covered))


def _mark(file: str) -> Mark:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
