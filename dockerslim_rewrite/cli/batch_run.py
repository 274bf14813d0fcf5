"""``dockerslim batch run``: rewrite, and write, show or only count what changes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..record import evolve
from ..report.text import counted, size
from ..text.source import encode
from ..unfinished import unfinished
from .batching import BatchCall, gather
from .files import InputError, read_input, sweep, write_output
from .output import put
from .rewrite import CHANGES, UNPROVEN

if TYPE_CHECKING:
    from ..batch.outcome import Outcome
    from ..batch.spool import Spool

_FORMS = (".html", ".json", ".md", ".csv")


def run(call: BatchCall, reports: tuple[Path, ...]) -> int:
    """Carry out *call* and write the *reports*; the exit code. Raises ``ValueError`` or ``OSError`` with one line."""
    from ..batch.spool import Spool

    request = call.request
    if request.check and request.in_place:
        raise ValueError("--check writes nothing; leave out --in-place")
    if request.check and request.verify:
        raise ValueError("--check builds nothing; leave out --verify")
    wanted = [_form(path) for path in reports]
    with Spool() as spool:
        try:
            gather(call, spool, lambda outcome: _finished(outcome, call))
        except KeyboardInterrupt:
            files = counted(spool.files, "file")
            print(f"dockerslim: interrupted after {files}; the same command goes on from there", file=sys.stderr)
            raise
        code = spool.code
        if request.check and any(one.status.value == "changed" or one.companions for one in spool):
            code = max(code, CHANGES)
        for form, path in wanted:
            _report(form, path, spool)
        print(total_line(spool), file=sys.stderr)
    return code


def total_line(spool: Spool) -> str:
    """What became of all, in one line."""
    from ..batch.outcome import Status

    changed = spool.statuses[Status.CHANGED]
    saved = f", about {size(spool.saving)} less in the images" if spool.saving else ""
    parts = [f"{changed:,} of {counted(spool.files, 'file')} changed, {counted(spool.changes, 'change')}{saved}"]
    if spool.statuses[Status.SKIPPED]:
        parts.append(f"{spool.statuses[Status.SKIPPED]:,} skipped (`dockerslim files` says why)")
    if spool.statuses[Status.FAILED]:
        parts.append(f"{spool.statuses[Status.FAILED]:,} failed")
    if spool.cached:
        parts.append(f"{spool.cached:,} known from an earlier run")
    return "; ".join(parts)


def _finished(outcome: Outcome, call: BatchCall) -> Outcome:
    """*outcome* after what was asked for was done with it."""
    from ..batch.outcome import Status, has_bugs

    request = call.request
    if request.in_place and (outcome.status is Status.CHANGED or outcome.companions):
        try:
            _write(outcome)
        except InputError as error:
            return evolve(outcome, status=Status.FAILED, code=2, reason=str(error), changes=())
    elif request.diff and outcome.status is Status.CHANGED:
        put(outcome.diff().encode("utf-8", "surrogateescape"))
    if request.strict and has_bugs(outcome):
        return evolve(outcome, code=max(outcome.code, UNPROVEN))
    return outcome


def _write(outcome: Outcome) -> None:
    """Write what *outcome* holds. Raises ``InputError``, also where the file is another one by now."""
    from ..batch.outcome import digest

    if outcome.text is not None:
        after, now = encode(outcome.text), read_input(outcome.path)
        # Another batch may have come first, and to the same.
        if now != after and digest(now) != outcome.before:
            raise InputError(f"{outcome.path}: was changed meanwhile; left as it is, run the batch again")
        sweep(outcome.path)
        if now != after:
            write_output(outcome.path, after)
    for companion in outcome.companions:
        write_output(companion.path, companion.after.encode("utf-8", "surrogateescape"))


def _form(given: Path) -> tuple[str, Path]:
    """The form of a report, a suffix or the name of a format, and its file. Raises ``ValueError``."""
    from ..batch.report.formats import FORMATS

    name, separator, file = str(given).partition("=")
    form, path = (name, Path(file)) if separator and name in FORMATS else (given.suffix, given)
    if form not in (*_FORMS, *FORMATS):
        formats = ", ".join(FORMATS)
        raise ValueError(
            f"--report {given}: unknown form; the name ends in {', '.join(_FORMS)}, or FORMAT= stands before it, "
            f"with one of {formats}"
        )
    if not path.absolute().parent.is_dir():
        raise ValueError(f"--report {given}: there is no directory {path.parent}")
    return form, path


def _report(form: str, path: Path, spool: Spool) -> None:
    from ..batch.report import write_report
    from ..batch.report.formats import FORMATS, formatted

    temporary = path.with_name(f"{unfinished(path.name)}{os.getpid()}")
    try:
        with open(temporary, "w", encoding="utf-8", errors="surrogateescape") as file:
            if form in FORMATS:
                file.write(formatted(form, spool))
            else:
                write_report(file, form, spool)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
