"""What is found in later texts, told of the file that the user has."""

from __future__ import annotations

from collections.abc import Callable

from ..change import Change, Remark, RemarkKind
from ..ir.build import Build
from ..record import evolve
from ..text import Edit, Patch, Source, Span, readable
from .inserted import copied_line, first_kept, is_inserted
from .positions import on_original


class Original:
    """The text *source* that the user has, in a file that is called *name*."""

    def __init__(self, source: Source, name: str) -> None:
        self._source = source
        self._name = name

    def remark(self, proposal: Change | Remark, build: Build, patch: Patch) -> Remark:
        """*proposal* as a remark on the original text: a change above the level is held back, not lost."""
        line_of, own = self.line_of(build, patch), self._own(build, patch)
        line = line_of(proposal.line)
        evidence = tuple(self._said(one, line_of, own) for one in proposal.evidence)
        if isinstance(proposal, Remark):
            return evolve(proposal, line=line, reason=self._said(proposal.reason, line_of, own), evidence=evidence)
        title = self._said(proposal.title, line_of, own)
        return Remark(RemarkKind.HELD, title, line, evidence, rule=proposal.rule, needs=proposal.safety)

    def line_of(self, build: Build, patch: Patch) -> Callable[[int], int]:
        """Leads a line of *build* to that of the original which *patch* made it of."""
        return lambda line: self._source.position(patch.shift(first_kept(line, build, patch))).line

    def _said(self, text: str, line_of: Callable[[int], int], own: Callable[[int], bool]) -> str:
        return readable(on_original(text, line_of, self._name, own))

    def _own(self, build: Build, patch: Patch) -> Callable[[int], bool]:
        """Tells whether a line of *build* is neither the user's nor a copy of one."""
        return lambda line: is_inserted(line, build, patch) and copied_line(line, build, patch, self._source) is None

    def changed(self, change: Change, patch: Patch, build: Build) -> Change:
        """*change* of the text that *patch* led to, with the places and lines of the original."""
        line_of, own = self.line_of(build, patch), self._own(build, patch)
        edits = tuple(
            Edit(Span(patch.shift(edit.span.start), patch.shift(edit.span.end)), edit.text) for edit in change.edits
        )
        line = copied_line(change.line, build, patch, self._source)
        return evolve(
            change,
            edits=edits,
            line=line_of(change.line) if line is None else line,
            title=self._said(change.title, line_of, own),
            reason=self._said(change.reason, line_of, own),
            evidence=tuple(self._said(one, line_of, own) for one in change.evidence),
        )
