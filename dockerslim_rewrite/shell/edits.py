"""Edits to a script, made on the file's own lines: continuations stay in order, comments stay where they are."""

from __future__ import annotations

import re
from itertools import pairwise

from ..syntax import Instruction, LineKind, Logical
from ..syntax.style import Style, style_of
from ..text import Edit, Span
from .body import Body
from .script import AndOr, Node, Script, Sequence


def style_at(instruction: Instruction, base: Style) -> Style:
    """The style of *instruction*; where it shows none, that of its file."""
    return style_of(instruction.text, base.escape, base)


def insert_after(logical: Logical, offset: int, text: str) -> Edit:
    """Put *text* right behind the code point before logical *offset*."""
    return Edit.insert(logical.after(offset), text)


def append(body: Body, instruction: Instruction, command: str, base: Style) -> Edit:
    """Add *command* at the end of a body, run only when all before it succeeded.

    The body's last command must be no background job. Where ``set -e`` is on from the start, the command goes on a line
    of its own in a here-document, and behind a semicolon in a list that is written with them; else behind ``&&``.
    """
    assert isinstance(body.script, Script)
    root = body.script.root
    end = root.items[-1].span.end
    if body.form == "heredoc":
        if starts_errexit(root) and not body.logical.text[end:].strip():
            line = _indent(instruction, body.logical.before(root.items[-1].span.start)) + command
            return insert_after(body.logical, len(body.logical.text), line + style_at(instruction, base).newline)
        return insert_after(body.logical, end, f" && {command}")
    style = style_at(instruction, base)
    at = body.logical.after(end)
    rest = instruction.text[at - instruction.span.start :].partition("\n")[0].rstrip("\r")
    # Blanks at the end of the line would stand at the end of the new one.
    joint = style.joint()
    if body.script.comments:
        # The comment behind stays on the line that it speaks of.
        joint = " && "
    if starts_errexit(root) and root.separators and all(one.text == ";" for one in root.separators):
        joint = re.sub(r"\A && ", "; ", joint)
    return Edit(Span(at, at if rest.strip() else at + len(rest)), joint + command)


def _indent(instruction: Instruction, offset: int) -> str:
    """The blanks that the line of *offset* starts with."""
    line = instruction.text[: offset - instruction.span.start].rpartition("\n")[2]
    return line[: len(line) - len(line.lstrip(" \t"))]


def starts_errexit(root: Sequence) -> bool:
    """Whether the first command of a script is a ``set`` that switches on ``-e``."""
    first: Node = root.items[0]
    if isinstance(first, AndOr) or not hasattr(first, "argv"):
        return False
    argv = first.argv
    return bool(
        argv and argv[0] == "set" and any(w and (w == "errexit" or (w.startswith("-") and "e" in w)) for w in argv[1:])
    )


def delete(instruction: Instruction, logical: Logical, start: int, end: int) -> list[Edit]:
    """Take the logical range ``[start, end)`` out of *instruction*.

    Where no comment stands between, the text goes in one piece, line breaks included. Else comment lines stay, lines
    that lose all their code go whole, and when the end of the instruction goes, the line that becomes its last loses
    its continuation.
    """
    whole = Span(logical.before(start), logical.before(end) if logical.text[end:].strip() else logical.after(end))
    if start > 0 and not logical.text[end:].strip():
        whole = Span(logical.after(start), whole.end)
    if not any(whole.covers(comment.span) for comment in instruction.comments):
        return [Edit.delete(*whole)] if whole.end > whole.start else []
    cuts = logical.spans(start, end)
    at_end = not logical.text[end:].strip()
    contents = [Span(physical, physical + length) for _, physical, length in instruction.logical.pieces]
    lines = [line.span for line in instruction.lines if line.kind is LineKind.CODE]
    text, offset = instruction.text, instruction.span.start
    doomed: list[Span] = []
    last: tuple[Span, int] | None = None
    for line in lines:
        content = next((c for c in contents if line.covers(c)), None)
        if content is None:
            continue
        here = [cut for cut in cuts if cut.start < content.end and content.start < cut.end]
        rest = _without(text, offset, content, here)
        if here and not rest.strip() and line is not lines[0]:
            doomed.append(line)
            continue
        doomed.extend(here)
        tail = here[-1].start if here and here[-1].end == content.end else content.end
        last = (line, tail)
    if at_end and last is not None:
        line, tail = last
        while text[tail - 1 - offset] in " \t":
            tail -= 1
        doomed.append(Span(tail, line.end - len(_line_end(text[line.start - offset : line.end - offset]))))
    return [Edit.delete(*span) for span in _merged(doomed)]


def _without(text: str, offset: int, content: Span, cuts: list[Span]) -> str:
    parts = []
    at = content.start
    for cut in cuts:
        parts.append(text[at - offset : cut.start - offset])
        at = cut.end
    parts.append(text[at - offset : content.end - offset])
    return "".join(parts)


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(span.end, merged[-1].end))
        elif span.end > span.start:
            merged.append(span)
    return merged


def _line_end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def drop_command(body: Body, instruction: Instruction, command: Node) -> list[Edit] | None:
    """Take a simple command out of a body, with the operator that joins it to its neighbours.

    Only a command of the outermost ``&&`` chain or of the outermost ``;`` list can go, of the latter not the
    last, whose status is the body's; None for any other, and for the only command of a body.
    """
    assert isinstance(body.script, Script)
    root = body.script.root
    for item in root.items:
        if isinstance(item, AndOr) and command in item.items:
            if any(operator.text != "&&" for operator in item.operators):
                return None
            return _drop_item(body.logical, instruction, item.items, item.items.index(command))
    if command in root.items and len(root.items) > 1:
        if any(separator.text not in (";", "\n") for separator in root.separators):
            return None
        if command is root.items[-1] and not starts_errexit(root):
            # The status of the whole body is that of its last command.
            return None
        return _drop_item(body.logical, instruction, root.items, root.items.index(command))
    return None


def _drop_item(logical: Logical, instruction: Instruction, items: tuple[Node, ...], index: int) -> list[Edit]:
    if index + 1 == len(items) or (index and _comments_between(logical, instruction, items[index], items[index + 1])):
        return delete(instruction, logical, items[index - 1].span.end, items[index].span.end)
    return delete(instruction, logical, items[index].span.start, items[index + 1].span.start)


def _comments_between(logical: Logical, instruction: Instruction, first: Node, second: Node) -> bool:
    gap = Span(logical.after(first.span.end), logical.before(second.span.start))
    return any(gap.covers(comment.span) for comment in instruction.comments)


def drop_word(body: Body, instruction: Instruction, span: Span) -> list[Edit]:
    """Take one word of a command out of a body, with the blanks before it."""
    start = span.start
    text = body.logical.text
    while start > 0 and text[start - 1] in " \t":
        start -= 1
    # A line that ends right behind the word goes on to the next one as before.
    whole = Span(body.logical.before(start), body.logical.after(span.end))
    if body.logical.before(span.end) > whole.end and not any(whole.covers(one.span) for one in instruction.comments):
        return [Edit.delete(*whole)]
    return delete(instruction, body.logical, start, span.end)


def described(body: Body, instruction: Instruction, command: Node) -> bool:
    """Whether a comment stands on the line above *command*: it speaks of it, and would speak of another without it."""
    lines = [line for line in instruction.lines if line.kind is not LineKind.BLANK]
    at = body.logical.before(command.span.start)
    for above, line in pairwise(lines):
        if line.span.start <= at < line.span.end:
            return above.kind is LineKind.COMMENT
    return False
