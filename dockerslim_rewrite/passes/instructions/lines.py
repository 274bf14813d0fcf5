"""Lines of their own that passes add."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...ir.build import Build
from ...ir.steps import Step
from ...text import Edit


def line_behind(step: Step, text: str, build: Build, facts: Facts) -> Edit:
    """The edit that puts *text* on a line of its own behind *step*."""
    end = step.origin.span.end
    newline = facts.style.newline
    if build.text[:end].endswith("\n"):
        return Edit.insert(end, text + newline)
    return Edit.insert(end, newline + text)


def goes_on(step: Step, facts: Facts) -> bool:
    """Whether *step* ends the file with a continuation, which would take in whatever was put behind it."""
    return step.origin.text.rstrip().endswith(facts.style.escape)
