"""SARIF 2.1.0, within what GitHub's code scanning reads, with fixes for the tools that read those."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from .. import __version__
from ..passes import Pass, rules
from ..pipeline import Result
from ..text import Edit, Source
from .findings import Finding, clean, findings, page_of, shown_path

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: Code scanning cuts descriptions here.
_MOST = 1024
#: A remark on security is worth a look, and no proof of a hole: "medium".
_SECURITY = "5.0"


def sarif(results: Sequence[Result]) -> str:
    """One run with the findings of all *results*."""
    found = [(result, one) for result in sorted(results, key=shown_path) for one in findings(result, fixes=True)]
    used = {one.rule for _, one in found}
    known = [one for one in rules() if one.code in used]
    extra = sorted(used - {one.code for one in known})
    index = {code: at for at, code in enumerate([*(one.code for one in known), *extra])}
    driver: dict[str, Any] = {
        "name": "dockerslim-rewrite",
        "semanticVersion": __version__,
        "rules": [*map(_rule, known), *map(_plain_rule, extra)],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(Source(result.original), one, index) for result, one in found],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(one: Pass) -> dict[str, Any]:
    text = one.doc
    properties: dict[str, Any] = {"tags": [one.group]}
    if one.group == "security":
        properties["security-severity"] = _SECURITY
    entry: dict[str, Any] = {
        "id": one.code,
        "name": one.name,
        "shortDescription": {"text": one.summary[:_MOST]},
        "fullDescription": {"text": text[:_MOST]},
        "help": {"text": text, "markdown": f"# {one.code} {one.name}\n\n{text}\n"},
        "defaultConfiguration": {"level": "note" if one.level is None else "warning"},
        "properties": properties,
    }
    page = page_of(one.code)
    return entry if page is None else entry | {"helpUri": page}


def _plain_rule(code: str) -> dict[str, Any]:
    text = "What the program says about its own comments and changes."
    return {
        "id": code,
        "shortDescription": {"text": text},
        "fullDescription": {"text": text},
        "help": {"text": text, "markdown": text},
    }


def _result(source: Source, one: Finding, index: dict[str, int]) -> dict[str, Any]:
    uri = {"uri": quote(one.path, errors="surrogateescape")}
    entry: dict[str, Any] = {
        "ruleId": one.rule,
        "ruleIndex": index[one.rule],
        "level": one.severity,
        "message": {"text": clean(one.message)},
        "locations": [{"physicalLocation": {"artifactLocation": uri, "region": region(source, *one.span)}}],
        "partialFingerprints": {"primaryLocationLineHash": f"{one.fingerprint[:16]}:1"},
    }
    if one.part is not None:
        replacements = [_replacement(source, edit) for edit in one.part.patch]
        changed = {"artifactLocation": uri, "replacements": replacements}
        entry["fixes"] = [{"description": {"text": clean(one.described)}, "artifactChanges": [changed]}]
    return entry


def region(source: Source, start: int, end: int) -> dict[str, int]:
    """Lines and columns of a range, from 1, the end column behind the last character."""
    first, last = source.position(start), source.position(end)
    return {
        "startLine": first.line,
        "startColumn": first.column,
        "endLine": last.line,
        "endColumn": last.column,
    }


def _replacement(source: Source, edit: Edit) -> dict[str, Any]:
    return {"deletedRegion": region(source, *edit.span), "insertedContent": {"text": clean(edit.text)}}
