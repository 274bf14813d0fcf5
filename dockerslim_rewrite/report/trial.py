"""What a verdict rests on: which paths are excused, what the containers did, and what nobody saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine.compare import UNSTABLE, PathDifference
from ..engine.expectations import VOLATILE
from ..engine.interface import StartOutcome
from ..engine.starts import refused_anew
from ..engine.starts import start_text as described
from ..engine.verify import Verification

#: How many lines of what a container wrote are shown.
_LINES = 20


def excused_paths(differences: Sequence[PathDifference]) -> tuple[PathDifference, ...]:
    """What differs, and is excused because it is not the same in two builds of one file."""
    return tuple(one for one in differences if one.expected == UNSTABLE or (one.expected or "").startswith(VOLATILE))


def excuse(one: PathDifference) -> str:
    """Why the difference is excused."""
    return (one.expected or "").removeprefix(VOLATILE)


def start_text(result: Verification) -> str:
    """What the containers did when they were started, in both or in each."""
    before, after = described(result.before.start), described(result.after.start)
    return f"{before} in both" if before == after else f"{before} before, {after} after"


def refusals(result: Verification) -> list[str]:
    """The paths that only the second container was refused."""
    before, after = result.before.start, result.after.start
    return [] if before is None or after is None else sorted(refused_anew(before, after))


def last_lines(outcome: StartOutcome | None) -> list[str]:
    """The end of what the container wrote."""
    return [] if outcome is None else outcome.output.splitlines()[-_LINES:]


def rests_on(result: Verification) -> str:
    """What the verdict rests on, and what nobody saw."""
    seen = ["the files and the configuration of both images"]
    if result.before.smoke is not None:
        seen.append("the smoke command")
    start = result.before.start
    if start is not None:
        seen.append("the container's start, without requests" if start.ports else "the container's start")
        if start.status not in (None, 0):
            seen[-1] += ", which fails in both"
    unseen = "" if result.before.smoke is not None else "; nobody used the program: --smoke gives a command that does"
    if not result.tried and result.other_base:
        unseen = "; on another base that is not enough: give --smoke a command that uses the program"
    return ", ".join(seen) + unseen


def start_object(outcome: StartOutcome) -> dict[str, Any]:
    """The same as JSON-ready data."""
    return {
        "status": outcome.status,
        "ports": sorted(outcome.ports),
        "written": sorted(outcome.written),
        "refused": None if outcome.trace is None else sorted(outcome.trace.refused),
        "output": outcome.output,
    }
