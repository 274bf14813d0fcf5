"""What a build can observe of a shell body and of a quoted value, whatever its layout.

A body is seen as units joined by ``&&``: ``a && b`` is [a, b]; ``a || b && c`` is [a or b, c], since both operators
bind equally from the left; ``a; b && c`` is [a then b, c], since only the last status counts. Groups without
redirection dissolve. Two bodies with equal units run the same commands under the same conditions.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

from ...patterns import re
from ...record import record
from ...shell.script import AndOr, Group, Node, Pipeline, Redirect, Script, Sequence, Simple
from ...shell.words import word_value


@record
class Command:
    """A simple command: words and assignments by value, redirections, and what its substitutions run."""

    words: tuple[str, ...]
    assignments: tuple[str, ...]
    redirects: tuple[tuple[str, str], ...]
    nested: tuple[Unit, ...]
    raw: tuple[str, ...]


@record
class Block:
    """Anything made of other units: ``or``, ``then``, ``pipe``, ``subshell``, ``group`` or a compound command."""

    kind: str
    parts: tuple[tuple[Unit, ...], ...]
    text: str = ""


Unit: TypeAlias = Command | Block


@lru_cache(maxsize=1024)
def units(script: Script) -> tuple[Unit, ...]:
    """The units of a whole body."""
    return _units(script.root, script.text)


def _units(node: Node, text: str) -> tuple[Unit, ...]:
    if isinstance(node, Sequence):
        return _sequence(node, text)
    if isinstance(node, AndOr):
        found = _units(node.items[0], text)
        for operator, item in zip(node.operators, node.items[1:], strict=True):
            right = _units(item, text)
            found = (*found, *right) if operator.text == "&&" else (Block("or", (found, right)),)
        return found
    if isinstance(node, Group) and not node.subshell and not node.redirects:
        return _sequence(node.body, text)
    return (_unit(node, text),)


def _sequence(node: Sequence, text: str) -> tuple[Unit, ...]:
    if not node.items:
        return ()
    if len(node.items) == 1 and not any(one.text == "&" for one in node.separators):
        return _units(node.items[0], text)
    marks = "".join("&" if one.text == "&" else ";" for one in node.separators[: len(node.items) - 1])
    if len(node.separators) == len(node.items) and node.separators[-1].text == "&":
        parts = tuple(_units(item, text) for item in node.items)
        return (Block("then", parts, marks + "&"),)
    last = _units(node.items[-1], text)
    first = Block("then", (*(_units(item, text) for item in node.items[:-1]), last[:1]), marks)
    return (_flattened(first), *last[1:])


def _flattened(block: Block) -> Block:
    """``{ a; b; }; c`` is ``a; b; c``."""
    parts: list[tuple[Unit, ...]] = []
    marks: list[str] = []
    for index, part in enumerate(block.parts):
        head = part[0] if len(part) == 1 else None
        if isinstance(head, Block) and head.kind == "then" and not head.text.endswith("&") and index == 0:
            parts.extend(head.parts)
            marks.extend(head.text)
        else:
            parts.append(part)
        if index < len(block.text):
            marks.append(block.text[index])
    return Block("then", tuple(parts), "".join(marks))


def _unit(node: Node, text: str) -> Unit:
    if isinstance(node, Simple):
        return _command(node, text)
    if isinstance(node, Pipeline):
        marks = ("!" if node.negated else "") + "".join(one.text for one in node.operators)
        return Block("pipe", tuple(_units(item, text) for item in node.items), marks)
    if isinstance(node, Group):
        kind = "subshell" if node.subshell else "group"
        return Block(kind, (_units(node.body, text),), _redirects_text(node.redirects))
    if isinstance(node, Sequence | AndOr):
        return Block("group", (_units(node, text),))
    skeleton = _skeleton(node.span.start, node.span.end, (*node.parts, *node.nested), text)
    parts = tuple(_units(part, text) for part in (*node.parts, *node.nested))
    return Block(f"{node.kind} {node.name or ''}", parts, skeleton)


def _skeleton(start: int, end: int, holes: tuple[Node, ...], text: str) -> str:
    """The text of a compound command outside the scripts in it, blanks outside quotes folded."""
    pieces = []
    at = start
    for hole in sorted(holes, key=lambda node: node.span):
        if hole.span.start >= at:
            pieces.append(text[at : hole.span.start])
            at = hole.span.end
    pieces.append(text[at:end])
    return _BLANKS.sub(lambda match: match["quoted"] or " ", "\0".join(pieces)).strip()


def _command(node: Simple, text: str) -> Command:
    words = tuple([word.text for word in node.words])
    if not (node.assignments or node.redirects or node.nested):
        return _plain(words)
    return Command(
        tuple([value_of(word) for word in words]),
        tuple([value_of(word.text) for word in node.assignments]),
        tuple(
            (one.operator, value_of(one.target.text) if one.target else _redirect_text(one, text))
            for one in node.redirects
        ),
        tuple(unit for part in node.nested for unit in _units(part, text)),
        words,
    )


@lru_cache(maxsize=1024)
def _plain(words: tuple[str, ...]) -> Command:
    """The command of these words alone: most are, and most of them stand in both texts."""
    return Command(tuple([value_of(word) for word in words]), (), (), (), words)


def _redirect_text(redirect: Redirect, text: str) -> str:
    return text[redirect.span.start : redirect.span.end]


def _redirects_text(redirects: tuple[Redirect, ...]) -> str:
    return " ".join(f"{one.operator} {one.target.text if one.target else '<<'}" for one in redirects)


def value_of(word: str) -> str:
    """A word by what it means: quotes removed where nothing expands, the text where something may."""
    literal, glob, brace, tilde, _ = word_value(word)
    if literal is None or glob or brace or tilde:
        return "\0" + word
    return literal


def commands(found: tuple[Unit, ...]) -> list[Command]:
    """All simple commands of *found*, in order, those in substitutions included."""
    result: list[Command] = []
    for unit in found:
        if isinstance(unit, Command):
            result.append(unit)
            result.extend(commands(unit.nested))
        else:
            for part in unit.parts:
                result.extend(commands(part))
    return result


@lru_cache(maxsize=1024)
def value(text: str, escape: str) -> tuple[str, ...]:
    """A quoted value of ENV, LABEL, … by what BuildKit makes of it: literal text, and ``$…`` parts as they are.

    Source: BuildKit ``frontend/dockerfile/shell`` (quotes, escapes; in double quotes an escape counts before ``"``,
    ``$`` and itself only).
    """
    if _UNQUOTED.match(text) and escape not in text:
        return (text,)
    pattern = _value_pattern(escape)
    out: list[str] = [""]

    def literal(piece: str) -> None:
        out[-1] += piece

    for match in pattern.finditer(text):
        if match["single"] is not None:
            literal(match["single"][1:-1])
        elif match["double"] is not None:
            for inner in _double_pattern(escape).finditer(match["double"][1:-1]):
                if inner["escaped"] is not None:
                    literal(inner["escaped"][1:])
                elif inner["dollar"] is not None:
                    out.extend((inner["dollar"], ""))
                else:
                    literal(inner[0])
        elif match["escaped"] is not None:
            literal(match["escaped"][1:])
        elif match["dollar"] is not None:
            out.extend((match["dollar"], ""))
        else:
            literal(match[0])
    return tuple(out)


_BLANKS = re.compile(r"""(?P<quoted>\\.|'[^']*'|"(?:\\.|[^"\\])*")|\s+""", re.S)
_UNQUOTED = re.compile(r"[^\"'$]*\Z")
_DOLLAR = r"(?P<dollar>\$(?:\{[^}]*\}|[A-Za-z_][A-Za-z0-9_]*|\d|[@*#?!-]))"


@lru_cache(maxsize=2)
def _value_pattern(escape: str) -> re.Pattern[str]:
    e = re.escape(escape)
    return re.compile(rf"""(?P<single>'[^']*')|(?P<double>"(?:{e}.|[^"{e}])*")|(?P<escaped>{e}.)|{_DOLLAR}|.""", re.S)


@lru_cache(maxsize=2)
def _double_pattern(escape: str) -> re.Pattern[str]:
    e = re.escape(escape)
    return re.compile(rf"""(?P<escaped>{e}["${e}])|{_DOLLAR}|.""", re.S)
