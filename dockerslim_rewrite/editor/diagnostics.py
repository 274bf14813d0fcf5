"""What an editor underlines: each change that can be made, each note, and what cannot be built."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from ..change import Change, Remark, RemarkKind
from ..report.findings import clean, sentence
from ..report.text import printable
from ..text import Span
from .analysis import Analysis, Piece, Problem
from .pages import page
from .ranges import range_of

SOURCE = "dockerslim"
_TOLD = (RemarkKind.ANALYSIS, RemarkKind.BUG)


def diagnostics(found: Analysis) -> list[types.Diagnostic]:
    """Everything that is to be told of a document, in the order of the text."""
    told = []
    told += [_problem(found, Problem(1, one), types.DiagnosticSeverity.Warning) for one in found.holding.problems]
    if found.problem is not None:
        wrong = found.problem.wrong
        severity = types.DiagnosticSeverity.Error if wrong else types.DiagnosticSeverity.Information
        told.append(_problem(found, found.problem, severity))
    for remark in found.remarks:
        told.append(_one(found, remark, _line(found, remark.line)))
    for piece in found.pieces:
        told += [_one(found, one, piece.line_span(one.line), piece) for one in _findings(piece)]
        if piece.problem is not None:
            reason = f"the Dockerfile stays as it is: {piece.problem}"
            told.append(_one(found, Remark(RemarkKind.ANALYSIS, reason, 1, rule="DS000"), piece.line_span(1)))
    return sorted(told, key=lambda one: (one.range.start.line, one.range.start.character, str(one.code)))


def message_of(one: Change | Remark) -> str:
    """What, why and what it saves, in a line that any client can show."""
    return printable(clean(sentence(one)))


def _findings(piece: Piece) -> Iterator[Change | Remark]:
    if piece.edits:
        yield from piece.result.changes
    yield from (remark for remark in piece.result.remarks if remark.kind in _TOLD)


def _one(found: Analysis, one: Change | Remark, span: Span, piece: Piece | None = None) -> types.Diagnostic:
    change = isinstance(one, Change)
    address = page(one.rule)
    data: dict[str, object] = {"rule": one.rule, "change": change}
    if isinstance(one, Change):
        level = one.safety if piece is None else piece.level(one)
        data |= {"level": level.label, "saving": one.saving}
    return types.Diagnostic(
        range=range_of(found.lines, span),
        message=message_of(one),
        severity=types.DiagnosticSeverity.Warning if change else types.DiagnosticSeverity.Information,
        code=one.rule,
        code_description=None if address is None else types.CodeDescription(address),
        source=SOURCE,
        data=data,
    )


def _problem(found: Analysis, problem: Problem, severity: types.DiagnosticSeverity) -> types.Diagnostic:
    return types.Diagnostic(
        range=range_of(found.lines, _line(found, problem.line)),
        message=printable(clean(problem.reason)),
        severity=severity,
        source=SOURCE,
    )


def _line(found: Analysis, line: int) -> Span:
    """The text of *line* (from 1), which ends at LF alone as the reader has it."""
    starts = found.lines.starts
    at = min(line, len(starts)) - 1
    return Span(starts[at], found.lines.end_of(at))
