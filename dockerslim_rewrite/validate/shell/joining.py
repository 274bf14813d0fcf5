"""Bodies that no longer have a shell of their own, and what a body's own end rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set

from ...shell.script import Script
from ..core.observe import Block, Command, Unit, commands
from ..core.verdict import Unsound
from .effects import Uses, backgrounds, errexit, indifferent, may_end, noticed, uses


def check_fresh(
    bodies: Sequence[tuple[Unit, ...]],
    isolated: Sequence[bool],
    scripts: Sequence[Script],
    exported: Set[str],
    lines: tuple[int | None, int],
) -> None:
    """Raise where a body would notice that it has no shell of its own any more."""
    if any(map(backgrounds, bodies)):
        raise Unsound("a background job stands in a joined RUN", *lines)
    plain = list(map(indifferent, bodies))
    later = Uses()
    for index in range(len(bodies) - 2, -1, -1):
        body = bodies[index]
        later = uses(bodies[index + 1], scripts[index + 1].text) | later
        if isolated[index]:
            if errexit(body):
                raise Unsound("set -e is without effect on the left of &&", *lines)
            continue
        if may_end(body):
            raise Unsound("exit ends the joined shell", *lines)
        if errexit(body) and not all(plain) and (index > 0 or not indifferent(_tail(body)) or not all(plain[1:])):
            raise Unsound("set -e acts on other commands than before", *lines)
        reason = noticed(body, later, exported)
        if reason is not None:
            raise Unsound(f"joined RUNs share a shell: {reason}", *lines)


def _tail(body: tuple[Unit, ...]) -> tuple[Unit, ...]:
    """The units whose status a body ends with: behind the last ``;``."""
    first = body[0]
    if isinstance(first, Block) and first.kind == "then":
        return (*first.parts[-1], *body[1:])
    return body


def starts_errexit(body: tuple[Unit, ...]) -> bool:
    """Whether the first command of *body* switches on ``set -e``."""
    first = body[0] if body else None
    if isinstance(first, Block) and first.kind == "then" and len(first.parts[0]) == 1:
        first = first.parts[0][0]
    return isinstance(first, Command) and first.words[:1] == ("set",) and errexit((first,))


def needed(body: tuple[Unit, ...]) -> frozenset[tuple[str, ...]]:
    """The words of commands without which *body* fails, wherever in it they stand."""
    chain = Counter(unit.raw for unit in body if isinstance(unit, Command))
    everywhere = Counter(command.raw for command in commands(body))
    return frozenset(raw for raw, count in chain.items() if count == everywhere[raw])
