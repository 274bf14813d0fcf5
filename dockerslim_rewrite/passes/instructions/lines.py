"""Lines of their own that passes add."""

from __future__ import annotations

from collections import Counter

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
    in the column in which it stands in most of the file.
    """
    columns = facts.recall("columns", None, lambda: Counter(map(_column, facts.build.document.instructions)))
    column = _column(step.origin)
    aligned = column > len(step.origin.keyword) + 1 and 3 * columns[column] >= 2 * columns.total()
    return max(1, column - len(keyword)) if aligned else 1


def _column(instruction: Instruction) -> int:
    """Where the arguments of *instruction* begin, counted from its keyword."""
    rest = instruction.logical.text[instruction.keyword_start + len(instruction.keyword) :]
    return len(instruction.keyword) + len(rest) - len(rest.lstrip(" "))


def goes_on(step: Step, facts: Facts) -> bool:
    """Whether *step* ends the file with a continuation, which would take in whatever was put behind it."""
    return step.origin.text.rstrip().endswith(facts.style.escape)
