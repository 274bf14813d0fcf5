"""The shape of a document: symbols, and what can be folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lsprotocol import types

from ..syntax import SegmentKind
from ..text import Source, Span
from .analysis import Analysis, Piece
from .ranges import range_of

#: Five times as many instructions as are followed are shown: each takes kilobytes until it is sent.
_MOST_SYMBOLS = 5_000


def symbols(found: Analysis) -> list[types.DocumentSymbol]:
    """The stages, with their instructions below; of a file that nobody wrote by hand only the first."""
    made = []
    left = _MOST_SYMBOLS
    for piece in found.pieces:
        told = _telling(found, piece)
        for step in piece.build.preamble[:left]:
            made.append(_symbol(found, piece, step.origin.span, step.keyword, told(step.origin.args)))
        left -= min(left, len(piece.build.preamble))
        for stage in piece.build.stages:
            if not left:
                return made
            last = stage.steps[-1] if stage.steps else stage.head
            whole = range_of(found.lines, piece.span(Span(stage.head.origin.span.start, last.origin.span.end)))
            head = range_of(found.lines, piece.line_span(stage.head.line))
            children = [
                _symbol(found, piece, step.origin.span, step.keyword, told(step.origin.args))
                for step in stage.steps[: max(left - 1, 0)]
            ]
            left -= min(left, 1 + len(stage.steps))
            name = told(stage.head.alias or f"stage {stage.index}")
            detail = told(stage.head.image)
            made.append(
                types.DocumentSymbol(name, types.SymbolKind.Module, whole, head, detail=detail, children=children)
            )
    return made


def _telling(found: Analysis, piece: Piece) -> Callable[[str], str]:
    """Puts words of the Dockerfile *piece* as they stand in the document."""
    if piece.view is None:
        return lambda text: text
    from ..embedded.told import Telling

    return Telling(piece.view, Source(found.text)).text


def _symbol(found: Analysis, piece: Piece, span: Span, keyword: str, args: str) -> types.DocumentSymbol:
    whole = range_of(found.lines, piece.span(span))
    head = range_of(found.lines, piece.line_span(piece.source.position(span.start).line))
    detail = " ".join(args.split())[:60]
    return types.DocumentSymbol(keyword, types.SymbolKind.Property, whole, head, detail=detail)


def in_a_row(symbols_: Iterable[types.DocumentSymbol], uri: str, inside: str = "") -> Iterator[types.SymbolInformation]:
    """*symbols_* of the document *uri* and all that is below them, each with the name of what it lies *inside*."""
    for one in symbols_:
        place = types.Location(uri, one.range)
        yield types.SymbolInformation(place, one.name, one.kind, container_name=inside or None)
        yield from in_a_row(one.children or (), uri, one.name)


def folds(found: Analysis) -> list[types.FoldingRange]:
    """Stages, instructions of several lines, and blocks of comments."""
    made = []
    for piece in found.pieces:
        document = piece.build.document
        spans: list[tuple[Span, types.FoldingRangeKind | None]] = [(one.span, None) for one in document.instructions]
        spans += [
            (segment.span, types.FoldingRangeKind.Comment)
            for segment in document.segments
            if segment.kind is SegmentKind.COMMENT
        ]
        for stage in piece.build.stages:
            if stage.steps:
                spans.append((Span(stage.head.origin.span.start, stage.steps[-1].origin.span.end), None))
        for span, kind in spans:
            text = piece.text[span.start : span.end].rstrip()
            first = found.lines.position(piece.place(span.start))[0]
            last = found.lines.position(piece.place(span.start + max(len(text) - 1, 0)))[0]
            if last > first:
                made.append(types.FoldingRange(first, last, kind=kind))
    return sorted(made, key=lambda one: (one.start_line, -one.end_line))
