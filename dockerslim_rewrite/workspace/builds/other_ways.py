"""Builds of one command that come out otherwise where somebody sets its variables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ...record import evolve
from ..repository import Repository
from .checkouts import CheckedOut, Checkout
from .found import FoundBuild, Unknown

#: So many commands are read again in one repository.
_MAX_AGAIN: Final = 6_000


class _Left:
    commands = _MAX_AGAIN


class Again(CheckedOut):
    """The *repository* for reading commands once more, which does not count among those that are followed."""

    def __init__(self, repository: Repository) -> None:
        super().__init__(repository, (Checkout("", own=True),))
        self._left = repository.recall("commands that are read again", _Left)

    def follows(self, path: str) -> bool:
        """Whether one more command of the file *path* may be read again; the first that may not is told."""
        if self._left.commands == 0:
            said = f"with the files before it, more than {_MAX_AGAIN:,} commands have variables that callers set"
            self.complain(path, f"{said}; the rest is read as it stands")
        self._left.commands -= 1
        return self._left.commands >= 0


def with_others(plain: Sequence[FoundBuild], others: Sequence[Sequence[FoundBuild]]) -> Iterator[FoundBuild]:
    """The builds *plain*, each with those of *others* in its place that take another context, Dockerfile or stage.

    What differs among their arguments alone is not known. Where a variable is the whole command, there may be others.
    """
    for at, build in enumerate(plain):
        ways = [one[at] for one in others if at < len(one)]
        yield _with_doubt(build, ways)
        yield from dict.fromkeys(one for one in ways if _where(one) != _where(build))
    longest = max(others, key=len, default=())
    yield from longest[len(plain) :]


def _where(build: FoundBuild) -> tuple[object, ...]:
    return build.context, build.dockerfile, build.target, build.contexts


def _with_doubt(build: FoundBuild, ways: Sequence[FoundBuild]) -> FoundBuild:
    args = dict(build.args)
    for way in ways:
        given = dict(way.args)
        for name in dict.fromkeys((*args, *given)):
            if args.get(name, "") != given.get(name, "") or (name in args) != (name in given):
                value = given.get(name, args.get(name))
                args[name] = Unknown(str(value or name))
    return evolve(build, args=tuple(args.items()))
