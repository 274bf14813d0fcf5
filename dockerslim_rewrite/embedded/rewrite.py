"""Rewrite the Dockerfiles in a Python module; nothing else in it changes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeVar

from ..change import Change, Remark, RemarkKind
from ..context.python.module import read_module
from ..patterns import re
from ..pipeline import Options, Result, rewrite
from ..pipeline.budget import MOST_CHARACTERS
from ..record import evolve, record
from ..syntax import ParseError, parse
from ..text import Edit, Patch, Source
from .literal import TOKEN, Found, View, view_of
from .told import Telling

if TYPE_CHECKING:
    from collections.abc import Callable


Item = TypeVar("Item", Change, Remark)

#: A placeholder where an instruction or a command starts: what it stands for may be anything.
_UNKNOWN = re.compile(
    rf"(?:^[ \t]*|^[ \t]*(?:RUN|ONBUILD|CMD|ENTRYPOINT)[ \t]+|[;&|({{`][ \t]*){TOKEN.pattern}", re.M | re.I
)
#: How a Dockerfile begins, comments apart; what comes from a placeholder may be anything. (SQL has a FROM as well.)
_BEGINS = re.compile(rf"(?:[ \t]*(?:#.*)?\n)*+[ \t]*(?:FROM|ARG|{TOKEN.pattern})", re.I)
#: So many lines may the Dockerfiles of one file have together, and ``MOST_CHARACTERS``.
_MOST_LINES = 1_000
#: The rule that remarks on literals carry.
RULE = "DS000"


@record
class Host:
    """A language whose files hold Dockerfiles in strings.

    ``find`` gives the candidates in a text whose lines end with its second argument, in the order of the text, and
    raises ``SyntaxError``. ``same_elsewhere`` tells whether two texts are the same but for the values of strings.
    """

    find: Callable[[str, str], list[Found]]
    same_elsewhere: Callable[[str, str], bool]


@record(eq=False)
class Embedded:
    """One Dockerfile in a file of another language: the ``view`` of it, and its ``result``.

    ``edits`` are those of the file; none where the Dockerfile stays as it is, for which ``problem`` may say why.
    """

    view: View
    result: Result
    edits: tuple[Edit, ...]
    problem: str | None = None


@record(eq=False)
class Reading:
    """The Dockerfiles in a file, and remarks on what may be one and is left alone."""

    pieces: tuple[Embedded, ...]
    remarks: tuple[Remark, ...]


def rewrite_python(data: bytes | str, options: Options | None = None, path: str | None = None) -> Result:
    """Rewrite every Dockerfile that a string literal of the module *data* holds, in place.

    The result is about the module: its text, and changes and remarks on its lines. A literal with placeholders (an
    f-string, ``str.format``, the ``%`` operator) is rewritten only around the instructions that hold one. A module that
    cannot be parsed stays as it is, with a remark. Raises ``ValueError`` for an unknown level or rule in *options*.
    """
    return rewrite_embedded(PYTHON, data, options, path)


def rewrite_embedded(host: Host, data: bytes | str, options: Options | None = None, path: str | None = None) -> Result:
    """Rewrite every Dockerfile in the file *data* of the language *host*, in place; as ``rewrite_python`` does it."""
    source = Source.from_bytes(data, path) if isinstance(data, bytes) else Source(data, path)
    text = source.text
    reading = read_embedded(host, source, options or Options())
    changes: list[Change] = []
    remarks = list(reading.remarks)
    edits: list[Edit] = []
    for one in reading.pieces:
        line = source.position(one.view.position(0)).line
        remarks += [_placed(remark, one.view, source) for remark in one.result.remarks]
        edits += one.edits
        if one.edits:
            changes += [evolve(_placed(change, one.view, source), edits=one.edits) for change in one.result.changes]
        if one.problem is not None:
            reason = f"the Dockerfile stays as it is: {one.problem}"
            remarks.append(Remark(RemarkKind.MISSED, reason, line, rule=RULE))
    patch = Patch.of(edits)
    after = patch.apply(text)
    if edits and not host.same_elsewhere(text, after):
        remark = Remark(RemarkKind.BUG, "withdrawn: another part of the file would be read differently", 1, rule=RULE)
        return Result(text, text, (), (*remarks, remark), Patch(), path)
    return Result(text, after, tuple(changes), tuple(remarks), patch, path)


def read_embedded(host: Host, source: Source, options: Options) -> Reading:
    """The Dockerfiles in *source*, each rewritten by itself. Raises ``ValueError`` as ``rewrite_python`` does."""
    _ = options.safety
    newline = "\r\n" if "\r\n" in source.text else "\n"
    try:
        found = host.find(source.text, newline)
    except SyntaxError as error:
        return Reading((), (Remark(RemarkKind.MISSED, error.msg, error.lineno or 1, rule=RULE),))
    pieces: list[Embedded] = []
    remarks: list[Remark] = []
    lines = characters = 0
    for one in found:
        if one.literal is None:
            line = source.position(one.offset).line
            remarks.append(Remark(RemarkKind.MISSED, one.problem or "the literal cannot be read", line, rule=RULE))
            continue
        view = view_of(one.literal)
        if view is None or not _BEGINS.match(view.text):
            continue
        lines += view.text.count("\n")
        characters += len(view.text)
        if lines > _MOST_LINES or characters > MOST_CHARACTERS:
            reason = (
                f"Dockerfiles from here on stay as they are: together those of the file have more than the "
                f"{_MOST_LINES} lines or {MOST_CHARACTERS} characters that are followed"
            )
            line = source.position(one.offset).line
            remarks.append(Remark(RemarkKind.MISSED, reason, line, rule=RULE))
            break
        piece = _piece(view, options, source)
        if piece is not None:
            pieces.append(piece)
    return Reading(tuple(pieces), tuple(remarks))


def _find_python(text: str, newline: str) -> list[Found]:
    try:
        read_module(text)
        return _find(text, newline)
    except SyntaxError as error:
        raise SyntaxError(f"the module cannot be parsed: {error.msg}", ("", error.lineno, None, None)) from None


def _find(text: str, newline: str) -> list[Found]:
    from libcst import ParserSyntaxError

    from .find import find

    try:
        return find(text, newline)
    except ParserSyntaxError as error:
        raise SyntaxError(error.message) from None
    except RecursionError:
        raise SyntaxError("nested too deeply") from None


def _piece(view: View, options: Options, source: Source) -> Embedded | None:
    """The Dockerfile of *view*, which begins like one; None where it is none."""
    if _UNKNOWN.search(view.text):
        unchanged = Result(view.text, view.text, (), (), Patch())
        return Embedded(view, unchanged, (), "a placeholder may hold whole instructions or commands")
    try:
        document = parse(view.text)
        if len(document.instructions) < 2 or document.instructions[0].keyword not in ("FROM", "ARG"):
            return None
        result = rewrite(view.text, evolve(options, style="keep", context=None, builds=None, dockerignore=False))
    except ParseError:
        return None
    telling = Telling(view, source)
    result = evolve(
        result,
        changes=tuple(map(telling.item, result.changes)),
        remarks=tuple(map(telling.item, result.remarks)),
    )
    if not result.changed:
        return Embedded(view, result, ())
    problem = _touched(view, result)
    edits = view.edits(result.patch)
    if problem is None and edits is None:
        problem = "the new text cannot be written in this literal"
    return Embedded(view, result, () if problem is not None or edits is None else edits, problem)


def _placed(item: Item, view: View, source: Source) -> Item:
    """*item* with its line counted in the module."""
    return evolve(item, line=Telling(view, source).line(item.line))


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


#: Python modules, read with libcst.
PYTHON = Host(_find_python, _same_elsewhere)
