"""Code actions: one change, all of a rule, all that is safe, and a comment that asks to be left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from lsprotocol import types

from ..change import Change, Remark, RemarkKind, Safety
from ..patterns import re
from ..report.text import counted
from ..text import Edit, Patch, Span
from .analysis import Analysis, Piece
from .offers import FIX_ALL
from .quick_fixes import Again, Editing, Run, is_long, others, quick_fixes
from .ranges import span_of, text_edits
from .touching import changes_at, meets

_OURS = re.compile(r"#\s*dockerslim:\s*ignore=(?P<rules>[A-Za-z0-9_,\-]+)", re.I)

#: The actions that add what is told of a place to the baseline.
Accept = Callable[[Analysis, Span, Sequence[types.Diagnostic]], list[types.CodeAction]]


async def actions(
    found: Analysis, params: types.CodeActionParams, editing: Editing, again: Again, run: Run, accept: Accept
) -> list[types.CodeAction]:
    """What can be done at the place that *params* name, of the kinds that they ask for.

    *accept* gives the actions that add to the baseline.
    """
    only = params.context.only
    shown = params.context.diagnostics
    made: list[types.CodeAction] = []
    if _wanted(types.CodeActionKind.QuickFix, only):
        span = span_of(found.lines, params.range)
        made += await quick_fixes(found, span, shown, editing, again, run)
        for rule in _several(found, span) if not is_long(found) else ():
            made += _all_of(rule, await again({"ignore": others(rule)}), shown, editing)
        made += _ignoring(found, span, shown, editing)
        made += accept(found, span, shown)
    # Many clients cannot ask by a kind: what is not among all that is offered, they cannot reach.
    if _wanted(FIX_ALL, only):
        made += await fix_all(found, editing, again)
    return made


async def fix_all(found: Analysis, editing: Editing, again: Again) -> list[types.CodeAction]:
    """The action that makes all changes: at the level that somebody chose, else those that are safe."""
    found = await at_chosen_level(found, again)
    if not found.edits:
        return []
    return [types.CodeAction(all_title(found), kind=FIX_ALL, edit=editing(text_edits(found.lines, found.edits)))]


async def at_chosen_level(found: Analysis, again: Again) -> Analysis:
    """*found* at the level that somebody chose, else at the safe one: what is made without a look at each change."""
    if is_long(found) and not found.edits:
        # It is beyond what is followed at any level; to read it again takes as much memory again.
        return found
    return found if found.holding.levelled else await again({"level": Safety.SAFE})


def all_title(found: Analysis) -> str:
    """What an editor calls the making of all changes of *found*, which is at the level that ``at_chosen_level`` has."""
    which = "" if found.holding.levelled else " that is safe"
    return f"Fix all{which}: {counted(len(found.changes), 'change')}"


def _wanted(kind: str, only: Sequence[str] | None) -> bool:
    return only is None or any(kind == one or kind.startswith(f"{one}.") or one == "" for one in only)


def _several(found: Analysis, span: Span) -> list[str]:
    """The rules of the changes that *span* is about which change more than one place."""
    here = [one.rule for piece in found.pieces for one in changes_at(piece, span)]
    return [rule for rule in dict.fromkeys(here) if sum(one.rule == rule for one in found.changes) > 1]


def _all_of(
    rule: str, alone: Analysis, shown: Sequence[types.Diagnostic], editing: Editing
) -> Iterator[types.CodeAction]:
    """The action that makes all changes of *rule*: what the rewrite makes when no other rule is on."""
    if alone.edits:
        yield types.CodeAction(
            f"Fix all of {rule} in this file: {counted(len(alone.changes), 'change')}",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=_of(shown, {rule}),
            edit=editing(text_edits(alone.lines, alone.edits)),
        )


def _ignoring(
    found: Analysis, span: Span, shown: Sequence[types.Diagnostic], editing: Editing
) -> Iterator[types.CodeAction]:
    """For each rule that has something to say about *span* the action that asks it to leave the instruction alone."""
    for piece in found.pieces:
        noted = [one for one in piece.result.remarks if one.kind is RemarkKind.ANALYSIS]
        told: list[Change | Remark] = [
            *changes_at(piece, span),
            *(one for one in noted if meets(piece, one.line, span)),
        ]
        lines = {one.rule: one.line for one in reversed(told) if one.rule != "DS000"}
        for rule, line in lines.items():
            comment = _comment(piece, line, rule)
            edits = None if comment is None else piece.written(Patch((comment,)))
            if edits is not None:
                yield types.CodeAction(
                    f"Ignore {rule} here",
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=_of(shown, {rule}),
                    edit=editing(text_edits(found.lines, edits)),
                )


def _of(shown: Sequence[types.Diagnostic], rules_: set[str]) -> list[types.Diagnostic]:
    return [one for one in shown if one.code in rules_]


def _comment(piece: Piece, line: int, rule: str) -> Edit | None:
    """The comment that asks to leave what stands at *line* of the Dockerfile alone; None where no place is for it."""
    instruction = piece.instruction_at(line)
    if instruction is None:
        return None
    start = instruction.span.start
    if piece.text.startswith("\ufeff", start):
        # A byte order mark counts only as long as it stands first.
        start += 1
    before = piece.text[:start]
    above = before.rstrip("\r\n").rpartition("\n")[2] if before else ""
    match = _OURS.match(above.strip())
    if match is not None:
        at = before.rindex(match["rules"]) + len(match["rules"])
        return Edit.insert(at, f",{rule}")
    first = piece.text[start : instruction.logical.before(instruction.keyword_start)]
    indent = first if not first.strip() else ""
    newline = "\r\n" if "\r\n" in piece.text else "\n"
    return Edit.insert(start + len(indent), f"# dockerslim: ignore={rule}{newline}{indent}")
