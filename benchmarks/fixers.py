"""``python -m benchmarks.fixers``: findings that remain and things that break, for our rewriter and its peers."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from textwrap import fill
from typing import TypeAlias

from benchmarks.peers import OURS, PEERS, versions
from benchmarks.touched import changed_without_asking, lines_asked_about
from dockerslim_rewrite.passes import rules
from tests.corpus.files import CorpusFile, corpus_or_exit, sample
from tests.corpus.judges import SHELL_JUDGES, Linters
from tests.corpus.runner import LEVELS, Rewritten, Verdict, judge, rewrite_files

#: Codes with fewer findings than this before and after share a line.
SHOWN = 5
BUILDKIT = "buildkit/"

Row: TypeAlias = tuple[str, object, Iterable[object]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one fixer made of the sample.

    ``verdict`` is what the judges say, ``unasked`` counts lines changed that no linter asked about. ``readable`` is the
    verdict on those files that every fixer leaves readable: in others, a linter finds one thing instead of many.
    """

    verdict: Verdict
    unasked: int
    readable: Verdict


def main(argv: list[str] | None = None) -> int:
    """Print or write the tables; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fixers", description=__doc__)
    parser.add_argument("--files", type=int, default=500, metavar="N", help="size of the sample (default 500)")
    parser.add_argument("--rule-files", type=int, metavar="N", help="files for the table of rules (default: all)")
    parser.add_argument("--keep", type=Path, help="remember in this folder what peers made of each file")
    parser.add_argument("--output", type=Path, help="write the tables into this file instead of printing them")
    options = parser.parse_args(argv)
    everything = [file for file in corpus_or_exit() if not file.negative]
    files = sample(everything, options.files)
    parts = [
        heading(len(files), len(everything)),
        fixers_table(outcomes(files, options.keep)),
        rules_table(everything if options.rule_files is None else sample(everything, options.rule_files)),
    ]
    text = "\n\n".join(parts) + "\n"
    if options.output is None:
        print(text, end="")
    else:
        options.output.write_text(text, "utf-8")
    return 0


def outcomes(files: Sequence[CorpusFile], kept: Path | None) -> dict[str, Outcome]:
    """Every fixer's outcome over *files*."""
    texts = [file.text for file in files]
    asked = lines_asked_about(texts)
    linters = Linters()
    made: dict[str, list[Rewritten]] = {}
    for fixer in (*OURS, *PEERS):
        folder = None if fixer in OURS else kept
        fixed = fixer(texts, folder)
        again = fixer(fixed, folder)
        made[fixer.name] = [
            Rewritten(file.name, file.text, after, unsteady=after != second)
            for file, after, second in zip(files, fixed, again, strict=True)
        ]
    unreadable = {
        index
        for rewritten in made.values()
        for index, reads in enumerate(_readable([one.after or b"" for one in rewritten], linters))
        if not reads
    }
    left = [index for index in range(len(files)) if index not in unreadable]
    return {
        name: Outcome(
            judge(files, rewritten, "standard", linters),
            sum(changed_without_asking(one.before, one.after or b"", asked[at]) for at, one in enumerate(rewritten)),
            judge([files[at] for at in left], [rewritten[at] for at in left], "standard", linters),
        )
        for name, rewritten in made.items()
    }


def _readable(texts: Sequence[bytes], linters: Linters) -> list[bool]:
    return [
        not found["DL1000"] and checked is not None
        for found, checked in zip(linters.hadolint(texts), linters.buildkit(texts), strict=True)
    ]


def heading(files: int, everything: int) -> str:
    """What was measured, when, and with which versions."""
    tools = ", ".join(versions().values())
    said = (
        f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {files} of {everything} real Dockerfiles (always the"
        f" same ones), judged by {tools}. Base images are pinned offline, from the catalogue; no fixer asks a network."
    )
    return f"""# Fixers, measured

{fill(said, 118, break_on_hyphens=False)}

Each column is a fixer, each figure what is left after it. "Lines changed that no linter asked about" counts lines of
the original that are altered or gone, and that belong to no instruction in which hadolint or a BuildKit check finds
something. A finding counts as added where a file has more of its code than before."""


def fixers_table(found: dict[str, Outcome]) -> str:
    """What breaks, and what remains, by fixer."""
    all_files = [one.verdict for one in found.values()]
    readable = [one.readable for one in found.values()]
    breakage: list[Row] = [
        ("files changed", "", [one.changed for one in all_files]),
        ("RUN instructions", all_files[0].runs_before, [one.runs_after for one in all_files]),
        ("files that BuildKit refuses afterwards", "", [len(one.parser_refusals) for one in all_files]),
        *(
            (f"RUN bodies that {_judge(name)} refuses anew", "", [_refused(one, name) for one in all_files])
            for name in SHELL_JUDGES
        ),
        ("comments lost or altered", "", [len(one.lost_comments) for one in all_files]),
        ("second runs that change anything", "", [len(one.unsteady) for one in all_files]),
        ("lines changed that no linter asked about", "", [one.unasked for one in found.values()]),
        ("findings added", "", [one.findings_added.total() for one in all_files]),
        ("hadolint's findings, all files", *_sums(all_files, buildkit=False)),
        ("BuildKit's checks, all files", *_sums(all_files, buildkit=True)),
    ]
    remaining: list[Row] = [
        ("**hadolint, all codes**", *_sums(readable, buildkit=False)),
        *_codes(readable, buildkit=False),
        ("**BuildKit checks, all**", *_sums(readable, buildkit=True)),
        *_codes(readable, buildkit=True),
    ]
    return f"""## What breaks

{_table(list(found), breakage)}

## What remains, code by code

Over the {readable[0].files} of {all_files[0].files} files that hadolint and BuildKit can read after every fixer: in a
file that is broken a linter finds one thing instead of many.

{_table(list(found), remaining)}"""


def _table(names: Sequence[str], rows: Iterable[Row]) -> str:
    lines = ["| | before | " + " | ".join(names) + " |", "|---|---:|" + "---:|" * len(names)]
    lines += (f"| {what} | {before} | " + " | ".join(map(str, values)) + " |" for what, before, values in rows)
    return "\n".join(lines)


def _judge(name: str) -> str:
    return name if name == "shfmt" else f"`{name} -n`"


def _refused(verdict: Verdict, shell: str) -> int:
    return sum(f": {shell} refuses " in one for one in verdict.shell_refusals)


def _of(counts: Counter[str], *, buildkit: bool) -> Counter[str]:
    return Counter({code: count for code, count in counts.items() if code.startswith(BUILDKIT) == buildkit})


def _sums(verdicts: Sequence[Verdict], *, buildkit: bool) -> tuple[int, list[int]]:
    before = _of(verdicts[0].findings_before, buildkit=buildkit).total()
    return before, [_of(one.findings_after, buildkit=buildkit).total() for one in verdicts]


def _codes(verdicts: Sequence[Verdict], *, buildkit: bool) -> list[Row]:
    before = _of(verdicts[0].findings_before, buildkit=buildkit)
    after = [_of(one.findings_after, buildkit=buildkit) for one in verdicts]
    codes = {code for counts in (before, *after) for code in counts}
    most = {code: max(counts[code] for counts in (before, *after)) for code in codes}
    shown = sorted((code for code in codes if most[code] >= SHOWN), key=lambda code: (-before[code], code))
    rest = codes.difference(shown)
    rows: list[Row] = [
        (code.removeprefix(BUILDKIT), before[code], [counts[code] for counts in after]) for code in shown
    ]
    if rest:
        left = [sum(counts[code] for code in rest) for counts in after]
        rows.append((f"{len(rest)} rarer codes", sum(before[code] for code in rest), left))
    return rows


def rules_table(files: Sequence[CorpusFile]) -> str:
    """For each rule that is on by default, how many of *files* it changes at each level."""
    changed: dict[str, Counter[str]] = {}
    for level in LEVELS:
        rewritten = rewrite_files(files, level)
        changed[level] = Counter(rule for one in rewritten for rule in set(one.rules))
    lines = [f"| rule | {' | '.join(LEVELS)} | answers |", "|---|" + "---:|" * len(LEVELS) + "---|"]
    for one in rules():
        if one.level is None or one.optional:
            continue
        counts = " | ".join(str(changed[level][one.code]) for level in LEVELS)
        lines.append(f"| {one.code} {one.name} | {counts} | {', '.join(one.answers)} |")
    return f"## Files that each rule changes, of {len(files)}\n\n" + "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
