"""Code actions that make one change by itself, where it holds alone, else with those that it cannot be without."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from lsprotocol import types

from ..change import Change
from ..passes import rules
from ..pipeline.parts import Part, parts
from ..record import record
from ..report.text import counted, printable, size
from ..text import Span
from .analysis import Analysis, Piece
from .ranges import text_edits
from .touching import changes_at

#: Makes the edit of a workspace of edits of the document.
Editing = Callable[[list[types.TextEdit]], types.WorkspaceEdit]
#: Rewrites the document anew with its options replaced.
Again = Callable[[dict[str, object]], Awaitable[Analysis]]
#: Does work that takes long beside the event loop.
Run = Callable[..., Awaitable[Any]]

#: Each rule is another rewrite of the file; whoever marks more than a place sees what belongs together.
_MOST_RULES = 4
#: A file of more instructions, as no real one has, is not rewritten again for each rule.
_MOST_INSTRUCTIONS = 700


@record
class _Offer:
    """A *part* of the result of *piece*, and the changes in it that a place is about."""

    piece: Piece
    part: Part
    own: tuple[Change, ...]


async def quick_fixes(
    found: Analysis, span: Span, shown: Sequence[types.Diagnostic], editing: Editing, again: Again, run: Run
) -> list[types.CodeAction]:
    """For each change that *span* is about the action that makes it, with no more than it needs."""
    made: list[types.CodeAction] = []
    for at, piece in enumerate(found.pieces):
        for bundle in await run(_offers, piece, span):
            for one in [bundle] if is_long(found) else await _parted(bundle, at, span, again, run):
                edits = one.piece.written(one.part.patch)
                if edits is not None:
                    action = types.CodeAction(
                        _title(one.own[0], one.part),
                        kind=types.CodeActionKind.QuickFix,
                        diagnostics=[told for told in shown if told.code in {each.rule for each in one.part.changes}],
                        edit=editing(text_edits(found.lines, edits)),
                    )
                    made.append(action)
    # Whoever asks from a finding wants that one first, whatever else would change the same lines.
    made.sort(key=lambda action: not action.diagnostics)
    for index, action in enumerate(made):
        action.is_preferred = index == 0
    return made


def is_long(found: Analysis) -> bool:
    """Whether *found* has more instructions than are rewritten again and again."""
    return sum(len(piece.build.document.instructions) for piece in found.pieces) > _MOST_INSTRUCTIONS


def others(rule: str) -> tuple[str, ...]:
    """All rules but *rule*."""
    return tuple(one.code for one in rules() if one.code != rule)


def _offers(piece: Piece, span: Span) -> list[_Offer]:
    """The parts of the result of *piece* that *span* is about.

    Only those are cut apart: what stands elsewhere may be many changes, and is asked for by its own place.
    """
    here = changes_at(piece, span)
    if not here:
        return []
    found = parts(piece.result, piece.options, lambda part: any(one in here for one in part.changes))
    offers = [_Offer(piece, part, tuple(one for one in part.changes if one in here)) for part in found]
    return [one for one in offers if one.own]


async def _parted(bundle: _Offer, at: int, span: Span, again: Again, run: Run) -> list[_Offer]:
    """The changes of *bundle*, in the Dockerfile number *at*, that a rule makes when no other is on, each with less
    than all of the bundle; and the bundle for the rest.

    Changes that meet in the whole rewrite, as in a stage that it splits, may well be made one by one before.
    """
    asked = tuple(dict.fromkeys(one.rule for one in bundle.own))
    if len(bundle.part.changes) == 1 or len(asked) > _MOST_RULES:
        return [bundle]
    made: list[_Offer] = []
    left = list(bundle.own)
    for rule in asked:
        alone = await again({"ignore": others(rule)})
        piece = alone.pieces[at] if at < len(alone.pieces) else None
        if piece is None or piece.text != bundle.piece.text:
            continue
        for one in await run(_offers, piece, span):
            lines = {each.line for each in one.own}
            same = [each for each in left if each.rule == rule and each.line in lines]
            if same and len(one.part.changes) < len(bundle.part.changes):
                made.append(one)
                left = [each for each in left if each not in same]
    return [*made, _Offer(bundle.piece, bundle.part, tuple(left))] if left else made


def _title(change: Change, part: Part) -> str:
    saved = sum(one.saving or 0 for one in part.changes)
    more = len(part.changes) - 1
    told = f", with {counted(more, 'change')} that {'belongs' if more == 1 else 'belong'} to it" if more else ""
    return printable(f"{change.rule}: {change.title}{told}{f' (about {size(saved)} less)' if saved else ''}")
