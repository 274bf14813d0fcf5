"""What a pass yields, and the shape of a rule's row in the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from importlib import import_module

from ..analysis.facts import Facts
from ..change import Change, Remark, RemarkKind, Safety
from ..ir.build import Build
from ..record import evolve, record

Proposals = Iterator[Change | Remark]
#: The generator of a rule: what it makes of a build, with the facts about it.
Propose = Callable[[Build, Facts], Proposals]


@record(slots=False)
class Pass:
    """A row of ``rules.toml``, which says what the fields mean; ``level`` is None for rules that only remark.

    The module of a rule is loaded when the rule first runs or is explained. ``given`` takes the place of the module's
    generator.
    """

    code: str
    name: str
    family: str
    phase: str
    level: Safety | None
    ceiling: Safety | None
    group: str
    summary: str
    look: str = ""
    fails: bool = False
    answers: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    optional: bool = False
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    held_by: tuple[str, ...] = ()
    given: Propose | None = None

    @property
    def module(self) -> str:
        """The rule's module, below ``passes``."""
        return f"{self.family}.{self.code.lower()}_{self.name.replace('-', '_')}"

    @cached_property
    def generator(self) -> Propose:
        """The rule's own function. Raises ``ImportError`` where the table names a module that does not exist."""
        if self.given is not None:
            return self.given
        package = __package__ or ""
        found: Propose = getattr(import_module(f".{self.module}", package), self.name.replace("-", "_"))
        return found

    @property
    def doc(self) -> str:
        """What the rule does, why, and why it is safe."""
        from inspect import cleandoc

        return cleandoc(self.generator.__doc__ or "")

    def concerns(self, lowered: str) -> bool:
        """Whether the rule may have something to say of a file with the text *lowered*, which is in lower case."""
        return not self.mentions or any(word in lowered for word in self.mentions)

    def run(self, build: Build, facts: Facts) -> Proposals:
        """What the rule proposes and declines, under its code."""
        for proposal in self.generator(build, facts):
            yield evolve(proposal, rule=self.code)


def missed(line: int, reason: str, *evidence: str) -> Remark:
    """A remark that a rewrite was declined."""
    return Remark(RemarkKind.MISSED, reason, line, evidence)


def analysis(line: int, reason: str, *evidence: str) -> Remark:
    """A remark that something was found which no rewrite answers."""
    return Remark(RemarkKind.ANALYSIS, reason, line, evidence)
