"""``python -m tests.trace``: every merged or edited RUN of the corpus, traced before and after the rewrite.

Ends with 1 when traces differ. ``DOCKERSLIM_CORPUS`` names the corpus. Prints how many RUNs, seeds and builds were
compared in each shell, and every difference with the shell and seed that show it.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from time import monotonic

from tests.corpus.files import corpus_or_exit, sample
from tests.trace import SHELLS, unavailable
from tests.trace.files import Tally, trace_file

LEVELS = ("safe", "standard", "aggressive")


def main(argv: list[str] | None = None) -> int:
    """Run the traces; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.trace", description=__doc__)
    parser.add_argument("--level", action="append", choices=LEVELS, help="repeatable; default: all levels")
    parser.add_argument("--select", action="append", default=[], metavar="RULE", help="these rules only; repeatable")
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="seeds for each changed RUN (default 20)")
    parser.add_argument("--sample", type=int, metavar="N", help="N files that are always the same ones")
    parser.add_argument("--part", default="1/1", metavar="I/N", help="the I-th of N parts of the files, from 1")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="worker processes (default 2)")
    options = parser.parse_args(argv)
    if (reason := unavailable()) is not None:
        print(f"no trace sandbox: {reason}", file=sys.stderr)
        return 2
    files = corpus_or_exit()
    if options.sample is not None:
        files = sample(files, options.sample)
    part, parts = map(int, options.part.split("/"))
    files = files[part - 1 :: parts]
    wrong = False
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:  # a sandbox for each
        for level in options.level or LEVELS:
            started = monotonic()
            total = Tally()
            select = tuple(options.select)
            columns = ([level] * len(files), [select] * len(files), [options.seeds] * len(files))
            for tally in pool.map(trace_file, files, *columns, chunksize=4):
                total.add(tally)
                for line in tally.differences:
                    print(line if len(line) < 600 else line[:597] + "...", flush=True)
            wrong = wrong or bool(total.differences)
            print(render(level, total, len(files), monotonic() - started), flush=True)
    return int(wrong)


def render(level: str, total: Tally, files: int, seconds: float) -> str:
    """The figures of one level for people."""
    builds = 2 * total.compared.total()
    lines = [
        f"level {level}: {files} files, RUNs changed in {total.files}; {total.runs} merged or edited RUNs in "
        f"{total.pairs} groups, {total.stages} stages as a whole; {builds} builds in {seconds:.0f} s "
        f"({builds / max(seconds, 1e-9):.0f}/s)",
        "  shell     judged  compared  repeated  failed  limited  unparsable  unstable  different",
    ]
    for shell in SHELLS:
        counts = (
            total.judged[shell], total.compared[shell], total.repeated[shell], total.failed[shell],
            total.limited[shell], total.unparsable[shell], total.unstable[shell], total.differing[shell],
        )  # fmt: skip
        widths = (8, 10, 10, 8, 9, 12, 10, 11)
        lines.append(
            f"  {shell:<8}" + "".join(f"{count:>{width}}" for count, width in zip(counts, widths, strict=True))
        )
    lines += (f"  not judged, {count} stages: {reason}" for reason, count in total.unjudged.most_common())
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
