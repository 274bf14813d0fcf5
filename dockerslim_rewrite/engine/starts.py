"""Two starts of containers side by side, and what they show, in words."""

from __future__ import annotations

from .interface import StartOutcome


def starts_agree(before: StartOutcome | None, after: StartOutcome | None) -> bool:
    """Whether two containers did the same: listen on the same ports, or end with the same status.

    What was refused to the second for want of rights must have been refused to the first.
    """
    if before is None or after is None:
        return before is after
    return (before.status, before.ports) == (after.status, after.ports) and not refused_anew(before, after)


def refused_anew(before: StartOutcome, after: StartOutcome) -> frozenset[str]:
    """The paths that the second container was refused and the first was not, as far as both were traced."""
    if before.trace is None or after.trace is None:
        return frozenset()
    # Python does without compiled modules where it may not keep them.
    return frozenset(path for path in after.trace.refused - before.trace.refused if "/__pycache__" not in path)


def start_text(outcome: StartOutcome | None) -> str:
    """What a container did, in a few words."""
    if outcome is None:
        return "not watched"
    if outcome.ports:
        ports = ", ".join(map(str, sorted(outcome.ports)))
        return f"listens on {ports}" + ("" if outcome.status is None else f", ends with status {outcome.status}")
    return "runs on, listens on no port" if outcome.status is None else f"ends with status {outcome.status}"
