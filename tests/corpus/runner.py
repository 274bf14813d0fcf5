"""Rewrites corpus files in worker processes and gathers what the judges say. The only module here that knows the
rewriter, and only its public interface.
"""

from __future__ import annotations

import multiprocessing
import traceback
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from tests.corpus.files import CorpusFile
from tests.corpus.judges import (
    SHELL_JUDGES,
    Findings,
    Linters,
    Pair,
    added_findings,
    buildkit,
    excused,
    lost_comments,
    newly_refused_scripts,
    unreported,
    with_shell_of,
)

#: The levels that are held to the zeros.
LEVELS = ("safe", "standard", "aggressive")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What the rewriter did to one file.

    ``after`` is None when it refused the file, with the reason in ``refusal``, or crashed, with the traceback in
    ``crash``. ``unsteady`` says that a second run changed something again, ``unreported`` what its journal leaves
    out, ``bugs`` which changes its own validator took back, ``rules`` which rules changed the file how often.
    """

    name: str
    before: bytes
    after: bytes | None
    refusal: str = ""
    crash: str = ""
    unsteady: bool = False
    unreported: tuple[str, ...] = ()
    bugs: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


def rewrite_file(file: CorpusFile, level: str) -> Rewritten:
    """Rewrite one file twice, in this process."""
    from dockerslim_rewrite import Options, rewrite
    from dockerslim_rewrite.syntax import ParseError

    options = Options(level=level, extend_select=("lint",))
    try:
        result = rewrite(file.text, options)
        after = result.to_bytes()
        again = rewrite(after, options) if result.changed else result
    except ParseError as error:
        return Rewritten(file.name, file.text, None, refusal=str(error))
    except Exception:  # noqa: BLE001  whatever gets out is what is counted
        return Rewritten(file.name, file.text, None, crash=traceback.format_exc())
    return Rewritten(
        file.name,
        file.text,
        after,
        unsteady=again.to_bytes() != after,
        unreported=tuple(
            unreported(
                result.original,
                result.text,
                [(edit.span.start, edit.span.end, edit.text) for edit in result.patch],
                [edit.span for change in result.changes for edit in change.edits],
            )
        ),
        bugs=tuple(f"line {remark.line}: {remark.rule}: {remark.reason}" for remark in result.bugs),
        rules=tuple(change.rule for change in result.changes),
    )


def rewrite_files(files: Sequence[CorpusFile], level: str, jobs: int = 2) -> list[Rewritten]:
    """Rewrite *files* in *jobs* processes; 1 stays in this one."""
    work = partial(rewrite_file, level=level)
    if jobs == 1:
        return [work(file) for file in files]
    # Fresh processes: a fork would take over whatever threads and runtimes this one has.
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(work, files, chunksize=32))


@dataclass(slots=True)
class Verdict:
    """What the judges say of one level. Each list holds ``name: what`` and has to be empty."""

    level: str
    files: int = 0
    refused: int = 0
    changed: int = 0
    runs_before: int = 0
    runs_after: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)
    wrongly_refused: list[str] = field(default_factory=list)
    wrongly_taken: list[str] = field(default_factory=list)
    parser_refusals: list[str] = field(default_factory=list)
    lost_comments: list[str] = field(default_factory=list)
    shell_refusals: list[str] = field(default_factory=list)
    unsteady: list[str] = field(default_factory=list)
    unreported: list[str] = field(default_factory=list)
    bugs: list[str] = field(default_factory=list)
    findings_before: Findings = field(default_factory=Counter)
    findings_after: Findings = field(default_factory=Counter)
    findings_added: Findings = field(default_factory=Counter)
    added_where: list[str] = field(default_factory=list)

    @property
    def zeros(self) -> dict[str, list[str]]:
        """What has to be empty, by what it counts."""
        return {
            "crashes": self.crashes,
            "files refused that BuildKit takes": self.wrongly_refused,
            "files taken that must be refused": self.wrongly_taken,
            "outputs that BuildKit's parser refuses": self.parser_refusals,
            "comments lost or altered": self.lost_comments,
            "RUN bodies that a shell refuses anew": self.shell_refusals,
            "second runs that change anything": self.unsteady,
            "changes of bytes that no change reports": self.unreported,
            "changes taken back by the validator": self.bugs,
            "findings added": self.added_where,
        }


def judge(files: Sequence[CorpusFile], rewritten: Sequence[Rewritten], level: str, linters: Linters) -> Verdict:
    """Hold what the rewriter made of *files* against every judge."""
    verdict = Verdict(level, files=len(files))
    pairs: list[Pair] = []
    refused: list[tuple[CorpusFile, str]] = []
    for file, done in zip(files, rewritten, strict=True):
        reading = buildkit(file.text)
        if done.crash:
            verdict.crashes.append(f"{file.name}: {done.crash.strip().splitlines()[-1]}")
        elif done.after is None:
            verdict.refused += 1
            if reading.error is None and not file.negative:
                refused.append((file, done.refusal))
        elif file.negative:
            verdict.wrongly_taken.append(file.name)
        else:
            pairs.append(Pair(file.name, file.text, done.after))
            verdict.runs_before += reading.runs
            verdict.runs_after += _judge_alone(file, done, reading.error, verdict)
    # The parser takes any keyword; BuildKit itself refuses unknown instructions.
    checked = linters.buildkit([file.text for file, _ in refused])
    verdict.wrongly_refused += (
        f"{file.name}: {why}" for (file, why), found in zip(refused, checked, strict=True) if found is not None
    )
    for name in SHELL_JUDGES:
        verdict.shell_refusals += (
            f"{where}: {name} refuses {script!r}" for where, script in newly_refused_scripts(pairs, name)
        )
    _judge_by_linters(pairs, linters, verdict)
    return verdict


def _judge_alone(file: CorpusFile, done: Rewritten, error: str | None, verdict: Verdict) -> int:
    """Judge one file by what needs no other tool; gives the number of its RUNs afterwards."""
    assert done.after is not None
    after = buildkit(done.after)
    verdict.changed += done.after != file.text
    verdict.rules.update(done.rules)
    if error is None and after.error is not None:
        verdict.parser_refusals.append(f"{file.name}: {after.error}")
    lost = lost_comments(file.text, done.after, in_order=verdict.level == "safe")
    verdict.lost_comments += (f"{file.name}: {comment}" for comment in lost)
    if done.unsteady:
        verdict.unsteady.append(file.name)
    verdict.unreported += (f"{file.name}: {what}" for what in done.unreported)
    verdict.bugs += (f"{file.name}: {what}" for what in done.bugs)
    return after.runs


def _judge_by_linters(pairs: Sequence[Pair], linters: Linters, verdict: Verdict) -> None:
    """Count findings of hadolint and of BuildKit's checks, and what a BuildKit of today no longer reads."""
    texts = [text for pair in pairs for text in (pair.before, pair.after)]
    by_hadolint = dict(zip(texts, linters.hadolint(texts), strict=True))
    by_buildkit = dict(zip(texts, linters.buildkit(texts), strict=True))
    by_shell = _under_new_shells(pairs, linters)
    for pair in pairs:
        checked, checked_after = by_buildkit[pair.before], by_buildkit[pair.after]
        if checked is not None and checked_after is None:
            verdict.parser_refusals.append(f"{pair.name}: refused by a current BuildKit")
        before, after = by_hadolint[pair.before], by_hadolint[pair.after]
        _count_findings(pair, before, after, verdict, by_shell.get(pair.name, before))
        if checked is not None and checked_after is not None:
            _count_findings(pair, checked, checked_after, verdict, checked)


def _under_new_shells(pairs: Sequence[Pair], linters: Linters) -> dict[str, Findings]:
    """What ShellCheck finds in the files before, by name, where the rewrite chose a shell, under that one."""
    switched = {pair.name: text for pair in pairs if (text := with_shell_of(pair.before, pair.after)) is not None}
    found = zip(switched, linters.hadolint(list(switched.values())), strict=True)
    return {name: Counter({c: n for c, n in counts.items() if c.startswith("SC")}) for name, counts in found}


def _count_findings(pair: Pair, before: Findings, after: Findings, verdict: Verdict, hidden: Findings) -> None:
    added = added_findings(before | hidden, after, excused(pair.before, pair.after))
    verdict.findings_before += before
    verdict.findings_after += after
    verdict.findings_added += added
    verdict.added_where += (f"{pair.name}: {count} x {code}" for code, count in sorted(added.items()))
