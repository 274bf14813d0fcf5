"""DS606: empty lines inside an instruction."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...change import Change, Layout, Safety
from ...ir.build import Build, swallowed
from ...syntax import LineKind
from ...text import Edit
from ..base import Proposals, missed


def empty_continuation(build: Build, facts: Facts) -> Proposals:
    """Remove empty lines that stand inside a continued instruction.

    Docker skips them with a warning and will refuse them one day; a reader takes them for the instruction's end.

    Safe because BuildKit drops these lines before it reads the instruction. Where what follows begins like an
    instruction, the line above most likely has a continuation too many: that is told, and nothing joined. Source:
    BuildKit check NoEmptyContinuation.
    """
    for instruction in build.document.instructions:
        if LineKind.BLANK not in instruction.kinds:
            continue
        last_code = max(i for i, kind in enumerate(instruction.kinds) if kind is not LineKind.BLANK)
        blank = [line.span for i, line in enumerate(instruction.lines) if line.kind is LineKind.BLANK and i < last_code]
        after = swallowed(instruction)
        if after is not None:
            told = f"the line above ends with a continuation, so {after[1]} is no instruction of its own"
            yield missed(after[0], f"{told}; drop the last {facts.style.escape} above it")
        elif blank:
            yield Change(
                edits=tuple(Edit.delete(*span) for span in blank),
                title=f"remove {len(blank)} empty line{'s' if len(blank) > 1 else ''} inside {instruction.keyword}",
                reason="Docker warns about empty continuation lines and will refuse them in a later version",
                safety=Safety.SAFE,
                claims=(Layout(),),
                line=instruction.line_number,
            )
