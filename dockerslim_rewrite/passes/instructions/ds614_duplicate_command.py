"""DS614: CMD, ENTRYPOINT or HEALTHCHECK given twice in one stage."""

from __future__ import annotations

from collections.abc import Sequence

from ...analysis.facts import Facts
from ...change import Change, DropsInstruction, Safety
from ...ir.build import Build
from ...ir.steps import Exec, Step
from ...knowledge.costs import prepares
from ...patterns import re
from ...shell.script import Script
from ...syntax import SegmentKind
from ...text import Edit, Span
from ..base import Proposals, missed

_LAST_WINS = ("CMD", "ENTRYPOINT", "HEALTHCHECK")
#: Comments of files that show their readers several ways.
_ALTERNATIVES = re.compile(r"\b(?:options?|alternative(?:s|ly)?|either|variants?|instead|examples?|ways?)\b", re.I)


def duplicate_command(build: Build, facts: Facts) -> Proposals:
    """Drop a CMD, ENTRYPOINT or HEALTHCHECK that a later one in the same stage overrides.

    Only the last one of a stage counts; the others mislead readers. A CMD that prepares the image (`CMD mkdir /data`)
    stays, with a remark: RUN was meant.

    Safe because the image configuration holds one value of each, the last; other stages are looked at on their own,
    and triggers of ONBUILD belong to another build. A comment right above that speaks of nothing else goes along, at
    level standard: at safe no comment is lost. Source: Dockerfile reference.
    """
    for stage in build.stages:
        for keyword in _LAST_WINS:
            steps = [step for step in stage.steps if step.keyword == keyword]
            stays = False
            for step in steps[:-1]:
                if step.origin.comments:
                    yield missed(step.line, f"this {keyword} is overridden, but comments stand inside it")
                    stays = True
                    continue
                if isinstance(step, Exec) and keyword == "CMD" and prepares(_first_words(step)):
                    # Whoever wrote it wants it done; dropped, nobody would ask any more.
                    yield missed(
                        step.line, f"this CMD does nothing, line {steps[-1].line} overrides it: was RUN meant?"
                    )
                    stays = True
                    continue
                if stays:
                    # It is as good as the one above, about which the author has to think first.
                    continue
                gone, comments = _with_comment(step, build)
                if any(map(_ALTERNATIVES.search, comments)):
                    yield missed(step.line, f"line {steps[-1].line} overrides it, but a comment tells of alternatives")
                    stays = True
                    continue
                yield Change(
                    edits=(Edit.delete(*gone),),
                    title=f"drop {'an' if keyword[0] == 'E' else 'a'} {keyword} that has no effect",
                    reason=f"the {keyword} on line {steps[-1].line} overrides it",
                    safety=Safety.STANDARD if comments else Safety.SAFE,
                    claims=(DropsInstruction(keyword, comments),),
                    line=step.line,
                    evidence=(f"line {steps[-1].line}",),
                )


def _with_comment(step: Step, build: Build) -> tuple[Span, tuple[str, ...]]:
    """What to delete where *step* goes, and the lines of a comment among it that speak of nothing else."""
    document = build.document
    at = next(index for index, one in enumerate(document.segments) if one.span == step.origin.span)
    above, behind = document.segments[max(at - 1, 0)], document.segments[at + 1 : at + 2]
    if above.kind is not SegmentKind.COMMENT or any(one.kind is SegmentKind.INSTRUCTION for one in behind):
        return document.without(step.origin), ()
    apart = at < 2 or document.segments[at - 2].kind is SegmentKind.BLANK
    ends = [one.span.end for one in behind if apart and one.kind is SegmentKind.BLANK]
    lines = build.text[above.span.start : above.span.end].splitlines()
    return Span(above.span.start, max(ends, default=step.origin.span.end)), tuple(line.strip() for line in lines)


def _first_words(step: Exec) -> Sequence[str]:
    """The words of the command that *step* begins with."""
    if step.argv is not None:
        by_shell = len(step.argv) == 3 and step.argv[0].endswith("sh") and step.argv[1] == "-c"
        return step.argv[2].removeprefix("exec ").split() if by_shell else step.argv
    script = step.body.script if step.body is not None else None
    commands = script.commands if isinstance(script, Script) else ()
    return [word.text for word in commands[0].words] if commands else ()
