"""Lines of their own that passes add."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...ir.build import Build
from ...ir.steps import Step
from ...syntax import Instruction
from ...text import Edit


def line_behind(step: Step, text: str, build: Build, facts: Facts) -> Edit:
    """The edit that puts *text* on a line of its own behind *step*."""
    end = step.origin.span.end
    newline = facts.style.newline
    if build.text[:end].endswith("\n"):
        return Edit.insert(end, text + newline)
    return Edit.insert(end, newline + text)


def blanks_behind(step: Step, keyword: str, facts: Facts) -> int:
    """How many blanks stand behind *keyword* in place of the keyword of *step*: one, or as many as leave what follows
    in the column in which it stands below what follows other keywords.
    """
    columns = facts.recall("columns", None, lambda: {_column(one) for one in facts.build.document.instructions})
    length, gap = _column(step.origin)
    aligned = gap > 1 and any(other + blanks == length + gap and other != length for other, blanks in columns)
    return max(1, length + gap - len(keyword)) if aligned else 1


def _column(instruction: Instruction) -> tuple[int, int]:
    """How long the keyword of *instruction* is, and how many blanks follow it."""
    rest = instruction.logical.text[instruction.keyword_start + len(instruction.keyword) :]
    return len(instruction.keyword), len(rest) - len(rest.lstrip(" "))


def goes_on(step: Step, facts: Facts) -> bool:
    """Whether *step* ends the file with a continuation, which would take in whatever was put behind it."""
    return step.origin.text.rstrip().endswith(facts.style.escape)
