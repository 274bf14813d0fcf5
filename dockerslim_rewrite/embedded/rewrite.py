"""Rewrite the Dockerfiles in a Python module; nothing else in it changes."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, TypeVar

from ..change import Change, Remark, RemarkKind
from ..context.python.module import read_module
from ..pipeline import Options, Result, rewrite
from ..record import evolve
from ..syntax import ParseError, parse
from ..text import Edit, Patch, Source
from .literal import TOKEN, Literal, View, view_of

if TYPE_CHECKING:
    from .find import Found

Item = TypeVar("Item", Change, Remark)

#: A placeholder where an instruction or a command starts: what it stands for may be anything.
_UNKNOWN = re.compile(
    rf"(?:^[ \t]*|^[ \t]*(?:RUN|ONBUILD|CMD|ENTRYPOINT)[ \t]+|[;&|({{`][ \t]*){TOKEN.pattern}", re.M | re.I
)
#: How a Dockerfile begins, comments apart; what comes from a placeholder may be anything. (SQL has a FROM as well.)
_BEGINS = re.compile(rf"(?:[ \t]*(?:#.*)?\n)*+[ \t]*(?:FROM|ARG|{TOKEN.pattern})", re.I)
#: The rule that remarks on literals carry.
RULE = "DS000"


def rewrite_python(data: bytes | str, options: Options | None = None, path: str | None = None) -> Result:
    """Rewrite every Dockerfile that a string literal of the module *data* holds, in place.

    The result is about the module: its text, and changes and remarks on its lines. A literal with placeholders (an
    f-string, ``str.format``, the ``%`` operator) is rewritten only around the instructions that hold one. A module that
    cannot be parsed stays as it is, with a remark. Raises ``ValueError`` for an unknown level or rule in *options*.
    """
    options = options or Options()
    source = Source.from_bytes(data, path) if isinstance(data, bytes) else Source(data, path)
    _ = options.safety
    text = source.text
    changes: list[Change] = []
    remarks: list[Remark] = []
    try:
        read_module(text)
        found = _find(text)
    except SyntaxError as error:
        remark = Remark(RemarkKind.MISSED, f"the module cannot be parsed: {error.msg}", error.lineno or 1, rule=RULE)
        return Result(text, text, (), (remark,), Patch(), path)
    edits: list[Edit] = []
    for one in found:
        line = source.position(one.offset).line
        if one.literal is None:
            remarks.append(Remark(RemarkKind.MISSED, one.problem or "the literal cannot be read", line, rule=RULE))
            continue
        outcome = _literal(one.literal, options, source, line)
        if outcome is None:
            continue
        edits += outcome[0]
        changes += outcome[1]
        remarks += outcome[2]
    patch = Patch.of(edits)
    after = patch.apply(text)
    if edits and not _same_elsewhere(text, after):
        remark = Remark(RemarkKind.BUG, "withdrawn: another part of the module would be read differently", 1, rule=RULE)
        return Result(text, text, (), (*remarks, remark), Patch(), path)
    return Result(text, after, tuple(changes), tuple(remarks), patch, path)


def _find(text: str) -> list[Found]:
    from libcst import ParserSyntaxError

    from .find import find

    try:
        return find(text, "\r\n" if "\r\n" in text else "\n")
    except ParserSyntaxError as error:
        raise SyntaxError(error.message) from None
    except RecursionError:
        raise SyntaxError("nested too deeply") from None


def _literal(
    literal: Literal, options: Options, source: Source, line: int
) -> tuple[list[Edit], list[Change], list[Remark]] | None:
    """The edits, changes and remarks on one literal; None for one that holds no Dockerfile."""
    view = view_of(literal)
    if view is None or not _BEGINS.match(view.text):
        return None
    if _UNKNOWN.search(view.text):
        reason = "the Dockerfile stays as it is: a placeholder may hold whole instructions or commands"
        return [], [], [Remark(RemarkKind.MISSED, reason, line, rule=RULE)]
    try:
        document = parse(view.text)
        if len(document.instructions) < 2 or document.instructions[0].keyword not in ("FROM", "ARG"):
            return None
        result = rewrite(view.text, evolve(options, style="keep", context=None, dockerignore=False))
    except ParseError:
        return None
    remarks = [_placed(remark, view, source) for remark in result.remarks]
    if not result.changed:
        return [], [], remarks
    problem = _touched(view, result)
    edits = [view.edit(edit) for edit in result.patch]
    if problem is None and any(edit is None for edit in edits):
        problem = "the new text cannot be written in this literal"
    if problem is not None:
        return (
            [],
            [],
            [*remarks, Remark(RemarkKind.MISSED, f"the Dockerfile stays as it is: {problem}", line, rule=RULE)],
        )
    kept = [edit for edit in edits if edit is not None]
    changes = [evolve(_placed(change, view, source), edits=tuple(kept)) for change in result.changes]
    return kept, changes, remarks


def _placed(item: Item, view: View, source: Source) -> Item:
    """*item* with its line counted in the module."""
    starts = Source(view.text).line_starts
    offset = starts[min(item.line, len(starts)) - 1]
    return evolve(item, line=source.position(view.position(offset)).line)


def _touched(view: View, result: Result) -> str | None:
    """Why the rewritten text may mean something else once placeholders are filled in."""
    before = [one.text.strip() for one in parse(view.text).instructions if TOKEN.search(one.text)]
    after = [one.text.strip() for one in parse(result.text).instructions if TOKEN.search(one.text)]
    if before != after:
        return "an instruction with a placeholder would change"
    return None


def _same_elsewhere(before: str, after: str) -> bool:
    """Whether two modules are the same but for the values of strings."""
    try:
        left, right = ast.parse(before), ast.parse(after)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    for tree in (left, right):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                node.value = ""
    return ast.dump(left) == ast.dump(right)
