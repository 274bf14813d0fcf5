"""Expansions of build arguments in a word: ``$NAME``, ``${NAME}``, ``${NAME:-word}`` and the other modifiers.

Source: the Dockerfile reference, "Environment replacement". A backslash before ``$`` keeps it literal.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from ..patterns import re
from ..record import record
from ..text.glob import Glob, Token

#: Characters of a value. A process gets no longer word from Linux (MAX_ARG_STRLEN is four times that in bytes).
MAX_LENGTH = 32_768
#: Expansions within one another. Real ones stand in two or three.
MAX_DEPTH = 50

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#]")
_DEFAULTS = frozenset((":-", ":+", ":?", "-", "+", "?"))
_OPERATORS = (":-", ":+", ":?", "##", "%%", "//", "-", "+", "?", "#", "%", "/")


class ExpansionError(ValueError):
    """An expansion that cannot be read, or a variable that the text demands and that is not set."""

    def __init__(self, reason: str, position: int = 0) -> None:
        super().__init__(reason)
        self.position = position


class TooLong(ExpansionError):
    """A value that is longer than anything builds."""

    def __init__(self) -> None:
        super().__init__("value too long to follow")


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


def expand(text: str, env: Mapping[str, str | None]) -> str:
    """*text* with its expansions replaced from *env*, as BuildKit does; what is not set is empty.

    Raises ``ExpansionError`` for ``${V:?message}`` without a value, ``TooLong`` for what comes out longer than
    ``MAX_LENGTH``, and for a variable that *env* holds as None, which is one whose value was too long.
    """
    pieces: list[str] = []
    at = length = 0
    for item in expansions(text):
        value = _value(item, env)
        length += len(value)
        if length > MAX_LENGTH:
            raise TooLong
        pieces += [_unescape(text[at : item.start]), value]
        at = item.end
    return "".join((*pieces, _unescape(text[at:])))


def put_in(text: str, mention: re.Pattern[str], values: Mapping[str, str]) -> str | None:
    """*text* with the variables that *mention* finds in it, by one of its groups, put in where *values* holds them.

    None where that is too long to follow.
    """
    found = [(match, values.get(match[match.lastindex or 0], match[0])) for match in mention.finditer(text)]
    if sum(len(value) for _, value in found) > MAX_LENGTH:
        return None
    pieces: list[str] = []
    at = 0
    for match, value in found:
        pieces += [text[at : match.start()], value]
        at = match.end()
    return "".join((*pieces, text[at:]))


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
            if depth > MAX_DEPTH:
                raise ExpansionError("'${' is nested too deeply to follow", start)
        elif text[at] == "}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    raise ExpansionError("'${' is not closed", start)


def _value(item: Expansion, env: Mapping[str, str | None]) -> str:
    value = env.get(item.name)
    if value is None and item.name in env:
        raise TooLong
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


def _cut(value: str, operator: str, word: str, env: Mapping[str, str | None]) -> str:
    if operator in ("/", "//"):
        pattern, _, replacement = word.partition("/")
        return _replaced(value, expand(pattern, env), expand(replacement, env), everywhere=operator == "//")
    pattern = expand(word, env)
    longest = len(operator) == 2
    if operator.startswith("#"):
        ends = _glob(pattern).ends(value)
        return value[ends[-1 if longest else 0] :] if ends else value
    ends = _glob(pattern[::-1]).ends(value[::-1])
    return value[: len(value) - ends[-1 if longest else 0]] if ends else value


def _replaced(value: str, pattern: str, replacement: str, *, everywhere: bool) -> str:
    """*value* with the first match of *pattern*, as long as may be, replaced; or, if *everywhere*, every one.

    An empty match right behind another is none, as for Go's regular expressions.
    """
    backwards = _glob(pattern[::-1]).anywhere(value[::-1])
    forwards = _glob(pattern)
    pieces: list[str] = []
    at, last, length = 0, -1, 0
    for start in (len(value) - offset for offset in reversed(backwards)):
        if start < at:
            continue
        # A pattern without a star matches no more than its own length; one with a star has matched all that it can.
        window = value[start:] if "*" in pattern else value[start : start + len(pattern)]
        end = start + forwards.ends(window)[-1]
        if start == end == last:
            continue
        pieces += [value[at:start], replacement]
        length += len(replacement)
        if length > MAX_LENGTH:
            raise TooLong
        at = last = end
        if not everywhere:
            break
    return "".join((*pieces, value[at:]))


@lru_cache(maxsize=64)
def _glob(pattern: str) -> Glob:
    return Glob(_token(char) for char in re.sub(r"\*+", "*", pattern))


def _token(char: str) -> Token:
    if char == "*":
        return Token(_anything, many=True, skips=(1,))
    return Token(_anything) if char == "?" else Token(char.__eq__)


def _anything(_: str) -> bool:
    return True
