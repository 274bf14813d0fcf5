"""What the validator says."""

from __future__ import annotations

from enum import Enum

from ...record import record


class Verdict(Enum):
    """OK: every difference is licensed. UNSOUND: one is not. UNKNOWN: it could not be decided."""

    OK = "ok"
    UNSOUND = "unsound"
    UNKNOWN = "unknown"


@record
class Violation:
    """A difference that no claim licenses; lines are counted from 1 in the text before and after."""

    reason: str
    line_before: int | None = None
    line_after: int | None = None


@record
class Judgement:
    """The verdict on one rewrite, with its reasons."""

    verdict: Verdict
    violations: tuple[Violation, ...] = ()


class Unsound(Exception):
    """A difference that no claim licenses."""

    def __init__(self, reason: str, before: int | None = None, after: int | None = None) -> None:
        super().__init__(reason)
        self.violation = Violation(reason, before, after)


class Undecided(Unsound):
    """A difference that may be licensed, but cannot be followed."""
