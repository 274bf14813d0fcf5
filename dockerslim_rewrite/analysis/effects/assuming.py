"""What rests on commands that could not be read: known, none, or assumed from some level on, with the reason."""

from __future__ import annotations

from collections.abc import Iterable

from ...change import Safety
from ...knowledge.effects import assumption
from ...record import record
from .reached import Unread


@record
class Verdict:
    """Whether something may be taken from those who come later.

    ``obstacle`` says why not at any level; else ``safety`` is the lowest level at which it may, resting on
    ``evidence``.
    """

    obstacle: str | None = None
    safety: Safety = Safety.SAFE
    evidence: tuple[str, ...] = ()


def assumed(resource: str, unknown: Iterable[Unread], *, start: bool = False) -> Verdict:
    """The verdict on *resource* where the commands *unknown* could not be read; *start*: they are what a container
    starts.
    """
    safety = Safety.SAFE
    evidence: dict[str, None] = {}
    for one in unknown:
        known = assumption(resource, "start" if start else one.kind)
        if known is None:
            return Verdict(obstacle=f"what {one.what} ({one.place}) does is not known, and it may need them")
        level = Safety.of(known.level)
        if level is not Safety.SAFE:
            safety = max(safety, level)
            evidence[f"not read: {one}; {known.reason}"] = None
    return Verdict(None, safety, tuple(evidence)[:4])


def both(first: Verdict, second: Verdict) -> Verdict:
    """The verdict that holds where *first* and *second* have to."""
    obstacle = first.obstacle or second.obstacle
    return Verdict(obstacle, max(first.safety, second.safety), tuple(dict.fromkeys(first.evidence + second.evidence)))
