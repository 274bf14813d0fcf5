"""``python -m benchmarks.fixers``: findings that remain and things that break, for our rewriter and its peers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks.peers import OURS, PEERS
from tests.corpus.files import CorpusFile, NoCorpusError, corpus_files, sample
from tests.corpus.judges import Linters
from tests.corpus.runner import Rewritten, Verdict, judge

#: How many of the most frequent findings get a line of their own.
SHOWN = 25

#: Breakage that every fixer can be held to; the rest of a verdict asks for a journal, which only we keep.
BREAKAGE = (
    "outputs that BuildKit's parser refuses",
    "RUN bodies that a shell refuses anew",
    "comments lost or altered",
    "second runs that change anything",
    "findings added",
)


def main(argv: list[str] | None = None) -> int:
    """Print the table; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fixers", description=__doc__)
    parser.add_argument("--files", type=int, default=500, metavar="N", help="size of the sample (default 500)")
    options = parser.parse_args(argv)
    try:
        files = sample([file for file in corpus_files() if not file.negative], options.files)
    except NoCorpusError as error:
        print(error, file=sys.stderr)
        return 2
    texts = [file.text for file in files]
    linters = Linters()
    verdicts: dict[str, Verdict] = {}
    for fixer in (*OURS, *PEERS):
        fixed = fixer(texts)
        again = fixer(fixed)
        verdicts[fixer.name] = judge(files, _as_rewritten(files, fixed, again), "standard", linters)
    print(render(len(files), verdicts))
    return 0


def _as_rewritten(files: Sequence[CorpusFile], fixed: Sequence[bytes], again: Sequence[bytes]) -> list[Rewritten]:
    return [
        Rewritten(file.name, file.text, after, unsteady=after != second)
        for file, after, second in zip(files, fixed, again, strict=True)
    ]


def render(files: int, verdicts: dict[str, Verdict]) -> str:
    """The table: one column per fixer."""
    first = next(iter(verdicts.values()))
    codes = [code for code, _ in first.findings_before.most_common(SHOWN)]
    width = max(16, *(len(name) + 2 for name in verdicts))

    def row(what: str, before: object, values: Sequence[object]) -> str:
        return f"{what:<42}{before!s:>9}" + "".join(f"{value!s:>{width}}" for value in values)

    lines = [row(f"{files} files", "before", list(verdicts)), ""]
    lines.append(row("files changed", "", [verdict.changed for verdict in verdicts.values()]))
    lines.append(row("RUN instructions", first.runs_before, [verdict.runs_after for verdict in verdicts.values()]))
    lines += ["", "what breaks"]
    lines += (row("  " + what, "", [len(verdict.zeros[what]) for verdict in verdicts.values()]) for what in BREAKAGE)
    lines += ["", "findings that remain"]
    lines += (
        row("  " + code, first.findings_before[code], [verdict.findings_after[code] for verdict in verdicts.values()])
        for code in codes
    )
    total = [verdict.findings_after.total() for verdict in verdicts.values()]
    return "\n".join([*lines, row("  all codes", first.findings_before.total(), total)])


if __name__ == "__main__":
    sys.exit(main())
