"""RUNs that do nothing but fetch an index: with a cleanup behind it they would do nothing at all."""

from __future__ import annotations

from collections.abc import Sequence

from ...analysis.facts import Facts, Use
from ...analysis.shell.operations import Kind
from ...ir.build import Build
from ...ir.steps import Run

#: How a remark on such a RUN begins.
IDLE = "nothing would be left of this RUN if its index went; drop it:"


def is_commented(run: Run, build: Build) -> bool:
    """Whether a comment in *run*, or on the lines right above it, may be about it: it would describe nothing then."""
    if run.origin.comments:
        return True
    before = build.text[: build.document.without(run.origin)[0]]
    above = before.rstrip("\r\n").rpartition("\n")[2].lstrip()
    return above.startswith("#") and not before.endswith("\n\n")


def only_refreshes(run: Run, uses: Sequence[Use], facts: Facts) -> bool:
    """Whether every command of *run* is one of *uses*, and does nothing but fetch an index."""
    script = facts.script(run)
    if script is None or any(command.redirects for command in script.commands):
        return False
    refreshing = {id(use.command) for use in uses if use.operation.kind is Kind.UPDATE}
    return all(id(command) in refreshing or not command.words for command in script.commands)
