"""``--style canonical``: the whole file from its program, comments in their places.

The user's own words stay verbatim; what is set anew is the layout: keywords in upper case, four blanks before
continued lines, one empty line before a stage, none in a row, LF line ends, a final line end.
"""

from __future__ import annotations

from pathlib import Path

from ..ir.build import Build
from ..ir.steps import Exec, From, Run, Step
from ..patterns import re
from ..record import record
from ..shell.script import Script
from ..syntax import Instruction, LineKind
from .environment import render
from .instructions import instruction

_INDENT = "    "
_AS = re.compile(r"(\s)as(\s+\S+\s*)\Z", re.I)


@record
class Block:
    """Comments and the instruction below them; ``gap`` asks for an empty line above."""

    gap: bool
    comments: tuple[str, ...]
    text: str


def canonical(build: Build, templates: Path | None = None) -> str:
    """The text of *build* in canonical layout, through ``templates/dockerfile.j2``. Raises ``TemplateError``."""
    document = build.document
    blocks: list[Block] = []
    comments = [comment for comment in document.comments if not comment.inside]
    at = 0
    end = 0
    for step in build:
        above = []
        while at < len(comments) and comments[at].span.start < step.origin.span.start:
            above.append(comments[at].text.strip().lstrip("\ufeff"))
            at += 1
        between = build.text[end : step.origin.span.start]
        parted = between[:1] in ("\r", "\n") or "\n\n" in between.replace("\r", "")
        gap = bool(blocks) and (isinstance(step, From) or parted)
        blocks.append(Block(gap, tuple(above), _text(step, document.escape, templates)))
        end = step.origin.span.end
    rest = tuple(comment.text.strip() for comment in comments[at:])
    if rest:
        blocks.append(Block(True, rest, ""))
    directives = [f"# {name}={value}" for name, value in document.directives]
    text = render("dockerfile.j2", templates, document.escape, directives=directives, blocks=blocks)
    return text.rstrip("\n") + "\n"


def _text(step: Step, escape: str, templates: Path | None) -> str:
    """One instruction through its template: its lines with keyword and indentation set anew, here-documents as they
    are.
    """
    origin = step.origin
    if isinstance(step, Run | Exec) and step.body is not None and not isinstance(step.body.script, Script):
        # What cannot be read is not laid out anew.
        return origin.text.replace("\r\n", "\n").rstrip("\n")
    body = origin.heredocs[0].body.start - origin.span.start if origin.heredocs else None
    head = "\n".join(_lines(origin, escape))
    if isinstance(step, From) and step.alias is not None:
        head = _AS.sub(lambda match: f"{match[1]}AS{match[2]}", head)
    text = instruction(origin.keyword, head[len(origin.keyword) :].lstrip(" \t"), templates)
    if body is None:
        return text
    return text + "\n" + origin.text[body:].replace("\r\n", "\n").rstrip("\n")


def _lines(instruction: Instruction, escape: str) -> list[str]:
    contents = {physical: length for _, physical, length in instruction.logical.pieces}
    kept: list[tuple[bool, str]] = []
    offset = instruction.span.start
    for line in instruction.lines:
        if line.kind is LineKind.COMMENT:
            kept.append((True, instruction.text[line.span.start - offset : line.span.end - offset].strip()))
        elif line.kind is LineKind.CODE:
            start = next((at for at in contents if line.span.start <= at < line.span.end), None)
            if start is not None:
                kept.append((False, instruction.text[start - offset : start - offset + contents[start]]))
    code = [index for index, (comment, text) in enumerate(kept) if not comment and text.strip()]
    out = []
    blank = quote = ""
    for index, (comment, text) in enumerate(kept):
        if comment:
            out.append(_INDENT + text)
        elif not text.strip():
            blank = " "
        else:
            text, blank = blank + text, ""
            if index == code[0]:
                text = _upper(text.lstrip(" "), instruction)
            more = index != code[-1]
            quoted, quote = quote, _quote_after(text, quote, escape)
            out.append(_joined(text, index == code[0], more, escape, opened=quoted, open=quote))
    return out


def _joined(text: str, first: bool, more: bool, escape: str, *, opened: str, open: str) -> str:
    """A code line; blanks at its ends are only touched where they separate words anyway.

    *opened* is the quote in which it begins, *open* the one in which it ends; both are empty outside of quotes.
    """
    start = text if first or opened else (_INDENT + text.lstrip(" \t") if text[:1] in " \t" else text)
    if not more:
        return start.rstrip(" \t\r")
    end = start if open else start.rstrip(" \t")
    return f"{end} {escape}" if end != start else f"{start}{escape}"


def _quote_after(text: str, quote: str, escape: str) -> str:
    """The quote that is open after *text*, where *quote* was open before it; empty for none."""
    skip = False
    for char in text:
        if skip:
            skip = False
        elif char in ("\\", escape) and quote != "'":
            skip = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
    return quote


def _upper(text: str, instruction: Instruction) -> str:
    length = len(instruction.keyword)
    text = instruction.keyword + text[length:]
    inner = instruction.inner
    if inner is not None:
        at = instruction.args_start
        text = text[:at] + inner.keyword + text[at + len(inner.keyword) :]
    return text
