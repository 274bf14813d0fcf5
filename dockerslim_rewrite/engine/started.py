"""Watching a container that this machine runs among its own processes, until it has shown what it does."""

from __future__ import annotations

import os
import posixpath
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .interface import StartOutcome
from .process import started
from .processes import end_all, listening, rooted

_STEP = 0.1
#: How many characters of what it wrote are kept.
_KEPT = 4000
#: Seconds for an engine to take its container down once all of its processes have ended.
_GRACE = 10.0


def watched(
    command: Sequence[str], environment: Mapping[str, str], root: Path, timeout: float, settle: float
) -> StartOutcome:
    """Run *command*, which starts processes in the folder *root*, and tell what they do.

    They are watched until they have listened for *settle* seconds, *command* ends, or *timeout* seconds are over, and
    are ended then. What they wrote is told by the times of change below *root*, on whatever it is stored.
    """
    since = time.time_ns()
    with tempfile.TemporaryFile() as output:
        with started(command, environment, output) as process:
            ports = _watch(process, root, timeout, settle)
            status = process.poll()
            end_all(root)
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                status = None
        output.seek(0)
        said = output.read().decode("utf-8", "replace")
    changed = set(_changed(root, since))
    # A folder changes when something comes into it; that is what is told.
    changed -= {posixpath.dirname(path) for path in changed}
    return StartOutcome(status, ports, frozenset(changed), said[-_KEPT:])


def _watch(process: subprocess.Popen[bytes], root: Path, timeout: float, settle: float) -> frozenset[int]:
    """The ports that were listened on, of all that were seen the last ones."""
    deadline = time.monotonic() + timeout
    ports: frozenset[int] = frozenset()
    quiet = time.monotonic()
    while time.monotonic() < deadline:
        if process.poll() is not None:
            # What goes on in the background is what the container would be ended with.
            break
        found = listening(rooted(root))
        if found != ports:
            ports, quiet = ports | found, time.monotonic()
        elif ports and time.monotonic() - quiet >= settle:
            break
        time.sleep(_STEP)
    return ports


def _changed(root: Path, since: int) -> Iterator[str]:
    """Absolute paths, as in the container, of what was added or changed below *root* after *since* (nanoseconds)."""
    waiting = [root]
    device = root.stat().st_dev
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                found = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            is_folder = entry.is_dir(follow_symlinks=False)
            if found.st_ctime_ns >= since and not (is_folder and entry.path == str(root)):
                yield "/" + os.path.relpath(entry.path, root)
            if is_folder and found.st_dev == device:
                waiting.append(Path(entry.path))
