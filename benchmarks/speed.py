"""``python -m benchmarks.speed``: time per file of our rewriter and its peers, start-up time, and memory.

All figures come from one run on one machine and the same files; their ratios are what counts.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.peers import dockerfile_doctor, tally_fix
from tests.corpus.files import corpus_or_exit, sample
from tests.corpus.judges import files_of, run_in, tally_buildkit, tool

#: A small file as people have it, for the time that one call from the shell takes.
EXAMPLE = Path(__file__).parent.parent / "examples" / "flask" / "Dockerfile"
#: So many files, none of those that are timed, are rewritten first.
WARM_UP = 50
CALLS = 10
PASSES = 5


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds per file: ``wall`` on the clock, ``cpu`` over all cores."""

    name: str
    wall: float
    cpu: float


def main(argv: list[str] | None = None) -> int:
    """Print the figures; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--files", type=int, default=500, metavar="N", help="size of the sample (default 500)")
    options = parser.parse_args(argv)
    everything = [file for file in corpus_or_exit() if not file.negative]
    chosen = [file.text for file in sample(everything, options.files + WARM_UP + options.files // 10)]
    # Only files that every tool reads: one that gives up early would look fast.
    readable = [text for text, found in zip(chosen, tally_buildkit(chosen), strict=True) if found is not None]
    warm_up, texts = readable[:WARM_UP], readable[WARM_UP : WARM_UP + options.files]
    print(f"{len(texts)} files, {os.cpu_count()} cores, Python {platform.python_version()}\n")

    timings = [
        _fresh(_time_ours, "ours, safe", {"level": "safe"}, warm_up, texts),
        _fresh(_time_ours, "ours, standard", {"level": "standard"}, warm_up, texts),
        _fresh(_time_ours, "ours, standard, not validated", {"level": "standard", "validate": False}, warm_up, texts),
        _time_tool("dockerfile-doctor --fix", partial(dockerfile_doctor, ()), texts),
        _time_tool("hadolint (only reports)", _hadolint, texts),
        _time_tool("tally lint --fix --slow-checks off", partial(tally_fix, ()), texts),
    ]
    base = timings[1].cpu
    print(f"{'many files at once, ms per file':<38}{'wall':>9}{'cpu':>9}{'cpu, ours = 1':>15}")
    for timing in timings:
        print(f"  {timing.name:<36}{timing.wall:>9.2f}{timing.cpu:>9.2f}{timing.cpu / base:>15.1f}")

    print(f"\n{'one small file from the shell, ms':<38}{'median':>9}")
    for name, command in _calls():
        print(f"  {name:<36}{_median_call(command):>9.0f}")

    first, last = _fresh(_peaks, texts)
    print(f"\npeak memory after pass 1 of {PASSES}: {first:.1f} MB, after pass {PASSES}: {last:.1f} MB")
    return 0


def _fresh(work: Callable[..., Any], *args: object) -> Any:
    """Do *work* in a process of its own, which has loaded nothing yet."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *args).result()


def _time_ours(name: str, options: dict[str, Any], warm_up: Sequence[bytes], texts: Sequence[bytes]) -> Timing:
    from dockerslim_rewrite import Options, rewrite

    chosen = Options(**options)
    for text in warm_up:
        rewrite(text, chosen)
    wall, cpu = time.perf_counter(), time.process_time()
    for text in texts:
        rewrite(text, chosen)
    each = 1000 / len(texts)
    return Timing(name, (time.perf_counter() - wall) * each, (time.process_time() - cpu) * each)


def _time_tool(name: str, run: Callable[[Path, Sequence[str]], object], texts: Sequence[bytes]) -> Timing:
    with files_of(texts, ".Dockerfile") as (folder, names):
        wall, cpu = time.perf_counter(), _cpu_of_children()
        run(folder, names)
        each = 1000 / len(texts)
        return Timing(name, (time.perf_counter() - wall) * each, (_cpu_of_children() - cpu) * each)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _hadolint(folder: Path, names: Sequence[str]) -> None:
    run_in(folder, tool("hadolint"), "--no-fail", "--format", "json", *names)


def _calls() -> list[tuple[str, tuple[str, ...]]]:
    return [
        ("ours", (tool("dockerslim"), "rewrite", "Dockerfile", "-o", "out")),
        ("dockerfile-doctor --fix", (tool("dockerfile-doctor"), "--fix", "Dockerfile")),
        ("hadolint (only reports)", (tool("hadolint"), "Dockerfile")),
        ("tally lint --fix --slow-checks off", (tool("tally"), *_TALLY_CALL, "Dockerfile")),
        ("python -c pass", (sys.executable, "-c", "pass")),
    ]


_TALLY_CALL = ("lint", "--no-config", "--slow-checks", "off", "--fix")


def _median_call(command: Sequence[str]) -> float:
    """The median of *CALLS* calls in milliseconds, each on a fresh copy of the example."""
    times: list[float] = []
    for _ in range(CALLS):
        with files_of([EXAMPLE.read_bytes()], ".unused") as (folder, _):
            (folder / "Dockerfile").write_bytes(EXAMPLE.read_bytes())
            start = time.perf_counter()
            run_in(folder, *command)
            times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def _peaks(texts: Sequence[bytes]) -> tuple[float, float]:
    """Peak memory in MB after the first and after the last of *PASSES* passes over *texts*."""
    from dockerslim_rewrite import Options, rewrite

    peaks: list[float] = []
    for _ in range(PASSES):
        for text in texts:
            rewrite(text, Options())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        peaks.append(peak / (2**20 if sys.platform == "darwin" else 2**10))
    return peaks[0], peaks[-1]


if __name__ == "__main__":
    sys.exit(main())
