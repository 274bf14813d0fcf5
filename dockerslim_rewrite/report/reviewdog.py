"""Reviewdog's formats: columns are UTF-8 bytes from 1, ends are exclusive."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from ..pipeline import Result
from ..pipeline.parts import Part
from ..text import Source
from ..text.source import encode
from .findings import Finding, clean, findings, page_of, shown_path


def rdjson(results: Sequence[Result]) -> str:
    """One document with all diagnostics."""
    head = {"source": {"name": "dockerslim"}, "severity": "WARNING"}
    return json.dumps(head | {"diagnostics": list(_diagnostics(results))}, indent=2) + "\n"


def rdjsonl(results: Sequence[Result]) -> str:
    """One diagnostic a line."""
    return "".join(json.dumps(one | {"source": {"name": "dockerslim"}}) + "\n" for one in _diagnostics(results))


def _diagnostics(results: Sequence[Result]) -> Iterator[dict[str, Any]]:
    for result in sorted(results, key=shown_path):
        source = Source(result.original)
        suggested: set[int] = set()
        for one in findings(result, fixes=True):
            # A suggestion is shown only where its range is that of the diagnostic, and one place takes one of them.
            part = one.part if one.part is not None and len(one.part.replacements) == 1 else None
            if part is not None and part.replacements[0].first in suggested:
                part = None
            if part is not None:
                suggested.add(part.replacements[0].first)
            yield _diagnostic(source, one, part)


def _diagnostic(source: Source, one: Finding, part: Part | None) -> dict[str, Any]:
    page = page_of(one.rule)
    entry: dict[str, Any] = {
        "message": clean(one.message),
        "location": {"path": one.path, "range": _range(source, *one.span)},
        "severity": {"error": "ERROR", "warning": "WARNING", "note": "INFO"}[one.severity],
        "code": {"value": one.rule} | ({} if page is None else {"url": page}),
    }
    if part is not None:
        lines = part.replacements[0]
        start = source.line_starts[lines.first - 1]
        if lines.text is None and lines.last < len(source.line_starts):
            end = source.line_starts[lines.last]
        else:
            end = source.text.find("\n", source.line_starts[lines.last - 1])
            end = len(source.text) if end < 0 else end
        entry["location"]["range"] = _range(source, start, end)
        entry["suggestions"] = [{"range": _range(source, start, end), "text": clean(lines.text or "")}]
    return entry


def _range(source: Source, start: int, end: int) -> dict[str, Any]:
    return {"start": _position(source, start), "end": _position(source, end)}


def _position(source: Source, offset: int) -> dict[str, int]:
    line = source.position(offset).line
    return {"line": line, "column": len(encode(source.text[source.line_starts[line - 1] : offset])) + 1}
