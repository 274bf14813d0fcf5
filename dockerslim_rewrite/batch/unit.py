"""One file of a batch as work: what is needed to rewrite it, and doing so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from ..context.project import FolderProject
from ..pipeline import Options, Result, rewrite
from ..record import evolve, record
from ..syntax import ParseError
from ..workspace.discovery import refusal_of
from .outcome import Outcome, Status, outcome_of

if TYPE_CHECKING:
    from ..analysis.project import Project


class Opener(Protocol):
    """Opens the projects that a file is built in; *sources* of its COPY and ADD are those that an earlier run found."""

    def __call__(self, sources: Sequence[str] | None = None) -> Sequence[FolderProject]:
        """The projects."""


#: Builds *before* and its rewrite; what it says about them, and why nothing may be written. Runs where files lie.
Prover = Callable[[str, bytes, Result], tuple[dict[str, object], str | None, int]]


@record(eq=False)
class Unit:
    """The file ``path``, ``name`` in the repository at ``root``: its bytes and the options that hold for it.

    ``projects`` opens the contexts of its builds; it is called only if a rule asks. ``named`` tells that the user
    named the file itself, so that it is taken whatever it looks like.
    """

    path: str
    name: str
    root: str
    data: bytes
    options: Options
    projects: Opener
    named: bool = False


def compute(unit: Unit, prove: Prover | None = None) -> Outcome:
    """Rewrite the file of *unit*. Whatever is wrong with it is in the outcome; nothing is raised."""
    reason = None if unit.named else refusal_of(unit.name.rpartition("/")[2], unit.data)
    if reason is not None:
        return Outcome(unit.path, unit.name, Status.SKIPPED, 0, reason)
    try:
        result = rewrite(unit.data, evolve(unit.options, builds=_opened(unit.projects)), unit.path)
    except ParseError as error:
        return failed(unit.path, unit.name, f"{unit.path}:{error.line}: {error.reason}; left as it is")
    except (ValueError, OSError) as error:
        return failed(unit.path, unit.name, f"{unit.path}: {error}")
    found = outcome_of(result, unit.path, unit.name, unit.data, unit.root)
    if prove is None or not (result.changed or result.companions):
        return found
    document, refusal, code = prove(unit.path, unit.data, result)
    if refusal is None:
        return evolve(found, verified=document)
    # Nothing of it is to be written or counted.
    return evolve(failed(unit.path, unit.name, refusal, code), before=found.before, verified=document)


def failed(path: str, name: str, reason: str, code: int = 2) -> Outcome:
    """The outcome of a file that nothing can be made of."""
    return Outcome(path, name, Status.FAILED, code, reason)


def _opened(projects: Opener) -> Callable[[], Sequence[Project]]:
    """*projects* as the compiler takes them: it knows them as projects, whatever they are read from."""
    return lambda: tuple(projects())
