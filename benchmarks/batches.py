"""``python -m benchmarks.batches``: a batch over many files, cold and from the cache, beside other tools.

The files are those of the corpus, and copies of them with variations: other names of packages and a comment, so that no
two are alike. Each tool gets the same files in the same folders.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.corpus.files import corpus_or_exit
from tests.corpus.judges import tool

#: So many names of files fit on a command line of a tool that takes no folder.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run cost: seconds on the clock and of processors, and the largest process in MB."""

    wall: float
    processor: float
    memory: float


def main(argv: list[str] | None = None) -> int:
    """Print the table; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batches", description=__doc__)
    parser.add_argument("--files", type=int, default=10_000, metavar="N", help="how many files (default 10,000)")
    parser.add_argument("--ours", action="store_true", help="without the other tools")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="batches-") as folder:
        root = Path(folder) / "files"
        names = generate(root, options.files)
        cache = Path(folder) / "cache"
        ours = (sys.executable, "-m", "dockerslim_rewrite", "batch", "-q", str(root))
        doctor = (tool("dockerfile-doctor"), "--fix", "--format", "json")
        print(f"{len(names):,} files; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
        _tell("dockerslim batch, the first time", measured([ours], cache), len(names))
        _tell("dockerslim batch, from the cache", measured([ours], cache), len(names))
        if not options.ours:
            _tell("hadolint", measured(_calls((tool("hadolint"), "--no-fail"), root, names), cache), len(names))
            # It writes in place, so it comes last.
            _tell("dockerfile-doctor --fix", measured(_calls(doctor, root, names), cache), len(names))
    return 0


def generate(root: Path, count: int) -> list[str]:
    """Write *count* different Dockerfiles below *root*; their paths relative to it."""
    texts = [file.text for file in corpus_or_exit() if not file.negative]
    (root / ".git").mkdir(parents=True)
    names = []
    for number in range(count):
        text, turn = texts[number % len(texts)], number // len(texts)
        if turn:
            text = text.replace(b"install -y ", b"install -y tool%d " % turn) + b"\n# variation %d\n" % turn
        name = f"group{number % 50:02}/service{number:06}/Dockerfile"
        path = root / name
        path.parent.mkdir(parents=True)
        path.write_bytes(text)
        names.append(name)
    return names


def measured(calls: Sequence[Sequence[str]], cache: Path) -> Cost:
    """What the *calls* cost together."""
    begin, wall, memory, processor = time.monotonic(), 0.0, 0, 0.0
    for call in calls:
        process = subprocess.Popen(
            call,
            env={**os.environ, "DOCKERSLIM_CACHE": str(cache)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
        processor += used.ru_utime + used.ru_stime
        memory = max(memory, used.ru_maxrss)
    wall = time.monotonic() - begin
    return Cost(wall, processor, memory / 1024)


def _calls(command: Sequence[str], root: Path, names: Sequence[str]) -> list[list[str]]:
    paths = [str(root / name) for name in names]
    return [[*command, *paths[at : at + _BATCH]] for at in range(0, len(paths), _BATCH)]


def _tell(name: str, cost: Cost, files: int) -> None:
    spent = f"{cost.wall:8.1f} s  {cost.processor:8.1f} s of processors  {cost.memory:6.0f} MB"
    print(f"{name:34} {spent}  {cost.wall / files * 1000:7.2f} ms a file", flush=True)


if __name__ == "__main__":
    sys.exit(main())
