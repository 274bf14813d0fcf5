"""What ``prove`` tried, for people and as JSON: the candidates with their sizes, and why some are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..engine.prove.observe import Trial
from ..engine.prove.task import Attempt, Ladder
from .text import printable, size

#: Cells of the longest bar.
_BAR = 30


def plan_lines(path: str, context: str, trial: Trial, rules: tuple[str, ...]) -> Iterator[str]:
    """What is about to be run, where, and what it can reach."""
    reach = "cut off from the network" if trial.network is None else f"on the network {trial.network}"
    yield f"{path}: to prove: {', '.join(rules)}. This builds the file and its candidates in a copy of {context},"
    yield f"  and runs in containers of these images, {reach}, each ended after it was seen:"
    yield f"  - what the image starts, as its own user, for up to {trial.start_timeout:.0f} seconds"
    yield "  - the interpreter of its language, which loads the installed packages"
    if trial.smoke is not None:
        yield "  - the smoke command"


def ladder_lines(ladder: Ladder, best: Attempt | None) -> Iterator[str]:
    """A line for each candidate, the chosen one marked."""
    yield f"  {size(ladder.size):>8}  {_bar(ladder.size, ladder.size)}  as it is"
    for one in ladder.attempts:
        mark = "→" if one is best else " "
        shown = size(one.size) if one.size is not None else "–"
        bar = _bar(one.size or 0, ladder.size)
        yield printable(f"{mark} {shown:>8}  {bar}  {_named(one)}: {_verdict(one)}")
    if best is not None:
        yield printable(f"  {best.given.evidence}")


def _named(one: Attempt) -> str:
    without = f" with {', '.join(one.also)}" if one.also else ""
    without += f" without {', '.join(one.ignored)}" if one.ignored else ""
    return f"{one.rule}{without}" if one.title == one.rule else f"{one.rule} {one.title}{without}"


def _verdict(one: Attempt) -> str:
    if one.refused is not None:
        return f"refused, {one.refused}"
    rounds = "" if one.rounds == 1 else f" in {one.rounds} rounds"
    warm = "" if one.warm is None else f", {one.warm:.1f} s to build after a change"
    return f"proved{rounds}{warm}"


def _bar(count: int, largest: int) -> str:
    filled = max(1, round(_BAR * count / largest)) if count and largest else 0
    return ("█" * filled).ljust(_BAR)


def ladder_object(path: str, ladder: Ladder | None, best: Attempt | None, reason: str | None) -> dict[str, Any]:
    """The same as JSON-ready data; *reason* is why there was nothing to try, or nothing could be built."""
    return {
        "path": path,
        "size": None if ladder is None else ladder.size,
        "reason": reason,
        "chosen": None if best is None else best.rule,
        "attempts": [_attempt(one) for one in (ladder.attempts if ladder is not None else ())],
    }


def _attempt(one: Attempt) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "title": one.title,
        "proved": one.proved,
        "refused": one.refused,
        "rounds": one.rounds,
        "size": one.size,
        "warm_seconds": one.warm,
        "with": list(one.also),
        "without": list(one.ignored),
        "level": one.given.level if one.proved else None,
        "packages": list(one.given.packages),
        "places": list(one.given.places),
        "evidence": one.given.evidence or None,
    }
