"""The report of a batch: a page for people, and the same as Markdown, JSON and CSV."""

from __future__ import annotations

import base64
import csv
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from ...record import field_names
from ...render.environment import render
from ...report.text import counted, size
from ..outcome import Outcome, to_data
from ..plan.files import COLUMNS, rows_of
from ..plan.owners import NOBODY, Owners, owners_in
from ..spool import Spool
from .summary import Summary, summary

#: Files whose differences are packed together in the page.
PORTION = 64


def write_report(file: TextIO, form: str, spool: Spool, root: Path | None = None) -> None:
    """Write the report of *spool* in the *form* ``.html``, ``.json``, ``.md`` or ``.csv``.

    Owners are those that the repository at *root* names. Raises ``OSError``.
    """
    owners = owners_in(root or Path.cwd())
    writers: dict[str, Callable[[TextIO, Spool, Owners], None]] = {
        ".html": _html,
        ".json": _json,
        ".md": _markdown,
        ".csv": _csv,
    }
    writers[form](file, spool, owners)


def _html(file: TextIO, spool: Spool, owners: Owners) -> None:
    found = summary(spool, owners)
    rules = {one.code: index for index, one in enumerate(found.rules)}
    people = {one.owner: index for index, one in enumerate(found.owners)}
    files = []
    images: list[list[Any]] = []
    parts = []
    portion: list[Any] = []
    for outcome in spool:
        files.append(_entry(outcome, rules, people[" ".join(owners.of(outcome.name)) or NOBODY]))
        if outcome.verified is not None and outcome.verified.get("after"):
            sizes = [outcome.verified[side]["size"] for side in ("before", "after")]
            images.append([_plain(outcome.name), *sizes])
        portion.append(_detail(outcome))
        if len(portion) == PORTION:
            parts.append(_packed(portion))
            portion = []
    if portion:
        parts.append(_packed(portion))
    data = {
        "portion": PORTION,
        "rules": [_values(one) for one in found.rules],
        "owners": [_values(one) for one in found.owners],
        "declined": [_values(one) for one in found.declined],
        "files": files,
        "images": images,
    }
    page = render(
        "report/batch.html.j2",
        title="Dockerfile migration report",
        subtitle=f"{counted(found.changes, 'change')} in {counted(found.changed, 'file')} of {found.files:,}; "
        "estimates of what the images lose, with every difference below",
        tiles=_tiles(found),
        data=json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
        parts=parts,
    )
    file.write(page + "\n")


def _tiles(found: Summary) -> list[dict[str, str]]:
    before, after = found.layers
    tiles = [
        (size(found.saving), "less in the images, estimated"),
        (f"{found.changed:,}", f"of {counted(found.files, 'file')} change"),
        (f"{found.changes:,}", "changes, each with its reason"),
        (f"{before:,} → {after:,}", "layers of the files that change"),
        (f"{found.same:,}", "files have nothing to change"),
    ]
    if found.skipped or found.failed:
        tiles.append((f"{found.skipped:,} / {found.failed:,}", "files skipped / failed"))
    return [{"value": value, "label": label} for value, label in tiles]


def _entry(outcome: Outcome, rules: dict[str, int], owner: int) -> list[Any]:
    told = {one.rule for one in outcome.changes} | {one.rule for one in outcome.remarks}
    acted = sorted(rules[one] for one in told if one in rules)
    name, status = _plain(outcome.name), outcome.status.value
    reason = None if outcome.reason is None else _plain(outcome.reason)
    return [name, status, owner, outcome.saving, len(outcome.changes), acted, *outcome.layers, reason]


def _detail(outcome: Outcome) -> dict[str, Any]:
    return {
        "changes": [
            [one.rule, one.line, _plain(one.title), _plain(one.reason), one.level, one.saving, list(one.evidence)]
            for one in outcome.changes
        ],
        "diff": _plain(outcome.diff()),
        "remarks": [[one.rule, one.line, _plain(one.reason), one.needs] for one in outcome.remarks],
        "verified": outcome.verified.get("equivalent") if outcome.verified else None,
    }


def _packed(portion: list[Any]) -> str:
    return base64.b64encode(zlib.compress(json.dumps(portion, separators=(",", ":")).encode(), 6)).decode("ascii")


def _plain(text: str) -> str:
    """*text* with what is no Unicode shown as it can be."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _json(file: TextIO, spool: Spool, owners: Owners) -> None:
    found = summary(spool, owners)
    head = {name: getattr(found, name) for name in field_names(found)}
    head |= {name: [_named(one) for one in head[name]] for name in ("rules", "owners", "declined")}
    del head["folders"]
    file.write('{\n"schema": 1,\n"summary": ' + json.dumps(head, indent=1) + ',\n"files": [')
    for number, outcome in enumerate(spool):
        file.write((",\n" if number else "\n") + json.dumps(_file(outcome, owners)))
    file.write("\n]\n}\n")


def _file(outcome: Outcome, owners: Owners) -> dict[str, Any]:
    data = to_data(outcome)
    changes = [_named(one) for one in outcome.changes]
    remarks = [_named(one) for one in outcome.remarks]
    kept = {name: data[name] for name in ("name", "status", "reason", "before", "after", "layers", "verified")}
    return kept | {"owners": owners.of(outcome.name), "changes": changes, "remarks": remarks, "diff": outcome.diff()}


def _markdown(file: TextIO, spool: Spool, owners: Owners) -> None:
    file.write("\n".join(_markdown_lines(summary(spool, owners))) + "\n")


def _markdown_lines(found: Summary) -> Iterator[str]:
    before, after = found.layers
    yield "# Dockerfile migration report"
    yield ""
    yield (
        f"{found.changed:,} of {counted(found.files, 'file')} change: {counted(found.changes, 'change')}, about "
        f"{size(found.saving)} less in the images, {before:,} layers become {after:,}. "
        f"{found.skipped:,} skipped, {found.failed:,} failed."
    )
    yield ""
    yield "| rule | found | left | files | less in the images | answers |"
    yield "|---|--:|--:|--:|--:|---|"
    for rule in found.rules:
        answers = ", ".join(rule.answers)
        places = f"{rule.changes + rule.left} | {rule.left} | {rule.files}"
        yield f"| {rule.code} {rule.name} | {places} | {size(rule.saving)} | {answers} |"
    yield ""
    yield "| owner | files | changed | changes | less in the images |"
    yield "|---|--:|--:|--:|--:|"
    for one in found.owners:
        yield f"| {_cell(one.owner)} | {one.files} | {one.changed} | {one.changes} | {size(one.saving)} |"
    yield ""
    yield "| declined | places | unlocked by |"
    yield "|---|--:|---|"
    for reason in found.declined:
        yield f"| {reason.rule} {_cell(reason.reason)} | {reason.count} | {reason.unlock} |"


def _csv(file: TextIO, spool: Spool, owners: Owners) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS[1:])
    for outcome in spool:
        writer.writerows(row[1:] for row in rows_of("", outcome, owners))


def _cell(text: str) -> str:
    return " ".join(_plain(text).split()).replace("|", "\\|")


def _values(one: Any) -> list[Any]:
    return [_plain(value) if isinstance(value, str) else value for value in _named(one).values()]


def _named(one: object) -> dict[str, Any]:
    return {name: getattr(one, name) for name in field_names(one)}
