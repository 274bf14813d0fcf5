"""How long a Dockerfile may be for anything to be done with it.

Steps are counted, not seconds, so that results do not depend on the machine. Of 97,574 real files the longest has some
six hundred instructions; what is longer was made to keep somebody busy.
"""

from __future__ import annotations

from ..change import Remark, RemarkKind
from ..ir.build import Build
from ..ir.steps import Run, Step
from ..shell.script import Script
from ..syntax import Document

MOST_INSTRUCTIONS = 1_000
#: The longest of some four thousand files has four hundred commands, three thousand words and 31 kB.
MOST_COMMANDS = 4_000
MOST_WORDS = 10_000
MOST_CHARACTERS = 100_000
#: Two hundred times as many as any has: comments and empty lines take memory as well.
MOST_LINES = 100_000
#: An instruction of usual length; here-documents and long lists of commands count as several.
_USUAL_LENGTH = 200


def beyond_budget(build: Build) -> Remark | None:
    """Why *build* is left as it is; None where it is of a length that people write."""
    steps = sum(len(stage.steps) + 1 for stage in build.stages) + len(build.preamble)
    if steps > MOST_INSTRUCTIONS:
        return _left(f"it has {steps} instructions, more than the {MOST_INSTRUCTIONS} that are followed")
    lines = len(build.document.source.line_starts)
    if lines > MOST_LINES:
        return _left(f"it has {lines} lines, more than the {MOST_LINES} that are followed")
    texts = [_text(step) for stage in build.stages for step in stage.steps]
    characters = sum(map(len, texts))
    if characters > MOST_CHARACTERS:
        return _left(f"it has {characters} characters of text, more than the {MOST_CHARACTERS} that are followed")
    words = sum(len(text.split()) for text in texts)
    if words > MOST_WORDS:
        return _left(f"it has {words} words, more than the {MOST_WORDS} that are followed")
    commands = 0
    for stage in build.stages:
        for step in stage.steps:
            script = step.body.script if isinstance(step, Run) and step.body is not None else None
            commands += len(script.commands) if isinstance(script, Script) else 0
    if commands > MOST_COMMANDS:
        return _left(f"its RUNs have {commands} commands, more than the {MOST_COMMANDS} that are followed")
    return None


def context_beyond_budget() -> Remark:
    """Why nothing is concluded from the files of a build context."""
    reason = "its COPYs put more files of the build context into stages than are followed; none of them is looked at"
    return Remark(RemarkKind.ANALYSIS, reason, 1, rule="DS000")


def _text(step: Step) -> str:
    """The text of *step* that is followed: of files that COPY writes only their names."""
    return step.origin.text if isinstance(step, Run) else step.origin.args


def _left(reason: str) -> Remark:
    return Remark(RemarkKind.ANALYSIS, f"the file stays as it is: {reason}", 1, rule="DS000")


def judged_size(text: str, document: Document) -> int:
    """How many instructions of usual length the validator reads that reads *text*, which is *document*."""
    return max(len(document.instructions), len(text) // _USUAL_LENGTH)
