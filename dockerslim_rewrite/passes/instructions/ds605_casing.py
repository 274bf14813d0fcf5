"""DS605: the case of keywords and stage names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from ...analysis.facts import Facts
from ...analysis.flow.graph import references
from ...change import Change, Layout, Renames, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Onbuild, Step
from ...text import Edit
from ..base import Proposals, missed


def casing(build: Build, facts: Facts) -> Proposals:
    """Write keywords in the file's own case, AS like its FROM, and stage names in lower case with all references.

    Mixed case hides structure from readers, and a stage name that differs from its reference by case looks like an
    image.

    Safe because Docker compares keywords and stage names without regard to case. Source: BuildKit checks
    FromAsCasing, StageNameCasing, ConsistentInstructionCasing.
    """
    yield from _keywords(build)
    for stage in build.stages:
        yield from _as(build, stage)
        yield from _name(build, stage)


def _keywords(build: Build) -> Iterator[Change]:
    written = [(step, step.origin.keyword_text) for step in build]
    upper = sum(text.isupper() for _, text in written)
    lower = sum(text.islower() for _, text in written)
    if lower and upper == lower:
        return
    for step, text in written:
        wanted = text.upper() if upper >= lower else text.lower()
        if text != wanted:
            yield Change(
                edits=(Edit(step.origin.keyword_span, wanted),),
                title=f"{text} becomes {wanted}",
                reason=f"most instructions of this file are in {'upper' if upper >= lower else 'lower'} case",
                safety=Safety.SAFE,
                claims=(Layout(),),
                line=step.line,
            )


def _as(build: Build, stage: Stage) -> Iterator[Change]:
    head = stage.head
    if head.alias is None:
        return
    logical = head.origin.args_logical
    match = re.search(r"\s([aA][sS])\s+\S+\Z", logical.text)
    keyword = head.origin.keyword_text
    wanted = "AS" if keyword.isupper() else "as" if keyword.islower() else None
    if match is None or wanted is None or match[1] == wanted:
        return
    yield Change(
        edits=(Edit(logical.span(match.start(1), match.end(1)), wanted),),
        title=f"write {wanted}, like {keyword}",
        reason="BuildKit warns at every build where the two differ in case",
        safety=Safety.SAFE,
        claims=(Layout(),),
        line=head.line,
    )


def _name(build: Build, stage: Stage) -> Proposals:
    alias = stage.head.alias
    if alias is None or alias == alias.lower():
        return
    counts = Counter(other.name for other in build.stages)
    if counts[alias.lower()] > 1:
        yield missed(stage.head.line, f"another stage is called {alias.lower()}, too")
        return
    logical = stage.head.origin.args_logical
    start = logical.text.rindex(alias)
    edits = [Edit(logical.span(start, start + len(alias)), alias.lower())]
    for step in _behind(build, stage):
        edits += _references(step, alias)
    yield Change(
        edits=tuple(edits),
        title=f"stage {alias} becomes {alias.lower()}",
        reason="stage names are lower case, so that no reference looks like another name",
        safety=Safety.SAFE,
        claims=(Renames("FROM", alias, alias.lower()),),
        line=stage.head.line,
    )


def _behind(build: Build, stage: Stage) -> Iterator[Step]:
    for other in build.stages[stage.index + 1 :]:
        yield other.head
        yield from other.steps


def _references(step: Step, alias: str) -> list[Edit]:
    """Edits that write each reference of *step* to the stage in lower case."""
    lower = alias.lower()
    logical = step.origin.logical
    if step.keyword == "FROM":
        match = re.search(r"\bFROM\s+(?:--\S+\s+)*(\S+)", logical.text, re.I)
        if match and match[1].lower() == lower and match[1] != lower:
            return [Edit(logical.span(match.start(1), match.end(1)), lower)]
        return []
    owner = step.trigger if isinstance(step, Onbuild) else step
    if owner is None or not any(name.lower() == lower and name != lower for name in references(owner)):
        return []
    edits = []
    for flag in owner.origin.flags:
        text = logical.text[flag.span.start : flag.span.end]
        for match in re.finditer(rf"(?<=from=){re.escape(alias)}(?=,|\Z)", text, re.I):
            at = flag.span.start + match.start()
            edits.append(Edit(logical.span(at, at + len(alias)), lower))
    return edits
