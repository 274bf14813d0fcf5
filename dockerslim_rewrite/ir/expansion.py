"""Expansions of build arguments in a word: ``$NAME``, ``${NAME}``, ``${NAME:-word}`` and the other modifiers.

Source: the Dockerfile reference, "Environment replacement". A backslash before ``$`` keeps it literal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..record import record

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#]")
_DEFAULTS = frozenset((":-", ":+", ":?", "-", "+", "?"))
_OPERATORS = (":-", ":+", ":?", "##", "%%", "//", "-", "+", "?", "#", "%", "/")


class ExpansionError(ValueError):
    """An expansion that cannot be read, or a variable that the text demands and that is not set."""

    def __init__(self, reason: str, position: int = 0) -> None:
        super().__init__(reason)
        self.position = position


@record
class Expansion:
    """``${name}`` at ``[start, end)`` of its text; *operator* and *word* are empty for a plain one.

    ``nested`` are the expansions within *word*, with offsets into *word*.
    """

    name: str
    operator: str
    word: str
    start: int
    end: int
    nested: tuple[Expansion, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """This variable's name and those of the word after the operator."""
        return (self.name, *(name for item in self.nested for name in item.names))


def expansions(text: str) -> tuple[Expansion, ...]:
    """The outermost expansions of *text* in order. Raises ``ExpansionError`` for one that is not closed."""
    found: list[Expansion] = []
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text[at] == "$" and (item := _read(text, at)) is not None:
            found.append(item)
            at = item.end
        else:
            at += 1
    return tuple(found)


def expand(text: str, env: Mapping[str, str]) -> str:
    """*text* with its expansions replaced from *env*, as BuildKit does; what is not set is empty.

    Raises ``ExpansionError`` for ``${V:?message}`` without a value.
    """
    pieces: list[str] = []
    at = 0
    for item in expansions(text):
        pieces += [_unescape(text[at : item.start]), _value(item, env)]
        at = item.end
    return "".join((*pieces, _unescape(text[at:])))


def _unescape(literal: str) -> str:
    return re.sub(r"\\(.)", r"\1", literal)


def _read(text: str, start: int) -> Expansion | None:
    if text.startswith("${", start):
        return _read_braced(text, start)
    match = _NAME.match(text, start + 1)
    return Expansion(match[0], "", "", start, match.end()) if match else None


def _read_braced(text: str, start: int) -> Expansion:
    match = _NAME.match(text, start + 2)
    if match is None:
        raise ExpansionError("'${' needs a variable's name", start)
    end = _closing(text, start)
    rest = text[match.end() : end]
    if not rest:
        return Expansion(match[0], "", "", start, end + 1)
    operator = next((candidate for candidate in _OPERATORS if rest.startswith(candidate)), None)
    if operator is None:
        raise ExpansionError(f"unknown modifier {rest!r} in '${{…}}'", start)
    word = rest[len(operator) :]
    return Expansion(match[0], operator, word, start, end + 1, expansions(word))


def _closing(text: str, start: int) -> int:
    depth = 0
    at = start
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text.startswith("${", at):
            depth += 1
            at += 1
        elif text[at] == "}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    raise ExpansionError("'${' is not closed", start)


def _value(item: Expansion, env: Mapping[str, str]) -> str:
    value = env.get(item.name)
    operator = item.operator
    if not operator:
        return value or ""
    if operator in _DEFAULTS:
        there = value is not None and (value != "" or not operator.startswith(":"))
        if operator.endswith("-"):
            return value if there and value is not None else expand(item.word, env)
        if operator.endswith("+"):
            return expand(item.word, env) if there else ""
        if not there:
            raise ExpansionError(f"{item.name}: {expand(item.word, env) or 'is not set'}", item.start)
        return value or ""
    return _cut(value or "", operator, item.word, env)


def _cut(value: str, operator: str, word: str, env: Mapping[str, str]) -> str:
    if operator in ("/", "//"):
        pattern, _, replacement = word.partition("/")
        glob = _glob(expand(pattern, env), greedy=True)
        with_text = expand(replacement, env)
        return re.sub(glob, lambda _: with_text, value, count=0 if operator == "//" else 1)
    greedy = len(operator) == 2
    glob = _glob(expand(word, env), greedy=greedy)
    if operator.startswith("#"):
        match = re.match(glob, value)
        return value[match.end() :] if match else value
    ends = range(len(value) + 1) if greedy else range(len(value), -1, -1)
    cut = next((at for at in ends if re.fullmatch(glob, value[at:])), None)
    return value if cut is None else value[:cut]


def _glob(pattern: str, *, greedy: bool) -> str:
    many = ".*" if greedy else ".*?"
    pieces = (many if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return "(?s:" + "".join(pieces) + ")"
