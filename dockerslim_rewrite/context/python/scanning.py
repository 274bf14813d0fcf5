"""Many modules scanned: those that are known again at once, the others by several processes where that pays.

Reading with libcst costs about half a millisecond a line, and another process a third of a second before it reads its
first. Processes are started as programs of their own (``worker``), not forked: that works from threads, from daemonic
processes and from scripts without a main guard, and imports nothing of the caller's.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ...record import record
from .found import ModuleScan

#: Lines that are worth a process of its own, and so many processes at most.
_LINES_EACH = 3000
_PROCESSES = 8
#: libcst's time on one module grows faster than its length.
_LINES = 4000
_KNOWN = 4096
_SOURCE = Path(__file__).parents[3]
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); from dockerslim_rewrite.context.python.worker import main; main()"
)

Scan = ModuleScan | str


@record
class Job:
    """A module to be scanned: its text, context path and image path."""

    text: str
    path: str
    file: str | None


_known: dict[bytes, Scan] = {}


def scans(
    jobs: Sequence[Job], cwd: str | None, environment: Mapping[str, str | None], seconds: float
) -> list[Scan | None]:
    """The scan of each of *jobs*, or why it cannot be read; None for those that *seconds* were too short for.

    The answers do not depend on how many processes there are.
    """
    if len(_known) > _KNOWN:
        _known.clear()
    keys = [_key(job, cwd, environment) for job in jobs]
    end = time.monotonic() + seconds
    new = [index for index, key in enumerate(keys) if key not in _known]
    for part, found in _divided([jobs[index] for index in new], cwd, environment, end):
        _known.update(zip([keys[new[index]] for index in part], found, strict=True))
    for index in new:
        if keys[index] not in _known and time.monotonic() < end:
            _known[keys[index]] = scan_one(jobs[index], cwd, environment)
    return [_known.get(key) for key in keys]


def _key(job: Job, cwd: str | None, environment: Mapping[str, str | None]) -> bytes:
    """All that a scan depends on, in short."""
    told = (job.text, job.path, job.file, cwd, sorted(environment.items()))
    return hashlib.sha256(repr(told).encode("utf-8", "replace")).digest()


def scan_one(job: Job, cwd: str | None, environment: Mapping[str, str | None]) -> Scan:
    """The scan of a module, or why it cannot be read."""
    if job.text.count("\n") > _LINES:
        return f"has more than {_LINES} lines"
    # libcst takes longer to load than most files to be rewritten.
    from libcst import ParserSyntaxError

    from .scan import scan

    try:
        return scan(job.text, job.path, job.file, cwd, environment)
    except ParserSyntaxError as error:
        return f"cannot be parsed at line {error.raw_line}"
    except RecursionError:
        return "is nested too deeply"


def _divided(
    jobs: Sequence[Job], cwd: str | None, environment: Mapping[str, str | None], end: float
) -> list[tuple[list[int], list[Scan]]]:
    """Parts of *jobs*, by index, with their scans by other processes; nothing where those do not pay or do not work."""
    lines = [job.text.count("\n") for job in jobs]
    count = min(_processors(), sum(lines) // _LINES_EACH, _PROCESSES)
    if count < 2 or not sys.executable:
        return []
    parts: list[list[int]] = [[] for _ in range(count)]
    loads = [0] * count
    for index in sorted(range(len(jobs)), key=lambda index: -lines[index]):
        least = loads.index(min(loads))
        parts[least].append(index)
        loads[least] += lines[index]
    with ThreadPoolExecutor(count) as pool:
        orders = [([jobs[index] for index in part], cwd, dict(environment)) for part in parts]
        answers = pool.map(lambda order: _elsewhere(order, end), orders)
        return [(part, found) for part, found in zip(parts, answers, strict=True) if found is not None]


def _processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _elsewhere(order: object, end: float) -> list[Scan] | None:
    """What another process makes of *order*; None where it cannot be started, fails, or has no time."""
    # -P: what lies in the working directory is not imported.
    command = [sys.executable, "-P", "-c", _PROGRAM, str(_SOURCE)]
    try:
        done = subprocess.run(
            command,
            input=pickle.dumps(order),
            capture_output=True,
            check=True,
            cwd=_SOURCE,
            timeout=max(end - time.monotonic(), 0),
        )
        found: list[Scan] = pickle.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, pickle.UnpicklingError, EOFError):
        return None
    return found
