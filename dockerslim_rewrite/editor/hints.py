"""Inlay hints: the bytes of layers and what changes save. Lenses: what the rewrite does, and who builds a stage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from lsprotocol import types

from ..pipeline.budget import MOST_INSTRUCTIONS
from ..pipeline.engine import projects_of
from ..report.text import counted, printable, size
from ..text import Span
from ..workspace.builds.found import FoundBuild
from ..workspace.measured import Measured, measured
from .analysis import Analysis
from .offers import APPLY
from .ranges import range_of, span_of

#: What is known of the layers of a Dockerfile, by the line on which their instructions begin.
Built = Mapping[int, Measured]


def built(found: Analysis) -> Built:
    """What `verify` measured of the layers, each as long as nothing up to its instruction is edited."""
    if found.kind != "dockerfile":
        return {}
    known: dict[int, Measured] = {}
    for piece in found.pieces:
        if len(piece.build.document.instructions) > MOST_INSTRUCTIONS:
            # No builder takes so many layers, so nobody measured them.
            continue
        for project in projects_of(piece.options, piece.result.path):
            if project is not None:
                known.update(measured(piece.build, Path(project.name)))
    return known


def inlay_hints(found: Analysis, built: Built, shown: types.Range) -> list[types.InlayHint]:
    """For each instruction within *shown* the bytes of its layer, where it was *built*, and about what changes save."""
    span = span_of(found.lines, shown)
    hints = []
    for piece in found.pieces:
        saved: dict[int, int] = defaultdict(int)
        for change in piece.result.changes if piece.edits else ():
            instruction = piece.instruction_at(change.line)
            if instruction is not None and change.saving:
                saved[instruction.line_number] += change.saving
        for line in sorted({*saved, *built}):
            end = piece.line_span(line).end
            if not span.start <= end <= span.end:
                continue
            layer = built.get(line)
            told = [size(layer.size)] if layer is not None else []
            told += [f"about {size(saved[line])} less"] if line in saved else []
            tip = None if layer is None else f"The layer has {size(layer.size)}, as `verify` built it on {layer.day}."
            position = types.Position(*found.lines.position(end))
            hints.append(types.InlayHint(position, ", ".join(told), tooltip=tip, padding_left=True))
    return hints


def lenses(
    found: Analysis, uri: str, builds: Sequence[FoundBuild], *, applies: bool, diff: str | None
) -> list[types.CodeLens]:
    """What the rewrite would do, above the file, and for each stage that somebody builds who that is.

    A client that *applies* no edits of a server cannot be told to make the changes, and *diff* is the
    command that lets it show a diff, if it can.
    """
    made = []
    if found.edits:
        saved = sum(one.saving or 0 for one in found.changes)
        told = f", about {size(saved)} less" if saved else ""
        top = range_of(found.lines, Span(0, 0))
        title = f"rewrite: {counted(len(found.changes), 'change')}{told}"
        command = types.Command(title, APPLY, arguments=[uri]) if applies else types.Command(title, "")
        made.append(types.CodeLens(top, command))
        if diff is not None:
            made.append(types.CodeLens(top, types.Command("show the diff", diff, arguments=[uri])))
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
