"""A batch in the formats of ``rewrite`` and ``review``: what was found, by file and line, without the fixes.

What a batch keeps of a change travels between processes and lies in its cache: where and why, and no edits.
"""

from __future__ import annotations

from ...change import Change, Remark, RemarkKind, Safety
from ...pipeline import Result
from ...regular import read_whole
from ...report.formats import FORMATS as OF_RESULTS
from ...report.formats import document
from ...text import Patch
from ..outcome import Outcome, Status
from ..spool import Spool

#: Those that are of use without edits. The batch has a form of its own for Markdown.
FORMATS = tuple(name for name in OF_RESULTS if name not in ("patches", "markdown"))


def formatted(format: str, spool: Spool) -> str:
    """The outcomes in *spool* in the *format*, one of ``FORMATS``."""
    return document(format, [_result(one) for one in spool if one.status in (Status.CHANGED, Status.SAME)])


def _result(outcome: Outcome) -> Result:
    changes = tuple(
        Change((), one.title, one.reason, Safety.of(one.level), (), one.line, one.evidence, one.saving, one.rule)
        for one in outcome.changes
    )
    remarks = tuple(
        Remark(RemarkKind(one.kind), one.reason, one.line, rule=one.rule, needs=Safety.of(one.needs))
        if one.needs is not None
        else Remark(RemarkKind(one.kind), one.reason, one.line, rule=one.rule)
        for one in outcome.remarks
    )
    original = outcome.original if outcome.original is not None else _read(outcome)
    text = outcome.text if outcome.text is not None else original
    return Result(original, text, changes, remarks, Patch.of(()), outcome.path)


def _read(outcome: Outcome) -> str:
    """The text of a file that stays as it is; empty where it is gone by now."""
    if not outcome.remarks:
        return ""
    try:
        return read_whole(outcome.path).decode("utf-8", "surrogateescape")
    except OSError:
        return ""
