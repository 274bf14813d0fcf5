"""Definition, references and rename of stages and variables."""

from __future__ import annotations

from lsprotocol import types

from ..analysis.flow.graph import references as named_sources
from ..ir.build import Build
from ..ir.steps import Arg, From
from ..knowledge.variables import has_meaning
from ..patterns import re
from ..text import Edit, Patch
from .analysis import Analysis, Piece
from .indirect import reached_through
from .leftover import leftover_line
from .names import STAGE_NAME, VARIABLE_NAME, Name, name_at, same
from .ranges import range_of, text_edits
from .readers import reader_of
from .setting import expanding_line, quoted_line, setting_line

#: Arguments that BuildKit sets by itself. Source: Dockerfile reference, "Predefined ARGs", "Automatic platform ARGs".
_PREDEFINED = frozenset(
    (
        *("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY", "SOURCE_DATE_EPOCH"),
        *(f"{side}{part}" for side in ("TARGET", "BUILD") for part in ("PLATFORM", "OS", "ARCH", "VARIANT")),
    )
)


class Refused(ValueError):
    """A rename that cannot be made; the message is one line that says why."""


def definition(found: Analysis, position: types.Position) -> list[types.Range]:
    """Where what is named at *position* is declared: the stage, or the nearest declarations above of a variable."""
    at = _at(found, position)
    if at is None:
        return []
    piece, name, names = at
    declared = [one for one in same(names, name) if one.declares]
    if name.kind == "stage":
        chosen = declared or _head(piece, name)
    else:
        above = [one for one in declared if one.span.start <= name.span.start]
        chosen = above[-1:] or declared[:1]
    return [range_of(found.lines, piece.span(one.span)) for one in chosen]


def _head(piece: Piece, name: Name) -> list[Name]:
    """A stage without a name is declared by its FROM."""
    head = piece.build.stages[int(str(name.owner[0]))].head
    return [Name("stage", head.image, head.origin.keyword_span, "AS", name.owner)]


def references(found: Analysis, position: types.Position, *, declared: bool) -> list[types.Range]:
    """All places that name what is named at *position*; those that declare it only if they are wanted."""
    at = _at(found, position)
    if at is None:
        return []
    piece, name, names = at
    return [range_of(found.lines, piece.span(one.span)) for one in same(names, name) if declared or not one.declares]


def renamable(found: Analysis, position: types.Position) -> tuple[types.Range, str] | None:
    """Where the name at *position* stands, and that name; None for what has no name to change. Raises ``Refused``."""
    at = _at(found, position)
    if at is None:
        return None
    piece, name, names = at
    _check(piece, name, names)
    return range_of(found.lines, piece.span(name.span)), name.text


def rename(found: Analysis, position: types.Position, new: str) -> tuple[list[types.TextEdit], Name] | None:
    """The edits that give what is named at *position* the name *new*, and the name as it was. Raises ``Refused``."""
    at = _at(found, position)
    if at is None:
        return None
    piece, name, names = at
    _check(piece, name, names)
    if name.kind == "stage":
        _check_stage(piece, names, name, new)
    else:
        _check_variable(piece, names, name, new)
    edits = [Edit(one.span, new) for one in same(names, name) if not one.text.isdecimal()]
    written = piece.written(Patch.of(edits))
    if written is None:
        raise Refused("the name cannot be written in this string")
    return text_edits(found.lines, written), name


def named_elsewhere(found: Analysis, edits: list[types.TextEdit], name: Name) -> int | None:
    """The first line beside the Dockerfiles in strings that has *name*, a target or argument, and none of *edits*."""
    # Of a mapping, an argument is a key and a stage is none: `build:` is how Compose calls another thing.
    behind = "A-Za-z0-9_.:-" if name.kind == "stage" else "A-Za-z0-9_.-"
    word = re.compile(rf"(?<![A-Za-z0-9_.-]){re.escape(name.text)}(?![{behind}])")
    edited = {edit.range.start.line for edit in edits}
    # In the Dockerfile itself all places are known, and another one has stages and arguments of its own.
    for piece in found.pieces:
        first, last = (found.lines.position(piece.place(at))[0] for at in (0, max(len(piece.text) - 1, 0)))
        edited.update(range(first, last + 1))
    lines = enumerate(found.text.split("\n"))
    return next((at + 1 for at, line in lines if at not in edited and word.search(line)), None)


def target_line(text: str, first: int, stage: str) -> int:
    """The line of *text*, a file that builds the stage *stage*, which names it as a target, at or below line *first* of
    that build; *first* where none is found.
    """
    word = re.compile(rf"target\b.*(?<![A-Za-z0-9_.-]){re.escape(stage)}(?![A-Za-z0-9_.-])", re.I)
    lines = enumerate(text.split("\n")[first - 1 :], start=first)
    return next((number for number, line in lines if word.search(line)), first)


def _at(found: Analysis, position: types.Position) -> tuple[Piece, Name, tuple[Name, ...]] | None:
    offset = found.lines.offset(position.line, position.character)
    for piece in found.pieces:
        inner = piece.inside(offset)
        if inner is None:
            continue
        names = piece.names
        name = name_at(names, inner)
        if name is not None:
            return piece, name, names
    return None


def _check(piece: Piece, name: Name, names: tuple[Name, ...]) -> None:
    declared = {one.declares for one in same(names, name) if one.declares}
    if name.kind == "stage" and not declared:
        raise Refused("this stage has no name; give it one with AS")
    if "ENV" in declared:
        raise Refused(f"{name.text} is set by ENV: whatever runs in the image may read it under that name")
    if name.text.upper() in _PREDEFINED:
        raise Refused(f"{name.text} is an argument that the builder sets")


def _check_stage(piece: Piece, names: tuple[Name, ...], name: Name, new: str) -> None:
    if not STAGE_NAME.match(new):
        raise Refused(f"{new!r} is not a name of a stage: letters, which count in lower case, digits, '.', '_' and '-'")
    reached = reached_through(piece.build, name.text)
    if reached is not None:
        raise Refused(f"line {reached[0]} may mean this stage by {reached[1]}, whose value would not be renamed")
    line = _unread(piece.build, same(names, name), name.text)
    if line is not None:
        raise Refused(f"line {line} names {name.text} in a way that cannot be edited")
    for stage in piece.build.stages:
        if stage.name == new.lower() and stage.index != name.owner[0]:
            raise Refused(f"there is a stage {new} already")
    used = {step.image.lower() for step in piece.build if isinstance(step, From)}
    used |= {one.lower() for step in piece.build for one in named_sources(step)}
    if new.lower() != name.text.lower() and (new.lower() == "scratch" or new.lower() in used):
        raise Refused(f"{new} is the name of an image that this file uses")


def _unread(build: Build, known: tuple[Name, ...], stage: str) -> int | None:
    """The line of a step that takes files from *stage* by words that are none of *known*; None where none does."""
    for step in build:
        takes = any(one.lower() == stage.lower() for one in named_sources(step))
        if takes and not any(step.origin.span.start <= one.span.start < step.origin.span.end for one in known):
            return step.line
    return None


def _check_variable(piece: Piece, names: tuple[Name, ...], name: Name, new: str) -> None:
    if not VARIABLE_NAME.match(new):
        raise Refused(f"{new!r} is not a name of an argument: letters, digits and '_'")
    if new.upper() in _PREDEFINED:
        raise Refused(f"{new} is an argument that the builder sets")
    if new == name.text:
        return
    if has_meaning(new):
        raise Refused(
            f"{new} has a meaning for shells or build tools: an argument of that name would change what they do"
        )
    if has_meaning(name.text):
        raise Refused(f"{name.text} has a meaning for shells or build tools, which would no longer find it")
    if any(one.kind == "variable" and one.text == new and one.owner != name.owner for one in names):
        raise Refused(f"there is a variable {new} already")
    for stage in piece.build.stages:
        pairs = [pair for step in stage.steps if isinstance(step, Arg) for pair in step.pairs]
        declares = any(pair.key == name.text for pair in pairs)
        reached = reached_through(piece.build, stage.name) if declares and stage.head.alias else None
        if reached is not None:
            raise Refused(
                f"line {reached[0]} may be built on the stage {stage.name} by {reached[1]}, and use {name.text}"
            )
    line = setting_line(piece.build, name.text)
    if line is not None:
        raise Refused(f"line {line} sets {name.text} itself, or names it without $: that would not be renamed")
    line = quoted_line(piece.build, name.text)
    if line is not None:
        raise Refused(f"line {line} hands ${name.text} on in quotes, to a program that may read it or not")
    known = [one.span for one in names if one.kind == "variable" and one.text == name.text]
    line = leftover_line(piece.build, name.text, known)
    if line is not None:
        raise Refused(f"line {line} names {name.text} where it is not expanded; what reads it there is not known")
    chosen = piece.options.builds
    projects = chosen() if chosen is not None else ()
    reason = reader_of(piece.build, name.text, name.text, projects)
    if reason is not None:
        raise Refused(f"{reason}; it would no longer find it")
    reason = reader_of(piece.build, name.text, new, projects)
    if reason is not None:
        raise Refused(f"{reason}, which would find this argument")
    line = expanding_line(piece.build, new) or setting_line(piece.build, new)
    if line is not None:
        raise Refused(f"there is a variable {new} already, on line {line}")
