"""``python -m tests.corpus.table``: the table of what happens to real files, level by level.

Ends with 1 when anything that has to be zero is not.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from tests.corpus.files import corpus_or_exit, sample
from tests.corpus.judges import Linters
from tests.corpus.runner import LEVELS, Verdict, judge, rewrite_files

#: Findings that the rules of this version answer: always shown, at zero too.
ANSWERED = ("DL3009", "DL3019", "DL3032", "DL3036", "DL3040", "DL3042", "DL3059", "DL3060")
#: So many examples are shown for each figure that is not zero, unless ``--all`` asks for more.
EXAMPLES = 5


def main(argv: list[str] | None = None) -> int:
    """Run the table; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus.table", description=__doc__)
    parser.add_argument("--level", action="append", choices=LEVELS, help="repeatable; default: all levels")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--sample", type=int, metavar="N", help="N files that are always the same ones")
    size.add_argument("--limit", type=int, metavar="N", help="the first N files by name")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="worker processes (default 2)")
    parser.add_argument("--json", action="store_true", help="print the verdicts as JSON")
    parser.add_argument("--all", action="store_true", help=f"list all failures, not {EXAMPLES} of each kind")
    options = parser.parse_args(argv)
    files = corpus_or_exit()
    if options.sample is not None:
        files = sample(files, options.sample)
    if options.limit is not None:
        files = files[: options.limit]
    linters = Linters()
    verdicts = [
        judge(files, rewrite_files(files, level, options.jobs), level, linters) for level in options.level or LEVELS
    ]
    if options.json:
        json.dump([asdict(verdict) for verdict in verdicts], sys.stdout, indent=2, ensure_ascii=True)
        print()
    else:
        for verdict in verdicts:
            print(render(verdict, sys.maxsize if options.all else EXAMPLES))
    return int(any(failures for verdict in verdicts for failures in verdict.zeros.values()))


def render(verdict: Verdict, examples: int) -> str:
    """The verdict for people, with up to *examples* examples of each failure."""
    lines = [
        f"level {verdict.level}: {verdict.files} files, {verdict.refused} refused with a reason",
        "",
        f"  {'has to be zero':<46}{'count':>8}",
    ]
    for what, failures in verdict.zeros.items():
        lines.append(f"  {what:<46}{len(failures):>8}")
        lines += (f"      {_printable(failure)}" for failure in failures[:examples])
    lines += [
        "",
        f"  {'':<46}{'before':>8}{'after':>8}{'added':>8}",
        f"  {'files changed':<46}{'':>8}{verdict.changed:>8}",
        f"  {'RUN instructions':<46}{verdict.runs_before:>8}{verdict.runs_after:>8}",
    ]
    shown = [
        code
        for code in sorted(set(verdict.findings_before) | set(verdict.findings_after) | set(ANSWERED))
        if code in ANSWERED
        or verdict.findings_before[code] != verdict.findings_after[code]
        or verdict.findings_added[code]
    ]
    for code in shown:
        before, after, added = (
            counts[code] for counts in (verdict.findings_before, verdict.findings_after, verdict.findings_added)
        )
        lines.append(f"  {'findings of ' + code:<46}{before:>8}{after:>8}{added:>8}")
    before, after, added = (
        counts.total() for counts in (verdict.findings_before, verdict.findings_after, verdict.findings_added)
    )
    lines.append(f"  {'findings, all codes':<46}{before:>8}{after:>8}{added:>8}")
    rules = ", ".join(f"{rule} {count}" for rule, count in sorted(verdict.rules.items()))
    return "\n".join([*lines, "", f"  changes made: {rules or 'none'}", ""])


def _printable(text: str) -> str:
    shown = text if len(text) <= 300 else text[:297] + "..."
    return shown.encode("ascii", "backslashreplace").decode().replace("\n", "\\n")


if __name__ == "__main__":
    sys.exit(main())
