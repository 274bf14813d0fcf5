"""The processes of a container that shares this machine's tables of processes, told by the root that they have.

buildah's chroot isolation makes no namespace of processes: what a command leaves behind lives on. A process's root is
where ``/proc/PID/root`` leads (proc(5)), whatever name it has in its own namespace of mounts.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

_PROC = Path("/proc")
#: State ``TCP_LISTEN`` in ``/proc/PID/net/tcp`` (include/net/tcp_states.h).
_LISTEN = "0A"
#: Seconds until a process that was killed must be gone.
_PATIENCE = 10.0


def rooted(root: Path) -> list[int]:
    """The processes whose root is *root*, or lies in it under the same device and number; our own never counts."""
    try:
        wanted = root.stat()
    except OSError:
        return []
    found = []
    for entry in _PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            # The slash follows the link: the root as the process has it.
            its = os.stat(f"{entry}/root/")
        except OSError:
            continue
        if (its.st_dev, its.st_ino) == (wanted.st_dev, wanted.st_ino):
            found.append(int(entry.name))
    return found


def end_all(root: Path) -> None:
    """Kill the processes rooted in *root* until there is none; they may start others meanwhile.

    Raises ``TimeoutError`` where they do not go.
    """
    deadline = time.monotonic() + _PATIENCE
    while pids := [pid for pid in rooted(root) if not _defunct(pid)]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes of the container do not end: {', '.join(map(str, pids))}")
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _defunct(pid: int) -> bool:
    """Whether the process has ended and only waits to be asked how."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def listening(pids: Iterable[int]) -> frozenset[int]:
    """The TCP ports on which *pids* listen, of all addresses."""
    found: set[int] = set()
    for pid in pids:
        held = _sockets(pid)
        found.update(port for port, inode in _listeners(_PROC / str(pid)) if inode in held)
    return frozenset(found)


def taken(ports: Iterable[int]) -> frozenset[int]:
    """Those of *ports* on which somebody on this machine listens already."""
    open_ = {port for port, _ in _listeners(_PROC / "self")}
    return frozenset(port for port in ports if port in open_)


def _listeners(process: Path) -> list[tuple[int, str]]:
    """Port and inode of each listening socket in the network that *process* has."""
    found: list[tuple[int, str]] = []
    for name in ("tcp", "tcp6"):
        try:
            lines = (process / "net" / name).read_text().splitlines()[1:]
        except OSError:
            continue
        found += listeners_in(lines)
    return found


def listeners_in(lines: Iterable[str]) -> list[tuple[int, str]]:
    """Port and inode of the listening sockets in *lines* of ``/proc/net/tcp``, without its heading."""
    rows = (line.split() for line in lines)
    return [(int(row[1].rpartition(":")[2], 16), row[9]) for row in rows if len(row) > 9 and row[3] == _LISTEN]


def _sockets(pid: int) -> frozenset[str]:
    """The inodes of the sockets that the process holds."""
    found: set[str] = set()
    try:
        for file in (_PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                target = os.readlink(file)
                if target.startswith("socket:["):
                    found.add(target[8:-1])
    except OSError:
        return frozenset(found)
    return frozenset(found)
