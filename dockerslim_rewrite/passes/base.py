"""What a pass is: a named generator of changes and remarks, with its rule code, level and documentation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..analysis.facts import Facts
from ..change import Change, Remark, RemarkKind, Safety
from ..ir.build import Build
from ..record import record

Proposals = Iterator[Change | Remark]


@record(slots=False)
class Pass:
    """A pass as it is declared: *code* (``DS201``), *name*, the highest *safety* level of its changes, *answers* (codes
    of other tools that it answers), and the generator *run*. ``optional`` passes run only when selected by their code;
    ``remark_only`` ones never change anything. A file that holds none of the words in *mentions* (lower case, compared
    without regard to case) gives the pass nothing to say, so it is not asked; without *mentions* it always is.
    """

    code: str
    name: str
    safety: Safety
    answers: tuple[str, ...]
    run: Callable[[Build, Facts], Proposals]
    optional: bool = False
    remark_only: bool = False
    mentions: tuple[str, ...] = ()

    def concerns(self, lowered: str) -> bool:
        """Whether the pass may have something to say of a file with the text *lowered*, which is in lower case."""
        return not self.mentions or any(word in lowered for word in self.mentions)

    @property
    def summary(self) -> str:
        """The first line of the documentation."""
        return self.doc.split("\n", 1)[0]

    @property
    def doc(self) -> str:
        """What the pass does, why, and why it is safe."""
        from inspect import cleandoc

        return cleandoc(self.run.__doc__ or "")


def rewrite_pass(
    code: str,
    name: str,
    safety: Safety,
    answers: tuple[str, ...] = (),
    *,
    optional: bool = False,
    remark_only: bool = False,
    mentions: tuple[str, ...] = (),
) -> Callable[[Callable[[Build, Facts], Proposals]], Pass]:
    """Declare the generator below as the pass *code*."""

    def declare(run: Callable[[Build, Facts], Proposals]) -> Pass:
        return Pass(code, name, safety, answers, run, optional, remark_only, mentions)

    return declare


def missed(code: str, line: int, reason: str, *evidence: str) -> Remark:
    """A remark that a rewrite was declined."""
    return Remark(RemarkKind.MISSED, code, reason, line, evidence)


def analysis(code: str, line: int, reason: str, *evidence: str) -> Remark:
    """A remark that something was found which no rewrite answers."""
    return Remark(RemarkKind.ANALYSIS, code, reason, line, evidence)
