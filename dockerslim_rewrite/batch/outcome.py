"""What became of one file of a batch: plain data that travels between processes and lies in the cache."""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import Any

from ..change import RemarkKind
from ..ir.build import layers, read_build
from ..pipeline import Result, unified_diff
from ..record import evolve, field_names, record
from ..syntax import parse

#: Raised when a stored outcome would be read as something else.
SCHEMA = 1


class Status(Enum):
    """How it ended for one file."""

    CHANGED = "changed"
    SAME = "same"
    SKIPPED = "skipped"
    FAILED = "failed"


@record
class ChangeRow:
    """One change: where, by which rule, at which level, for how many bytes (None: not known), on what evidence."""

    rule: str
    line: int
    title: str
    reason: str
    level: str
    saving: int | None
    evidence: tuple[str, ...]


@record
class RemarkRow:
    """One remark; ``needs`` is the level that would make the change, None where no level would."""

    kind: str
    rule: str
    line: int
    reason: str
    needs: str | None


@record
class FileRow:
    """A file that is written beside the Dockerfile: its path as the call names it, its text before and after."""

    path: str
    before: str | None
    after: str
    reason: str


@record
class Outcome:
    """What became of the file ``path`` (as the call named it) that is ``name`` in its repository.

    ``before`` and ``after`` are SHA-256 digests of its bytes; ``text`` is the new text where it changed. ``code`` is
    the exit code that the file asks for, ``reason`` the line for people where it was skipped, failed or refused.
    ``layers`` counts the instructions that make layers before and after. ``verified`` is what building showed.
    """

    path: str
    name: str
    status: Status
    code: int = 0
    reason: str | None = None
    before: str = ""
    after: str = ""
    original: str | None = None
    text: str | None = None
    changes: tuple[ChangeRow, ...] = ()
    remarks: tuple[RemarkRow, ...] = ()
    companions: tuple[FileRow, ...] = ()
    layers: tuple[int, int] = (0, 0)
    verified: dict[str, Any] | None = None

    @property
    def saving(self) -> int:
        """The estimated bytes that the image loses."""
        return sum(change.saving or 0 for change in self.changes)

    def diff(self, context: int = 3) -> str:
        """A unified diff with the names that the repository knows."""
        if self.text is None or self.original is None:
            return ""
        return unified_diff(self.original, self.text, self.name, context)


def digest(data: bytes) -> str:
    """The SHA-256 digest of *data* in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def outcome_of(result: Result, path: str, name: str, data: bytes, root: str) -> Outcome:
    """What became of *data*; the folder *root* of the repository, where a reason names it, is left out."""

    def told(text: str) -> str:
        return text.replace(f"{root}/", "").replace(root, ".") if root and root in text else text

    changes = tuple(
        ChangeRow(
            one.rule,
            one.line,
            one.title,
            told(one.reason),
            one.safety.label,
            one.saving,
            tuple(told(place) for place in one.evidence),
        )
        for one in sorted(result.changes, key=lambda change: (change.line, change.rule))
    )
    remarks = tuple(
        RemarkRow(one.kind.value, one.rule, one.line, told(one.reason), one.needs.label if one.needs else None)
        for one in result.remarks
    )
    companions = tuple(FileRow(str(one.path), one.before, one.text, one.reason) for one in result.companions)
    before = digest(data)
    if not result.changed:
        return Outcome(path, name, Status.SAME, 0, None, before, before, remarks=remarks, companions=companions)
    return Outcome(
        path,
        name,
        Status.CHANGED,
        before=before,
        after=digest(result.to_bytes()),
        original=result.original,
        text=result.text,
        changes=changes,
        remarks=remarks,
        companions=companions,
        layers=(layers(read_build(parse(result.original))), layers(read_build(parse(result.text)))),
    )


def has_bugs(outcome: Outcome) -> bool:
    """Whether a change had to be withdrawn because it was not proven."""
    return any(one.kind == RemarkKind.BUG.value for one in outcome.remarks)


_ROWS: dict[str, Any] = {"changes": ChangeRow, "remarks": RemarkRow, "companions": FileRow}


def to_data(outcome: Outcome) -> dict[str, Any]:
    """*outcome* as JSON-ready data."""
    found: dict[str, Any] = {name: getattr(outcome, name) for name in field_names(outcome)}
    found["status"] = outcome.status.value
    for name in _ROWS:
        found[name] = [[getattr(row, field) for field in field_names(row)] for row in found[name]]
    return found


def from_data(data: dict[str, Any]) -> Outcome:
    """The outcome that ``to_data`` made *data* of. Raises ``TypeError``, ``ValueError`` or ``KeyError`` for others."""
    values = dict(data)
    values["status"] = Status(values["status"])
    for name, kind in _ROWS.items():
        values[name] = tuple(kind(*map(_tuple, row)) for row in values[name])
    first, second = values["layers"]
    values["layers"] = (int(first), int(second))
    return Outcome(**values)


def renamed(outcome: Outcome, path: str, name: str) -> Outcome:
    """*outcome* for the same content at another place."""
    return evolve(outcome, path=path, name=name)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
