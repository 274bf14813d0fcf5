"""Where the work of a batch is done: on this machine or on others. All give the same outcomes in the same order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Protocol

from ...record import record
from ..outcome import Outcome
from ..unit import Unit


@record
class Done:
    """The outcome of one file, and whether it was ``cached``: there before."""

    outcome: Outcome
    cached: bool = False


class Executor(Protocol):
    """Does the work; a context manager that ends what it started."""

    def __enter__(self) -> Executor:
        """Get ready."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End what was started."""

    def run(self, paths: Iterable[tuple[str, bool]]) -> Iterator[Done]:
        """The outcomes of the files at *paths* (and whether each was named outright), in the order given.

        *paths* is read as far ahead as there are hands, so that memory stays flat.
        """


#: From a path, and whether it was named outright, to the work. Raises ``ValueError`` or ``OSError`` with one line.
Prepare = Callable[[str, bool], Unit]
