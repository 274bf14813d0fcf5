"""Calls of another program that do the same: which judge reads which claim."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from ...change import ReplacesCommand
from ..core.observe import Command
from .downloads import by_curl
from .printing import by_printf


def stands_for(old: Sequence[str], new: Sequence[str], claim: ReplacesCommand) -> bool:
    """Whether the call *new* does wherever it stands what *old* does, as *claim* says."""
    match claim.by:
        case "curl":
            return by_curl(old, new, claim)
        case "printf":
            return by_printf(old, new, claim)
        case "dot":
            return False  # only where the caller of dotted() knows that it has to succeed
        case _:
            assert_never(claim.by)


def dotted(before: Command, after: Command, claims: Iterable[ReplacesCommand]) -> bool:
    """Whether *after* is ``. file`` for ``source file``, where the caller knows that *before* has to succeed."""
    return (
        any(claim.before == before.raw and claim.after == after.raw for claim in claims)
        and before.raw[:1] == ("source",)
        and after.raw[:1] == (".",)
        and len(before.raw) == 2
        and before.raw[1:] == after.raw[1:]
        and "/" in before.raw[1]
        and not (before.assignments or before.redirects or after.assignments or after.redirects)
        and before.nested == after.nested
    )
