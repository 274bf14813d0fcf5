"""What is to be proved, the candidates that there are, and what became of them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from ...analysis.locked import Supposed
from ...change import RemarkKind
from ...passes import PIPELINE
from ...pipeline import Options, Result
from ...record import record
from ..verify import VerifyOptions
from .observe import Trial

SLIM = "DS304"
#: The rules that split a stage, by code.
SPLITS = tuple(one.code for phase in PIPELINE if phase.name == "split" for one in phase.passes)
#: Rules that change what is installed: tried beside the others where somebody searches.
LEANER = ("DS613", "DS211", "DS410")
#: The rule whose user may be what a container does not start under.
USER = "DS501"


@record
class Attempt:
    """One candidate: the rule, and the image's ``size`` in bytes once it was built; why it is ``refused``, if it is.

    ``given`` is what the proof allows the rule to take for granted, ``result`` the file that was built, without the
    changes of the rules ``ignored`` and with those of ``also``. ``image`` is what the bench calls the image.
    """

    rule: str
    title: str
    rounds: int
    size: int | None
    refused: str | None
    given: Supposed
    ignored: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    result: Result | None = None
    packages: int = 0
    warm: float | None = None
    image: str = ""

    @property
    def proved(self) -> bool:
        """Whether everything was as before."""
        return self.refused is None


@record
class Ladder:
    """The size of the image as it is, and the candidates in the order in which they were tried."""

    size: int
    attempts: tuple[Attempt, ...]


@record
class Task:
    """One Dockerfile to prove: its ``path`` and ``text``, the rewriting ``options`` and how to build and try it.

    ``unclear`` is what its code starts or loads that is known only when it runs, as evidence; a smoke command shows it.
    ``programs`` are the commands that it is known to start, with where it does.
    """

    path: Path
    text: bytes
    context: Path
    options: Options
    how: VerifyOptions
    trial: Trial
    when: datetime
    unclear: str | None = None
    programs: tuple[tuple[str, str], ...] = ()


def candidates(result: Result, *, search: bool = False) -> tuple[str, ...]:
    """The rules that *result* tells to have held back for something that builds may show, the smallest edit first.

    With *search* those come last that would do for a higher level, as they change what is installed.
    """
    told = {one.rule for one in result.remarks if one.kind in (RemarkKind.MISSED, RemarkKind.HELD)}
    held = {one.rule for one in result.remarks if one.kind is RemarkKind.HELD}
    more = tuple(code for code in LEANER if code in held) if search else ()
    return (*(code for code in (SLIM, *SPLITS) if code in told), *more)
