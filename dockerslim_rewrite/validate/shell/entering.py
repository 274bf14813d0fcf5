"""``cd`` that may fail, and ``cd`` behind which nothing runs, by the validator's own reading."""

from __future__ import annotations

from collections.abc import Iterable

from ...change import Claim, RemovesCommand, StopsWithoutFolder
from ...patterns import re
from ..core.observe import Block, Command, Unit

#: Paths of folders that every system has, and that of the one that is being left.
_THERE = re.compile(r"/|(?:\.{1,2}/)*\.{1,2}/?")


def stops(before: Command, after: Block, claims: Iterable[Claim]) -> bool:
    """Whether *after* is the ``cd`` *before* and, should it fail, an ``exit`` that fails too.

    Only where no status is looked at on the way may it stand for *before*: the caller sees to that.
    """
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


def left_with(found: tuple[Unit, ...], claims: Iterable[Claim]) -> tuple[Unit, ...]:
    """The units *found* of a whole body without the ``cd`` that ends it, where a claim names one that cannot fail."""
    last = found[-1] if len(found) > 1 else None
    if not isinstance(last, Command) or not _is_left(last, claims):
        return found
    path, before = last.words[1], found[-2]
    there = _THERE.fullmatch(path) is not None
    if not there and isinstance(before, Command) and not path.startswith(("\0", "-")):
        there = _makes(before, path)
    return found[:-1] if there else found


def is_idle(found: tuple[Unit, ...], before: tuple[Unit, ...], workdir: str | None, claims: Iterable[Claim]) -> bool:
    """Whether *found* is nothing but a claimed ``cd`` to a folder that is there: *workdir* is, and what the RUN right
    before, which is *before*, ends with making.
    """
    only = found[0] if len(found) == 1 else None
    if not isinstance(only, Command) or not _is_left(only, claims):
        return False
    path = only.words[1]
    if _THERE.fullmatch(path) is not None or path.rstrip("/") == workdir:
        return True
    if path.startswith(("\0", "-")) or not all(
        isinstance(unit, Command) and unit.words[:1] != ("cd",) for unit in before
    ):
        return False
    last = before[-1] if before else None
    return isinstance(last, Command) and _makes(last, path)


def _is_left(command: Command, claims: Iterable[Claim]) -> bool:
    if command.words[:1] != ("cd",) or len(command.words) != 2 or command.assignments or command.redirects:
        return False
    return any(isinstance(claim, RemovesCommand) and claim.argv == command.raw for claim in claims)


def _makes(command: Command, path: str) -> bool:
    """Whether *command* fails unless the folder *path* is there behind it."""
    words = command.words
    if words[:1] == ("mkdir",):
        return words[-1] == path
    if words[:2] != ("git", "clone"):
        return False
    return path in (words[-1], words[-1].rstrip("/").rpartition("/")[2].removesuffix(".git"))
