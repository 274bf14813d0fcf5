"""A temporary folder that is ours alone, and goes: at the end, on interruption, or by whoever comes next.

Its name holds random characters, so concurrent runs do not meet; its lock lives as long as the process, so a later
run can tell a folder in use from one whose owner was killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .interface import EngineError

PREFIX = "dockerslim-verify-"
_LOCK = "lock"
_TRIES = 10


def _parent() -> Path:
    """Where large files may lie for a while: TMPDIR, else /var/tmp, which unlike /tmp is on disk everywhere."""
    if "TMPDIR" not in os.environ and os.access("/var/tmp", os.W_OK):
        return Path("/var/tmp")
    return Path(tempfile.gettempdir())


@contextlib.contextmanager
def workspace() -> Iterator[Path]:
    """A new folder, removed with everything in it and mounted below it on leaving."""
    parent = _parent()
    for stale in parent.glob(f"{PREFIX}*"):
        with _held(stale / _LOCK) as ours:
            if ours:
                remove_tree(stale)
    with contextlib.ExitStack() as stack:
        yield _taken(parent, stack)


def _taken(parent: Path, stack: contextlib.ExitStack) -> Path:
    """A new folder below *parent* whose lock is ours until *stack* is closed; then it goes.

    Between the making of the lock file and the locking, another run's sweep may have found it free and have taken the
    folder for one that a killed run left: then the lock is not the file that stands there now, and we take another.
    Raises ``EngineError`` where none of a few can be had: the disk is full, say.
    """
    for _ in range(_TRIES):
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        if stack.enter_context(_held(folder / _LOCK, create=True)) and (folder / _LOCK).exists():
            stack.callback(remove_tree, folder)
            return folder
    raise EngineError(f"no file below {parent} can be locked, so this run's folder would not be safe from others")


@contextlib.contextmanager
def _held(lock: Path, *, create: bool = False) -> Iterator[bool]:
    """Whether the lock file is there, belongs to this user, and could be locked; it is, while inside."""
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o600)
    except OSError:
        yield False
        return
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            yield False
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)


def mounts_below(folder: Path) -> list[str]:
    """Mount points below *folder*, innermost first; empty where the system keeps no list of them."""
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return []
    points = (line.split()[4].encode().decode("unicode_escape") for line in lines)
    return sorted((point for point in points if point.startswith(f"{folder}/")), key=len, reverse=True)


def remove_tree(folder: Path) -> None:
    """Unmount what is mounted below *folder* and delete it; files of other user ids through the engine's tool."""
    for point in mounts_below(folder):
        subprocess.run(["umount", "--lazy", point], check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists() and os.geteuid() != 0:
        for tool in ("buildah", "podman"):
            if shutil.which(tool):
                subprocess.run([tool, "unshare", "rm", "-rf", str(folder)], check=False, capture_output=True)
                return
