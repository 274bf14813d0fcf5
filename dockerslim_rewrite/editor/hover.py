"""What an editor shows beside the pointer: why something would change, and what stands in the way of the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lsprotocol import types

from ..change import Change, Remark, RemarkKind
from ..ir.reference import InvalidReference
from ..ir.reference import parse as parse_reference
from ..ir.steps import From
from ..report.findings import clean
from ..report.markdown import code, plain
from ..report.text import size
from .analysis import Analysis, Piece
from .pages import explained, page, rule_of
from .ranges import range_of

_HEADS = {RemarkKind.MISSED: "Not done", RemarkKind.ANALYSIS: "Note", RemarkKind.BUG: "Withdrawn"}


def hover(found: Analysis, position: types.Position, kind: types.MarkupKind) -> types.Hover | None:
    """What is known of the instruction at *position*, as text of this *kind*; None where nothing is."""
    offset = found.lines.offset(position.line, position.character)
    for piece in found.pieces:
        inner = piece.inside(offset)
        if inner is None:
            continue
        instruction = piece.instruction_at(piece.source.position(inner).line)
        if instruction is None:
            continue
        lines = range(instruction.line_number, instruction.end_line + 1)
        blocks = [*_locked(piece, lines), *_changes(piece, lines), *_remarks(piece, lines)]
        if not blocks:
            return None
        if found.holding.unreadable:
            # Without what the project says of it, nobody knows what would be done here.
            blocks = [plain(problem) for problem in found.holding.problems]
        # Nobody is mentioned in an editor, and a digest is copied from there.
        text = clean("\n\n---\n\n".join(blocks)).replace("\u2060", "")
        content = types.MarkupContent(kind, text if kind is types.MarkupKind.Markdown else _unmarked(text))
        return types.Hover(content, range_of(found.lines, piece.span(instruction.span)))
    return None


def _changes(piece: Piece, lines: range) -> Iterator[str]:
    for one in piece.result.changes if piece.edits else ():
        if one.line in lines:
            saved = f", about {size(one.saving)} less" if one.saving else ""
            yield _block(one, f"{plain(one.title)} ({piece.level(one).label}{saved})", one.reason)


def _remarks(piece: Piece, lines: range) -> Iterator[str]:
    for one in piece.result.remarks:
        if one.line not in lines:
            continue
        if one.needs is not None:
            yield _block(one, f"Held back: needs level {one.needs.label}", one.reason)
        else:
            yield _block(one, _HEADS[one.kind], one.reason)


def _block(one: Change | Remark, head: str, reason: str) -> str:
    rule = rule_of(one.rule)
    name = one.rule if rule is None else f"{one.rule} {rule.name}"
    address = page(one.rule)
    title = f"**{name}**" if address is None else f"[**{name}**]({address})"
    parts = [f"{title}: {head}", plain(reason)]
    if explained(one.rule):
        parts.append(explained(one.rule))
    if one.evidence:
        parts.append(f"Evidence: {_listed(one.evidence)}")
    return "\n\n".join(parts)


def _unmarked(text: str) -> str:
    """*text* in Markdown, as this module writes it, for clients that show it as it is."""
    without = re.sub(r"\[(?=\*\*)|\*\*\]\([^()\s]*+\)|\*\*|(?<!\\)`+ ?", "", text)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", without)


def _listed(evidence: Iterable[str]) -> str:
    return ", ".join(code(one) for one in evidence)


def _locked(piece: Piece, lines: range) -> Iterator[str]:
    """What the tag of a FROM means today, as the lock file has it."""
    for step in piece.build:
        if not isinstance(step, From) or step.line not in lines:
            continue
        try:
            reference = parse_reference(step.image)
        except InvalidReference:
            continue
        entry = piece.options.lock.of_version(reference)
        if entry is not None:
            platforms = ", ".join(entry.platforms) or "one platform"
            yield (
                f"**{code(step.image)}** is locked to {code(entry.tag)}, {code(entry.digest)}, "
                f"since {entry.locked:%Y-%m-%d}, for {plain(platforms)}"
            )
