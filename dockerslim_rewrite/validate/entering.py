"""Lists that stop where ``cd`` fails, by the validator's own reading.

Only where no status is looked at on the way may they stand for lists that go on: the caller sees to that.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..change import Claim, StopsWithoutFolder
from .observe import Block, Command, Unit


def stops(before: Command, after: Block, claims: Iterable[Claim]) -> bool:
    """Whether *after* is the ``cd`` *before* and, should it fail, an ``exit`` that fails too."""
    if after.kind != "or" or not _is_claimed(before, claims):
        return False
    left, right = after.parts
    return left == (before,) and len(right) == 1 and right[0] == Command(("exit",), (), (), (), ("exit",))


def stopping(unit: Unit, claims: Iterable[Claim]) -> tuple[Unit, ...]:
    """The units that *unit* becomes where ``&&`` takes the place of the ``;`` behind a ``cd``; none where it may not.

    That is the last ``;`` of a list: behind any other, commands would go on all the same.
    """
    if not isinstance(unit, Block) or unit.kind != "then" or not unit.text.endswith(";"):
        return ()
    *first, entered, last = unit.parts
    if len(entered) != 1 or len(last) != 1 or not isinstance(entered[0], Command):
        return ()
    if not _is_claimed(entered[0], claims):
        return ()
    return (Block("then", (*first, entered), unit.text[:-1]) if first else entered[0], last[0])


def _is_claimed(command: Command, claims: Iterable[Claim]) -> bool:
    if command.words[:1] != ("cd",) or command.assignments or command.redirects:
        return False
    return any(isinstance(claim, StopsWithoutFolder) and claim.argv == command.raw for claim in claims)
