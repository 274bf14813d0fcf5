"""DS105: neighbouring ENV, LABEL or EXPOSE instructions as one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ...analysis.facts import Facts
from ...change import Change, JoinsInstructions, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Env, Label, Listing, Step
from ...patterns import re
from ...shell.edits import style_at
from ...text import Edit
from ..base import Proposals, missed

_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")


def join_metadata(build: Build, facts: Facts) -> Proposals:
    """Join ENV, LABEL or EXPOSE instructions that stand on neighbouring lines.

    The classic builder makes a layer of each, and shorter histories read better. BuildKit makes no layers of them, so
    this is off unless selected.

    Safe because the same keys get the same values in the same order. Within one ENV every value sees the environment
    from before it, so an ENV that uses a variable set right above starts a new group. A blank line or a comment between
    two instructions is the author's grouping and stays. Source: Dockerfile reference, ENV ("environment replacement").
    """
    for stage in build.stages:
        for group in _groups(stage, build):
            first = group[0]
            for left, right in pairwise(group):
                if any(one.origin.args.endswith(build.document.escape) for one in (left, right)):
                    yield missed(right.line, "a value ends in an escape character")
                    break
            else:
                yield Change(
                    edits=tuple(_joints(group, facts)),
                    title=f"join {len(group)} {first.keyword} instructions",
                    reason="they say one thing, and the classic builder makes a layer of each",
                    safety=Safety.SAFE,
                    claims=(JoinsInstructions(first.keyword),),
                    line=first.line,
                )


def _groups(stage: Stage, build: Build) -> Iterator[list[Step]]:
    """Series of instructions, at least two each, that may become one."""
    group: list[Step] = []
    for step in stage.steps:
        if group and _belongs(group, step, build):
            group.append(step)
            continue
        if len(group) > 1:
            yield group
        group = [step] if _joinable(step) else []
    if len(group) > 1:
        yield group


def _joinable(step: Step) -> bool:
    if isinstance(step, Env | Label):
        return bool(step.pairs) and not any(pair.legacy for pair in step.pairs) and not step.origin.comments
    return isinstance(step, Listing) and step.keyword == "EXPOSE" and bool(step.words) and not step.origin.comments


def _belongs(group: list[Step], step: Step, build: Build) -> bool:
    last = group[-1]
    if not _joinable(step) or step.keyword != last.keyword or last.origin.span.end != step.origin.span.start:
        return False
    if isinstance(step, Env):
        known = {pair.key for one in group if isinstance(one, Env) for pair in one.pairs}
        used = {name for pair in step.pairs for name in _REFERENCE.findall(pair.value or "")}
        names = {pair.key for pair in step.pairs}
        if build.document.escape == "`":
            known, used, names = ({one.upper() for one in some} for some in (known, used, names))
        return not known & used and not known & names
    return True


def _joints(group: list[Step], facts: Facts) -> Iterator[Edit]:
    style = style_at(group[0].origin, facts.style)
    glue = " " if group[0].keyword == "EXPOSE" else f" {style.escape}{style.newline}{style.indent}"
    for left, right in pairwise(group):
        yield Edit.replace(left.origin.code_end, right.origin.args_logical.before(0), glue)
