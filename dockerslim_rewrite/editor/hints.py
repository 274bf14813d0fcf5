"""Inlay hints with the bytes that a change saves, and lenses: what the rewrite does, and who builds a stage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from lsprotocol import types

from ..report.text import counted, printable, size
from ..text import Span
from ..workspace.builds.found import FoundBuild
from .analysis import Analysis
from .offers import APPLY, PREVIEW
from .ranges import range_of, span_of


def inlay_hints(found: Analysis, shown: types.Range) -> list[types.InlayHint]:
    """For each instruction within *shown* the estimated bytes that its changes save."""
    span = span_of(found.lines, shown)
    hints = []
    for piece in found.pieces:
        saved: dict[int, int] = defaultdict(int)
        for change in piece.result.changes if piece.edits else ():
            instruction = piece.instruction_at(change.line)
            if instruction is not None and change.saving:
                saved[instruction.line_number] += change.saving
        for line, count in sorted(saved.items()):
            end = piece.line_span(line).end
            if span.start <= end <= span.end:
                position = types.Position(*found.lines.position(end))
                hints.append(types.InlayHint(position, f"about {size(count)} less", padding_left=True))
    return hints


def lenses(found: Analysis, uri: str, builds: Sequence[FoundBuild]) -> list[types.CodeLens]:
    """What the rewrite would do, above the file, and for each stage that somebody builds who that is."""
    made = []
    if found.edits:
        saved = sum(one.saving or 0 for one in found.changes)
        told = f", about {size(saved)} less" if saved else ""
        top = range_of(found.lines, Span(0, 0))
        title = f"rewrite: {counted(len(found.changes), 'change')}{told}"
        made.append(types.CodeLens(top, types.Command(title, APPLY, arguments=[uri])))
        made.append(types.CodeLens(top, types.Command("show the diff", PREVIEW, arguments=[uri])))
    if found.kind != "dockerfile":
        return made
    for piece in found.pieces:
        stages = piece.build.stages
        for stage in stages:
            last = stage.index == len(stages) - 1
            own = [one for one in builds if _builds(one, stage.name, stage.index, last=last)]
            if own:
                place = range_of(found.lines, stage.head.origin.keyword_span)
                named = "; ".join(dict.fromkeys(f"{one.kind} {one.name} ({one.place})" for one in own))
                made.append(types.CodeLens(place, types.Command(printable(f"built by {named}"), "")))
    return made


def _builds(build: FoundBuild, name: str, index: int, *, last: bool) -> bool:
    if build.target is None or build.target == "":
        return last
    return isinstance(build.target, str) and build.target.lower() in (name, str(index))
