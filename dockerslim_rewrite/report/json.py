"""The journal as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from ..change import Change, Claim, Remark
from ..pipeline import Result
from ..record import field_names
from ..text import Edit, Source
from ..text.source import encode

#: Raised when a field changes its meaning or goes; new fields do not raise it.
SCHEMA = 1


def result_object(result: Result) -> dict[str, Any]:
    """One result as JSON-ready data. Offsets are code points of the original text, ends exclusive.

    The edits of a change also say where they are as lines and columns (from 1, code points) and in bytes of UTF-8.
    """
    source = Source(result.original)
    return {
        "path": result.path,
        "changed": result.changed,
        "estimated_saving_bytes": result.saving,
        "changes": [_change(change, source) for change in result.changes],
        "remarks": [_remark(remark) for remark in result.remarks],
        "edits": [{"start": e.span.start, "end": e.span.end, "text": e.text} for e in result.patch],
    }


def report_json(
    results: Sequence[Result], *, text: bool = False, verified: Sequence[Mapping[str, Any] | None] = ()
) -> str:
    """All results as one JSON document; *text* adds each rewritten file.

    *verified* holds, result by result, what building showed, as ``report.verify`` has it; a file whose images are not
    equivalent is not handed out.
    """
    files = []
    for result, verification in zip_longest(results, verified):
        entry = result_object(result)
        if verification is not None:
            entry["verification"] = verification
        if text and (verification is None or verification["equivalent"]):
            entry["text"] = result.text
        files.append(entry)
    return json.dumps({"schema": SCHEMA, "files": files}, indent=2, ensure_ascii=True)


def _change(change: Change, source: Source) -> dict[str, Any]:
    return {
        "rule": change.rule,
        "line": change.line,
        "title": change.title,
        "reason": change.reason,
        "safety": change.safety.label,
        "claims": [_claim(claim) for claim in change.claims],
        "evidence": list(change.evidence),
        "estimated_saving_bytes": change.saving,
        "edits": [_edit(edit, source) for edit in change.edits],
    }


def _edit(edit: Edit, source: Source) -> dict[str, Any]:
    first, last = source.position(edit.span.start), source.position(edit.span.end)
    byte = len(encode(source.text[: edit.span.start]))
    return {
        "start": edit.span.start,
        "end": edit.span.end,
        "start_byte": byte,
        "end_byte": byte + len(encode(source.text[edit.span.start : edit.span.end])),
        "start_line": first.line,
        "start_column": first.column,
        "end_line": last.line,
        "end_column": last.column,
        "text": edit.text,
    }


def _claim(claim: Claim) -> dict[str, Any]:
    return {"kind": type(claim).__name__} | {name: getattr(claim, name) for name in field_names(claim)}


def _remark(remark: Remark) -> dict[str, Any]:
    return {
        "kind": remark.kind.value,
        "rule": remark.rule,
        "line": remark.line,
        "reason": remark.reason,
        "breaks": remark.breaks,
        "needs": None if remark.needs is None else remark.needs.label,
        "evidence": list(remark.evidence),
    }
